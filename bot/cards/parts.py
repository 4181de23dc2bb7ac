"""How each record is told: a fact with its citation, a dispute with its sides, an agreement, an event, a source."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from bot.cards.text import Heading, Link, Note, Reference, Section, Small, Statement, small
from bot.models import (
    Agreement,
    Cited,
    Disputed,
    Entry,
    Event,
    Fact,
    Jurisdiction,
    Kind,
    Model,
    Source,
    SourceKind,
    Status,
    facts_of,
    host_of,
)

KINDS = {
    Kind.LAW: "Law",
    Kind.POLICY: "Written policy",
    Kind.PRACTICE: "Reported practice",
    Kind.FIGURE: "Figure",
    Kind.STATEMENT: "Statement",
    Kind.EVENT: "Event",
    Kind.DEFINITION: "Definition",
    Kind.NONE: "The record says there is none",
}
JURISDICTIONS = {
    Jurisdiction.FEDERAL: "federal",
    Jurisdiction.STATE: "state",
    Jurisdiction.COUNTY: "county",
    Jurisdiction.CITY: "city",
    Jurisdiction.SEVERAL: "several places",
}
SOURCE_KINDS = {
    SourceKind.LAW: "law",
    SourceKind.COURT: "court",
    SourceKind.AGENCY: "public agency",
    SourceKind.ACADEMIC: "research",
    SourceKind.NEWS: "news",
    SourceKind.ADVOCACY: "advocacy group",
    SourceKind.AGGREGATOR: "aggregator or reposting site",
}
MODELS = {
    Model.JAIL: "jail enforcement model",
    Model.TASK_FORCE: "task force model",
    Model.WARRANT: "warrant service officer model",
}
STATUSES = {
    Status.SIGNED: "signed",
    Status.LISTED: "on ICE's list",
    Status.NOT_LISTED: "not on ICE's list",
    Status.CALLED_VOID: "called void",
    Status.ENDED: "ended",
}
MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# More sources than this are named under "Sources" alone.
MOST_INLINE = 3


def day(fuzzy: str) -> str:
    """A fuzzy date for a reader: 2026, Jan 2026 or Jan 22, 2026."""
    year, *rest = fuzzy.split("-")
    if not rest:
        return year
    month = MONTHS[int(rest[0])]
    return f"{month} {year}" if len(rest) == 1 else f"{month} {int(rest[1])}, {year}"


def source_link(source: Source) -> Link:
    """A source in small print: publisher and date, leading to the page where one is known."""
    copy = f", copy on {source.copy_on}" if source.copy_on else ""
    published = f", {day(source.published)}" if source.published else ", undated"
    return Link(source.publisher + published + copy, source.url)


def citation(cited: Cited, today: date) -> tuple[Small, ...]:
    """The small print under a statement: what sort it is, whose, as of when, and the sources."""
    fact = cited.fact
    links = [source_link(source) for source in cited.sources[:MOST_INLINE]]
    more = len(cited.sources) - MOST_INLINE
    lines = [
        small(
            KINDS[fact.kind],
            ", ".join(fact.places[:3]) if 0 < len(fact.places) <= 3 else JURISDICTIONS[fact.jurisdiction],
            f"according to {fact.speaker}" if fact.speaker else None,
            f"as of {day(fact.as_of)}",
        )
    ]
    if fact.figure:
        lines.append(small(f"Counted: {fact.figure.counted}", f"Value: {fact.figure.value} {fact.figure.unit}"))
    lines.append(
        small("Source" if len(cited.sources) == 1 else "Sources", *links, f"and {more} more" if more > 0 else None)
    )
    if fact.review_by < today.isoformat():
        lines.append(small(f"Past its review date ({day(fact.review_by)}): may be out of date"))
    return tuple(lines)


def lead(item: Entry, asked: Collection[str] = ()) -> Fact:
    """The fact for which an entry is shown: of a dispute, the first of those asked for."""
    found = facts_of([item])
    return next((cited.fact for cited in found if cited.fact.id in asked), found[0].fact)


def entry(item: Entry, today: date, asked: Collection[str] = ()) -> Section:
    """A fact with its citation, or a dispute with every side: what was asked for of it, or else its newest."""
    if isinstance(item, Cited):
        return (Statement(item.fact.statement), *citation(item, today))
    chosen = []
    for party, facts in item.sides:
        newest = max(facts, key=lambda cited: cited.fact.as_of)
        chosen.append((party, tuple(cited for cited in facts if cited.fact.id in asked) or (newest,)))
    left = len(facts_of([item])) - sum(len(facts) for _, facts in chosen)
    counted = "1 more statement" if left == 1 else f"{left} more statements"
    more = [small(f"{counted}: /dispute topic:{item.dispute.question}")] if left else []
    return (*disputed(Disputed(item.dispute, tuple(chosen)), today), *more)


def disputed(item: Disputed, today: date) -> Section:
    """Every side of a dispute, in alphabetical order of party, without a verdict."""
    blocks: list[Heading | Statement | Note | Small] = [
        Heading("Disputed: " + item.dispute.question),
        small(f"{len(item.sides)} sides, in alphabetical order"),
    ]
    for number, (party, facts) in enumerate(item.sides, 1):
        blocks.append(Heading(f"{number}. {party}"))
        for cited in facts:
            blocks += [Statement(cited.fact.statement), *citation(cited, today)]
    return tuple(blocks)


def entries(
    items: Iterable[Entry], today: date, heading: str | None = None, asked: Collection[str] = ()
) -> Iterator[Section]:
    """Entries one after another, the first under a heading."""
    for item in items:
        section = entry(item, today, asked)
        yield (Heading(heading), *section) if heading else section
        heading = None


def agreement(record: Agreement, sources: Sequence[Source]) -> Section:
    """A 287(g) agreement: agency, model, date, and its history with a source for each change."""
    by_id = {source.id: source for source in sources}
    history = [
        small(
            f"{day(change.date)}: {STATUSES[change.status]}" + (f", by {change.by}" if change.by else ""),
            *(source_link(by_id[citation.id]) for citation in change.sources[:MOST_INLINE]),
        )
        for change in record.history
    ]
    signed = f"signed {day(record.signed)}" if record.signed else "date of signing not in the record"
    return (
        Heading(record.agency),
        small(f"287(g) agreement, {MODELS[record.model]}", signed),
        *history,
        *([small("Disputed: the sides are below")] if record.dispute else []),
    )


def event(record: Event, items: Iterable[Entry], today: date) -> Section:
    """An event with what is said of it."""
    when = day(record.date) + (f" to {day(record.until)}" if record.until else "")
    blocks: list[Heading | Statement | Note | Small] = [Heading(f"{when}: {record.title}")]
    for item in items:
        blocks += entry(item, today, record.facts)
    return tuple(blocks)


def source(record: Source, number: int | None = None, locators: Iterable[str] = ()) -> Section:
    """A source in full, with a link where a page was seen."""
    return (
        Heading(f"{number}. {record.title}" if number else record.title),
        small(
            record.publisher,
            record.author,
            day(record.published) if record.published else "undated",
            SOURCE_KINDS[record.kind],
            f"copy on {record.copy_on}" if record.copy_on else None,
        ),
        *([small("See: " + "; ".join(locators))] if locators else []),
        *([small(record.note)] if record.note else []),
        small(_page(record.url) if record.url else "No link: the page was not seen on the web"),
    )


def _page(url: str) -> Link:
    """The way to a page, with the host that it leads to in plain letters."""
    host = host_of(url)
    return Link(f"Open the page at {host}", url) if host else Link(f"Address: {url}")


def references(
    items: Iterable[Entry], agreements: Iterable[tuple[Agreement, Sequence[Source]]] = ()
) -> tuple[Reference, ...]:
    """What a reply rests on, in the order in which it is shown."""
    found: list[Reference] = []
    for record, sources in agreements:
        by_id = {source.id: source for source in sources}
        found += [(by_id[cited.id], cited.locator) for change in record.history for cited in change.sources]
    for cited in facts_of(items):
        found += [(source, c.locator) for source, c in zip(cited.sources, cited.fact.sources, strict=True)]
    return tuple(dict.fromkeys(found))
