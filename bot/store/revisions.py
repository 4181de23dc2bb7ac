"""Every version of every record: written together with the record itself, read back as history."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiosqlite

from bot.models import Change, Origin, Record, Ref, Revision, key, record_of
from bot.store.database import Database, placeholders

# How rows are read: `Database.read`, or `execute_fetchall` of the writer inside a transaction.
Fetch = Callable[[str, Any], Awaitable[Iterable[Any]]]
# What is wrong between these records, each told at one of them; nothing when they fit together.
Check = Callable[[Sequence[Record]], list[tuple[Ref, str]]]

# The settings that say when something was erased last, and when a backup took the database's place.
ERASED = "erased"
RESTORED = "restored"


class Head(NamedTuple):
    """The newest version of a record; without a body it is not shown."""

    number: int
    body: str | None
    origin: Origin


def stamp(at: datetime) -> str:
    """A moment as the store keeps it: in UTC, to the second, so that text sorts as time does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def write(
    writer: aiosqlite.Connection,
    changes: Sequence[Change],
    origin: Origin,
    at: datetime,
    why: str = "",
    editor: int | None = None,
    approver: int | None = None,
    proposal: int | None = None,
) -> None:
    """Change records and add their versions to the history: part of the caller's transaction.

    The transaction fails at its end, with IntegrityError, when a record names one that is not there.
    """
    await writer.execute("PRAGMA defer_foreign_keys = ON")
    # A fact that moves from one dispute to another must leave the first before it enters the second.
    moved = [(change.ref.id,) for change in changes if change.ref.sort == "dispute"]
    await writer.executemany("DELETE FROM dispute_fact WHERE dispute_id = ?", moved)
    for change in changes:
        table, record_id = change.ref
        if change.body is None:
            await writer.execute(f"DELETE FROM {table} WHERE id = ?", (record_id,))
            continue
        # Not an upsert: under one the triggers' OR IGNORE would not hold, https://sqlite.org/lang_createtrigger.html.
        done = await writer.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (change.body, record_id))
        if not done.rowcount:
            values = {"id": record_id, "body": change.body} | ({"key": key(record_id)} if table == "fact" else {})
            await writer.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({placeholders(values)})", tuple(values.values())
            )
    await writer.executemany(
        "INSERT INTO revision (sort, record_id, body, origin, at, why, editor, approver, proposal_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*c.ref, c.body, origin, stamp(at), why, editor, approver, proposal) for c in changes],
    )


async def heads(fetch: Fetch, refs: Sequence[Ref] | None = None) -> dict[Ref, Head]:
    """The newest version of these records, or of all."""
    where, values = "", []
    if refs is not None:
        where = f"WHERE (sort, record_id) IN (VALUES {', '.join('(?, ?)' for _ in refs)}) " if refs else "WHERE 0 "
        values = [part for ref in refs for part in ref]
    rows = await fetch(
        f"SELECT sort, record_id, max(number) AS number, body, origin FROM revision {where}GROUP BY sort, record_id",
        values,
    )
    return {Ref(row["sort"], row["record_id"]): Head(row["number"], row["body"], Origin(row["origin"])) for row in rows}


async def flaws(fetch: Fetch, changes: Sequence[Change], check: Check) -> list[str]:
    """What these changes would break between the records that it did not break before."""
    held = {ref: head.body for ref, head in (await heads(fetch)).items()}
    # Every record is looked at: a tenth of a second for a thousand facts, in which others want answers.
    return await asyncio.to_thread(_flaws, held, changes, check)


def _flaws(held: dict[Ref, str | None], changes: Sequence[Change], check: Check) -> list[str]:
    after = held | {change.ref: change.body for change in changes}
    found = [text for _, text in check(_records(after))]
    if not found:
        return []
    before = {text for _, text in check(_records(held))}
    return [text for text in found if text not in before]


def _records(bodies: dict[Ref, str | None]) -> list[Record]:
    return [record_of(ref.sort, body) for ref, body in bodies.items() if body is not None]


def _revision(row: Any) -> Revision:
    return Revision(
        row["number"],
        Ref(row["sort"], row["record_id"]),
        row["body"],
        Origin(row["origin"]),
        row["at"],
        row["why"],
        row["editor"],
        row["approver"],
        row["proposal_id"],
        row["redacted"],
    )


async def history(database: Database, ref: Ref) -> list[Revision]:
    """Every version of a record, oldest first."""
    rows = await database.read("SELECT * FROM revision WHERE sort = ? AND record_id = ? ORDER BY number", ref)
    return [_revision(row) for row in rows]


async def revision(database: Database, number: int) -> Revision | None:
    """One version."""
    rows = await database.read("SELECT * FROM revision WHERE number = ?", (number,))
    return _revision(rows[0]) if rows else None


async def before(database: Database, version: Revision) -> str | None:
    """What a record said before a version; None when it was not shown, or has been wiped since."""
    rows = await database.read(
        "SELECT body FROM revision WHERE sort = ? AND record_id = ? AND number < ? ORDER BY number DESC LIMIT 1",
        (*version.ref, version.number),
    )
    return rows[0]["body"] if rows else None


_SINCE = "at >= ? AND at > (SELECT min(at) FROM revision)"


async def changes_since(database: Database, day: str, limit: int = 200) -> tuple[list[tuple[Revision, bool]], int]:
    """The newest versions that were made on or after a day, newest first, each with whether the record was new.

    Also returns how many there are in all. The load that filled the record at first is no change.
    """
    rows = await database.read(
        "SELECT *, NOT EXISTS (SELECT 1 FROM revision AS o WHERE o.sort = r.sort AND o.record_id = r.record_id "
        f"AND o.number < r.number) AS is_new FROM revision AS r WHERE {_SINCE} ORDER BY number DESC LIMIT ?",
        (day, limit),
    )
    [total] = await database.read(f"SELECT count(*) AS n FROM revision WHERE {_SINCE}", (day,))
    return [(_revision(row), bool(row["is_new"])) for row in rows], total["n"]


async def edits_by(database: Database, editor: int, since: str) -> tuple[list[Change], list[Ref]]:
    """Changes that undo all that somebody edited since a moment, and the records that others have edited after them.

    A record that somebody else has edited since is left for a person to look at.
    """
    rows = await database.read(
        "SELECT sort, record_id, min(number) AS first FROM revision WHERE editor = ? AND at >= ? "
        "GROUP BY sort, record_id ORDER BY first",
        (editor, since),
    )
    undo, left = [], []
    for row in rows:
        versions = await history(database, Ref(row["sort"], row["record_id"]))
        newest = versions[-1]
        before = [version for version in versions if version.number < row["first"]]
        if newest.editor != editor or (before and before[-1].redacted):
            left.append(newest.ref)
        elif (body := before[-1].body if before else None) != newest.body:
            undo.append(Change(newest.ref, body, newest.number))
    return undo, left


async def bodies_as_of(database: Database, day: str) -> list[tuple[Ref, str]]:
    """What every record said at the end of a day, but for those that were not shown then or have been redacted."""
    rows = await database.read(
        "SELECT sort, record_id, max(number), body FROM revision WHERE substr(at, 1, 10) <= ? GROUP BY sort, record_id",
        (day,),
    )
    return [(Ref(row["sort"], row["record_id"]), row["body"]) for row in rows if row["body"] is not None]


async def first_day(database: Database) -> str | None:
    """The day of the oldest version: how far back the history reaches."""
    rows = await database.read("SELECT substr(min(at), 1, 10) AS day FROM revision")
    day: str | None = rows[0]["day"]
    return day


async def forget(database: Database, person: int) -> int:
    """Remove somebody's id from the history and from proposals that are decided; returns how many versions held it.

    What still waits keeps its proposer, or they could approve it themselves.
    """
    done = await database.write(lambda writer: forget_within(writer, person, datetime.now(UTC)))
    await database.empty_log()
    return done


async def forget_within(writer: aiosqlite.Connection, person: int, at: datetime) -> int:
    """The same as part of the caller's transaction."""
    done = others = 0
    closed = "state IN ('published', 'rejected', 'withdrawn')"
    for column in ("editor", "approver"):
        cursor = await writer.execute(f"UPDATE revision SET {column} = NULL WHERE {column} = ?", (person,))
        done += cursor.rowcount
    for column in ("proposer", "decided_by"):
        cursor = await writer.execute(f"UPDATE proposal SET {column} = NULL WHERE {column} = ? AND {closed}", (person,))
        others += cursor.rowcount
    cursor = await writer.execute(
        "UPDATE summary_schedule SET body = json_set(body, '$.organizer', 0) "
        "WHERE json_extract(body, '$.organizer') = ?",
        (person,),
    )
    if done + others + cursor.rowcount:
        await mark_erased(writer, at)
    return done


async def mark_erased(writer: aiosqlite.Connection, at: datetime) -> None:
    """Remember when something was erased last: backups of before still hold it."""
    await writer.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (ERASED, stamp(at))
    )
