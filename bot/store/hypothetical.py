"""The record as it would be, or as it was: changes are made, looked at and undone in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.models import Agreement, Change, Dispute, Event, Fact, Origin, Record, Ref, Term, record_of
from bot.store.database import Database, Parameters
from bot.store.revisions import bodies_as_of, heads, write

T = TypeVar("T")


class _Inside(Database):
    """The database as a transaction sees it that has not ended."""

    def __init__(self, path: Path, writer: aiosqlite.Connection) -> None:
        super().__init__(path)
        self._inside = writer

    async def read(self, sql: str, parameters: Parameters = ()) -> list[aiosqlite.Row]:
        return list(await self._inside.execute_fetchall(sql, parameters))


async def as_if(database: Database, changes: Sequence[Change], look: Callable[[Database], Awaitable[T]]) -> T:
    """What `look` finds in the record if these changes were published. They are not, and nobody else sees them."""

    async def change(writer: aiosqlite.Connection) -> T:
        await write(writer, changes, Origin.EDIT, datetime.now(UTC))
        return await look(_Inside(database.path, writer))

    return await database.write(change, keep=False)


async def as_of(database: Database, day: str, look: Callable[[Database], Awaitable[T]]) -> T:
    """What `look` finds in the record as it was at the end of a day."""
    then = whole(dict(await bodies_as_of(database, day)))
    now = await heads(database.read)
    changes = [Change(ref, then.get(ref)) for ref, head in now.items() if head.body != then.get(ref)]
    return await as_if(database, changes, look)


def whole(bodies: dict[Ref, str]) -> dict[Ref, str]:
    """The same without what names a record that is not among them, as after a redaction; of a dispute all or none."""
    left = {ref: record_of(ref.sort, body) for ref, body in bodies.items()}
    while broken := {ref for ref, record in left.items() if not left.keys() >= _named(record)}:
        sides = {Ref("fact", f) for ref in broken if isinstance(d := left[ref], Dispute) for f in d.fact_ids()}
        left = {ref: record for ref, record in left.items() if ref not in broken | sides}
    return {ref: bodies[ref] for ref in left}


def _named(record: Record) -> set[Ref]:
    """The records that a record cannot be shown without."""
    match record:
        case Fact():
            newer = {Ref("fact", record.superseded_by)} if record.superseded_by else set()
            return newer | {Ref("source", citation.id) for citation in record.sources}
        case Dispute():
            return {Ref("fact", fact_id) for fact_id in record.fact_ids()}
        case Event():
            return {Ref("fact", fact_id) for fact_id in record.facts}
        case Term():
            return {Ref("fact", record.fact)}
        case Agreement():
            cited = {Ref("source", citation.id) for change in record.history for citation in change.sources}
            return cited | ({Ref("dispute", record.dispute)} if record.dispute else set())
    return set()
