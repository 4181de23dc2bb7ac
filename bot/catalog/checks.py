"""The rules that span several records: what one names must exist in another."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bot.catalog.problems import Problem
from bot.catalog.reader import Lines, Place
from bot.models import (
    Agreement,
    County,
    Dispute,
    Event,
    Fact,
    Kind,
    Pack,
    Record,
    Source,
    SourceKind,
    Term,
    WordList,
    key,
)
from bot.wording import check_wording, explained

# Sources that speak for themselves; a statement that rests on others alone has to name its speaker.
INDEPENDENT = {SourceKind.LAW, SourceKind.COURT, SourceKind.AGENCY, SourceKind.ACADEMIC, SourceKind.NEWS}


class Checks:
    """The rules that span several records."""

    def __init__(
        self,
        pack: Pack,
        records: dict[type[Record], list[Any]],
        where: dict[int, tuple[str, Lines, Place]],
    ) -> None:
        self.pack = pack
        self.records = records
        self.where = where
        self.found: list[Problem] = []
        self.topics = {topic.id for topic in pack.topics}
        self.sources: dict[str, Source] = {source.id: source for source in records[Source]}
        self.facts: dict[str, Fact] = {fact.id: fact for fact in records[Fact]}
        self.disputes = {dispute.id for dispute in records[Dispute]}
        self.counties = {county.id for county in records[County]}
        self.places = {county.name for county in records[County]} | {
            city for county in records[County] for city in county.cities
        }

    def problems(self) -> list[Problem]:
        """All that is wrong between the records."""
        for model, records in self.records.items():
            self.unique(model.__name__.lower(), records)
        for fact in self.records[Fact]:
            self.fact(fact)
        self.source_links()
        sided: Counter[str] = Counter()
        for dispute in self.records[Dispute]:
            self.topic(dispute)
            self.known(dispute, dispute.fact_ids(), ("sides",))
            sided.update(dispute.fact_ids())
            for fact_id in dispute.fact_ids():
                if sided[fact_id] > 1:
                    self.add(
                        dispute, ("sides",), f"the fact '{fact_id}' is in two disputes: a fact belongs to one at most"
                    )
                fact = self.facts.get(fact_id)
                if fact and not fact.speaker:
                    self.add(fact, (), f"is a side of the dispute '{dispute.id}' and needs a speaker")
        for event in self.records[Event]:
            self.topic(event)
            self.known(event, event.facts, ("facts",))
        for term in self.records[Term]:
            self.known(term, (term.fact,), ("fact",))
        for number, guide in enumerate(self.pack.guides):
            self.known(self.pack, guide.facts, ("guides", number, "facts"))
            for dispute_id in set(guide.disputes) - self.disputes:
                self.add(self.pack, ("guides", number, "disputes"), f"there is no dispute '{dispute_id}'")
        for agreement in self.records[Agreement]:
            if agreement.county not in self.counties:
                self.add(agreement, ("county",), f"there is no county '{agreement.county}' in counties.yaml")
            if agreement.dispute and agreement.dispute not in self.disputes:
                self.add(agreement, ("dispute",), f"there is no dispute '{agreement.dispute}' in disputes.yaml")
            for number, change in enumerate(agreement.history):
                self.cited(agreement, change.sources, ("history", number, "sources"))
        return self.found

    def unique(self, name: str, records: list[Any]) -> None:
        """An id is used once in its sort, and its short key is its own."""
        first: dict[str, Any] = {}
        short: dict[str, str] = {}
        for record in records:
            if record.id in first:
                file, lines, at = self.where[id(first[record.id])]
                self.add(
                    record, ("id",), f"this id is already used by the {name} at {file}:{lines.at(at)}: choose another"
                )
                continue
            first[record.id] = record
            if key(record.id) in short:
                self.add(
                    record,
                    ("id",),
                    f"this id and '{short[key(record.id)]}' look the same to a button: change one letter",
                )
            short[key(record.id)] = record.id

    def fact(self, fact: Fact) -> None:
        """What a fact names exists, and a fact of one side names its speaker."""
        self.topic(fact)
        self.cited(fact, fact.sources, ("sources",))
        for place in fact.places:
            if place not in self.places:
                self.add(
                    fact,
                    ("places",),
                    f"'{place}' is not in counties.yaml: write 'Cass County', or add the city to its county",
                )
        kinds = {self.sources[citation.id].kind for citation in fact.sources if citation.id in self.sources}
        if kinds and not kinds & INDEPENDENT and not fact.speaker and fact.kind is not Kind.DEFINITION:
            self.add(fact, (), "rests on advocacy or aggregator sources alone: name the speaker whose account it is")
        seen = {fact.id}
        newer = fact.superseded_by
        while newer:
            if newer not in self.facts:
                self.add(fact, ("superseded_by",), f"there is no fact '{newer}'")
                break
            if newer in seen:
                self.add(fact, ("superseded_by",), "leads back to itself: one of these facts must be the newest")
                break
            seen.add(newer)
            newer = self.facts[newer].superseded_by

    def source_links(self) -> None:
        """A page is one source."""
        first: dict[tuple[str, str], str] = {}
        for source in self.records[Source]:
            if source.url and first.setdefault((source.url, source.title), source.id) != source.id:
                self.add(
                    source, ("url",), f"is the same page as '{first[source.url, source.title]}': keep one of the two"
                )

    def wording(self, words: WordList) -> list[Problem]:
        """What we say ourselves is in neutral words, and no exemption outlives its cause."""
        self.found = []
        said: list[tuple[Any, str, str, str | None]] = [
            *((fact, "statement", fact.statement, fact.speaker) for fact in self.records[Fact]),
            *((event, "title", event.title, None) for event in self.records[Event]),
            *((dispute, "question", dispute.question, None) for dispute in self.records[Dispute]),
        ]
        exempt = {(exemption.id, exemption.words.casefold()) for exemption in words.exempt}
        used = set()
        for record, part, text, speaker in said:
            for flag in check_wording(text, words, speaker):
                if (name := (record.id, flag.found.casefold())) in exempt:
                    used.add(name)
                else:
                    self.add(record, (part,), explained(flag))
        for number, exemption in enumerate(words.exempt):
            if (exemption.id, exemption.words.casefold()) not in used:
                text = f"exempts '{exemption.words}' in '{exemption.id}', where the check does not flag it: remove this"
                self.add(words, ("exempt", number), text)
        return self.found

    def topic(self, record: Any) -> None:
        """The topic exists."""
        if record.topic not in self.topics:
            self.add(record, ("topic",), f"there is no topic '{record.topic}' in pack.yaml")

    def cited(self, record: Any, citations: Iterable[Any], at: Place) -> None:
        """The sources exist."""
        for number, citation in enumerate(citations):
            if citation.id not in self.sources:
                self.add(record, (*at, number), f"there is no source '{citation.id}' in sources.yaml: add it there")

    def known(self, record: Any, fact_ids: Iterable[str], at: Place) -> None:
        """The facts exist and are current."""
        for fact_id in fact_ids:
            fact = self.facts.get(fact_id)
            if fact is None:
                self.add(record, at, f"there is no fact '{fact_id}'")
            elif fact.superseded_by:
                self.add(record, at, f"the fact '{fact_id}' is superseded: name '{fact.superseded_by}' instead")

    def add(self, record: Any, at: Place, text: str) -> None:
        """Note a problem at a part of a record."""
        file, lines, start = self.where[id(record)]
        self.found.append(
            Problem(file, lines.at(start + at), f"{record.id}: {text}" if hasattr(record, "id") else text)
        )
