"""What the store and the search hand out: facts with their sources, whole disputes, and what a question came to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.models.records import Dispute, Fact, Kind, Source


@dataclass(frozen=True)
class Cited:
    """A fact with the sources that it rests on, in the fact's own order."""

    fact: Fact
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Disputed:
    """A dispute with the facts of all its sides, in the order in which they are shown."""

    dispute: Dispute
    sides: tuple[tuple[str, tuple[Cited, ...]], ...]


# What the store hands out: a disputed fact never comes without the other sides.
Entry = Cited | Disputed


def facts_of(entries: Iterable[Entry]) -> list[Cited]:
    """The facts of entries, each side of a dispute included."""
    return [
        cited
        for entry in entries
        for cited in ([entry] if isinstance(entry, Cited) else [c for _, side in entry.sides for c in side])
    ]


@dataclass(frozen=True)
class Document:
    """A current fact as a search reads it: its statement, and the questions it answers."""

    id: str
    topic: str
    kind: Kind
    places: frozenset[str]
    dispute: str | None
    as_of: str
    statement: str
    phrasings: tuple[str, ...]

    def passages(self) -> tuple[str, ...]:
        """What a question is compared with: the statement first."""
        return (self.statement, *self.phrasings)


class Outcome(StrEnum):
    """What a question came to: an answer, or one of three different silences."""

    ANSWER = "answer"
    RECORD_SAYS_NONE = "record_says_none"
    NO_RECORD = "no_record"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class Found:
    """What a search came to: the facts that answer, best first, and those that lie near.

    `county` is set where all of a county's page is asked for; `personal` where somebody asks for a case of their own.
    """

    outcome: Outcome
    facts: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    county: str | None = None
    personal: bool = False
