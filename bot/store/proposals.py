"""What moderators propose: kept apart from what is served, decided once, published in one transaction."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import aiosqlite
from pydantic import ValidationError

from bot.models import SORTS, Change, Decision, Origin, Proposal, Purpose, Ref, State, Verdict, body_of
from bot.store import redaction
from bot.store.database import Database
from bot.store.revisions import Check, Fetch, Head, flaws, heads, stamp, write


async def insert(
    writer: aiosqlite.Connection,
    purpose: Purpose,
    changes: Sequence[Change],
    why: str,
    proposer: int | None,
    made_at: str,
    interaction: int | None,
    state: State,
) -> int:
    """Add a proposal: part of the caller's transaction. Returns its number."""
    cursor = await writer.execute(
        "INSERT INTO proposal (state, purpose, why, proposer, made_at, made_in) VALUES (?, ?, ?, ?, ?, ?)",
        (state, purpose, why, proposer, made_at, interaction),
    )
    number = cursor.lastrowid
    assert number is not None  # noqa: S101 - an INSERT has a row
    await _set_changes(writer, number, changes)
    return number


async def _set_changes(writer: aiosqlite.Connection, number: int, changes: Sequence[Change]) -> None:
    await writer.execute("DELETE FROM proposal_change WHERE proposal_id = ?", (number,))
    await writer.executemany(
        "INSERT INTO proposal_change VALUES (?, ?, ?, ?, ?)", [(number, *c.ref, c.base, c.body) for c in changes]
    )


async def add(
    database: Database,
    purpose: Purpose,
    changes: Sequence[Change],
    why: str,
    proposer: int,
    interaction: int,
    at: datetime,
    *,
    draft: bool = False,
) -> Proposal:
    """Keep a proposal, as a draft of the proposer's or for review; the same interaction delivered twice adds one."""

    async def change(writer: aiosqlite.Connection) -> Proposal:
        rows: Any = await writer.execute_fetchall("SELECT id FROM proposal WHERE made_in = ?", (interaction,))
        state = State.DRAFT if draft else State.WAITING
        number = (
            rows[0]["id"]
            if rows
            else await insert(writer, purpose, changes, why, proposer, stamp(at), interaction, state)
        )
        return await _one(writer.execute_fetchall, number)

    return await database.write(change)


async def revise(database: Database, number: int, changes: Sequence[Change], why: str, proposer: int) -> Proposal:
    """Change what the proposer's own draft says, or take one that needs changes up again: it becomes a new draft.

    Raises LookupError when it is not the proposer's or is past changing.
    """

    async def change(writer: aiosqlite.Connection) -> Proposal:
        cursor = await writer.execute(
            "UPDATE proposal SET version = version + 1, state = ?, why = ?, reason = '' "
            "WHERE id = ? AND proposer = ? AND state IN (?, ?, ?)",
            (State.DRAFT, why, number, proposer, State.DRAFT, State.CHANGES_ASKED, State.WAITING),
        )
        if not cursor.rowcount:
            raise LookupError(number)
        await _set_changes(writer, number, changes)
        return await _one(writer.execute_fetchall, number)

    return await database.write(change)


async def _move(
    database: Database, number: int, version: int, proposer: int, state: State, at: datetime | None = None
) -> Decision:
    """Take the proposer's own proposal to another state; it waits from `at` on."""

    async def change(writer: aiosqlite.Connection) -> Decision:
        found = await _one(writer.execute_fetchall, number)
        if found.state not in {State.DRAFT, State.CHANGES_ASKED, State.WAITING} or found.proposer != proposer:
            return Decision(Verdict.CLOSED, found)
        if found.version != version:
            return Decision(Verdict.STALE, found)
        await writer.execute(
            "UPDATE proposal SET state = ?, made_at = coalesce(?, made_at), alerted_at = NULL WHERE id = ?",
            (state, stamp(at) if at else None, number),
        )
        return Decision(Verdict.DONE, await _one(writer.execute_fetchall, number))

    return await database.write(change)


async def send(database: Database, number: int, version: int, proposer: int, at: datetime) -> Decision:
    """Let a draft wait for review. Raises LookupError when there is no such proposal."""
    return await _move(database, number, version, proposer, State.WAITING, at)


async def withdraw(database: Database, number: int, version: int, proposer: int) -> Decision:
    """Take one's own proposal back. Raises LookupError when there is no such proposal."""
    return await _move(database, number, version, proposer, State.WITHDRAWN)


async def decline(
    database: Database, number: int, version: int, state: State, by: int, interaction: int, reason: str, at: datetime
) -> Decision:
    """Reject a proposal, or ask for changes. Raises LookupError when there is no such proposal."""

    async def change(writer: aiosqlite.Connection) -> Decision:
        found = await _one(writer.execute_fetchall, number)
        if early := await _early(writer, found, version, interaction, state):
            return early
        await writer.execute(
            "UPDATE proposal SET state = ?, reason = ?, decided_by = ?, decided_at = ?, decided_in = ? WHERE id = ?",
            (state, reason, by, stamp(at), interaction, number),
        )
        return Decision(Verdict.DONE, await _one(writer.execute_fetchall, number))

    return await database.write(change)


async def publish(
    database: Database,
    number: int,
    version: int,
    approver: int,
    interaction: int,
    at: datetime,
    check: Check,
    *,
    alone: bool = False,
) -> Decision:
    """Make a proposal part of the record: all of it with its history, or, for a reason that is told, nothing.

    `alone` lets people approve what they propose themselves. Raises LookupError when there is no such proposal.
    """

    async def change(writer: aiosqlite.Connection) -> Decision:
        fetch = writer.execute_fetchall
        found = await _one(fetch, number)
        if early := await _early(writer, found, version, interaction, State.PUBLISHED):
            return early
        if found.proposer == approver and not alone:
            return Decision(Verdict.OWN, found)
        held = await heads(fetch, [c.ref for c in found.changes])
        bases = {ref: head.number for ref, head in held.items()}
        if any(c.base != bases.get(c.ref, 0) for c in found.changes):
            # What people have looked at is not what would happen: the new version has to be looked at again.
            await _set_changes(writer, number, [await _rebased(fetch, c, held.get(c.ref)) for c in found.changes])
            await writer.execute("UPDATE proposal SET version = version + 1 WHERE id = ?", (number,))
            return Decision(Verdict.STALE, await _one(fetch, number))
        if problems := await flaws(fetch, found.changes, check):
            return Decision(Verdict.BROKEN, found, tuple(problems))
        await write(writer, found.changes, Origin.EDIT, at, found.why, found.proposer, approver, number)
        if found.purpose is Purpose.REDACTION:
            await redaction.wipe(writer, found, at)
        if found.purpose is Purpose.FILES:
            # The files and the record agree again, so the files may go on changing it.
            newest = await heads(fetch, [c.ref for c in found.changes])
            await writer.executemany(
                "UPDATE file_version SET revision = ? WHERE sort = ? AND record_id = ?",
                [(head.number, *ref) for ref, head in newest.items()],
            )
        await writer.execute(
            "UPDATE proposal SET state = ?, decided_by = ?, decided_at = ?, decided_in = ? WHERE id = ?",
            (State.PUBLISHED, approver, stamp(at), interaction, number),
        )
        return Decision(Verdict.DONE, await _one(fetch, number))

    done = await database.write(change)
    if done.verdict is Verdict.DONE and done.proposal.purpose is Purpose.REDACTION:
        await database.empty_log()
    return done


async def _rebased(fetch: Fetch, change: Change, head: Head | None) -> Change:
    """A change on top of what was published since: what it left as it was is as it is now, so that no edit is lost."""
    rows = list(await fetch("SELECT body FROM revision WHERE number = ?", (change.base,)))
    number = head.number if head else 0
    if not (rows and rows[0]["body"] and change.body and head and head.body):
        return Change(change.ref, change.body, number)
    base, mine, theirs = (json.loads(body) for body in (rows[0]["body"], change.body, head.body))
    merged = {
        name: source[name]
        for name in [*mine, *(name for name in theirs if name not in mine)]
        if name in (source := theirs if mine.get(name) == base.get(name) else mine)
    }
    try:
        return Change(change.ref, body_of(SORTS[change.ref.sort].model_validate(merged)), number)
    except ValidationError:
        return Change(change.ref, change.body, number)


async def _early(
    writer: aiosqlite.Connection, found: Proposal, version: int, interaction: int, state: State
) -> Decision | None:
    """What is decided already, or was looked at in an older version; an interaction delivered twice is done once."""
    if found.state is not State.WAITING:
        rows: Any = await writer.execute_fetchall("SELECT decided_in FROM proposal WHERE id = ?", (found.id,))
        same = found.state is state and rows[0]["decided_in"] == interaction
        return Decision(Verdict.DONE if same else Verdict.CLOSED, found)
    return Decision(Verdict.STALE, found) if found.version != version else None


async def _one(fetch: Fetch, number: int) -> Proposal:
    found = await _some(fetch, "WHERE id = ?", (number,))
    if not found:
        raise LookupError(number)
    return found[0]


async def _some(fetch: Fetch, where: str, parameters: Sequence[Any]) -> list[Proposal]:
    rows = await fetch(f"SELECT * FROM proposal {where} ORDER BY id", parameters)
    changes: dict[int, list[Change]] = {row["id"]: [] for row in rows}
    for row in await fetch(
        f"SELECT * FROM proposal_change WHERE proposal_id IN (SELECT id FROM proposal {where}) "
        "ORDER BY proposal_id, sort, record_id",
        parameters,
    ):
        changes[row["proposal_id"]].append(Change(Ref(row["sort"], row["record_id"]), row["body"], row["base"]))
    return [
        Proposal(
            row["id"],
            row["version"],
            State(row["state"]),
            Purpose(row["purpose"]),
            row["why"],
            row["proposer"],
            row["made_at"],
            row["decided_by"],
            row["decided_at"],
            row["reason"],
            row["channel"],
            row["message"],
            tuple(changes[row["id"]]),
        )
        for row in rows
    ]


async def get(database: Database, number: int) -> Proposal:
    """One proposal. Raises LookupError when there is none of that number."""
    return await _one(database.read, number)


async def waiting(database: Database) -> list[Proposal]:
    """What waits for a decision, oldest first."""
    return await _some(database.read, "WHERE state = ?", (State.WAITING,))


async def set_card(database: Database, number: int, channel: int, message: int) -> None:
    """Remember where a proposal's review card stands."""
    await database.write(
        lambda writer: writer.execute(
            "UPDATE proposal SET channel = ?, message = ? WHERE id = ?", (channel, message, number)
        )
    )


async def overdue(database: Database, before: datetime) -> list[Proposal]:
    """What has waited since before a moment, and has not been told yet."""
    where = "WHERE state = ? AND made_at <= ? AND alerted_at IS NULL"
    return await _some(database.read, where, (State.WAITING, stamp(before)))


async def set_alerted(database: Database, told: Sequence[Proposal], at: datetime) -> None:
    """Remember that these have been told."""
    rows = [(stamp(at), found.id) for found in told]
    await database.write(lambda writer: writer.executemany("UPDATE proposal SET alerted_at = ? WHERE id = ?", rows))


async def open_of(database: Database, proposer: int) -> list[Proposal]:
    """Somebody's drafts, and what they have been asked to change."""
    return await _some(
        database.read, "WHERE proposer = ? AND state IN (?, ?)", (proposer, State.DRAFT, State.CHANGES_ASKED)
    )


async def touching(database: Database, refs: Sequence[Ref]) -> list[int]:
    """The numbers of the proposals about some records that have a review card."""
    rows = await database.read(
        "SELECT DISTINCT id FROM proposal JOIN proposal_change ON proposal_id = id WHERE message IS NOT NULL "
        f"AND (sort, record_id) IN (VALUES {', '.join('(?, ?)' for _ in refs)})",
        [part for ref in refs for part in ref],
    )
    return [row["id"] for row in rows]
