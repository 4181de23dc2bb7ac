"""The records that Footnote keeps: frozen, strict, and read from text alone.

Every field is documented for volunteers in data/README.md. Rules that span several records
(a fact's source must exist, and the like) live in bot/catalog.py.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

# Discord shows 4,000 characters in a message; a statement this short always fits with its citation.
STATEMENT_LIMIT = 900
# What a reader cannot see must not be in a record: bidi controls and zero-width characters imitate other text.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _visible(text: str) -> str:
    """Refuse control and invisible characters and text that Unicode would fold to something else."""
    if any(unicodedata.category(c) in {"Cc", "Cs", "Co"} for c in text):
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


class SourceKind(StrEnum):
    """How close a source stands to the matter; the first ones are preferred."""

    LAW = "law"
    COURT = "court"
    AGENCY = "agency"
    ACADEMIC = "academic"
    NEWS = "news"
    ADVOCACY = "advocacy"
    AGGREGATOR = "aggregator"


class Source(Record):
    """A document that statements rest on."""

    id: Slug
    title: Text
    publisher: Text
    kind: SourceKind
    author: Text | None = None
    published: FuzzyDate | None = None
    url: Link | None = None
    copy_on: Text | None = None
    note: Text | None = None


class Citation(Record):
    """One source of one statement, with the place in it."""

    id: Slug
    locator: Text | None = None


class Kind(StrEnum):
    """What sort of statement a fact is; law, written policy and practice are never mixed."""

    LAW = "law"
    POLICY = "written-policy"
    PRACTICE = "reported-practice"
    FIGURE = "figure"
    STATEMENT = "statement"
    EVENT = "event"
    DEFINITION = "definition"
    NONE = "record-says-none"


class Jurisdiction(StrEnum):
    """Whose rules or doings a fact is about."""

    FEDERAL = "federal"
    STATE = "state"
    COUNTY = "county"
    CITY = "city"
    SEVERAL = "several"


class Figure(Record):
    """What a number counts. The value is written as the source gives it, such as "more than 1,360"."""

    counted: Text
    value: Annotated[Text, StringConstraints(pattern=r"\d")]
    unit: Text


class Phrasings(Record):
    """Questions that a fact answers, in the words of people who are not lawyers."""

    plain: tuple[Text, ...] = Field(min_length=1)
    colloquial: tuple[Text, ...] = Field(min_length=1)
    spanish: tuple[Text, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Every phrasing, in every language."""
        return self.plain + self.colloquial + self.spanish

    @model_validator(mode="after")
    def _enough(self) -> Self:
        english = self.plain + self.colloquial
        if len(english) < 4:
            raise ValueError(f"lists {len(english)} English questions; a fact needs at least four")
        if len({text.casefold() for text in self.all()}) < len(self.all()):
            raise ValueError("lists the same question twice")
        return self


class Fact(Record):
    """One statement that can be checked, with what is needed to check it."""

    id: Slug
    topic: Slug
    jurisdiction: Jurisdiction
    places: tuple[Text, ...] = ()
    kind: Kind
    statement: Statement
    speaker: Text | None = None
    figure: Figure | None = None
    as_of: FuzzyDate
    review_by: FullDate
    sources: tuple[Citation, ...] = Field(min_length=1)
    phrasings: Phrasings
    superseded_by: Slug | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind in {Kind.STATEMENT, Kind.FIGURE} and not self.speaker:
            raise ValueError(f"is of kind '{self.kind}' and needs a speaker: whose statement or count is it?")
        if (self.kind is Kind.FIGURE) != (self.figure is not None):
            raise ValueError("needs 'figure' (counted, value, unit) exactly when its kind is 'figure'")
        if self.jurisdiction in {Jurisdiction.COUNTY, Jurisdiction.CITY} and not self.places:
            raise ValueError(f"is about a {self.jurisdiction} and must name it under 'places'")
        if self.review_by <= self.as_of:
            raise ValueError("has a review date that is not after its as-of date")
        if self.superseded_by == self.id:
            raise ValueError("is superseded by itself")
        if len({citation.id for citation in self.sources}) < len(self.sources):
            raise ValueError("names the same source twice")
        if len(set(self.places)) < len(self.places):
            raise ValueError("names the same place twice")
        return self


class Side(Record):
    """One party to a dispute and the facts that carry its account."""

    party: Text
    facts: tuple[Slug, ...] = Field(min_length=1)


class Dispute(Record):
    """A question on which accounts differ; it is only ever shown with all its sides."""

    id: Slug
    topic: Slug
    question: Text
    sides: tuple[Side, ...] = Field(min_length=2)

    def fact_ids(self) -> tuple[str, ...]:
        """The facts of all sides, in the order in which they are shown."""
        return tuple(fact for side in self.in_order() for fact in side.facts)

    def in_order(self) -> tuple[Side, ...]:
        """The sides by party name: an order that is the same for everyone and favours no account."""
        return tuple(sorted(self.sides, key=lambda side: side.party.casefold()))

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({side.party.casefold() for side in self.sides}) < len(self.sides):
            raise ValueError("has the same party on two sides")
        if len(set(self.fact_ids())) < len(self.fact_ids()):
            raise ValueError("has the same fact on two sides")
        return self


class Event(Record):
    """Something public that happened on a day; what is said of it is in its facts."""

    id: Slug
    date: FuzzyDate
    until: FuzzyDate | None = None
    topic: Slug
    title: Text
    facts: tuple[Slug, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        # Compared as far as both are known: an event of January 5 may end "in January".
        if self.until and self.until < self.date[: len(self.until)]:
            raise ValueError("ends before it begins")
        if len(set(self.facts)) < len(self.facts):
            raise ValueError("names the same fact twice")
        return self


class County(Record):
    """A county, with the cities by which people may ask for it."""

    id: Slug
    name: Annotated[Text, StringConstraints(pattern=r" County$")]
    fips: Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
    cities: tuple[Text, ...] = ()
    aliases: tuple[Text, ...] = ()


class Model(StrEnum):
    """The forms of a 287(g) agreement that ICE offers."""

    JAIL = "jail-enforcement"
    TASK_FORCE = "task-force"
    WARRANT = "warrant-service-officer"


class Status(StrEnum):
    """What a source said of an agreement on a date."""

    SIGNED = "signed"
    LISTED = "listed-by-ice"
    NOT_LISTED = "not-listed-by-ice"
    CALLED_VOID = "called-void"
    ENDED = "ended"


class StatusChange(Record):
    """One entry in an agreement's history."""

    date: FuzzyDate
    status: Status
    by: Text | None = None
    sources: tuple[Citation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.status is Status.CALLED_VOID and not self.by:
            raise ValueError("must say under 'by' who calls the agreement void")
        return self


class Agreement(Record):
    """A 287(g) agreement between ICE and one local agency."""

    id: Slug
    agency: Text
    county: Slug
    model: Model
    signed: FuzzyDate | None = None
    history: tuple[StatusChange, ...] = Field(min_length=1)
    dispute: Slug | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        dates = [change.date for change in self.history]
        if dates != sorted(dates):
            raise ValueError("has a history that does not run from oldest to newest")
        return self


class Term(Record):
    """A word that people meet, explained by one fact."""

    id: Slug
    term: Text
    aliases: tuple[Text, ...] = ()
    fact: Slug


class Office(Record):
    """Whom to ask where the record does not say."""

    name: Text
    url: Link | None = None


class Topic(Record):
    """A subject that facts are filed under, and an office that knows more."""

    id: Slug
    title: Text
    office: Office


class Guide(Record):
    """A chosen reading list: what a command such as `/detainer law` shows, in this order."""

    id: Slug
    title: Text
    facts: tuple[Slug, ...] = ()
    disputes: tuple[Slug, ...] = ()


class Pack(Record):
    """What a set of facts covers; another state or subject brings its own."""

    name: Text
    state: Text
    scope: Text
    examples: tuple[Text, ...] = Field(min_length=3, max_length=5)
    topics: tuple[Topic, ...] = Field(min_length=1)
    guides: tuple[Guide, ...] = ()

    def guide(self, guide_id: str) -> Guide:
        """The reading list of that id; an empty one when the pack has none."""
        return next((guide for guide in self.guides if guide.id == guide_id), Guide(id=guide_id, title=guide_id))


class Vocabulary(Record):
    """How people's words meet the record's words; see data/search.yaml for what each list does."""

    stop_words: tuple[Text, ...]
    synonyms: tuple[tuple[Text, ...], ...]
    subject: tuple[Text, ...]
    outside: tuple[Text, ...]
    elsewhere: tuple[Text, ...]
    seldom: tuple[Text, ...]
    common_names: tuple[Text, ...]


class Report(Record):
    """A problem that a member reported. There is no field for who it was, on purpose."""

    page: Text
    reason: Text
    text: str = Field(max_length=1000)


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
class Hit:
    """A passage that a search found, with what a search must know of its fact."""

    fact_id: str
    topic: str
    kind: Kind
    places: frozenset[str]
    text: str
    score: float
    groups: frozenset[int]


class Outcome(StrEnum):
    """What a question came to: an answer, or one of three different silences."""

    ANSWER = "answer"
    RECORD_SAYS_NONE = "record_says_none"
    NO_RECORD = "no_record"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class Found:
    """What a search came to: the facts that answer, best first, and those that lie near."""

    outcome: Outcome
    facts: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
