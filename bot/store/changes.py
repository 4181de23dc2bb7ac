"""What one summary tells: the versions of the record between two numbers, events, and review dates that passed."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from bot.models import (
    Agreement,
    Cited,
    Claim,
    Day,
    Dispute,
    Disputed,
    Entry,
    Event,
    Fact,
    Progress,
    Schedule,
    Source,
    facts_of,
)
from bot.store import records, summaries
from bot.store.database import Database

AHEAD = timedelta(days=7)
# What makes a statement another one, rather than the same with newer sources or dates.
SUBSTANCE = ("statement", "speaker", "kind", "figure", "as_of")


class _Changed(NamedTuple):
    """A record before the window and now; `wiped` when its text of before was redacted."""

    sort: str
    id: str
    old: str | None
    new: str | None
    wiped: bool


async def day(database: Database, claim: Claim) -> Day:
    """All that a claimed day's summary tells, from the record as it is now."""
    changed = await _changed(database, claim.since, claim.until)
    wanted = await _Wanted.of(database, claim.schedule)
    groups: dict[str, list[str]] = {"corrected": [], "replaced": [], "added": [], "renewed": []}
    retired: list[Fact] = []
    for record in (record for record in changed if record.sort == "fact"):
        if record.new is None:
            retired += [Fact.model_validate_json(record.old)] if record.old else []
        elif group := _group(record):
            groups[group].append(record.id)
    moved = {record.id for record in changed if record.sort == "dispute" and record.new is not None}
    agreements = await _agreements(database, changed, wanted)
    moved |= {agreement.dispute for agreement, _ in agreements if agreement.dispute}
    told: dict[str, tuple[Entry, ...]] = {}
    seen: set[str] = set()
    for group, ids in groups.items():
        plain = []
        for entry in await records.entries(database, ids):
            if isinstance(entry, Disputed):
                moved.add(entry.dispute.id)
            elif entry.fact.id not in seen and wanted.fact(entry.fact):
                seen.add(entry.fact.id)
                plain.append(entry)
        told[group] = wanted.in_order(plain)
    disputes = [found for name in sorted(moved) if (found := await records.dispute(database, name))]
    events = await _events(database, claim.day, claim.day + (AHEAD if claim.schedule.ahead else timedelta()), wanted)
    held = await summaries.claims(database, claim.channel)
    posted = [other for other, found in held.items() if found.state is Progress.POSTED and other < claim.day]
    return Day(
        claim.day,
        retired=await _sourced(database, [fact for fact in retired if wanted.fact(fact)]),
        agreements=tuple(agreements),
        disputes=tuple(found for found in disputes if wanted.dispute(found)),
        settled=tuple(
            Dispute.model_validate_json(record.old).question
            for record in changed
            if record.sort == "dispute" and record.new is None and record.old
        ),
        today=tuple((event, items) for event, items in events if event.date <= str(claim.day)),
        ahead=tuple((event, items) for event, items in events if event.date > str(claim.day)),
        stale=await _stale(database, posted[0] if posted else claim.day - timedelta(days=1), claim.day, wanted),
        missed=tuple(_missed(held, claim.day)),
        **told,
    )


async def _changed(database: Database, since: int, until: int) -> list[_Changed]:
    """The records with a version in the window, in a fixed order."""
    newest = "FROM revision AS r WHERE r.sort = w.sort AND r.record_id = w.record_id"
    rows = await database.read(
        f"SELECT sort, record_id, (SELECT body {newest} AND number <= :since ORDER BY number DESC LIMIT 1) AS old, "
        f"(SELECT redacted {newest} AND number <= :since ORDER BY number DESC LIMIT 1) AS wiped, "
        f"(SELECT body {newest} ORDER BY number DESC LIMIT 1) AS new FROM "
        "(SELECT DISTINCT sort, record_id FROM revision WHERE number > :since AND number <= :until) AS w "
        "ORDER BY sort, record_id",
        {"since": since, "until": until},
    )
    return [_Changed(row["sort"], row["record_id"], row["old"], row["new"], row["wiped"] is not None) for row in rows]


def _group(record: _Changed) -> str | None:
    """How a fact that is still shown has changed; None when no reader can see it."""
    new = Fact.model_validate_json(record.new or "")
    if record.old is None:
        return "corrected" if record.wiped else None if new.superseded_by else "added"
    old = Fact.model_validate_json(record.old)
    if new.superseded_by != old.superseded_by:
        return "replaced"
    if any(getattr(new, name) != getattr(old, name) for name in SUBSTANCE):
        return "corrected"
    return None if new.model_copy(update={"phrasings": old.phrasings}) == old else "renewed"


class _Wanted(NamedTuple):
    """What a schedule asks for: topics and places; everything where it names none."""

    topics: frozenset[str]
    places: frozenset[str]

    @classmethod
    async def of(cls, database: Database, schedule: Schedule) -> "_Wanted":
        chosen = [county for county in await records.counties(database) if county.id in schedule.counties]
        places = {place for county in chosen for place in (county.name, *county.cities)}
        return cls(frozenset(schedule.topics), frozenset(places))

    def fact(self, fact: Fact) -> bool:
        """Whether it is asked for: what names no place is about the whole state."""
        here = not self.places or not fact.places or bool(self.places & set(fact.places))
        return here and (not self.topics or fact.topic in self.topics)

    def dispute(self, item: Disputed) -> bool:
        """Whether one of its sides, or its topic, is asked for."""
        facts = [cited.fact for cited in facts_of([item])]
        here = not self.places or any(not fact.places or self.places & set(fact.places) for fact in facts)
        topics = {item.dispute.topic, *(fact.topic for fact in facts)}
        return here and (not self.topics or bool(self.topics & topics))

    def entry(self, item: Entry) -> bool:
        """Whether an entry is asked for."""
        return self.fact(item.fact) if isinstance(item, Cited) else self.dispute(item)

    def in_order(self, items: Iterable[Cited]) -> tuple[Entry, ...]:
        """Facts by topic and id: an order that is the same at every attempt."""
        return tuple(sorted(items, key=lambda item: (item.fact.topic, item.fact.id)))


async def _agreements(
    database: Database, changed: Sequence[_Changed], wanted: _Wanted
) -> list[tuple[Agreement, tuple[Source, ...]]]:
    ids = {record.id for record in changed if record.sort == "agreement" and record.new is not None}
    if not ids or (wanted.topics and "agreements" not in wanted.topics):
        return []
    names = {county.id: county.name for county in await records.counties(database)}
    found = await records.agreements(database)
    return [
        (agreement, sources)
        for agreement, sources in found
        if agreement.id in ids and (not wanted.places or names[agreement.county] in wanted.places)
    ]


async def _sourced(database: Database, facts: Sequence[Fact]) -> tuple[tuple[Fact, tuple[Source, ...]], ...]:
    held = {source.id: source for source in await records.all_sources(database)} if facts else {}
    return tuple((fact, tuple(held[c.id] for c in fact.sources if c.id in held)) for fact in facts)


async def _events(
    database: Database, first: date, last: date, wanted: _Wanted
) -> list[tuple[Event, tuple[Entry, ...]]]:
    """Events that have a day of their own: one that is dated by its month or year would stand in every summary."""
    found = await records.events(database, str(first), str(last), None)
    return [
        (event, tuple(items))
        for event, items in found
        if len(event.date) == 10 and (event.until is None or len(event.until) == 10)
        if not wanted.topics or event.topic in wanted.topics
        if any(wanted._replace(topics=frozenset()).entry(item) for item in items)
    ]


async def _stale(database: Database, since: date, today: date, wanted: _Wanted) -> tuple[Entry, ...]:
    """Current facts whose review date was the last summary's day or one since: it has passed today."""
    rows = await database.read(
        "SELECT id FROM fact WHERE superseded_by IS NULL AND json_extract(body, '$.review_by') >= ? "
        "AND json_extract(body, '$.review_by') < ? ORDER BY topic, id",
        (str(since), str(today)),
    )
    return tuple(item for item in await records.entries(database, [row["id"] for row in rows]) if wanted.entry(item))


def _missed(held: dict[date, Claim], today: date) -> list[tuple[date, str]]:
    """The skipped days right before a day, oldest first, each with why."""
    found = []
    for before in (claim for other, claim in held.items() if other < today):
        if before.state is not Progress.SKIPPED:
            break
        found.append((before.day, before.reason))
    return found[::-1]
