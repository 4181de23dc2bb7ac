"""Loading the files of data/ beside what moderators edit: neither overwrites the other.

The files may change a record while its newest version is the one on which both last agreed. Once somebody has edited it
in Discord, another text in the files is a conflict, which waits as a proposal with both texts.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiosqlite

from bot.models import Change, Origin, Purpose, Record, Ref, State, body_of, record_of, ref_of
from bot.store import proposals
from bot.store.database import Database
from bot.store.revisions import Check, Fetch, Head, heads, stamp, write


@dataclass(frozen=True)
class Loaded:
    """How many records a load added, changed, removed and kept, and how many texts of the files wait in the queue."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    conflicts: int = 0
    withheld: int = 0

    def __str__(self) -> str:
        text = f"{self.added} added, {self.changed} changed, {self.removed} removed, {self.kept} kept"
        text += f", {self.conflicts} in conflict with an edit: see /queue" if self.conflicts else ""
        return text + (f", {self.withheld} held back as redacted: mend the files" if self.withheld else "")


@dataclass
class _Plan:
    """What a load would do: records to change, texts that conflict with an edit, and texts both sides agree on."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Change] = field(default_factory=list)
    agreed: list[Change] = field(default_factory=list)
    kept: int = 0
    withheld: int = 0


async def load(
    database: Database, records: Iterable[Record], check: Check | None = None, at: datetime | None = None
) -> Loaded:
    """Bring the record up to the files, in one transaction; `check` says what does not fit between records.

    A text of the files that would not fit to what was edited in Discord becomes a conflict as well.
    """
    # In a thread: a large import takes a second to write down and to compare, in which nobody else should wait.
    wanted = await asyncio.to_thread(lambda: {ref_of(record): body_of(record) for record in records})
    now = at or datetime.now(UTC)

    async def change(writer: aiosqlite.Connection) -> Loaded:
        held = await heads(writer.execute_fetchall)
        seen, redacted = await _seen(writer.execute_fetchall), await _redacted(writer)
        plan = await asyncio.to_thread(_compare, wanted, held, seen, redacted)
        edited = any(head.origin is Origin.EDIT for head in held.values())
        if check and edited:
            await asyncio.to_thread(_hold_back, plan, held, check)
        await write(writer, plan.changes, Origin.FILE, now)
        newest = await heads(writer.execute_fetchall) if plan.changes else held
        agreed = [*plan.changes, *plan.agreed]
        await writer.executemany(
            "INSERT INTO file_version VALUES (?, ?, ?, ?) ON CONFLICT (sort, record_id) "
            "DO UPDATE SET hash = excluded.hash, revision = excluded.revision",
            [(*c.ref, hashed(c.body), newest.get(c.ref, _NOTHING).number) for c in agreed],
        )
        await writer.executemany(
            "INSERT INTO file_version VALUES (?, ?, ?, 0) ON CONFLICT (sort, record_id) "
            "DO UPDATE SET hash = excluded.hash",
            [(*c.ref, hashed(c.body)) for c in plan.conflicts],
        )
        await _queue(writer, plan, now)
        shown = {change.ref for change in plan.changes if held.get(change.ref, _NOTHING).body is not None}
        return Loaded(
            added=sum(c.ref not in shown for c in plan.changes if c.body is not None),
            changed=sum(c.ref in shown for c in plan.changes if c.body is not None),
            removed=sum(c.body is None for c in plan.changes),
            kept=plan.kept,
            conflicts=len(plan.conflicts),
            withheld=plan.withheld,
        )

    return await database.write(change)


_NOTHING = Head(0, None, Origin.FILE)


def hashed(body: str | None) -> str:
    """What stands for a text of the files; for none, nothing."""
    return hashlib.sha256(body.encode()).hexdigest() if body is not None else ""


async def _seen(fetch: Fetch) -> dict[Ref, tuple[str, int]]:
    rows = await fetch("SELECT * FROM file_version", ())
    return {Ref(row["sort"], row["record_id"]): (row["hash"], row["revision"]) for row in rows}


async def _redacted(writer: aiosqlite.Connection) -> set[Ref]:
    rows: Iterable[Any] = await writer.execute_fetchall(
        "SELECT DISTINCT sort, record_id FROM revision WHERE redacted IS NOT NULL"
    )
    return {Ref(row["sort"], row["record_id"]) for row in rows}


def _compare(
    wanted: Mapping[Ref, str], held: Mapping[Ref, Head], seen: Mapping[Ref, tuple[str, int]], redacted: set[Ref]
) -> _Plan:
    """What to do with each record of the files and of the database."""
    plan = _Plan()
    for ref in dict.fromkeys([*wanted, *held]):
        text, head = wanted.get(ref), held.get(ref, _NOTHING)
        said, agreed = seen.get(ref, (None, head.number if head.origin is Origin.FILE else 0))
        change = Change(ref, text, head.number)
        if text == head.body:
            plan.kept += text is not None
            if (text is not None or said) and (said != hashed(text) or agreed != head.number):
                plan.agreed.append(change)
        elif ref in redacted:
            # The files still say what somebody had wiped: it must not come back.
            plan.withheld += text is not None
        elif said == hashed(text) or (text is None and said is None and head.origin is Origin.EDIT):
            plan.kept += 1
        elif agreed == head.number:
            plan.changes.append(change)
        else:
            plan.conflicts.append(change)
    return plan


def _hold_back(plan: _Plan, held: Mapping[Ref, Head], check: Check) -> None:
    """Make conflicts of the changes that would not fit to the edited record, until the rest does."""
    while plan.changes:
        bodies = {ref: head.body for ref, head in held.items()} | {c.ref: c.body for c in plan.changes}
        flawed = {
            ref
            for ref, _ in check([record_of(ref.sort, body) for ref, body in bodies.items() if body is not None])
            if ref in bodies
        }
        if not flawed:
            return
        named = "".join(bodies[ref] or "" for ref in flawed)
        guilty = (
            {c.ref for c in plan.changes if c.ref in flawed}
            or {c.ref for c in plan.changes if f'"{c.ref.id}"' in named}
            or {c.ref for c in plan.changes}
        )
        plan.conflicts += [c for c in plan.changes if c.ref in guilty]
        plan.changes = [c for c in plan.changes if c.ref not in guilty]


async def _queue(writer: aiosqlite.Connection, plan: _Plan, now: datetime) -> None:
    """Let each conflict wait in the queue, in place of an older one about the same record."""
    await writer.executemany(
        "UPDATE proposal SET state = ? WHERE purpose = ? AND state = ? AND id IN "
        "(SELECT proposal_id FROM proposal_change WHERE sort = ? AND record_id = ?)",
        [
            (State.WITHDRAWN, Purpose.FILES, State.WAITING, *change.ref)
            for change in [*plan.changes, *plan.agreed, *plan.conflicts]
        ],
    )
    for change in plan.conflicts:
        why = "The files say something else than the last edit." if change.body else "The files have removed this."
        await proposals.insert(writer, Purpose.FILES, [change], why, None, stamp(now), None, State.WAITING)


async def edited(database: Database) -> dict[Ref, tuple[str | None, str | None]]:
    """What moderators edited: each record's text now, or None, and the hash of what the files said last."""
    seen = await _seen(database.read)
    return {
        ref: (head.body, seen.get(ref, (None, 0))[0])
        for ref, head in (await heads(database.read)).items()
        if head.origin is Origin.EDIT
    }
