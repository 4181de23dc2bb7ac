"""What has been erased since a copy was made, and erasing it from the copy too.

A database is itself the ledger of its erasures: a redaction leaves a date in place of a text, and `/forget-me` leaves
nothing in place of a person's id. A copy that still has either is told by comparing the two, version by version.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiosqlite

from bot.models import Change, Origin, Ref
from bot.store.database import Database, DatabaseError
from bot.store.hypothetical import whole
from bot.store.redaction import OPEN, merge_index, wipe_around
from bot.store.revisions import RESTORED, forget_within, heads, stamp, write
from bot.store.soundness import uri

# More proposals than come between a backup and the loss of all that came after it.
_GAP = 1000

# The same version, or proposal, in the ledger and in the copy: after a restore both may have gone on counting apart.
_VERSIONS = "revision AS l JOIN copy.revision AS c USING (number, sort, record_id, at)"
_PROPOSALS = "proposal AS l JOIN copy.proposal AS c USING (id, made_at)"
_SCHEDULES = "summary_schedule AS l JOIN copy.summary_schedule AS c USING (channel)"
_PEOPLE = (
    f"SELECT c.editor FROM {_VERSIONS} WHERE l.editor IS NULL AND c.editor IS NOT NULL "
    f"UNION SELECT c.approver FROM {_VERSIONS} WHERE l.approver IS NULL AND c.approver IS NOT NULL "
    f"UNION SELECT c.proposer FROM {_PROPOSALS} WHERE l.proposer IS NULL AND c.proposer IS NOT NULL "
    f"UNION SELECT c.decided_by FROM {_PROPOSALS} WHERE l.decided_by IS NULL AND c.decided_by IS NOT NULL "
    "AND l.decided_at IS c.decided_at "
    f"UNION SELECT json_extract(c.body, '$.organizer') FROM {_SCHEDULES} "
    "WHERE json_extract(l.body, '$.organizer') = 0 AND json_extract(c.body, '$.organizer') <> 0"
)
_WIPED = f"SELECT number, l.redacted FROM {_VERSIONS} WHERE l.redacted IS NOT NULL AND c.redacted IS NULL"
# Records whose redaction the copy does not know, and of which it has a version or a proposal of before.
_RECORDS = (
    "SELECT DISTINCT sort, record_id FROM revision AS l WHERE redacted IS NOT NULL AND NOT EXISTS (SELECT 1 "
    "FROM copy.revision AS c WHERE c.sort = l.sort AND c.record_id = l.record_id AND c.redacted = l.redacted) "
    f"AND (EXISTS (SELECT 1 FROM {_VERSIONS.replace('AS l', 'AS m')} WHERE sort = l.sort AND record_id = l.record_id "
    "AND m.redacted IS NOT NULL) OR EXISTS (SELECT 1 FROM copy.proposal_change AS p JOIN copy.proposal AS o "
    "ON o.id = p.proposal_id WHERE p.sort = l.sort AND p.record_id = l.record_id AND p.body IS NOT NULL "
    "AND o.made_at <= l.redacted))"
)
_SERVED = "SELECT body FROM revision WHERE sort = ? AND record_id = ? ORDER BY number DESC LIMIT 1"


@dataclass(frozen=True)
class Erasures:
    """What a copy still holds: versions with the date of their redaction, records with their text now, and people.

    `proposals` is the highest number of a proposal in the ledger.
    """

    versions: dict[int, str]
    records: dict[Ref, str | None]
    people: frozenset[int]
    proposals: int = 0

    def __bool__(self) -> bool:
        return bool(self.versions or self.records or self.people)


def since(copy: Path, ledger: Path) -> Erasures:
    """What has been erased from a database, the ledger, and not yet from a copy that was made of it.

    Blocks. Raises DatabaseError when either cannot be read.
    """
    try:
        with contextlib.closing(sqlite3.connect(uri(ledger, "ro"), uri=True)) as connection:
            connection.execute("ATTACH ? AS copy", (uri(copy, "ro"),))
            wiped = dict(connection.execute(_WIPED).fetchall())
            refs = [Ref(*row) for row in connection.execute(_RECORDS)]
            now = {ref: connection.execute(_SERVED, ref).fetchone()[0] for ref in refs}
            people = frozenset(row[0] for row in connection.execute(_PEOPLE))
            [[newest]] = connection.execute("SELECT coalesce(max(id), 0) FROM proposal")
            return Erasures(wiped, now, people, newest)
    except sqlite3.Error as error:
        raise DatabaseError(f"What was erased cannot be read from {ledger}: {error}.") from error


async def erase(database: Database, found: Erasures, at: datetime) -> None:
    """Erase the same here, in one transaction; what cannot be shown without an erased record is retired with it."""

    async def change(writer: aiosqlite.Connection) -> None:
        served = await heads(writer.execute_fetchall)
        await writer.executemany(
            "UPDATE revision SET body = NULL, why = '', redacted = ? WHERE number = ?",
            [(redacted, number) for number, redacted in found.versions.items()],
        )
        for ref in found.records:
            await wipe_around(writer, ref)
        for person in found.people:
            # It was decided before they were forgotten, and nobody could be kept from approving their own.
            await writer.execute(
                "UPDATE proposal SET state = 'withdrawn' WHERE proposer = ? AND state IN (?, ?, ?)", (person, *OPEN)
            )
            await forget_within(writer, person, at)
        bodies = {ref: head.body for ref, head in served.items() if head.body is not None}
        wanted = bodies | {ref: found.records.get(ref) for ref in bodies if served[ref].number in found.versions}
        left = whole({ref: body for ref, body in wanted.items() if body is not None})
        changes = [Change(ref, left.get(ref)) for ref, body in bodies.items() if left.get(ref) != body]
        await write(writer, changes, Origin.EDIT, at, "Erased here as well.")
        if found.records:
            # Made from texts, some of which are no longer to be known: the model makes the others again.
            await writer.execute("DELETE FROM vector")
        await merge_index(writer)

    await database.write(change)
    await database.empty_log()


async def take_over(database: Database, at: datetime, proposals: int) -> None:
    """Let a restored database go on from where the one of before may have been.

    Review cards of proposals that came after the backup still stand in Discord, and their buttons must not decide
    another proposal: new ones get numbers that were never given, `proposals` being the highest that is known. And
    what was posted since the backup is looked for before it is posted (`summaries.claim`).
    """

    async def change(writer: aiosqlite.Connection) -> None:
        await writer.execute(
            "INSERT INTO proposal (id, state, purpose, why, made_at) SELECT max(coalesce(max(id), 0), ?) + ?, "
            "'withdrawn', 'revert', 'A backup was restored.', ? FROM proposal",
            (proposals, _GAP, stamp(at)),
        )
        await writer.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (RESTORED, stamp(at)),
        )

    await database.write(change)
