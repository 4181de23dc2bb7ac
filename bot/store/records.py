"""The record, read whole.

Every function that hands out facts hands out entries: a fact with its sources, or, where the fact is
one side of a dispute, the dispute with all its sides. There is no way to get one side alone.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from bot.models import (
    SORTS,
    Agreement,
    Cited,
    County,
    Dispute,
    Disputed,
    Entry,
    Event,
    Fact,
    Guide,
    Record,
    Source,
    Term,
)
from bot.store.database import Database, placeholders

R = TypeVar("R", bound=Record)
TABLES = {model: name for name, model in SORTS.items()}


async def everything(database: Database) -> list[Record]:
    """Every record as it stands, to be written out whole."""
    return [record for model in SORTS.values() for record in await _read(database, model, "ORDER BY id")]


class Overdue(NamedTuple):
    """A fact that somebody must look at again."""

    id: str
    review_by: str
    as_of: str
    text: str


async def _read(database: Database, model: type[R], where: str = "", parameters: Sequence[Any] = ()) -> list[R]:
    rows = await database.read(f"SELECT body FROM {TABLES[model]} {where}", parameters)
    return [model.model_validate_json(row["body"]) for row in rows]


async def entries(database: Database, fact_ids: Sequence[str]) -> list[Entry]:
    """The entries for these facts, in this order, each dispute once; ids that are not in the record are left out.

    A superseded fact is answered by the one that took its place.
    """
    found = await _entries_by_fact(database, fact_ids)
    distinct = {
        item.fact.id if isinstance(item, Cited) else "dispute " + item.dispute.id: item
        for item in (found[fact_id] for fact_id in fact_ids if fact_id in found)
    }
    return list(distinct.values())


async def _entries_by_fact(database: Database, fact_ids: Sequence[str]) -> dict[str, Entry]:
    newest = await _newest(database, fact_ids)
    current = list(newest.values())
    rows = await database.read(
        f"SELECT fact_id, dispute_id FROM dispute_fact WHERE fact_id IN ({placeholders(current)})", current
    )
    dispute_of = {row["fact_id"]: row["dispute_id"] for row in rows}
    disputes = {d.id: d for d in await _by_id(database, Dispute, set(dispute_of.values()))}
    cited = {
        c.fact.id: c for c in await _cited(database, {*current, *(f for d in disputes.values() for f in d.fact_ids())})
    }
    whole = {d.id: _disputed(d, cited) for d in disputes.values()}
    return {old: whole[dispute_of[new]] if new in dispute_of else cited[new] for old, new in newest.items()}


def _disputed(dispute: Dispute, cited: dict[str, Cited]) -> Disputed:
    return Disputed(dispute, tuple((side.party, tuple(cited[f] for f in side.facts)) for side in dispute.in_order()))


async def _newest(database: Database, fact_ids: Sequence[str]) -> dict[str, str]:
    """For each fact that there is, the one that has taken its place, or itself."""
    rows = await database.read(
        "WITH RECURSIVE newer (old, id) AS ("
        f"SELECT id, id FROM fact WHERE id IN ({placeholders(fact_ids)}) UNION "
        "SELECT old, superseded_by FROM newer JOIN fact USING (id) WHERE superseded_by IS NOT NULL) "
        "SELECT old, id FROM newer JOIN fact USING (id) WHERE superseded_by IS NULL",
        fact_ids,
    )
    return {row["old"]: row["id"] for row in rows}


async def _by_id(database: Database, model: type[R], ids: Iterable[str]) -> list[R]:
    wanted = sorted(ids)
    return await _read(database, model, f"WHERE id IN ({placeholders(wanted)})", wanted)


async def _cited(database: Database, fact_ids: Iterable[str]) -> list[Cited]:
    facts = await _by_id(database, Fact, fact_ids)
    sources = {s.id: s for s in await _by_id(database, Source, {c.id for fact in facts for c in fact.sources})}
    return [Cited(fact, tuple(sources[citation.id] for citation in fact.sources)) for fact in facts]


async def _entries_where(database: Database, where: str, parameters: Sequence[Any]) -> list[Entry]:
    rows = await database.read(
        f"SELECT id FROM fact WHERE superseded_by IS NULL AND {where} ORDER BY as_of DESC, id",
        parameters,
    )
    return await entries(database, [row["id"] for row in rows])


async def facts_with_keys(database: Database, keys: Sequence[str]) -> list[str]:
    """The ids for the keys that a button carries, in their order; a superseded fact gives way to its successor."""
    rows = await database.read(f"SELECT id, key FROM fact WHERE key IN ({placeholders(keys)})", keys)
    ids = {row["key"]: row["id"] for row in rows}
    newest = await _newest(database, list(ids.values()))
    return list(dict.fromkeys(newest[ids[k]] for k in keys if k in ids))


async def entries_about(database: Database, places: Sequence[str]) -> list[Entry]:
    """All current facts that name one of these counties or cities as their place, newest first."""
    return await _entries_where(
        database,
        f"id IN (SELECT fact_id FROM fact_place WHERE place IN ({placeholders(places)}))",
        places,
    )


async def entries_in(database: Database, guide: Guide) -> list[Entry]:
    """What a reading list names: its facts, then its disputes that are not among them already."""
    found = await entries(database, guide.facts)
    for dispute_id in guide.disputes:
        item = await dispute(database, dispute_id)
        found += [item] if item and item not in found else []
    return found


async def entries_from(database: Database, source_id: str) -> list[Entry]:
    """All current facts that rest on a source, newest first."""
    return await _entries_where(database, "id IN (SELECT fact_id FROM fact_source WHERE source_id = ?)", [source_id])


async def dispute(database: Database, dispute_id: str) -> Disputed | None:
    """One dispute with all its sides."""
    found = await _by_id(database, Dispute, [dispute_id])
    if not found:
        return None
    return _disputed(found[0], {c.fact.id: c for c in await _cited(database, found[0].fact_ids())})


async def disputes(database: Database) -> list[Dispute]:
    """All disputes by their question, to choose from."""
    return sorted(await _read(database, Dispute), key=lambda d: d.question)


async def events(database: Database, start: str, end: str, topic: str | None) -> list[tuple[Event, list[Entry]]]:
    """The events that touch the days from `start` to `end` (fuzzy dates), oldest first, with what is said of each."""
    # "2026-01" sorts before "2026-01-07": the end of a month or year is widened to its last possible day.
    last = end + "-12-31"[len(end) - 4 :] if len(end) == 4 else end + "-31" if len(end) == 7 else end
    found = await _read(
        database,
        Event,
        "WHERE date <= ? AND coalesce(json_extract(body, '$.until'), date) || '-99-99' >= ? "
        "AND (? IS NULL OR topic = ?) ORDER BY date, id",
        (last, start, topic, topic),
    )
    items = await _entries_by_fact(database, [fact_id for event in found for fact_id in event.facts])
    return [(event, list(dict.fromkeys(items[fact_id] for fact_id in event.facts))) for event in found]


async def past_review(database: Database, day: str) -> list[Overdue]:
    """What has a review date before a day, the oldest first. A side of a dispute stands by the dispute's question."""
    rows = await database.read(
        "SELECT fact.id, json_extract(fact.body, '$.review_by') AS review_by, fact.as_of, "
        "coalesce('One side of: ' || json_extract(dispute.body, '$.question'), statement) AS text "
        "FROM fact LEFT JOIN dispute_fact ON fact_id = fact.id LEFT JOIN dispute ON dispute.id = dispute_id "
        "WHERE superseded_by IS NULL AND review_by < ? ORDER BY review_by, fact.id",
        (day,),
    )
    return [Overdue(*row) for row in rows]


async def counties(database: Database) -> list[County]:
    """All counties by name."""
    return await _read(database, County, "ORDER BY json_extract(body, '$.name')")


async def agreements(database: Database, county_id: str | None = None) -> list[tuple[Agreement, tuple[Source, ...]]]:
    """Agreements by agency, of one county or all, each with the sources of its history."""
    found = await _read(
        database,
        Agreement,
        "WHERE ? IS NULL OR county_id = ? ORDER BY json_extract(body, '$.agency'), id",
        (county_id, county_id),
    )
    cited = {a.id: list(dict.fromkeys(c.id for change in a.history for c in change.sources)) for a in found}
    sources = {s.id: s for s in await _by_id(database, Source, {i for ids in cited.values() for i in ids})}
    return [(agreement, tuple(sources[i] for i in cited[agreement.id])) for agreement in found]


async def terms(database: Database) -> list[Term]:
    """The glossary by term."""
    return await _read(database, Term, "ORDER BY json_extract(body, '$.term') COLLATE NOCASE")


async def sources(database: Database) -> list[Source]:
    """All sources that a current fact rests on, by title."""
    return await _read(
        database,
        Source,
        "WHERE id IN (SELECT source_id FROM fact_source JOIN fact ON fact.id = fact_id WHERE superseded_by IS NULL) "
        "ORDER BY json_extract(body, '$.title') COLLATE NOCASE",
    )


async def all_sources(database: Database) -> list[Source]:
    """All sources, also those that no current fact rests on."""
    return await _read(database, Source, "ORDER BY id")


async def facts_per_place(database: Database, topic: str | None = None) -> dict[str, int]:
    """How many current facts each county or city has, of one topic or of all."""
    rows = await database.read(
        "SELECT place, count(*) AS facts FROM fact_place JOIN fact ON fact.id = fact_id "
        "WHERE superseded_by IS NULL AND (? IS NULL OR topic = ?) GROUP BY place",
        (topic, topic),
    )
    return {row["place"]: row["facts"] for row in rows}


async def size(database: Database) -> dict[str, int]:
    """How many records of each sort there are."""
    return {table: (await database.read(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in TABLES.values()}


async def newest(database: Database) -> str | None:
    """The newest as-of date of any fact: how far the record reaches."""
    rows = await database.read("SELECT max(as_of) AS newest FROM fact")
    newest_date: str | None = rows[0]["newest"]
    return newest_date
