"""Whether a database file is whole, and how its search index is made whole again."""

import functools
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

# SQLITE_CORRUPT and SQLITE_NOTADB, https://sqlite.org/rescode.html: what is there is damaged, not merely out of reach.
_DAMAGED = {11, 26}
# Only rank 1 compares the index with what it indexes, https://sqlite.org/fts5.html#the_integrity_check_command.
CHECK_INDEX = "INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)"
REBUILD_INDEX = "INSERT INTO passage_index (passage_index) VALUES ('rebuild')"
# Setting a text to itself lets the triggers derive everything from it anew.
_DERIVE = [f"UPDATE {table} SET body = body" for table in ("fact", "dispute", "event", "agreement")]

sqlite_version = sqlite3.sqlite_version_info
# Not refused: Debian 12 ships 3.40.1.
OLD_SQLITE = (
    "SQLite %s can damage a database when two connections write or checkpoint it at the same moment "
    "(https://sqlite.org/wal.html#walresetbug; mended in 3.51.3, 3.50.7 and 3.44.6). Footnote is safe from it: one "
    "connection alone writes and checkpoints, held by a lock, and all others only read. While it runs, open its file "
    "with nothing else that writes, and let no Litestream or sqlite3 shell checkpoint it"
)


def may_lose_the_log(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite can corrupt a file when two connections write or checkpoint it at the same moment.

    3.7.0 to 3.51.2 can, but for the two that the repair was carried back to, https://sqlite.org/wal.html#walresetbug.
    """
    repaired = (3, 44, 6) <= version < (3, 45, 0) or (3, 50, 7) <= version < (3, 51, 0) or version >= (3, 51, 3)
    return version >= (3, 7, 0) and not repaired


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite tells of a damaged file."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def uri(path: Path, mode: str) -> str:
    """A file as an SQLite URI, https://sqlite.org/uri.html; `mode` is ro, rw or rwc."""
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode={mode}"


def damage(path: Path) -> str | None:
    """What is wrong with a file that is about to be opened, or None; one that is not there is about to be made.

    Takes some 2 ms a megabyte. Raises sqlite3.Error and OSError when the file is out of reach.
    """
    if not path.exists():
        log = path.with_name(path.name + "-wal")
        lost = log.exists() and log.stat().st_size  # one that is empty, readers leave behind
        return f"it is not there, but {log.name}, which belongs to it, is" if lost else None
    if not path.stat().st_size:
        return "it is empty: something has cut it to nothing. If there never was anything in it, delete it"
    connection = sqlite3.connect(uri(path, "ro"), uri=True)  # read only: what is damaged stays as it is
    try:
        rows = connection.execute("PRAGMA quick_check(1)").fetchall()
        return None if rows == [("ok",)] else _one_line(rows)
    except sqlite3.Error as error:
        if is_damage(error):
            return str(error)
        raise
    finally:
        connection.close()


def unsound(connection: sqlite3.Connection) -> str | None:
    """What is wrong with an open database in any table, index or reference, or None; the search index apart."""
    rows = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if rows != [("ok",)]:
        return _one_line(rows)
    missing = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of the table {missing[0]} names one of {missing[2]} that is not there" if missing else None


def has_drifted(connection: sqlite3.Connection) -> bool:
    """Whether the search index differs from the passages; the connection must be able to write."""
    try:
        connection.execute(CHECK_INDEX)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return True
        raise
    return False


def healing(triggers: Collection[str], steps: Iterable[Path]) -> list[str]:
    """The statements that make a drifted index whole: also the triggers that are gone, and what they left undone."""
    gone = [sql for name, sql in _triggers(tuple(steps)).items() if name not in triggers]
    return [*gone, *(_DERIVE if gone else []), REBUILD_INDEX]


@functools.cache
def _triggers(steps: tuple[Path, ...]) -> dict[str, str]:
    """Every trigger that these steps make, by name."""
    connection = sqlite3.connect(":memory:")
    try:
        for step in steps:
            connection.executescript(step.read_text("utf-8"))
        return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
    finally:
        connection.close()


def _one_line(rows: Iterable[tuple[str]]) -> str:
    return " ".join(" ".join(row[0] for row in rows).split())
