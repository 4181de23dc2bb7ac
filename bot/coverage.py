"""What the record covers and what it rests on: `python -m bot check --report`."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from bot.catalog import Catalog
from bot.models import Fact, SourceKind

PRIMARY = {SourceKind.LAW, SourceKind.COURT, SourceKind.AGENCY}


def report(catalog: Catalog, today: date) -> str:
    """Facts by topic, kind and place; what they rest on; sources by kind for each topic; counties by richness."""
    facts = [fact for fact in catalog.facts if not fact.superseded_by]
    sources = {source.id: source for source in catalog.sources}

    def resting_on(test: Callable[[list[SourceKind]], bool]) -> Callable[[Fact], bool]:
        return lambda fact: test([sources[citation.id].kind for citation in fact.sources])

    shares: dict[str, Callable[[Fact], bool]] = {
        "with a primary source (law, court or public agency)": resting_on(lambda kinds: bool(PRIMARY & set(kinds))),
        "with two sources or more": resting_on(lambda kinds: len(kinds) > 1),
        "with aggregators alone": resting_on(lambda kinds: set(kinds) == {SourceKind.AGGREGATOR}),
        "with a link": lambda fact: any(sources[citation.id].url for citation in fact.sources),
        "with a speaker": lambda fact: bool(fact.speaker),
        "past their review date": lambda fact: fact.review_by < today.isoformat(),
    }
    places = Counter(place for fact in facts for place in fact.places)
    counties = {county.name: places[county.name] for county in catalog.counties}
    parts = [
        f"{len(facts)} current facts ({len(catalog.facts) - len(facts)} superseded), {len(catalog.sources)} sources, "
        f"{len(catalog.events)} events, {len(catalog.disputes)} disputes, {len(catalog.agreements)} agreements",
        _table("Facts by topic", Counter(fact.topic for fact in facts)),
        _table("Facts by kind", Counter(fact.kind.value for fact in facts)),
        _table("Facts by jurisdiction", Counter(fact.jurisdiction.value for fact in facts)),
        "Share of facts\n" + "\n".join(_share(name, facts, test) for name, test in shares.items()),
        "Sources by kind for each topic\n"
        + "\n".join(_balance(catalog, facts, topic.id) for topic in catalog.pack.topics),
        f"Counties with a cited fact: {sum(number > 0 for number in counties.values())} of {len(counties)}",
        _table("Facts by county", counties),
    ]
    return "\n\n".join(parts)


def _table(title: str, counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return title + "\n" + "\n".join(f"  {number:5}  {name}" for name, number in ordered)


def _share(name: str, facts: Iterable[Fact], test: Callable[[Fact], bool]) -> str:
    held = [test(fact) for fact in facts]
    return f"  {sum(held):5}  {100 * sum(held) / max(len(held), 1):3.0f} %  {name}"


def _balance(catalog: Catalog, facts: Iterable[Fact], topic: str) -> str:
    kinds = {source.id: source.kind.value for source in catalog.sources}
    counts = Counter(kinds[citation.id] for fact in facts if fact.topic == topic for citation in fact.sources)
    return f"  {topic}: " + ", ".join(f"{name} {number}" for name, number in counts.most_common())
