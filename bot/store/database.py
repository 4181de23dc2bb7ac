"""One SQLite file: one connection that writes, two that only read, and one process that owns it all."""

import asyncio
import contextlib
import itertools
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite
from filelock import FileLock, Timeout

from bot.store import soundness
from bot.store.soundness import uri

MIGRATIONS = {int(path.name.split("_")[0]): path for path in Path(__file__).with_name("migrations").glob("*.sql")}
SQLITE = sqlite3.sqlite_version
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables, https://sqlite.org/stricttables.html
READERS = 2

T = TypeVar("T")
Parameters = Sequence[Any] | dict[str, Any]


class DatabaseError(Exception):
    """The database cannot be used; the message is a sentence for the person who hosts the bot."""


class DatabaseInUseError(DatabaseError):
    """Another process owns the database."""


class DatabaseDamagedError(DatabaseError):
    """What is in the database's place is not the whole database: a backup is the way back."""


class Database:
    """An open database. Build it with `open` or `open_read_only`, and close it: its threads keep a process alive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: aiosqlite.Connection | None = None
        self._readers: list[aiosqlite.Connection] = []
        self._turn = itertools.count()
        self._write_lock = asyncio.Lock()
        self._writing: set[asyncio.Task[Any]] = set()
        self._owned = _lock(path)
        self.healed = False
        self.commits = 0

    @classmethod
    async def open(cls, path: Path, before_migrating: Callable[[], object] | None = None) -> Self:
        """Open a database for one owner, creating or migrating it as needed; `before_migrating` runs in a thread first.

        A search index that has drifted is made whole, and `healed` says so. Raises DatabaseInUseError when another
        process owns the file, DatabaseDamagedError when it is not whole, DatabaseError when it cannot be used.
        """
        database = cls(path)
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise DatabaseError(f"SQLite {sqlite3.sqlite_version} is too old: Footnote needs 3.37 or newer.")
        if not path.absolute().parent.is_dir():  # noqa: ASYNC240 - once, before anything else runs
            raise DatabaseError(f"The folder of {path} does not exist: make it, or set another DATABASE_PATH.")
        try:
            database._owned.acquire()
            if wrong := soundness.damage(path):
                raise DatabaseDamagedError(f"The database {path} cannot be used: {wrong}.")
            database._writer = await _connect(uri(path, "rwc"))
            # Fetched, because a row left waiting would keep every later transaction from ending.
            await database._writer.execute_fetchall("PRAGMA journal_mode = WAL")
            if before_migrating and await _must_migrate(database._writer):
                await asyncio.to_thread(before_migrating)
            await migrate(database._writer)
            await database._open_readers()
            database.healed = await database.heal()
        except Timeout:
            raise DatabaseInUseError(
                f"Another process is using {path}: stop it first, or set another DATABASE_PATH."
            ) from None
        except (OSError, sqlite3.Error) as error:
            await database.close()
            kind = DatabaseDamagedError if soundness.is_damage(error) else DatabaseError
            raise kind(f"The database {path} cannot be used: {error}.") from error
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    async def open_read_only(cls, path: Path) -> Self:
        """Read beside the process that owns the database. Raises DatabaseError when there is nothing to read yet."""
        database = cls(path)
        try:
            await database._open_readers()
            if await database._is_ready():
                return database
        except sqlite3.Error as error:
            await database.close()
            kind = DatabaseDamagedError if soundness.is_damage(error) else DatabaseError
            raise kind(f"The database {path} cannot be read: {error}.") from error
        await database.close()
        raise DatabaseError(f"Another process is still preparing {path}: try again in a moment.")

    async def _is_ready(self) -> bool:
        """Whether every step is taken and the record is in: before that, silence would be a false answer."""
        if not await self.read("SELECT 1 FROM sqlite_schema WHERE name = 'migration'"):
            return False
        done = {row["number"] for row in await self.read("SELECT number FROM migration")}
        return done == set(MIGRATIONS) and bool(await self.read("SELECT 1 FROM fact LIMIT 1"))

    async def _open_readers(self) -> None:
        for _ in range(READERS):
            reader = await _connect(uri(self.path, "ro"))
            self._readers.append(reader)
            await reader.execute("PRAGMA query_only = ON")

    @property
    def writable(self) -> bool:
        """Whether this process owns the database, and may change it."""
        return self._writer is not None

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Rows of a query, read beside the writer: never anything that is not committed."""
        if not self._readers:
            raise DatabaseError("The database is closed.")
        reader = self._readers[next(self._turn) % len(self._readers)]
        return list(await reader.execute_fetchall(sql, parameters))

    async def write(self, change: Callable[[aiosqlite.Connection], Awaitable[T]], *, keep: bool = True) -> T:
        """Run a change in a transaction of its own: all of it, or nothing. What is not to be kept is undone at the end.

        The caller may be cancelled; the transaction still ends, one way or the other. Raises DatabaseError when the
        disk is full or fails, or when the database is closed.
        """
        return await self._to_its_end(self._transaction(self._owner(), change, keep=keep))

    async def empty_log(self) -> bool:
        """Move the write-ahead file into the database and cut it to nothing, so that no deleted text stays in it.

        Returns False when another process was reading and some of it had to stay.
        """
        return await self._to_its_end(self._emptied_log(self._owner()))

    def _owner(self) -> aiosqlite.Connection:
        if self._writer is None:
            raise DatabaseError("The database is closed, or open for reading only.")
        return self._writer

    async def heal(self) -> bool:
        """Make the search index whole when it has drifted from the passages; returns whether it had."""
        return await self.write(_heal)

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Await work that goes on to its end when the caller is cancelled, and that closing waits for."""
        task = asyncio.create_task(work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    async def _emptied_log(self, writer: aiosqlite.Connection) -> bool:
        async with self._write_lock:
            # The first column is 1 when a reader stood in the way, https://sqlite.org/pragma.html#pragma_wal_checkpoint.
            [row] = await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            return not row[0]

    async def _transaction(
        self, writer: aiosqlite.Connection, change: Callable[[aiosqlite.Connection], Awaitable[T]], *, keep: bool
    ) -> T:
        async with self._write_lock:
            try:
                await writer.execute("BEGIN IMMEDIATE")
                result = await change(writer)
                await writer.execute("COMMIT" if keep else "ROLLBACK")
            except BaseException as error:
                # Unconditional: a rollback that first asks whether it is needed leaks when it is cancelled.
                await writer.rollback()
                if isinstance(error, sqlite3.OperationalError):
                    raise DatabaseError(f"The database {self.path} cannot be written: {error}.") from error
                raise
            self.commits += keep
            return result

    async def close(self) -> None:
        """Take no more reads and writes, let those in flight end, then close every connection and give the file up."""
        connections = [*self._readers, *([self._writer] if self._writer else [])]
        self._readers, self._writer = [], None
        try:
            if self._writing:
                await asyncio.wait(self._writing)
            for connection in connections:
                await connection.close()
        finally:
            self._owned.release()


def _lock(path: Path) -> FileLock:
    return FileLock(path.with_name(path.name + ".lock"), timeout=0)


@contextlib.contextmanager
def owned(path: Path) -> Iterator[None]:
    """Be the one process that owns a database, without opening it. Raises DatabaseInUseError when another is."""
    try:
        with _lock(path):
            yield
    except Timeout:
        raise DatabaseInUseError(f"Another process is using {path}: stop it first.") from None


async def _connect(address: str) -> aiosqlite.Connection:
    # A file that cannot be opened fails here: aiosqlite's thread would tell of it, now and then, after the loop's end.
    sqlite3.connect(address, uri=True).close()
    connection = await aiosqlite.connect(address, uri=True, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        await connection.executescript(
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;PRAGMA secure_delete = ON;"
        )
    except BaseException:
        await connection.close()
        raise
    return connection


async def _must_migrate(writer: aiosqlite.Connection) -> bool:
    """Whether there is something in a database, and steps that it has not taken."""
    if not await writer.execute_fetchall("SELECT 1 FROM sqlite_schema WHERE name = 'migration'"):
        return False
    done = {row["number"] for row in await writer.execute_fetchall("SELECT number FROM migration")}
    return bool(done) and bool(set(MIGRATIONS) - done)


async def migrate(writer: aiosqlite.Connection, steps: dict[int, Path] = MIGRATIONS) -> list[str]:
    """Apply the numbered steps that this database has not seen, each in one transaction with its record.

    Raises DatabaseError when the database is newer than this program.
    """
    # A file that cannot be written fails here, before anything else happens.
    await writer.executescript(
        "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS migration ( -- Which steps this database has taken.\n"
        "number INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL) STRICT; COMMIT;"
    )
    done = {row["number"] for row in await writer.execute_fetchall("SELECT number FROM migration")}
    if unknown := done - set(steps):
        raise DatabaseError(f"The database was made by a newer Footnote (step {max(unknown)}): update this one first.")
    applied = []
    for number in sorted(set(steps) - done):
        name = steps[number].stem
        record = f"INSERT INTO migration VALUES ({number}, '{name}', datetime('now'));"
        try:
            # executescript commits whatever is open before it starts, so the transaction must be in the script.
            await writer.executescript(f"BEGIN IMMEDIATE;\n{steps[number].read_text('utf-8')}\n{record}\nCOMMIT;")
        except BaseException:
            await writer.rollback()
            raise
        applied.append(name)
    return applied


async def _heal(writer: aiosqlite.Connection) -> bool:
    rows: Any = await writer.execute_fetchall("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    steps = [MIGRATIONS[number] for number in sorted(MIGRATIONS)]
    statements = soundness.healing({row["name"] for row in rows}, steps)
    if len(statements) == 1:  # every trigger is there, so the index alone may have drifted
        try:
            await writer.execute(soundness.CHECK_INDEX)
        except sqlite3.DatabaseError as error:
            if not soundness.is_damage(error):
                raise
        else:
            return False
    await writer.execute("PRAGMA defer_foreign_keys = ON")
    for statement in statements:
        await writer.execute(statement)
    return True


def placeholders(values: Iterable[object]) -> str:
    """As many question marks as there are values, for `IN (...)`."""
    return ", ".join("?" for _ in values)
