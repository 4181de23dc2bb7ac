"""The replies, one function each: records in, a card out. Nothing here reads a file, a database or the clock."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from bot.cards import parts
from bot.cards.text import Card, Heading, Link, Note, Section, shorten, small
from bot.models import (
    Agreement,
    Cited,
    County,
    Dispute,
    Disputed,
    Entry,
    Event,
    Guide,
    Kind,
    Outcome,
    Pack,
    Source,
    Status,
    Term,
    Topic,
    facts_of,
    key,
)

TITLES = {
    Outcome.ANSWER: "What the record says",
    Outcome.RECORD_SAYS_NONE: "The record says there is none",
    Outcome.NO_RECORD: "No record on that",
    Outcome.OUT_OF_SCOPE: "Outside what this bot covers",
}
# Ends the address of a card for somebody who asked for a case of their own.
PERSONAL = "+help"
NOT_ADVICE = Note("General information, not legal advice.")
# Which kinds of fact stand under which heading, so that law, policy and practice are never mixed.
GROUPS: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("Law", frozenset({Kind.LAW})),
    ("Written policy", frozenset({Kind.POLICY})),
    ("Reported practice", frozenset({Kind.PRACTICE})),
    ("What the record says there is none of", frozenset({Kind.NONE})),
    ("What is said of the rules", frozenset({Kind.STATEMENT})),
    ("Also recorded", frozenset({Kind.EVENT, Kind.FIGURE, Kind.DEFINITION})),
)


def facts(
    asked: Sequence[str],
    items: Sequence[Entry],
    pack: Pack,
    today: date,
    *,
    none: bool = False,
    personal: bool = False,
) -> Card:
    """The facts that answer a question, and what is disputed of them.

    `none` when the best says that there is none, `personal` when somebody asked for a case of their own.
    """
    keys = ".".join(key(fact_id) for fact_id in asked)
    outcome = Outcome.RECORD_SAYS_NONE if none else Outcome.ANSWER
    named = [topic for topic in pack.topics if none and topic.id in {_topic(item) for item in items}]
    near = [_offices("Nearest topics, and an office to ask", named)] if named else []
    end = _legal_help(pack) if personal else (small(NOT_ADVICE.text),)
    sections = (*parts.entries(items, today, asked=asked), *near, end)
    address = f"{'none' if none else 'facts'}:{keys}{PERSONAL if personal else ''}"
    return Card(TITLES[outcome], address, sections, parts.references(items))


def _legal_help(pack: Pack) -> Section:
    """For somebody with a case of their own: no advice, but where help is listed."""
    offices = (small(Link(office.name, office.url)) for office in pack.legal_help)
    return (
        Heading("For a case of your own"),
        Note("This is general information, not legal advice. Legal help:"),
        *offices,
    )


def silence(outcome: Outcome, topics: Sequence[Topic], pack: Pack, *, personal: bool = False) -> Card:
    """What is said where the record has no answer: why, what lies nearest, and whom to ask."""
    near = topics or pack.topics[:3]
    if outcome is Outcome.NO_RECORD:
        why = (
            "The record holds nothing that answers this. That does not mean that there is nothing: only that nobody "
            "has put it here with a source."
        )
    else:
        why = (
            f"This bot answers questions about {pack.scope}. It does not report where anybody is now, "
            "gives no legal advice and says nothing about private persons."
        )
    heading = "Nearest topics, and an office to ask" if topics else "Topics it covers, and an office to ask"
    sections: list[Section] = [(Note(why),), *([_legal_help(pack)] if personal else []), _offices(heading, near[:3])]
    sections.append((Heading("Questions it can answer"), *(Note(f"“{example}”") for example in pack.examples)))
    names = ".".join(topic.id for topic in topics[:3])
    address = f"{outcome.value.replace('_', '-')}:{names}{PERSONAL if personal else ''}"
    return Card(TITLES[outcome], address, tuple(sections))


def _offices(heading: str, topics: Iterable[Topic]) -> Section:
    return (Heading(heading), *(Note(f"{topic.title}: {topic.office.name}") for topic in topics))


def county(
    record: County,
    agreements: Sequence[tuple[Agreement, Sequence[Source]]],
    items: Sequence[Entry],
    topics: Sequence[Topic],
    address: str,
    today: date,
) -> Card:
    """A county's card: agreements, then what is recorded on each of the topics, then disputes on them."""
    asked = [cited.fact.id for cited in facts_of(items) if record.name in cited.fact.places]
    by_topic = {topic.id: [item for item in items if _topic(item) == topic.id] for topic in topics}
    shown = [item for found in by_topic.values() for item in found]
    agreements = agreements if "agreements" in by_topic else ()
    sections: list[Section] = []
    counts = [f"{topic.title} {len(by_topic[topic.id])}" for topic in topics if by_topic[topic.id]]
    if len(counts) > 1 and len(shown) > 8:
        sections.append((small(*counts), small("Add topic: to /county to see one of them")))
    if agreements:
        sections.append((Heading("287(g) agreements with ICE"),))
        sections += [parts.agreement(agreement, sources) for agreement, sources in agreements]
    for topic in topics:
        sections += parts.entries([item for item in by_topic[topic.id] if isinstance(item, Cited)], today, topic.title)
    sections += [parts.entry(item, today, asked) for item in shown if isinstance(item, Disputed)]
    if not sections:
        sections.append((Note(f"The record holds no statement about {record.name} on this yet."),))
    return Card(record.name, f"county:{address}", tuple(sections), parts.references(shown, agreements))


def _topic(item: Entry) -> str:
    return item.fact.topic if isinstance(item, Cited) else item.dispute.topic


def counties(
    rows: Sequence[tuple[County, Sequence[tuple[Agreement, Sequence[Source]]], int]],
    label: str,
    address: str,
    disputed: Sequence[Entry],
    today: date,
) -> Card:
    """Counties of one filter: their agreements with sources, or how many statements the record holds on each."""
    sections: list[Section] = []
    listed = [row for row in rows if row[1]]
    for _, agreements, _ in listed:
        sections += [parts.agreement(agreement, sources) for agreement, sources in agreements]
    sections += parts.entries(disputed, today)
    counted = [f"{record.name}: {number}" for record, _, number in rows if number]
    for start in range(0, len(counted), 30):
        heading = Heading("Statements in the record, by county" if start == 0 else "More counties")
        sections.append((heading, Note(" · ".join(counted[start : start + 30]))))
    if not sections:
        sections.append((Note("The record holds nothing of this sort yet."),))
    sections.append((small("Use /county and a name for what is recorded, with its sources."),))
    return Card(
        f"Counties: {label}",
        address,
        tuple(sections),
        parts.references(disputed, [a for row in listed for a in row[1]]),
    )


def sanctuary(place: str, asked: Collection[str], items: Sequence[Entry], state: str, today: date) -> Card:
    """What the rules are in a place (law, written policy and practice apart), and who calls it a sanctuary."""
    sections: list[Section] = []
    for heading, kinds in GROUPS:
        rules = [item for item in items if _topic(item) != "listings" and parts.lead(item, asked).kind in kinds]
        sections += parts.entries(rules, today, heading, asked)
    listings = [item for item in items if _topic(item) == "listings"]
    sections += parts.entries(listings, today, "Who calls it a sanctuary, and by which criteria", asked)
    if not sections:
        sections.append((Note(f"The record holds no rule and no listing for {place}."),))
    if place != state:
        sections.append((small(f"State and federal rules apply here too: /sanctuary place:{state}"),))
    return Card(f"Rules in {place}", f"sanctuary:{place}", tuple(sections), parts.references(items))


def guide(record: Guide, items: Sequence[Entry], today: date) -> Card:
    """A chosen reading list, in its order."""
    return Card(
        record.title,
        f"guide:{record.id}",
        (*parts.entries(items, today), (small(NOT_ADVICE.text),)),
        parts.references(items),
    )


def events(
    rows: Sequence[tuple[Event, Sequence[Entry]]], start: str, end: str, topic: Topic | None, today: date
) -> Card:
    """A timeline, oldest first; an empty start or end is open."""
    sections = [parts.event(record, items, today) for record, items in rows]
    if not sections:
        sections = [(Note("The record holds no event in these days" + (" on this topic." if topic else ".")),)]
    span = (f" from {parts.day(start)}" if start else "") + (f" to {parts.day(end)}" if end else "")
    title = "Events" + span + (f": {topic.title}" if topic else "")
    return Card(
        title,
        f"events:{start}.{end}.{topic.id if topic else ''}",
        tuple(sections),
        parts.references([item for _, items in rows for item in items]),
    )


def dispute(item: Disputed, today: date) -> Card:
    """One dispute, every side."""
    return Card(
        "Disputed figure or account",
        f"dispute:{item.dispute.id}",
        (parts.disputed(item, today),),
        parts.references([item]),
    )


def disputes(records: Sequence[Dispute], topics: Sequence[Topic]) -> Card:
    """Which disputes there are, by topic."""
    sections: list[Section] = []
    for topic in topics:
        questions = [Note(record.question) for record in records if record.topic == topic.id]
        sections += [(Heading(topic.title), *questions)] if questions else []
    sections.append((small("Use /dispute and choose one to see every side."),))
    return Card("Disputes in the record", "disputes:", tuple(sections))


def source(record: Source, items: Sequence[Entry], today: date) -> Card:
    """A source and what rests on it."""
    sections = [parts.source(record), *parts.entries(items, today, "What rests on it")]
    return Card("Source", f"source:{record.id}", tuple(sections), parts.references(items))


def term(record: Term, items: Sequence[Entry], today: date) -> Card:
    """A word explained."""
    also = (small("Also: " + ", ".join(record.aliases)),) if record.aliases else ()
    first, *more = parts.entries(items, today)
    return Card(record.term, f"term:{record.id}", ((*also, *first), *more), parts.references(items))


def terms(records: Sequence[Term]) -> Card:
    """Which words are explained."""
    sections: Section = (Note(" · ".join(record.term for record in records)), small("Use /glossary and a word."))
    return Card("Glossary", "terms:", (sections,))


def sources(card: Card) -> Card:
    """The full list of sources behind another card, numbered, with links and the places in them."""
    found: dict[str, tuple[Source, list[str]]] = {}
    for record, locator in card.references:
        found.setdefault(record.id, (record, []))[1].extend([locator] if locator else [])
    sections = [parts.source(record, number, locators) for number, (record, locators) in enumerate(found.values(), 1)]
    if not sections:
        sections = [(Note("This reply holds no statement about the world, so it has no sources."),)]
    return Card("Sources: " + shorten(card.title, 80), card.address, tuple(sections))


def listed(agreement: Agreement) -> bool:
    """Whether the newest word on an agreement is that ICE lists it, or that it was signed."""
    by_ice = [change.status for change in agreement.history if change.status is not Status.CALLED_VOID]
    return bool(by_ice) and by_ice[-1] in {Status.SIGNED, Status.LISTED}
