"""What is recorded of the world: sources, facts, disputes, events, counties, agreements, terms."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from bot.models.fields import FullDate, FuzzyDate, Link, Name, Record, Slug, Statement, Text


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
    name: Annotated[Name, StringConstraints(pattern=r" County$")]
    fips: Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
    cities: tuple[Name, ...] = ()
    aliases: tuple[Name, ...] = ()


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


class Report(Record):
    """A problem that a member reported. There is no field for who it was, on purpose."""

    page: str = Field(max_length=100)
    reason: str = Field(max_length=100)
    text: str = Field(max_length=1000)
