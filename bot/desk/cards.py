"""The card on which members see a record, whatever sort it is."""

from datetime import date

from bot.cards import Card, replies
from bot.models import Agreement, County, Dispute, Event, Fact, Pack, Ref, Source, Term, record_of
from bot.store import Database, records
from bot.store.revisions import heads


async def card_of(database: Database, ref: Ref, pack: Pack, today: date) -> Card | None:
    """The card that shows a record as it stands in a database; None when it is not shown there."""
    head = (await heads(database.read, [ref])).get(ref)
    if head is None or head.body is None:
        return None
    record = record_of(ref.sort, head.body)
    match record:
        case Fact():
            return replies.facts([record.id], await records.entries(database, [record.id]), pack, today)
        case Source():
            return replies.source(record, await records.entries_from(database, record.id), today)
        case Dispute():
            found = await records.dispute(database, record.id)
            return replies.dispute(found, today) if found else None
        case Event():
            rows = await records.events(database, record.date, record.until or record.date, None)
            return replies.events([row for row in rows if row[0].id == record.id], "", "", None, today)
        case Term():
            return replies.term(record, await records.entries(database, [record.fact]), today)
        case Agreement():
            [county] = [county for county in await records.counties(database) if county.id == record.county]
            pairs = [pair for pair in await records.agreements(database, county.id) if pair[0].id == record.id]
            return replies.county(county, pairs, [], pack.topics, f"{county.id}.", today)
        case County():
            return replies.county(record, [], [], pack.topics, f"{record.id}.", today)
    return None
