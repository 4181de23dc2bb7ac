"""The personal-data check: what identifies or locates a private person must not enter the record."""

import calendar
import re
from collections.abc import Iterator

# The year of "In June 2025 Lake Street was closed" is no house number.
NO_YEAR = "".join(f"(?<!{month} )" for month in calendar.month_name[1:])
PATTERNS = {
    # A-numbers are 8 or 9 digits, with hyphens or spaces between them or not.
    "an A-number": r"\bA[-#\s]{0,2}(?:\d[-\s]?){7,8}\d\b",
    "a Social Security number": r"\b\d{3}-\d{2}-\d{4}\b",
    "a phone number": r"(?<![\d$.,-])(?:\+?1[-.\s]?)?(?:\(\d{3}\)\s?|\d{3}[-.\s])\d{3}[-.\s]\d{4}(?![\d-])",
    "an e-mail address": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "a street address": (
        NO_YEAR + r"\b\d{1,6}\s+(?:[NSEW]\.?\s+|(?:North|South|East|West)\s+)?"
        r"(?:[A-Z][\w'\u2019.-]*\s+|\d+(?:st|nd|rd|th)\s+){1,3}"
        r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Circle|Trail|Parkway)\b"
    ),
    "a date of birth": r"(?i:\bborn (?:on )?\w+ \d{1,2}, \d{4}\b|\bdate of birth\b|\bDOB\b)",
}


def personal_data(text: str) -> Iterator[str]:
    """What in a text looks like somebody's personal data, as sentences for whoever wrote it."""
    for name, pattern in PATTERNS.items():
        if found := re.search(pattern, text):
            yield (
                f"“{found[0]}” looks like {name}. The record holds nothing that identifies or locates a private "
                "person: please take it out."
            )
