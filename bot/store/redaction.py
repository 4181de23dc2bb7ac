"""Wiping a text that should never have been kept: out of record, history, proposals and index, leaving a tombstone."""

from datetime import datetime

import aiosqlite

from bot.models import Proposal, Ref, State
from bot.store.revisions import mark_erased, stamp

OPEN = (State.DRAFT, State.WAITING, State.CHANGES_ASKED)


async def wipe(writer: aiosqlite.Connection, redaction: Proposal, at: datetime) -> None:
    """Wipe every older version of the records that a redaction names: part of the transaction that publishes it.

    What a redaction proposes to keep stays; without that, the record stays away with its newest version wiped as well.
    The write-ahead file still holds the text afterwards, until `Database.empty_log`.
    """
    for change in redaction.changes:
        await writer.execute(
            "UPDATE revision SET body = NULL, why = '', redacted = ? WHERE sort = ? AND record_id = ? "
            "AND redacted IS NULL AND (body IS NULL OR body IS NOT ?)",
            (stamp(at), *change.ref, change.body),
        )
        await wipe_around(writer, change.ref, redaction.id)
    await mark_erased(writer, at)
    await merge_index(writer)


async def wipe_around(writer: aiosqlite.Connection, ref: Ref, but: int = 0) -> None:
    """Wipe a record's texts outside its history: in every proposal but one, and what the files said."""
    others = (
        "id IN (SELECT proposal_id FROM proposal_change WHERE sort = ? AND record_id = ? AND proposal_id <> ?)",
        (*ref, but),
    )
    await writer.execute(f"UPDATE proposal SET why = '', reason = '' WHERE {others[0]}", others[1])
    await writer.execute(
        f"UPDATE proposal SET state = ? WHERE state IN (?, ?, ?) AND {others[0]}",
        (State.WITHDRAWN, *OPEN, *others[1]),
    )
    await writer.execute(
        "UPDATE proposal_change SET body = NULL WHERE sort = ? AND record_id = ? AND proposal_id <> ?", (*ref, but)
    )
    await writer.execute("DELETE FROM file_version WHERE sort = ? AND record_id = ?", ref)


async def merge_index(writer: aiosqlite.Connection) -> None:
    """Take deleted words out of the index's segments, where they stay until these are merged.

    https://sqlite.org/fts5.html#the_optimize_command
    """
    await writer.execute("INSERT INTO passage_index (passage_index) VALUES ('optimize')")
