"""What is checked and filled in before a draft is kept."""

import re
import unicodedata
from datetime import date
from typing import Any

from bot.cards.review import name_of, raw_of
from bot.models import Change, Kind, WordList, imitations
from bot.personal import personal_data
from bot.wording import check_wording, explained

# How many months after today somebody must look at a fact again (data/README.md).
REVIEW_MONTHS = {Kind.FIGURE: 3, Kind.PRACTICE: 3, Kind.POLICY: 6, Kind.NONE: 6}
SMALL_WORDS = frozenset(["the", "a", "an", "of", "to", "in", "and", "that", "on", "for", "s"])


def review_day(kind: Kind, today: date) -> str:
    """When a fact of a kind must be looked at again."""
    months = today.month - 1 + REVIEW_MONTHS.get(kind, 24)
    return date(today.year + months // 12, months % 12 + 1, min(today.day, 28)).isoformat()


def new_id(sort: str, raw: dict[str, Any]) -> str:
    """An id that says what a new record is about."""
    name = {"source": f"{raw.get('publisher', '')} ", "event": f"{raw.get('date', '')} "}.get(sort, "")
    plain = unicodedata.normalize("NFKD", name + name_of(sort, raw)).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    short = [
        word for word in words if word not in {"the", "a", "an", "of", "to", "in", "and", "that", "on", "for", "s"}
    ]
    return "-".join(short[:7])[:50].strip("-") or sort


def objections(name: str, text: str) -> list[str]:
    """What a reason may not hold: personal data, and what imitates other text."""
    return [*personal_data(text), *(f"{name} {told}" for told in imitations(text))]


def wording(change: Change, words: WordList) -> list[str]:
    """What the wording check says of a change."""
    raw = raw_of(change.body)
    exempt = {(exemption.id, exemption.words.casefold()) for exemption in words.exempt}
    texts = {
        name: raw[name] for name in ("statement", "title", "question") if name in raw and change.ref.sort != "source"
    }
    return [
        explained(flag)
        for text in texts.values()
        for flag in check_wording(text, words, raw.get("speaker"))
        if (change.ref.id, flag.found.casefold()) not in exempt
    ]
