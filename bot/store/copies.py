"""Whole copies of a database, made beside the process that writes it, and what can be said of such a copy.

Everything here blocks: call it in a thread. A copy is checked where it lies and never opened by the bot itself.
"""

import contextlib
import hashlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from bot.store import soundness
from bot.store.database import MIGRATIONS, DatabaseDamagedError, DatabaseError
from bot.store.soundness import uri


class Contents(NamedTuple):
    """What a sound copy holds: its newest migration step, how many versions, and whether its index had drifted."""

    step: int
    versions: int
    drifted: bool = False


def copy(source: Path, target: Path) -> Contents:
    """Copy a database as it is at one moment, also while another process writes to it, and check the copy.

    `target` is empty or not there, and afterwards one file, without a write-ahead file. Raises DatabaseDamagedError
    when what was copied is not whole, DatabaseError when it cannot be copied or is no database of Footnote.
    """
    try:
        with (
            # Read only: the process that owns the database alone may write to it and empty its write-ahead file.
            contextlib.closing(sqlite3.connect(uri(source, "ro"), uri=True)) as old,
            contextlib.closing(sqlite3.connect(uri(target, "rwc"), uri=True, isolation_level=None)) as new,
        ):
            new.execute("PRAGMA synchronous = OFF")  # whoever asked for the copy makes sure of the whole file at once
            # All pages in one step: the copy of one moment, whatever is written meanwhile. Not VACUUM INTO: SQLite
            # 3.40 refuses it on a read-only connection when a table has generated columns.
            old.backup(new)
            found = _finished(new)
            drifted = soundness.has_drifted(new)
            if drifted:
                new.execute(soundness.REBUILD_INDEX)
            return found._replace(drifted=drifted)
    except sqlite3.Error as error:
        raise _told(source, error) from error


def finish(path: Path) -> Contents:
    """Make one file of a database that nobody has open, without a write-ahead file, and check it.

    Raises DatabaseError when it is not sound.
    """
    try:
        with contextlib.closing(sqlite3.connect(uri(path, "rw"), uri=True, isolation_level=None)) as connection:
            return _finished(connection)
    except sqlite3.Error as error:
        raise _told(path, error) from error


def _finished(connection: sqlite3.Connection) -> Contents:
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    return _contents(connection)


def check(path: Path) -> Contents:
    """What a copy holds, which stays as it is. Raises DatabaseError when it is not sound or of a newer Footnote."""
    try:
        with contextlib.closing(sqlite3.connect(uri(path, "ro"), uri=True)) as connection:
            return _contents(connection)
    except sqlite3.Error as error:
        raise _told(path, error) from error


def _told(path: Path, error: sqlite3.Error) -> DatabaseError:
    kind = DatabaseDamagedError if soundness.is_damage(error) else DatabaseError
    return kind(f"{path} cannot be copied: {error}.")


def _contents(connection: sqlite3.Connection) -> Contents:
    [[file]] = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
    name = Path(file).name
    if wrong := soundness.unsound(connection):
        raise DatabaseDamagedError(f"{name} is damaged: {wrong}.")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not {"migration", "revision"} <= tables:
        raise DatabaseError(f"{name} holds no record of Footnote.")
    steps = {row[0] for row in connection.execute("SELECT number FROM migration")}
    if unknown := steps - set(MIGRATIONS):
        raise DatabaseError(f"{name} was made by a newer Footnote (step {max(unknown)}): update this one first.")
    [[versions]] = connection.execute("SELECT count(*) FROM revision")
    return Contents(max(steps, default=0), versions)


def dump_digest(path: Path) -> str:
    """SHA-256 of everything that a database says, whatever the order or the layout in which its file holds it.

    Raises sqlite3.Error when it cannot be read.
    """
    found = hashlib.sha256()
    with contextlib.closing(sqlite3.connect(uri(path, "ro"), uri=True)) as connection:
        for row in connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"):
            found.update(repr(row).encode())
        # The index's own tables are left out: they are made from the passages, and hold them in no fixed order.
        tables = connection.execute(
            "SELECT name, ncol FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        for table, columns in tables.fetchall():
            order = ", ".join(str(number) for number in range(1, columns + 1))
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}"):
                found.update(repr((table, *row)).encode())
    return found.hexdigest()
