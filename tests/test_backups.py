"""Backups beside a busy bot, the way back to them, what stays erased, and a start on a database that is damaged."""

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import __main__ as command_line
from bot import app, backups, recovery, terminal
from bot.backups import Backup, held, keep_once, make, named, newest
from bot.config import ROOT, Settings
from bot.models import Change, Purpose, Ref, Schedule, Verdict
from bot.recovery import drill, restore
from bot.store import (
    Database,
    DatabaseDamagedError,
    DatabaseError,
    copies,
    files,
    proposals,
    revisions,
    running,
    soundness,
    summaries,
)
from bot.store.database import MIGRATIONS
from bot.store.vectors import keep_vectors, vectors
from tests.conftest import World, load_once
from tests.test_catalog import folder
from tests.test_proposals import LONG, MAX, NOW, SMALL, approve, interactions, propose, statement
from tests.test_store import assert_whole, event, fact, search

SENTINEL = "Quokkafjordzebra"
DAY = timedelta(days=1)
# A bot that is killed with an edit in the write-ahead file.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.store import Database, running
async def main():
    await running.remember(await Database.open(Path(sys.argv[1])), "name", "kept")
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small data and a database that holds a small record, to be copied."""
    place = tmp_path_factory.mktemp("prepared")
    (place / "data").mkdir()
    folder(place / "data", {})

    async def fill() -> None:
        database = await Database.open(place / "footnote.sqlite3")
        await files.load(database, SMALL, at=NOW - 30 * DAY)
        await database.close()

    asyncio.run(fill())
    return place


@pytest.fixture
def kept(prepared: Path, tmp_path: Path) -> Settings:
    """Settings with such a database of the test's own, whose checks at a start are real."""
    path = Path(shutil.copy(prepared / "footnote.sqlite3", tmp_path / "footnote.sqlite3"))
    return Settings(data_path=prepared / "data", database_path=path)


@pytest.fixture
def settings(kept: Settings) -> Settings:
    """The small record for the running bot as well."""
    return kept


@pytest.fixture(scope="module")
def left(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a bot leaves that was killed with an edit in its write-ahead file."""
    place = tmp_path_factory.mktemp("left")
    path = shutil.copy(prepared / "footnote.sqlite3", place)
    subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, check=False, timeout=20)
    return place


@contextlib.asynccontextmanager
async def running_on(settings: Settings) -> AsyncIterator[Database]:
    """The database as the bot opens it."""
    database = await backups.open_database(settings)
    try:
        yield database
    finally:
        await database.close()


def holds_it(*files_: Path) -> bool:
    """Whether any file has what slipped in, as text or as words of the index."""
    contents = [path.read_bytes() for path in files_]
    return any(needle in content for needle in (SENTINEL.encode(), b"quokka") for content in contents)


# Making one


@pytest.mark.campaign
def test_backups_beside_a_busy_writer_are_whole_and_hold_every_edit_acknowledged_before(tmp_path: Path) -> None:
    count = 30 if LONG else 3
    command = [sys.executable, "-m", "tests.copying", str(tmp_path), str(count)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    counted: dict[str, dict[str, int]] = json.loads(ended.stdout)
    made, control = counted["backup"], counted["cp"]
    assert made["made"] == count
    assert made["acknowledged"] > count
    assert (made["lost"], made["torn"], made["unsound"]) == (0, 0, 0)
    assert made["meanwhile"] > 0, "edits went on while it was made"
    assert control["lost"] + control["torn"] + control["unsound"] > 0, "the count sees what a plain copy misses"


def test_a_backup_is_one_private_file_and_is_told_in_a_line(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_PATH", str(kept.database_path))
    assert command_line.main(["backup"]) == 0
    place = tmp_path / "backups"
    [made] = place.iterdir()
    line = capsys.readouterr().out
    size = f"{made.stat().st_size / 1e6:.1f}"
    assert re.fullmatch(rf"{re.escape(str(made))}: {size} MB, step \d+, 7 versions of records, checked in .+ s\n", line)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    last = newest(kept)
    assert last
    assert (last.path, timedelta(0) <= datetime.now(UTC) - last.at < timedelta(minutes=1)) == (made, True)
    assert command_line.main(["backup", "--to", str(tmp_path / "elsewhere")]) == 0
    assert newest(kept) == last
    assert named(next((tmp_path / "elsewhere").iterdir()))


@pytest.mark.parametrize("trouble", ["a file in its way", "no folder for it", "no database", "a full disk"])
def test_a_backup_that_cannot_be_made_is_told_and_leaves_nothing(
    trouble: str, kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    if trouble == "a file in its way":
        place.touch()
    elif trouble == "no folder for it":
        place = tmp_path / "not" / "there"
    elif trouble == "no database":
        kept.database_path.unlink()
    else:

        def full(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(soundness, "unsound", full)
    monkeypatch.setenv("DATABASE_PATH", str(kept.database_path))
    assert command_line.main(["backup", "--to", str(place)]) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert re.search(
        r"There is no database at|No backup can be made in|cannot be copied: database or disk is full", told
    )
    assert not list(place.glob("*") if place.is_dir() else ())


async def test_a_backup_of_a_large_record_stalls_neither_the_loop_nor_a_writer(kept: Settings) -> None:
    long = (
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO report "
        "(page, reason, text, day) SELECT 'county:cass.', 'Other', printf('%.900c', 'x'), '2026-01-01' FROM n"
    )
    async with running_on(kept) as database:
        await database.write(lambda writer: writer.execute(long))
        ticks = writes = 0
        making = asyncio.create_task(asyncio.to_thread(make, kept))
        while not making.done():
            await asyncio.sleep(0.001)
            ticks += 1
            await running.remember(database, "number", str(ticks))
            writes += not making.done()
        await making
    assert ticks > 5, "the loop goes on"
    assert writes > 5, "and so do writers"


def test_a_copy_beside_nobody_leaves_what_a_killed_bot_left(kept: Settings, left: Path) -> None:
    shutil.copytree(left, kept.database_path.parent, dirs_exist_ok=True)
    log = kept.database_path.with_name("footnote.sqlite3-wal")
    before = kept.database_path.read_bytes(), log.read_bytes()
    made, _ = make(kept)
    assert (kept.database_path.read_bytes(), log.read_bytes()) == before, "only the bot checkpoints"
    with contextlib.closing(sqlite3.connect(made.path)) as raw:
        assert raw.execute("SELECT value FROM setting WHERE name = 'name'").fetchall() == [("kept",)]


# Once a day


def pretend(settings: Settings, at: datetime) -> Backup:
    """A backup of another day, without the work."""
    place = backups.folder(settings)
    place.mkdir(exist_ok=True)
    path = place / f"footnote-{at:%Y%m%dT%H%M%SZ}-0123456789abcdef.sqlite3"
    path.touch()
    found = named(path)
    assert found
    return found


@pytest.mark.parametrize(
    ("age", "due"),
    [(None, True), (1, False), (23.9, False), (24, True), (200, True), (-1, True)],
    ids=["first", "young", "almost", "a day", "after an outage", "the clock was ahead"],
)
async def test_a_backup_is_due_a_day_after_the_newest_whatever_happened_between(
    age: float | None, due: bool, kept: Settings
) -> None:
    if age is not None:
        pretend(kept, NOW - timedelta(hours=age))
    async with running_on(kept) as database:
        assert await keep_once(kept, database, NOW) is due
        assert not await keep_once(kept, database, NOW + timedelta(minutes=1))
    assert len(held(kept)) == due + (age is not None)


async def test_old_ones_go_once_a_new_one_is_made_and_never_before(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, older = (pretend(kept, NOW - days * DAY) for days in (31, 40))
    young = pretend(kept, NOW - 29 * DAY)
    stranger = backups.folder(kept) / "holiday.sqlite3"
    stranger.touch()
    left = backups.folder(kept) / ".partial-x"
    left.mkdir()
    os.utime(left, (0, 0))
    async with running_on(kept) as database:
        with monkeypatch.context() as context:
            context.setattr(soundness, "unsound", lambda _: "a page is torn")
            with pytest.raises(DatabaseDamagedError, match=r"footnote\.sqlite3 is damaged: a page is torn"):
                await keep_once(kept, database, NOW)
            assert {old, older, young} == set(held(kept))
        assert await keep_once(kept, database, NOW)
    assert [each.at for each in held(kept)] == [young.at, NOW]
    assert stranger.exists()
    assert not left.exists()


async def test_what_fails_is_logged_and_tried_again(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def failing(*_: object) -> None:
        nonlocal tries
        tries += 1
        if tries > 4:
            loop.call_soon_threadsafe(enough.set)
        raise [OSError(28, "No space left"), DatabaseError("No backup can be made."), KeyError("x")][tries % 3]

    monkeypatch.setattr(backups, "TICK", 0)
    monkeypatch.setattr(backups, "RETRY", 0)
    monkeypatch.setattr(backups, "make", failing)
    async with running_on(kept) as database:
        keeping = asyncio.create_task(backups.keep(kept, database))
        await enough.wait()
        keeping.cancel()
        await asyncio.wait([keeping])
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(lines) >= 3
    assert all(line.startswith("backup: not made: ") for line in lines)


async def test_the_bot_keeps_backups_while_it_runs(world: World) -> None:
    assert not world.bot.backing_up.done()
    await world.bot.close()
    assert world.bot.backing_up.cancelled()


@pytest.mark.parametrize(("version", "lines"), [((3, 40, 1), 1), ((3, 51, 3), 0)])
def test_an_old_sqlite_is_warned_of_once_when_the_bot_starts(
    version: tuple[int, int, int],
    lines: int,
    kept: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def nothing(*_: object) -> None:
        pass

    monkeypatch.setattr(command_line, "_until_stopped", nothing)
    monkeypatch.setattr(command_line, "sqlite_version", version)
    monkeypatch.setenv("DISCORD_TOKEN", "none")
    monkeypatch.setenv("DATABASE_PATH", str(kept.database_path))
    assert command_line.main(["run"]) == 0
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == lines
    assert all(line.startswith("SQLite 3.40.1 can damage") and "Footnote is safe from it" in line for line in told)


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("3.6.23", False),
        *((version, True) for version in ("3.7.0", "3.40.1", "3.44.5", "3.45.0", "3.50.4", "3.50.6", "3.51.2")),
        *((version, False) for version in ("3.44.6", "3.44.9", "3.50.7", "3.51.3", "3.52.0", "4.0.0")),
    ],
)
def test_versions_of_sqlite_that_need_one_writer_alone(version: str, old: bool) -> None:
    first, second, third = map(int, version.split("."))
    assert soundness.may_lose_the_log((first, second, third)) is old


async def test_an_update_that_changes_the_database_comes_after_a_backup(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    step = tmp_path / "999_step.sql"
    step.write_text("DELETE FROM revision WHERE 0; CREATE TABLE made (x TEXT) STRICT;")
    before = len(MIGRATIONS)
    monkeypatch.setitem(MIGRATIONS, 999, step)
    (tmp_path / "backups").touch()
    with pytest.raises(DatabaseError, match=r"^This update changes the database, and first there must be a backup"):
        async with running_on(kept):
            pass
    with contextlib.closing(sqlite3.connect(kept.database_path)) as raw:
        assert raw.execute("SELECT max(number) FROM migration").fetchone() == (before,)
    (tmp_path / "backups").unlink()
    for _ in range(2):
        async with running_on(kept) as database:
            assert await database.read("SELECT * FROM made") == []
    [made] = held(kept)
    assert copies.check(made.path).step == before


# A start on what is damaged


def flip(path: Path, at: int, size: int = 64) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + size] = bytes(255 - byte for byte in content[at : at + size])
    path.write_bytes(content)


def lose_all_but_the_log(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"x" * 5000)
    path.unlink()


def malform_the_schema(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE fact (' WHERE name = 'fact'")
        raw.commit()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"GIF89a" * 1000),
    "a page flipped": lambda path: flip(path, 10 * 4096, 4096),
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut to nothing": lambda path: os.truncate(path, 0),
    "a malformed schema": malform_the_schema,
    "gone": lambda path: path.unlink(),
    "gone but for its log": lose_all_but_the_log,
}


def contents(place: Path) -> dict[str, bytes]:
    """Every file, but for what holds nothing of a database's own."""
    files_ = (path for path in place.iterdir() if path.is_file() and not path.name.endswith((".lock", "-shm")))
    return {path.name: content for path in files_ if (content := path.read_bytes()) or path.suffix == ".sqlite3"}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_database_is_told_with_the_way_back_and_left_as_it_is(
    damage: str, kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good, _ = make(kept, at=NOW - DAY)
    bad, _ = make(kept, at=NOW)
    flip(bad.path, 5000)
    DAMAGE[damage](kept.database_path)
    before = contents(tmp_path)
    monkeypatch.setenv("DATABASE_PATH", str(kept.database_path))
    monkeypatch.setattr(terminal, "load_catalog", lambda _: load_once(kept.data_path))
    for _ in range(2):
        assert command_line.main(["ask", "Is Minneapolis a sanctuary city?"]) == 1
        sentence, back, command = capsys.readouterr().err.splitlines()
        assert re.match(r"The database .* cannot be used: |There is no database at ", sentence)
        assert "newest good backup is of 2026-11-24 12:00 UTC" in back
        assert command == f"    python -m bot restore {good.path}"
    assert contents(tmp_path) == before
    assert command_line.main(command.split()[3:]) == 0
    assert command_line.main(["reports"]) == 0


def test_a_damaged_database_without_a_backup_says_what_else_can_be_done(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.truncate(kept.database_path, 5000)
    monkeypatch.setenv("DATABASE_PATH", str(kept.database_path))
    assert command_line.main(["export"]) == 1
    assert "There is no good backup in" in capsys.readouterr().err


@pytest.mark.parametrize("gone", [(), ("passage_added",), ("fact_reread", "fact_relinked"), ("passage_removed",)])
async def test_an_index_that_has_drifted_is_made_whole_at_a_start_and_stays_so(
    gone: tuple[str, ...], kept: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_on(kept) as database:
        for name in gone:
            await database.write(lambda writer, name=name: writer.execute(f"DROP TRIGGER {name}"))  # type: ignore[misc]
        await approve(database, await propose(database, fact("a", "The jail keeps a list of otters.")))
        if not gone:  # the index's own table is damaged
            await database.write(lambda writer: writer.execute("DELETE FROM passage_index_data WHERE id > 10"))
        else:
            assert await search(database, "otters") == (set() if gone != ("passage_removed",) else {"a"})
    made, contents = make(kept)
    assert contents.drifted is (gone != ("fact_reread", "fact_relinked")), "the copy's index is made anew"
    with contextlib.closing(sqlite3.connect(made.path)) as raw:
        assert not soundness.has_drifted(raw)
    caplog.set_level(logging.WARNING)
    async with running_on(kept) as database:
        assert [record.getMessage()[:21] for record in caplog.records] == ["search: its index had"]
        assert await search(database, "otters") == {"a"}
        await approve(database, await propose(database, fact("a", "The jail keeps a list of herons.")))
        assert (await search(database, "otters"), await search(database, "herons")) == (set(), {"a"})
        await assert_whole(database)
        assert not await database.heal()


async def test_an_index_that_drifts_while_the_bot_runs_is_made_whole_with_the_next_backup(kept: Settings) -> None:
    async with running_on(kept) as database:
        await database.write(
            lambda writer: writer.execute("INSERT INTO passage_index (passage_index) VALUES ('delete-all')")
        )
        assert await search(database, "jail") == set()
        assert await keep_once(kept, database, NOW)
        assert await search(database, "jail")


# The way back


async def test_restore_brings_the_record_back_and_keeps_what_was_there(
    kept: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made, _ = make(kept)
    async with running_on(kept) as database:
        last = await propose(database, fact("a", "The jail keeps a list of otters."))
        await approve(database, last)
    assert await restore(kept, made.path) == 0
    told = capsys.readouterr().out
    aside = Path(re.findall(r"kept aside: (.+)\. Delete", told)[0])
    assert aside.parent == tmp_path
    assert "do it again" not in told
    assert stat.S_IMODE(kept.database_path.stat().st_mode) == 0o600
    async with running_on(kept) as database:
        assert await statement(database, "a") == "The jail keeps one list of them."
        await assert_whole(database)
        new = await propose(database, fact("b", "The jail keeps a list of herons."))
        assert new.id > last.id, "an old review card decides no new proposal"
    assert await restore(kept, aside) == 0
    async with running_on(kept) as database:
        assert await statement(database, "a") == "The jail keeps a list of otters."


def test_what_must_not_be_restored_is_refused_in_a_sentence(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made, _ = make(kept)
    before = kept.database_path.read_bytes()
    refused = {
        "There is no file": tmp_path / "nothing",
        "is damaged: it is not what it was when it was made": Path(shutil.copy(made.path, tmp_path)),
        "was made by a newer Footnote (step 999): update this one first": Path(
            shutil.copy(made.path, tmp_path / "new")
        ),
        "holds no record of Footnote": tmp_path / "other",
        "file is not a database": tmp_path / "photo",
        "is damaged: ": Path(shutil.copy(made.path, tmp_path / "torn")),
        "names one of": Path(shutil.copy(made.path, tmp_path / "dangling")),
    }
    content = bytearray(made.path.read_bytes())
    content[content.index(b"The jail keeps")] ^= 1  # a letter, which SQLite would not miss
    refused["is damaged: it is not what it was when it was made"].write_bytes(content)
    for name, sql in {
        "new": "INSERT INTO migration VALUES (999, 'later', '2030')",
        "other": "CREATE TABLE x (y)",
        "dangling": "DELETE FROM source",
    }.items():
        with contextlib.closing(sqlite3.connect(tmp_path / name)) as raw:
            raw.execute(sql)
            raw.commit()
    (tmp_path / "photo").write_bytes(b"GIF89a" * 1000)
    flip(tmp_path / "torn", 20 * 4096, 4096)
    monkeypatch.setenv("DATABASE_PATH", str(kept.database_path))
    for reason, file in refused.items():
        assert command_line.main(["restore", str(file)]) == 1, reason
        assert reason in capsys.readouterr().err
    assert command_line.main(["restore"]) == 1
    assert "Say which backup" in capsys.readouterr().err
    assert kept.database_path.read_bytes() == before
    assert not list(tmp_path.glob("*before*"))


async def test_restore_is_refused_while_a_bot_runs(kept: Settings) -> None:
    made, _ = make(kept)
    async with running_on(kept) as database:
        with pytest.raises(DatabaseError, match=r"A bot is running on .*footnote\.sqlite3: stop it first"):
            await restore(kept, made.path)
        await running.remember(database, "still", "writing")


class Crash(BaseException):
    """The process is killed here."""


@pytest.mark.parametrize("damaged", [False, True])
def test_a_restore_that_is_interrupted_leaves_the_old_the_new_or_a_refusal(
    damaged: bool, kept: Settings, left: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made, _ = make(kept)
    seen = set()
    for step in range(10):
        for path in tmp_path.glob("footnote*.sqlite3*"):
            path.unlink()
        shutil.copytree(left, tmp_path, dirs_exist_ok=True)
        if damaged:
            flip(kept.database_path, 10 * 4096, 4096)
        steps = iter(range(10))

        def put_down(_: Path, step: int = step, steps: Iterator[int] = steps) -> None:
            if next(steps) == step:
                raise Crash

        with monkeypatch.context() as context, contextlib.suppress(Crash):
            context.setattr(recovery, "put_down", put_down)
            asyncio.run(restore(kept, made.path))
        try:
            seen_now = asyncio.run(remembered(kept)) or "the backup"
        except DatabaseDamagedError:
            seen_now = "refused"
        seen.add(seen_now)
        if seen_now == "refused":
            asyncio.run(restore(kept, made.path))
            assert asyncio.run(remembered(kept)) is None
        if not damaged and seen_now != "kept":  # what was acknowledged is in one of those that are kept aside
            asides = [kept.model_copy(update={"database_path": path}) for path in tmp_path.glob("*-before-*Z.sqlite3")]
            assert "kept" in [asyncio.run(remembered(each)) for each in asides]
        if next(steps) < step:
            break  # it was not interrupted
    assert seen == ({"refused", "the backup"} if damaged else {"kept", "refused", "the backup"})


async def remembered(settings: Settings) -> str | None:
    async with running_on(settings) as database:
        return await running.setting(database, "name")


async def test_a_summary_that_may_have_been_posted_before_a_restore_is_looked_for_first(kept: Settings) -> None:
    chosen = Schedule(channel=1, guild=1, organizer=MAX, zone="UTC")
    made, _ = make(kept)
    await restore(kept, made.path)
    async with running_on(kept) as database:
        now = datetime.now(UTC)
        earlier, later = now - timedelta(hours=3), now + timedelta(hours=3)
        lost = await summaries.claim(database, chosen, earlier.date(), earlier, now)
        assert lost
        assert (lost.attempts, lost.begun) == (2, earlier.replace(microsecond=0))
        new = await summaries.claim(database, chosen, (later + DAY).date(), later, later)
        assert new
        assert new.attempts == 1


# What stays erased


async def slip(database: Database) -> None:
    """A name slips into a statement, into one that waits, and into one that others name; Max wrote all of it."""
    await approve(database, await propose(database, fact("z", f"The person {SENTINEL} is kept.")))
    await propose(database, fact("y", f"The jail knows {SENTINEL}."))
    await propose(database, fact("x", "The jail keeps a list of herons."))
    named = event("told", "2026", facts=["z"])
    await approve(database, await propose(database, named))
    await approve(database, await propose(database, fact("c", f"The jail knows {SENTINEL} too.")))
    chosen = Schedule(channel=1, guild=1, organizer=MAX, zone="UTC")
    await summaries.keep_schedule(database, chosen)
    await keep_vectors(database, "model", {b"hash of the statement": b"what it means"}, {b"hash of the statement"})


async def redact(database: Database, name: str, *, keep: bool = False) -> None:
    ref = Ref("fact", name)
    head = (await revisions.heads(database.read, [ref]))[ref]
    change = Change(ref, head.body if keep else None, head.number)
    found = await proposals.add(database, Purpose.REDACTION, [change], "A name.", MAX, next(interactions), NOW)
    assert (await approve(database, found)).verdict is Verdict.DONE


async def erase(database: Database) -> None:
    """Wipe what slipped in, retiring first what names it, and keep a clean text where there is one."""
    held = (await revisions.heads(database.read, [Ref("event", "told")]))[Ref("event", "told")]
    gone = Change(Ref("event", "told"), None, held.number)
    await approve(database, await proposals.add(database, Purpose.EDIT, [gone], "Gone.", MAX, next(interactions), NOW))
    await redact(database, "z")
    waiting = await proposals.waiting(database)
    for found in waiting:
        await approve(database, found)
    await redact(database, "y")
    await approve(database, await propose(database, fact("c", "The jail keeps a list of otters.")))
    await redact(database, "c", keep=True)
    await revisions.forget(database, MAX)


async def assert_erased(database: Database) -> None:
    """Nothing of it is served, found or kept, nobody is named, and the rest is there."""
    assert await statement(database, "z") is None
    assert await search(database, SENTINEL.lower()) == set()
    for table, columns in {"revision": ("editor", "approver"), "proposal": ("proposer", "decided_by")}.items():
        for column in columns:
            rows = await database.read(f"SELECT count(*) AS n FROM {table} WHERE {column} = ?", (MAX,))
            assert rows[0]["n"] == 0, column
    rows = await database.read("SELECT count(*) AS n FROM summary_schedule WHERE body LIKE ?", (f"%{MAX}%",))
    assert rows[0]["n"] == 0
    assert any(v.redacted for v in await revisions.history(database, Ref("fact", "z")))
    assert await statement(database, "a") == "The jail keeps one list of them."
    await assert_whole(database)


@pytest.mark.parametrize("ledger", ["the database", "the newest backup", "nothing"])
async def test_what_was_erased_since_a_backup_does_not_come_back_with_it(
    ledger: str, kept: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async with running_on(kept) as database:
        await slip(database)
        old, _ = make(kept, tmp_path / "elsewhere", NOW - DAY)
        await erase(database)
        assert not holds_it(kept.database_path)
        await assert_erased(database)
    assert holds_it(old.path), "a copy elsewhere still has it"
    if ledger == "the newest backup":
        make(kept)
    if ledger != "the database":
        kept.database_path.write_bytes(b"GIF89a" * 1000)
    capsys.readouterr()
    assert await restore(kept, old.path) == 0
    told = capsys.readouterr().out
    assert ("cannot be read: if anything was redacted or forgotten" in told) is (ledger != "the database")
    if ledger == "nothing":
        assert holds_it(kept.database_path), "the control: nobody knew of it"
        return
    assert "erased again: 3 records that were redacted since, 1 people" in told
    assert not holds_it(kept.database_path)
    async with running_on(kept) as database:
        await assert_erased(database)
        assert await statement(database, "c") == "The jail keeps a list of otters."
        told_of = await revisions.heads(database.read, [Ref("event", "told")])
        assert told_of[Ref("event", "told")].body is None, "what named it is retired with it"
        assert await proposals.waiting(database) == []
        assert await vectors(database, "model") == {}


def files_in(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


async def test_what_is_erased_is_out_of_every_backup_with_the_next_round(kept: Settings) -> None:
    place = backups.folder(kept)
    async with running_on(kept) as database:
        await slip(database)
        for hours in (5, 3):
            make(kept, at=NOW - timedelta(hours=hours))
        damaged, _ = make(kept, at=NOW - timedelta(hours=2))
        make(kept, at=NOW - timedelta(hours=1))
        assert not await keep_once(kept, database, NOW)
        os.truncate(damaged.path, 5000)
        await erase(database)
        await running.remember(database, revisions.ERASED, f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
        assert holds_it(*files_in(place))
        at = NOW + timedelta(minutes=1)
        assert await keep_once(kept, database, at)
        assert not holds_it(*files_in(kept.database_path.parent))
        assert not await keep_once(kept, database, at + timedelta(minutes=1))
        assert [(at - each.at).total_seconds() // 60 for each in held(kept)] == [301, 181, 121, 61, 0]
    for each in held(kept):
        if each.path != damaged.path:
            assert backups.verify(each.path).versions >= 11
            assert stat.S_IMODE(each.path.stat().st_mode) == 0o600
    assert set(files_in(place)) == {each.path for each in held(kept)}, "one file each"
    await restore(kept, held(kept)[0].path)
    async with running_on(kept) as database:
        await assert_erased(database)


# The rehearsal


async def test_the_drill_starts_the_bot_on_the_newest_backup_and_finds_what_is_wrong(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "load_catalog", load_once)
    monkeypatch.setattr(app, "load_encoder", lambda: None)
    before = kept.database_path.read_bytes()
    made, _ = make(kept)
    assert await drill(kept) == 0
    told = capsys.readouterr().out
    assert f"SHA-256 {copies.dump_digest(kept.database_path)}" in told
    assert re.search(r"the bot starts on it: \d+ statements, \d\d commands", told)
    assert "it answers: " in told
    assert kept.database_path.read_bytes() == before
    late = made.path.rename(made.path.with_name(made.path.name.replace(f"{made.at:%Y%m%dT}", "20200101T")))
    assert await drill(kept) == 1
    assert "hours old, more than 26" in capsys.readouterr().out
    late.rename(made.path)
    flip(made.path, 5000)
    assert await drill(kept) == 1
    assert "FAILED: DatabaseDamagedError" in capsys.readouterr().out
