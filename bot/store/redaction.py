"""Wiping a text that should never have been kept: out of record, history, proposals and index, leaving a tombstone."""

from datetime import datetime

import aiosqlite

from bot.models import Proposal, State
from bot.store.revisions import stamp


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
        others = (
            "id IN (SELECT proposal_id FROM proposal_change WHERE sort = ? AND record_id = ? AND proposal_id <> ?)",
            (*change.ref, redaction.id),
        )
        await writer.execute(f"UPDATE proposal SET why = '', reason = '' WHERE {others[0]}", others[1])
        await writer.execute(
            f"UPDATE proposal SET state = ? WHERE state IN (?, ?, ?) AND {others[0]}",
            (State.WITHDRAWN, State.DRAFT, State.WAITING, State.CHANGES_ASKED, *others[1]),
        )
        await writer.execute(
            "UPDATE proposal_change SET body = NULL WHERE sort = ? AND record_id = ? AND proposal_id <> ?",
            (*change.ref, redaction.id),
        )
        await writer.execute("DELETE FROM file_version WHERE sort = ? AND record_id = ?", change.ref)
    # Deleted words stay in the index's segments until these are merged, https://sqlite.org/fts5.html#the_optimize_command.
    await writer.execute("INSERT INTO passage_index (passage_index) VALUES ('optimize')")
