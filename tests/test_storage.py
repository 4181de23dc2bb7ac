"""What a torn file, a full or failing disk and a stop leave of the database: all that was acknowledged."""

import asyncio
import json
import os
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import _until_stopped
from bot.app import create_bot
from bot.config import ROOT, Settings, StartError
from bot.store import Database, DatabaseError
from tests.conftest import answer_of, text_of
from tests.test_journeys import Court, court, folder, simcord_bot
from tests.test_store import assert_whole, empty, in_process, pair

__all__ = ["court", "empty", "folder", "simcord_bot"]  # fixtures
LONG = bool(os.environ.get("FOOTNOTE_CAMPAIGN"))
STRACE = shutil.which("strace")
COMMITS = 40


# A write-ahead file that is not whole


async def torn(source: Database, target: Path) -> bytes:
    """Commit over and over, and copy what a crash would leave; returns the write-ahead file."""
    await source.empty_log()
    for number in range(COMMITS):
        await source.write(lambda writer, text=f"{number:03}": pair(writer, text, lambda: asyncio.sleep(0)))  # type: ignore[misc]
    shutil.copy(source.path, target)
    return source.path.with_name(source.path.name + "-wal").read_bytes()


def cut(log: bytes, chance: random.Random) -> bytes:
    return log[: chance.randrange(len(log))]


def flipped(log: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(log))
    return log[:at] + bytes([log[at] ^ 1 << chance.randrange(8)]) + log[at + 1 :]


@pytest.mark.campaign
@pytest.mark.parametrize("damage", [cut, flipped])
async def test_a_damaged_write_ahead_file_leaves_a_beginning_of_what_was_committed(
    damage: Callable[[bytes, random.Random], bytes], empty: Database, tmp_path: Path
) -> None:
    chance = random.Random(3)
    crashed = tmp_path / "crashed.sqlite3"
    log = await torn(empty, crashed)
    lengths = set()
    for number in range(200 if LONG else 12):
        path = Path(shutil.copy(crashed, tmp_path / f"{number}.sqlite3"))
        path.with_name(path.name + "-wal").write_bytes(damage(log, chance))
        database = await Database.open(path)
        texts = [row["text"] for row in await database.read("SELECT text FROM report ORDER BY id")]
        assert texts == [f"{n:03}" for n in range(len(texts) // 2) for _ in range(2)]
        lengths.add(len(texts) // 2)
        if LONG or number < 2:
            await assert_whole(database)
        await database.close()
    assert len(lengths) > 3  # what is lost depends on where the damage is


# What reaches the disk


SYNCS = """
import os
from bot.store import running
async def main():
    database = await Database.open(Path(sys.argv[1]))
    os.mkdir(sys.argv[1] + ".full")
    for number in range(int(sys.argv[2])):
        await running.remember(database, "a", str(number))
    os.mkdir(sys.argv[1] + ".normal")
    await database._owner().execute("PRAGMA synchronous = NORMAL")
    for number in range(int(sys.argv[2])):
        await running.remember(database, "b", str(number))
    os.mkdir(sys.argv[1] + ".end")
    await database.close()
asyncio.run(main())
"""


def traced(options: list[str], code: str, *arguments: object) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run code under strace; how it ended, and what was traced."""
    prefix = [STRACE or "strace", "-f", "-qq", "-o", str(arguments[0]) + ".trace", *options]
    ended = in_process(code, *arguments, prefix=prefix)
    return ended, Path(f"{arguments[0]}.trace").read_text("utf-8", "replace")


@pytest.mark.campaign
@pytest.mark.skipif(not STRACE, reason="needs strace")
def test_every_commit_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    commits = 500 if LONG else 20
    ended, told = traced(["-e", "trace=fsync,fdatasync,mkdir"], SYNCS, tmp_path / "a", commits)
    assert ended.returncode == 0, ended.stderr
    _, full, normal, _ = re.split(r".*mkdir\(.*\.(?:full|normal|end)\".*\n", told)
    assert len(re.findall(r"f(?:data)?sync\(", full)) >= commits
    assert len(re.findall(r"f(?:data)?sync\(", normal)) < commits / 2  # a control: SQLite promises less, and does less


# A disk that is full or fails


@contextmanager
def room_for(database: Database) -> Iterator[None]:
    """Let the system refuse every byte that would make a file longer than the write-ahead file is now."""
    log = database.path.with_name(database.path.name + "-wal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def fill(database: Database, full: bool) -> None:
    """Let SQLite take no page more than the database has, or as many as it likes."""
    [row] = await database.read("PRAGMA page_count")
    limit = row[0] if full else 2**31
    await database._owner().execute_fetchall(f"PRAGMA max_page_count = {limit}")


async def test_what_the_system_refuses_at_a_commit_fails_with_a_sentence_and_leaves_nothing(empty: Database) -> None:
    await empty.empty_log()
    with room_for(empty):
        for _ in range(3):
            with pytest.raises(DatabaseError, match=r"^The database .* cannot be written: disk I/O error\.$"):
                await empty.write(lambda writer: pair(writer, "x", lambda: asyncio.sleep(0)))
    assert await empty.read("SELECT * FROM report") == []
    await empty.write(lambda writer: pair(writer, "next", lambda: asyncio.sleep(0)))
    assert len(await empty.read("SELECT * FROM report")) == 2
    await assert_whole(empty)


FAILING = """
from bot.store import running
async def main():
    database = await Database.open(Path(sys.argv[1]))
    said = []
    for number in range(20):
        try:
            await running.remember(database, f"n{number}", "x")
            said.append(number)
        except DatabaseError as error:
            print(str(error).split(": ")[-1], file=sys.stderr)
    await database.close()
    print(*said)
asyncio.run(main())
"""
# By what is injected into which system call, and where; the database is made before, without faults.
FAULTS = {
    "no space left": ("pwrite64:error=ENOSPC:when=30+9", "database or disk is full."),
    "a sync that fails": ("fdatasync:error=EIO:when=3+5", "disk I/O error."),
    "a write that fails": ("pwrite64:error=EIO:when=33+7", "disk I/O error."),
}


@pytest.mark.campaign
@pytest.mark.skipif(not STRACE, reason="needs strace")
@pytest.mark.parametrize("fault", FAULTS if LONG else ["a sync that fails"])
def test_what_is_acknowledged_on_a_failing_disk_is_there_and_the_rest_is_told(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    asyncio.run(made(path))
    injected, sentence = FAULTS[fault]
    ended, _ = traced(["-e", f"trace={injected.split(':')[0]}", "-e", f"inject={injected}"], FAILING, path)
    assert sentence in ended.stderr.splitlines(), ended.stderr
    assert set(ended.stderr.splitlines()) <= {"disk I/O error.", "database or disk is full."}
    with closing(sqlite3.connect(path)) as raw:
        kept = {name for (name,) in raw.execute("SELECT name FROM setting")}
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    acknowledged = {f"n{number}" for number in ended.stdout.split()}
    assert 0 < len(acknowledged) < 20
    assert acknowledged <= kept


async def made(path: Path) -> None:
    await (await Database.open(path)).close()


async def test_whoever_reports_on_a_full_disk_is_told_and_can_do_it_again(
    court: Court, caplog: pytest.LogCaptureFixture
) -> None:
    database = court.bot.database

    async def reported() -> str:
        opened = await court.ana.click(await court.slash(court.ana, "about"), label="Report a problem")
        words = {"reason": ["It is out of date"], "words": "All of this is to be kept. " * 30}
        return answer_of(await court.ana.submit_modal(opened, words)).content

    await fill(database, full=True)
    answers = [await reported() for _ in range(8)]  # the last pages still have some room
    kept = sum("Your report is kept" in answer for answer in answers)
    assert kept < 8
    assert sum(answer.startswith("Sorry, something went wrong. Please try again") for answer in answers) == 8 - kept
    assert len(await database.read("SELECT * FROM report")) == kept
    assert "SQLITE_FULL" in caplog.text
    court.errors_were_answers()
    await fill(database, full=False)
    assert "Your report is kept" in await reported()
    assert len(await database.read("SELECT * FROM report")) == kept + 1
    await assert_whole(database)


@asynccontextmanager
async def failing_commit(database: Database) -> AsyncIterator[None]:
    """The system refuses what COMMIT would write."""
    with room_for(database):
        yield


@asynccontextmanager
async def full_halfway(database: Database) -> AsyncIterator[None]:
    """SQLite finds no further page in the middle of a change."""
    await fill(database, full=True)
    try:
        yield
    finally:
        await fill(database, full=False)


async def everything(database: Database) -> list[tuple[Any, ...]]:
    """Every row of every table."""
    tables = await database.read("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return [tuple(row) for [name] in tables for row in await database.read(f'SELECT * FROM "{name}"')]


@pytest.mark.parametrize(
    ("fault", "reached_commit", "logged"),
    [(failing_commit, True, "SQLITE_IOERR"), (full_halfway, False, "SQLITE_FULL")],
)
async def test_whoever_approves_on_a_failing_disk_is_told_and_the_same_click_succeeds_afterwards(
    court: Court,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Database], AbstractAsyncContextManager[None]],
    reached_commit: bool,
    logged: str,
) -> None:
    database, new = court.bot.database, ("The jail may hold nobody past release. " + "It keeps a list. " * 15).strip()
    card = await court.edited(new, why="The sheriff said so. " * 14)
    before, ran = await everything(database), list[str]()
    async with fault(database):
        await database._owner().set_trace_callback(ran.append)
        result = await court.abe.click(card, label="Approve")
        await database._owner().set_trace_callback(None)  # type: ignore[arg-type]
    # A control: it failed at the step that is meant, and the change was under way.
    assert any(statement.startswith("INSERT INTO revision") for statement in ran)
    assert ("COMMIT" in ran) is reached_commit
    [answer] = result.followups
    assert answer.ephemeral
    assert answer.content.startswith("Sorry, something went wrong. Please try again")
    assert logged in caplog.text
    assert await everything(database) == before
    await assert_whole(database)
    await court.abe.click(court.card(), label="Approve")
    assert "published" in text_of(court.card())
    assert await court.statement() == new
    await assert_whole(database)


# Stopping


@pytest.mark.campaign
def test_a_bot_that_is_stopped_while_twenty_write_loses_nothing_and_ends_soon(folder: Path, tmp_path: Path) -> None:
    rounds = 200 if LONG else 2
    command = [sys.executable, "-m", "tests.stopping", str(tmp_path), str(rounds)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 0, ended.stderr
    counted: dict[str, Any] = json.loads(ended.stdout)
    for mode in ("stop", "fail"):
        assert (counted[mode]["lost"], counted[mode]["torn"], counted[mode]["unclean"]) == (0, 0, 0)
        assert counted[mode]["slowest"] < 10
    assert counted["stop"]["acknowledged"] > rounds
    assert counted["early"]["lost"] > 0


async def test_a_start_that_fails_before_discord_is_asked_is_told_as_what_it_is(folder: Path, tmp_path: Path) -> None:
    async def taken(*_: object, **__: object) -> None:
        raise StartError("Port 1 cannot be used.")

    bot = create_bot(Settings(data_path=folder, database_path=tmp_path / "a.sqlite3"))
    bot.start = taken  # type: ignore[method-assign]
    with pytest.raises(StartError, match="Port 1"):
        await _until_stopped(bot, "token")
    assert bot.is_closed()
