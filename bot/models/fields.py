"""What the fields of records may hold: visible text, fuzzy dates, links, slugs."""

import base64
import hashlib
import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationInfo

from bot.models.imitation import CONTROL, INVISIBLE, imitations

# Discord shows 4,000 characters in a message; a statement this short always fits with its citation.
STATEMENT_LIMIT = 900


def _stored(info: ValidationInfo) -> bool:
    """Whether a text is read back from the store, as JSON: a rule made after it was kept must not hide the record."""
    return info.mode == "json"


def _visible(text: str, info: ValidationInfo) -> str:
    """Refuse line breaks, and whatever imitates other text."""
    if _stored(info):
        return text
    if "\n" in text:
        raise ValueError("has a line break or control character; write it as one line of text")
    if told := next(imitations(text), None):
        raise ValueError(told)
    return text


def _fuzzy_date(text: str) -> str:
    """Accept YYYY, YYYY-MM or YYYY-MM-DD, and only days that the calendar has."""
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise ValueError("must be a date written YYYY, YYYY-MM or YYYY-MM-DD")
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)
    except ValueError:
        raise ValueError(f"{text} is not in the calendar") from None
    return text


def _full_date(text: str) -> str:
    if len(_fuzzy_date(text)) != 10:
        raise ValueError("must be a whole date, written YYYY-MM-DD")
    return text


# The host in ASCII, and none whose letters stand for others ("xn--"): what looks like a known host is that host.
LINK = re.compile(
    r"https?://(?P<host>(?:(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?!xn--)[a-z][a-z0-9-]*)(?::\d{1,5})?"
    r"(?:[/?#][^\s<>\"'|\\]*)?",
    re.IGNORECASE,
)


def host_of(address: str) -> str | None:
    """The host of a web address that may be linked; None for any other text."""
    found = LINK.fullmatch(address)
    return found["host"].lower() if found and not (CONTROL.search(address) or INVISIBLE.search(address)) else None


def _link(text: str, info: ValidationInfo) -> str:
    if _stored(info):
        return text
    if CONTROL.search(text) or INVISIBLE.search(text):
        raise ValueError("has a control or invisible character; copy the address again")
    if host_of(text) is None:
        if re.match(r"https?://[^/?#]*(?:[^\x00-\x7f]|xn--)", text, re.IGNORECASE):
            raise ValueError("has a site whose letters can imitate another's; use the site's plain name")
        raise ValueError("must be a web address that starts with https:// or http://")
    return text


def _statement(text: str) -> str:
    if not text.endswith((".", ".”", '."', ".)", "?")):
        raise ValueError("must end with a full stop")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_visible),
]


# A name that stands in a menu, which holds 100 characters, and in a button's address, which holds 80.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_visible),
]
Statement = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=20, max_length=STATEMENT_LIMIT),
    AfterValidator(_visible),
    AfterValidator(_statement),
]


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


FuzzyDate = Annotated[str, AfterValidator(_fuzzy_date)]


FullDate = Annotated[str, AfterValidator(_full_date)]


Link = Annotated[str, StringConstraints(max_length=500), AfterValidator(_link)]


def key(record_id: str) -> str:
    """Six characters that stand for an id inside a Discord custom id, which holds 100 characters at most."""
    return base64.b32encode(hashlib.sha256(record_id.encode()).digest())[:6].decode().lower()


class Record(BaseModel):
    """What all records share: they never change after they are read, and know no field that we do not."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
