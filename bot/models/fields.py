"""What the fields of records may hold: visible text, fuzzy dates, links, slugs."""

import base64
import hashlib
import re
import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

# Discord shows 4,000 characters in a message; a statement this short always fits with its citation.
STATEMENT_LIMIT = 900


# What a reader cannot see must not be in a record: bidi controls and zero-width characters imitate other text.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\u2800\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


# Control characters, lone surrogates and characters of private use.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")


def _visible(text: str) -> str:
    """Refuse control and invisible characters and text that Unicode would fold to something else."""
    if CONTROL.search(text):
        raise ValueError("has a line break or control character; write it as one line of text")
    if INVISIBLE.search(text):
        raise ValueError("has an invisible character; type it again by hand")
    if unicodedata.normalize("NFC", text) != text:
        raise ValueError("has letters stored in two parts; type the accented letters again")
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


def _link(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/<>()\"'|\\@]+\.[^\s/<>()\"'|\\@]+(/[^\s<>\"'|\\]*)?", text):
        raise ValueError("must be a web address that starts with https:// or http://")
    return text


def _statement(text: str) -> str:
    if re.search("https?://", text, re.IGNORECASE):
        raise ValueError("has a web address; put it on the source")
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


Link = Annotated[str, StringConstraints(max_length=500), AfterValidator(_visible), AfterValidator(_link)]


def key(record_id: str) -> str:
    """Six characters that stand for an id inside a Discord custom id, which holds 100 characters at most."""
    return base64.b32encode(hashlib.sha256(record_id.encode()).digest())[:6].decode().lower()


class Record(BaseModel):
    """What all records share: they never change after they are read, and know no field that we do not."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
