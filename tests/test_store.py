"""The database: what is in it, what may not get in, and what survives failure, cancellation and a second process."""

import asyncio
import calendar
import functools
import inspect
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import typing
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bot.catalog import Catalog
from bot.config import ROOT, Settings
from bot.models import (
    Agreement,
    Cited,
    Dispute,
    Disputed,
    Entry,
    Event,
    Fact,
    Guide,
    Kind,
    Record,
    Report,
    Source,
    Term,
    facts_of,
    key,
)
from bot.store import Database, DatabaseError, DatabaseInUseError, files, index, records, running
from bot.store.database import MIGRATIONS, migrate
from bot.store.vectors import keep_vectors, vectors
from tests import sqltrace

WORDS = ("detainer", "jail", "sheriff", "release", "warrant", "county", "policy", "hold", "notice", "court")


def source(number: int) -> Source:
    return Source.model_validate({"id": f"s{number}", "title": f"S {number}", "publisher": "P", "kind": "agency"})


def fact(name: str, statement: str = "The jail keeps one list of them.", **changes: Any) -> Fact:
    return Fact.model_validate(
        {
            "id": name,
            "topic": "jails",
            "jurisdiction": "state",
            "kind": "law",
            "statement": statement,
            "as_of": "2026-01-05",
            "review_by": "2027-01-01",
            "speaker": "Sheriff",
            "sources": [{"id": "s0"}],
            "phrasings": {"plain": [f"{name} one?", f"{name} two?", f"{name} three?"], "colloquial": [f"{name} four"]},
        }
        | changes
    )


def dispute(name: str, *facts: str) -> Dispute:
    sides = [{"party": f"Party {fact_id}", "facts": [fact_id]} for fact_id in facts]
    return Dispute.model_validate({"id": name, "topic": "jails", "question": "Which of them?", "sides": sides})


def event(name: str, day: str, until: str | None = None, *, facts: Sequence[str] = ("a",)) -> Event:
    return Event(id=name, date=day, until=until, topic="jails", title="It happens", facts=tuple(facts))


async def search(database: Database, *words: str) -> set[str]:
    return set(await index.match(database, [words]))


async def dump(database: Database) -> list[list[tuple[Any, ...]]]:
    tables = [*records.TABLES.values(), "fact_source", "fact_place", "dispute_fact", "event_fact", "agreement_source"]
    found = [await database.read(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    found.append(await database.read("SELECT fact_id, text FROM passage ORDER BY fact_id, text"))
    return [[tuple(row) for row in rows] for rows in found]


async def assert_whole(database: Database) -> None:
    """The search index agrees with the passages, every link leads somewhere, and the file is sound."""

    async def check(writer: aiosqlite.Connection) -> None:
        await writer.execute("INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)")

    await database.write(check)
    assert await database.read("PRAGMA foreign_key_check") == []
    assert [row[0] for row in await database.read("PRAGMA integrity_check")] == ["ok"]


def in_process(code: str, *arguments: object, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, under a command such as strace or under none; it must end by itself."""
    script = "import asyncio, sys\nfrom pathlib import Path\nfrom bot.store import *\n" + code
    command = [*prefix, sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(autouse=True)
async def closing(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Close what a failed test leaves open: its threads would keep the tests from ending."""
    made: list[Database] = []
    begin = Database.__init__

    def noted(self: Database, path: Path) -> None:
        begin(self, path)
        made.append(self)

    monkeypatch.setattr(Database, "__init__", noted)
    yield
    for database in made:
        await database.close()


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    """A database without records."""
    opened = await Database.open(tmp_path / "empty.sqlite3")
    yield opened
    await opened.close()


# Opening and migrating


async def test_new_database_takes_every_step_in_order_and_records_it(empty: Database) -> None:
    rows = await empty.read("SELECT number, name, at FROM migration ORDER BY rowid")
    assert [row["number"] for row in rows] == sorted(MIGRATIONS)
    assert [row["name"] for row in rows] == [path.stem for path in sorted(MIGRATIONS.values())]
    today = await empty.read("SELECT date('now') AS day")
    assert all(row["at"][:4] == today[0]["day"][:4] for row in rows)


async def test_steps_are_numbered_without_a_gap_or_a_clash() -> None:
    folder = next(iter(MIGRATIONS.values())).parent
    assert sorted(MIGRATIONS) == list(range(1, len(list(folder.glob("*.sql"))) + 1))


async def test_second_opening_takes_no_step_and_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "twice.sqlite3"
    for expected in (None, "kept"):
        database = await Database.open(path)
        assert await running.setting(database, "name") == expected
        await running.remember(database, "name", "kept")
        assert await migrate(database._owner()) == []
        assert [row["n"] for row in await database.read("SELECT count(*) AS n FROM migration")] == [len(MIGRATIONS)]
        await database.close()


async def test_later_steps_are_taken_by_number_and_not_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.sqlite3"
    await (await Database.open(path)).close()
    for number, sql in ((1000, "ALTER TABLE made RENAME TO renamed;"), (999, "CREATE TABLE made (x) STRICT;")):
        step = tmp_path / f"{number}_step.sql"
        step.write_text(sql.replace("(x)", "(x TEXT)"))
        monkeypatch.setitem(MIGRATIONS, number, step)
    database = await Database.open(path)
    assert await database.read("SELECT * FROM renamed") == []
    assert [row["number"] for row in await database.read("SELECT number FROM migration ORDER BY rowid")][-2:] == [
        999,
        1000,
    ]
    await database.close()


@pytest.mark.parametrize("flaw", ["INSERT INTO nowhere VALUES (1);", "CREATE TABLE made (x TEXT) STRICT;", "not SQL"])
async def test_step_that_fails_leaves_nothing_behind_and_is_tried_again(
    flaw: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, step = tmp_path / "old.sqlite3", tmp_path / "999_step.sql"
    database = await Database.open(path)
    await running.remember(database, "name", "kept")
    await database.close()
    good = "CREATE TABLE made (x TEXT) STRICT;\nINSERT INTO made VALUES ('once');\nDELETE FROM setting;\n"
    step.write_text(good + flaw)
    monkeypatch.setitem(MIGRATIONS, 999, step)
    for _ in range(2):
        with pytest.raises(DatabaseError, match=r"^The database .*old\.sqlite3 cannot be used: .+\.$"):
            await Database.open(path)
        with sqlite3.connect(path) as raw:
            assert raw.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'made'").fetchone() == (0,)
            assert raw.execute("SELECT max(number) FROM migration").fetchone() < (999,)
            assert raw.execute("SELECT value FROM setting").fetchall() == [("kept",)]
        raw.close()
    step.write_text(good)
    database = await Database.open(path)
    assert [row["x"] for row in await database.read("SELECT x FROM made")] == ["once"]
    assert [row["name"] for row in await database.read("SELECT name FROM migration WHERE number = 999")] == ["999_step"]
    await database.close()


async def test_step_that_is_not_text_is_told_and_gives_the_file_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MIGRATIONS, 999, tmp_path / "999_missing.sql")
    with pytest.raises(DatabaseError, match="No such file"):
        await Database.open(tmp_path / "new.sqlite3")
    monkeypatch.delitem(MIGRATIONS, 999)
    await (await Database.open(tmp_path / "new.sqlite3")).close()


async def test_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.sqlite3"
    database = await Database.open(path)
    await database.write(lambda writer: writer.execute("INSERT INTO migration VALUES (999, 'later', '2030')"))
    await database.close()
    with pytest.raises(DatabaseError, match=r"made by a newer Footnote \(step 999\): update this one first\.$"):
        await Database.open(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM migration").fetchone() == (len(MIGRATIONS) + 1,)
    raw.close()


@pytest.mark.parametrize("size", [2, 99, 100, 4096, 50_000])
async def test_file_that_is_no_database_is_refused_and_not_overwritten(size: int, tmp_path: Path) -> None:
    path = tmp_path / "photo.sqlite3"
    path.write_bytes(random.Random(size).randbytes(size))
    before = path.read_bytes()
    for opening in (Database.open, Database.open, Database.open_read_only):
        with pytest.raises(DatabaseError, match=r"^The database .*photo\.sqlite3 cannot be (used|read): .+\.$"):
            await opening(path)
    assert path.read_bytes() == before


async def test_damaged_database_is_refused_and_not_overwritten(settings: Settings) -> None:
    path = settings.database_path
    before = path.read_bytes()[:16] + random.Random(1).randbytes(4080) + path.read_bytes()[4096:]
    path.write_bytes(before)
    with pytest.raises(DatabaseError, match="cannot be used"):
        await Database.open(path)
    assert path.read_bytes() == before


async def test_path_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    threads = threading.active_count()
    with pytest.raises(DatabaseError, match=r"The folder of .* does not exist: make it, or set another"):
        await Database.open(tmp_path / "no folder" / "a.sqlite3")
    assert not (tmp_path / "no folder").exists()
    for path in (tmp_path / "file" / "a.sqlite3", tmp_path):
        with pytest.raises(DatabaseError, match=r"cannot be used|does not exist"):
            await Database.open(path)
    with pytest.raises(DatabaseError, match="cannot be read"):
        await Database.open_read_only(tmp_path / "nothing.sqlite3")
    assert threading.active_count() <= threads, "a thread would report to a loop that has ended"
    assert not (tmp_path / "nothing.sqlite3").exists()


@pytest.mark.parametrize("name", ["a b.sqlite3", "100%41.sqlite3", "what?mode=ro.sqlite3", "a#b.sqlite3", "ñ.sqlite3"])
async def test_file_is_made_under_the_name_that_was_asked_for(name: str, tmp_path: Path) -> None:
    database = await Database.open(tmp_path / name)
    await running.remember(database, "name", "kept")
    await database.close()
    assert {*os.listdir(tmp_path)} - {name + ".lock"} == {name}


async def test_every_connection_is_careful(empty: Database) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "secure_delete": 1}

    async def ask(writer: aiosqlite.Connection) -> dict[str, Any]:
        return {name: next(iter(await writer.execute_fetchall(f"PRAGMA {name}")))[0] for name in expected}

    assert await empty.write(ask) == expected
    # Reads take turns: two of each ask both of the readers.
    readers = {name: [(await empty.read(f"PRAGMA {name}"))[0][0] for _ in range(2)] for name in expected}
    assert readers == {name: [value, value] for name, value in expected.items()}


async def test_only_the_writer_writes(empty: Database) -> None:
    for _ in range(4):
        assert [row[0] for row in await empty.read("PRAGMA query_only")] == [1]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await empty.read("INSERT INTO setting VALUES ('a', 'b')")
    await running.remember(empty, "a", "b")
    assert await running.setting(empty, "a") == "b"


async def test_every_table_is_strict_and_says_what_it_is_for(empty: Database) -> None:
    loose = await empty.read(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'"
    )
    assert [row["name"] for row in loose] == []
    tables = await running.schema(empty)
    assert {"fact", "source", "dispute", "report", "setting", "migration", "passage"} <= {name for name, _, _ in tables}
    assert [name for name, purpose, columns in tables if not purpose.endswith(".") or not columns] == []


# One owner


async def test_second_owner_is_refused_with_a_sentence(empty: Database) -> None:
    with pytest.raises(DatabaseInUseError, match=r"Another process is using .*empty\.sqlite3: stop it first, or set"):
        await Database.open(empty.path)
    await running.remember(empty, "still", "writing")
    assert await running.setting(empty, "still") == "writing"


async def test_second_process_is_refused_until_the_first_ends(empty: Database) -> None:
    code = """
async def main():
    try:
        database = await Database.open(Path(sys.argv[1]))
    except DatabaseInUseError as error:
        sys.exit(f"refused: {error}")
    await database.close()
asyncio.run(main())
"""
    ended = in_process(code, empty.path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("refused: Another process is using")
    await empty.close()
    ended = in_process(code, empty.path)
    assert (ended.returncode, ended.stderr) == (0, "")


async def test_reading_beside_an_owner_that_is_still_preparing_is_refused(empty: Database) -> None:
    with pytest.raises(DatabaseError, match="still preparing"):
        await Database.open_read_only(empty.path)


async def test_reading_after_the_end_is_refused_with_a_sentence(database: Database) -> None:
    await database.close()
    with pytest.raises(DatabaseError, match="The database is closed"):
        await records.counties(database)


async def test_reading_beside_the_owner_sees_what_is_committed_and_writes_nothing(database: Database) -> None:
    beside = await Database.open_read_only(database.path)
    await running.remember(database, "name", "first")
    assert await running.setting(beside, "name") == "first"
    await running.remember(database, "name", "second")
    assert await running.setting(beside, "name") == "second"
    with pytest.raises(DatabaseError, match="open for reading only"):
        await running.remember(beside, "name", "third")
    await beside.close()
    assert await running.setting(database, "name") == "second"


async def test_closing_lets_a_process_end(loaded: Path, tmp_path: Path) -> None:
    code = """
from bot.store import records
async def main():
    database = await Database.open(Path(sys.argv[1]))
    beside = await Database.open_read_only(Path(sys.argv[1]))
    print((await records.size(beside))["fact"])
    await database.write(lambda writer: writer.execute("DELETE FROM setting"))
    await beside.close()
    await database.close()
    await database.close()
asyncio.run(main())
"""
    ended = in_process(code, shutil.copy(loaded, tmp_path / "footnote.sqlite3"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 100


async def test_failed_opening_lets_a_process_end(tmp_path: Path) -> None:
    (tmp_path / "photo.sqlite3").write_bytes(b"x" * 5000)
    ended = in_process("asyncio.run(Database.open(Path(sys.argv[1])))", tmp_path / "photo.sqlite3")
    assert ended.returncode == 1
    assert "DatabaseDamagedError: The database" in ended.stderr


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    code = """
import os, signal
from bot.store import running
async def main():
    database = await Database.open(Path(sys.argv[1]))
    await running.remember(database, "name", "kept")
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    assert in_process(code, tmp_path / "killed.sqlite3").returncode == -9
    database = await Database.open(tmp_path / "killed.sqlite3")
    assert await running.setting(database, "name") == "kept"
    await database.close()


# Writes that fail, are cancelled, or are read beside


async def pair(writer: aiosqlite.Connection, text: str, pause: Callable[[], Awaitable[object]]) -> None:
    for page in ("first", "second"):
        await writer.execute(
            "INSERT INTO report (page, reason, text, day) VALUES (?, '', ?, '2026-01-01')", (page, text)
        )
        await pause()


async def test_change_that_fails_is_undone(empty: Database) -> None:
    async def fail() -> None:
        raise RuntimeError("halfway")

    for _ in range(3):
        with pytest.raises(RuntimeError, match="halfway"):
            await empty.write(lambda writer: pair(writer, "x", fail))
    assert await empty.read("SELECT * FROM report") == []
    await running.remember(empty, "next", "works")
    assert await running.setting(empty, "next") == "works"


@pytest.mark.parametrize("whom", ["the caller", "every task"])
async def test_cancelled_writes_are_whole_or_nothing_and_leave_no_transaction_open(whom: str, empty: Database) -> None:
    chance = random.Random(7)
    me = asyncio.current_task()
    cancelled = 0
    for number in range(200):
        task = asyncio.create_task(
            empty.write(lambda writer, text=str(number): pair(writer, text, lambda: asyncio.sleep(0)))  # type: ignore[misc]
        )
        if number % 20 == 0:
            await asyncio.wait([task])
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(chance.choice((0, 0, 0.0001, 0.0005)))
        for victim in {task} if whom == "the caller" else asyncio.all_tasks() - {me}:
            victim.cancel()
        cancelled += isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    await running.remember(empty, "next", "works")
    rows = await empty.read("SELECT count(*) AS n, count(DISTINCT page) AS pages FROM report GROUP BY text")
    assert {(row["n"], row["pages"]) for row in rows} == {(2, 2)}
    assert 0 < cancelled <= 190
    assert len(rows) >= 200 - cancelled
    await assert_whole(empty)


async def test_acknowledged_writes_of_many_at_once_are_all_there(empty: Database) -> None:
    await asyncio.gather(
        *(running.add_report(empty, Report(page=f"p{n}", reason="r", text=""), date(2026, 1, 5)) for n in range(50))
    )
    pages = [row["page"] for row in await empty.read("SELECT page FROM report ORDER BY id")]
    assert pages == [f"p{n}" for n in range(50)]


async def test_reads_during_a_write_see_only_what_is_committed(empty: Database) -> None:
    await empty.write(lambda writer: pair(writer, "before", lambda: asyncio.sleep(0)))
    inside, finish = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        inside.set()
        await finish.wait()

    writing = asyncio.create_task(empty.write(lambda writer: pair(writer, "during", pause)))
    await inside.wait()
    reads = await asyncio.gather(*(empty.read("SELECT text FROM report") for _ in range(1000)))
    assert {tuple(row["text"] for row in rows) for rows in reads} == {("before", "before")}
    finish.set()
    await writing
    reads = await asyncio.gather(*(empty.read("SELECT text FROM report") for _ in range(50)))
    assert {tuple(row["text"] for row in rows) for rows in reads} == {("before", "before", "during", "during")}


async def test_closing_waits_for_a_write_in_flight(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite3")
    writing = asyncio.create_task(database.write(lambda writer: pair(writer, "x", lambda: asyncio.sleep(0.02))))
    await asyncio.sleep(0.01)
    await database.close()
    await writing
    database = await Database.open(tmp_path / "a.sqlite3")
    assert len(await database.read("SELECT * FROM report")) == 2
    await database.close()


async def test_what_comes_while_closing_is_done_or_refused_with_a_sentence(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite3")

    async def use(number: int) -> Any:
        for _ in range(number):
            await asyncio.sleep(0)
        if number % 5:
            return await database.read("SELECT * FROM report")
        return await running.add_report(database, Report(page=f"p{number}", reason="r", text=""), date(2026, 1, 5))

    tasks = [asyncio.create_task(use(number)) for number in range(200)]
    for _ in range(40):
        await asyncio.sleep(0)
    await database.close()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [found for found in done if isinstance(found, BaseException)]
    assert 0 < len(failed) < 200
    assert all(isinstance(error, DatabaseError) and "closed" in str(error) for error in failed)
    acknowledged = [number for number in range(0, 200, 5) if not isinstance(done[number], BaseException)]
    database = await Database.open(database.path)
    kept = [row["page"] for row in await database.read("SELECT page FROM report")]
    assert sorted(kept) == sorted(f"p{number}" for number in acknowledged)
    await database.close()


async def test_whoever_writes_outside_a_transaction_is_heard(empty: Database) -> None:
    before = dict(sqltrace.counted)
    await running.remember(empty, "a", "b")
    assert sqltrace.rules_broken == []
    assert sqltrace.counted["transactions"] == before["transactions"] + 1
    writer = empty._owner()
    await writer.execute("DELETE FROM setting")
    await writer.execute("BEGIN")
    await writer.execute("INSERT OR REPLACE INTO fact (id, key, body) SELECT id, key, body FROM fact")
    await writer.execute("COMMIT")
    told = [text.split(":")[0].split(",")[0] for text in sqltrace.rules_broken]
    assert told == [
        "a write outside a transaction",
        "a transaction that may fail when it first writes",
        "a record that is replaced instead of changed",
    ]
    sqltrace.rules_broken.clear()


# Loading


async def test_second_load_keeps_everything(database: Database, catalog: Catalog) -> None:
    before = await dump(database)
    wanted = list(catalog.records())
    assert await files.load(database, reversed(wanted)) == files.Loaded(kept=len(wanted))
    assert await dump(database) == before
    assert sum((await records.size(database)).values()) == len(wanted)
    await assert_whole(database)


async def test_every_record_comes_back_as_it_was_read(database: Database, catalog: Catalog) -> None:
    rows = await database.read("SELECT id, body FROM fact")
    assert {row["id"]: Fact.model_validate_json(row["body"]) for row in rows} == {
        fact.id: fact for fact in catalog.facts
    }
    assert await records.counties(database) == sorted(catalog.counties, key=lambda county: county.name)
    assert {term.id: term for term in await records.terms(database)} == {term.id: term for term in catalog.terms}
    held = await records.agreements(database)
    assert {record.id: record for record, _ in held} == {record.id: record for record in catalog.agreements}
    for record, sources in held:
        assert {source.id for source in sources} == {c.id for change in record.history for c in change.sources}


async def test_load_reports_what_it_did(empty: Database) -> None:
    one = [source(0), source(1), fact("a"), fact("b"), fact("c"), dispute("d", "a", "b")]
    assert await files.load(empty, one) == files.Loaded(added=6)
    two = [source(0), source(2), fact("a"), fact("b", as_of="2026-02"), dispute("d", "a", "b")]
    done = await files.load(empty, two)
    assert done == files.Loaded(added=1, changed=1, removed=2, kept=3)
    assert str(done) == "1 added, 1 changed, 2 removed, 3 kept"
    assert await files.load(empty, []) == files.Loaded(removed=5)
    assert not any(map(any, await dump(empty)))
    await assert_whole(empty)


DANGLING: dict[str, list[Record]] = {
    "source of a fact": [fact("new", sources=[{"id": "gone"}])],
    "newer fact": [fact("new", superseded_by="gone")],
    "fact of a dispute": [dispute("d", "a", "gone")],
    "fact of an event": [event("e", "2026", facts=["gone"])],
    "fact of a term": [Term(id="t", term="T", fact="gone")],
    "county of an agreement": [
        Agreement.model_validate(
            {
                "id": "g",
                "agency": "A",
                "county": "gone",
                "model": "task-force",
                "history": [{"date": "2026", "status": "signed", "sources": [{"id": "s0"}]}],
            }
        )
    ],
    "fact in two disputes": [fact("b"), dispute("d", "a", "b"), dispute("e", "a", "b")],
}


@pytest.mark.parametrize("flawed", DANGLING.values(), ids=DANGLING)
async def test_load_of_a_broken_record_changes_nothing(flawed: list[Record], empty: Database) -> None:
    await files.load(empty, [source(0), fact("a", "The old statement about badgers."), fact("gone")])
    before = await dump(empty)
    with pytest.raises(sqlite3.IntegrityError):
        await files.load(empty, [source(0), fact("a", "The new statement about otters."), *flawed])
    assert await dump(empty) == before
    assert (await search(empty, "badgers"), await search(empty, "otters")) == ({"a"}, set())
    await assert_whole(empty)


async def test_changed_fact_is_found_by_its_new_words_alone(empty: Database) -> None:
    questions = {"plain": ["Sea cow one?", "Sea cow two?", "Sea cow three?"], "colloquial": ["manatee"]}
    await files.load(empty, [source(0), fact("a", "The old statement about badgers.", places=["Elmton"])])
    assert await search(empty, "badger") == {"a"}
    changed = fact("a", "The new statement about otters.", places=["Oakville"], phrasings=questions)
    await files.load(empty, [source(0), changed])
    for old in ("badgers", "a four"):
        assert await search(empty, old) == set()
    for new in ("otters", "manatee", "sea cow"):
        assert await search(empty, new) == {"a"}
    assert (await records.facts_per_place(empty)) == {"Oakville": 1}
    await files.load(empty, [source(0)])
    assert await search(empty, "otters", "manatee") == set()
    await assert_whole(empty)


async def test_integrity_check_sees_an_index_that_has_drifted(empty: Database) -> None:
    await files.load(empty, [source(0), fact("a")])
    await empty.write(lambda writer: writer.execute("INSERT INTO passage_index (rowid, text) VALUES (99, 'ghost')"))
    with pytest.raises(sqlite3.DatabaseError):
        await assert_whole(empty)


def any_records(chance: random.Random) -> list[Record]:
    """A set of records in order, drawn from few ids so that each load adds, changes, moves and removes some."""
    names = chance.sample([f"f{n}" for n in range(14)], chance.randint(4, 14))
    current, old = names[: len(names) - chance.randint(0, 2)], names[len(names) - chance.randint(0, 2) :]
    old = [name for name in names if name not in current]
    facts = [
        fact(
            name,
            " ".join(chance.choices(WORDS, k=6)) + ".",
            sources=[{"id": f"s{n}"} for n in chance.sample(range(4), chance.randint(1, 4))],
            places=chance.sample(["Elmton", "Oakville", "Elm County"], chance.randint(0, 3)),
            superseded_by=chance.choice(current) if name in old else None,
        )
        for name in names
    ]
    shuffled = chance.sample(current, len(current))
    disputes = []
    for name in chance.sample(["d1", "d2", "d3"], chance.randint(0, 3)):
        taken, shuffled = shuffled[: chance.randint(2, 3)], shuffled[3:]
        disputes += [dispute(name, *taken)] if len(taken) > 1 else []
    happened = [event(f"e{n}", "2026-01", facts=chance.sample(current, 2)) for n in range(chance.randint(0, 2))]
    terms = [Term(id="t", term="T", fact=chance.choice(current))] if chance.random() < 0.5 else []
    found: list[Record] = [*map(source, range(4)), *facts, *disputes, *happened, *terms]
    return chance.sample(found, len(found))


async def test_index_and_links_stay_whole_over_any_row_of_loads(empty: Database, tmp_path: Path) -> None:
    chance = random.Random(20261122)
    held: set[Record] = set()
    for number in range(20):
        wanted = any_records(chance)
        ids = {(type(record), record.id) for record in held}  # type: ignore[attr-defined]
        done = await files.load(empty, wanted)
        kept = held & set(wanted)
        added = [record for record in wanted if (type(record), record.id) not in ids]  # type: ignore[attr-defined]
        assert (done.added, done.kept) == (len(added), len(kept))
        assert done.changed == len(wanted) - len(added) - len(kept)
        assert done.removed == len(held) - done.changed - done.kept
        held = set(wanted)
        await assert_whole(empty)
        current = [record for record in wanted if isinstance(record, Fact) and not record.superseded_by]
        for word in WORDS:
            assert await search(empty, word) == {record.id for record in current if word in record.statement}
        if number % 10 == 9:
            fresh = await Database.open(tmp_path / f"fresh{number}.sqlite3")
            await files.load(fresh, wanted)
            assert await dump(fresh) == await dump(empty)
            await fresh.close()


async def test_fact_moves_from_one_dispute_to_another(empty: Database) -> None:
    facts = [source(0), *(fact(name) for name in "abcde")]
    await files.load(empty, [*facts, dispute("d1", "a", "b"), dispute("d2", "c", "d", "e")])
    for first, second in ((("a", "b", "c"), ("d", "e")), (("d", "b"), ("a", "c", "e")), (("c", "e"), ("a", "b", "d"))):
        await files.load(empty, [*facts, dispute("d2", *second), dispute("d1", *first)])
        for name, ids in (("d1", first), ("d2", second)):
            for fact_id in ids:
                assert [
                    item.dispute.id for item in await records.entries(empty, [fact_id]) if isinstance(item, Disputed)
                ] == [name]
    await files.load(empty, [*facts, dispute("d3", "c", "a")])
    assert len(await records.entries(empty, ["a", "b", "c"])) == 2
    await assert_whole(empty)


# Reading


async def test_superseded_fact_is_kept_never_found_and_answered_by_the_newest(empty: Database) -> None:
    await files.load(
        empty,
        [
            source(0),
            fact("old", "The oldest statement about badgers.", superseded_by="middle", places=["Oakville"]),
            fact("middle", "The middle statement about badgers.", superseded_by="new", places=["Elmton"]),
            fact("new", "The newest statement about badgers.", places=["Elmton"]),
            fact("other", "Another statement about badgers."),
            dispute("d", "new", "other"),
        ],
    )
    assert {row["fact_id"] for row in await empty.read("SELECT fact_id FROM passage")} == {"new", "other"}
    assert await search(empty, "badgers", "old four") == {"new", "other"}
    assert (await records.size(empty))["fact"] == 4
    (whole,) = await records.entries(empty, ["new"])
    for names in (["old"], ["middle"], ["old", "other", "new", "middle"]):
        assert await records.entries(empty, names) == [whole]
    assert await records.facts_with_keys(empty, [key("old"), "gone", key("other"), key("new")]) == ["new", "other"]
    assert await records.entries_about(empty, ["Elmton"]) == [whole]
    assert await records.entries_about(empty, ["Oakville"]) == []
    assert [cited.fact.id for cited in facts_of(await records.entries_from(empty, "s0"))] == ["new", "other"]
    assert await records.facts_per_place(empty) == {"Elmton": 1}
    # A fact that is superseded later leaves the search with the same load.
    await files.load(empty, [source(0), fact("other", "A statement about badgers.", superseded_by="a"), fact("a")])
    assert await search(empty, "badgers") == set()
    await assert_whole(empty)


async def test_entries_keep_the_order_asked_for_and_leave_out_what_is_not_there(empty: Database) -> None:
    names = list("gfedcba")
    await files.load(empty, [source(0), *(fact(name) for name in names), dispute("d", "b", "e")])
    found = await records.entries(empty, ["f", "gone", "e", "a", "b", "f", "' OR 1=1 --"])
    assert [item.fact.id if isinstance(item, Cited) else item.dispute.id for item in found] == ["f", "d", "a"]
    assert await records.entries(empty, []) == []
    assert await records.dispute(empty, "gone") is None


async def test_sources_of_an_entry_stand_in_the_order_of_its_fact(empty: Database) -> None:
    cited = [{"id": "s3"}, {"id": "s0"}, {"id": "s2"}]
    await files.load(empty, [*map(source, range(4)), fact("a", sources=cited)])
    (item,) = await records.entries(empty, ["a"])
    assert isinstance(item, Cited)
    assert [source.id for source in item.sources] == ["s3", "s0", "s2"]


def sides_of(dispute: Dispute) -> list[tuple[str, list[str]]]:
    return sorted(((side.party, list(side.facts)) for side in dispute.sides), key=lambda side: side[0].casefold())


def assert_never_one_side(found: Iterable[Entry | None], disputes: dict[str, Dispute]) -> set[str]:
    """No disputed fact stands alone, and each dispute has every side; returns the facts that were shown."""
    shown: set[str] = set()
    for item in found:
        if isinstance(item, Cited):
            assert item.fact.id not in disputes
            shown.add(item.fact.id)
        elif item is not None:
            assert [(party, [c.fact.id for c in facts]) for party, facts in item.sides] == sides_of(item.dispute)
            assert {disputes[fact_id].id for fact_id in item.dispute.fact_ids()} == {item.dispute.id}
            shown.update(item.dispute.fact_ids())
    return shown


async def test_no_reading_function_gives_one_side_of_a_dispute(
    database: Database, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Checking the same facts again and again would take most of the time.
    for model in (Fact, Dispute, Source):
        monkeypatch.setattr(model, "model_validate_json", functools.cache(model.model_validate_json))

    async def of_events(fact: Fact) -> list[Entry]:
        return [item for _, items in await records.events(database, "1900", "2999", None) for item in items]

    disputes = {fact_id: dispute for dispute in catalog.disputes for fact_id in dispute.fact_ids()}
    facts = {fact.id: fact for fact in catalog.facts}
    cited = Counter(citation.id for fact_id in disputes for citation in facts[fact_id].sources)
    told = {fact_id for event in catalog.events for fact_id in event.facts}

    def widest(fact: Fact) -> str:
        return max((citation.id for citation in fact.sources), key=lambda source_id: (cited[source_id], source_id))

    # For each function that gives entries: how a fact is reached through it, and by which of its details.
    ways: dict[Callable[..., Any], tuple[Callable[[Fact], Awaitable[Any]], Callable[[Fact], object]]] = {
        records.entries: (lambda fact: records.entries(database, [fact.id]), lambda fact: fact.id),
        records.entries_in: (
            lambda fact: records.entries_in(database, Guide(id="g", title="G", facts=(fact.id,))),
            lambda fact: disputes[fact.id].id,
        ),
        records.entries_about: (
            lambda fact: records.entries_about(database, fact.places[:1]),
            lambda fact: fact.places[:1],
        ),
        records.entries_from: (
            lambda fact: records.entries_from(database, widest(fact)),
            lambda fact: widest(fact),
        ),
        records.events: (of_events, lambda fact: fact.id in told),
        records.dispute: (
            lambda fact: records.dispute(database, disputes[fact.id].id),
            lambda fact: disputes[fact.id].id,
        ),
    }
    public = {function for name, function in inspect.getmembers(records, inspect.iscoroutinefunction) if name[0] != "_"}
    giving = {
        function
        for function in public
        if re.search(r"\b(Cited|Disputed|Fact)\b", str(typing.get_type_hints(function)["return"]))
    }
    assert giving == set(ways), "a function that gives entries needs a line above"
    assert len(disputes) > 50
    for read, detail in ways.values():
        found: dict[object, set[str]] = {}
        for fact_id in disputes:
            fact = facts[fact_id]
            if detail(fact) in {(), False}:
                continue
            if detail(fact) not in found:
                result = await read(fact)
                found[detail(fact)] = assert_never_one_side(result if isinstance(result, list) else [result], disputes)
            assert fact_id in found[detail(fact)]
        assert found


async def test_entries_of_everything_are_every_current_fact_once(database: Database, catalog: Catalog) -> None:
    found = await records.entries(database, [fact.id for fact in catalog.facts])
    current = sorted(fact.id for fact in catalog.facts if not fact.superseded_by)
    assert sorted(cited.fact.id for cited in facts_of(found)) == current
    assert len([item for item in found if isinstance(item, Disputed)]) == len(catalog.disputes)


# Days


def first(fuzzy: str) -> date:
    return date.fromisoformat(fuzzy + "-01-01"[len(fuzzy) - 4 :])


def last(fuzzy: str) -> date:
    year, month, day = ([int(part) for part in fuzzy.split("-")] + [0, 0])[:3]
    return date(year, month or 12, day or calendar.monthrange(year, month or 12)[1])


SPANS = (
    ("2025", None),
    ("2025-12-31", None),
    ("2026-01-01", None),
    ("2026-01", None),
    ("2026-01-31", None),
    ("2026-02-01", None),
    ("2026-02-28", None),
    ("2026", None),
    ("2025-12-01", "2026-02"),
    ("2026-01-07", "2026-01-09"),
    ("2026-01-15", "2026-01"),
    ("2025-11", "2026"),
    ("2027-01", None),
)
DAYS = (
    *("2025", "2026", "2027", "2025-12", "2026-01", "2026-02", "2026-12", "2025-12-31", "2026-01-01", "2026-01-08"),
    *("2026-01-09", "2026-01-10", "2026-01-31", "2026-02-01", "2026-02-28", "2026-12-31", "2027-01-01"),
)


async def test_events_are_those_that_touch_the_days_asked_for(empty: Database) -> None:
    happened = [event(f"e{number}", day, until) for number, (day, until) in enumerate(SPANS)]
    await files.load(empty, [source(0), fact("a"), *happened])
    for start in DAYS:
        for end in DAYS:
            if last(end) < first(start):
                continue
            touching = {
                e.id for e in happened if first(e.date) <= last(end) and last(e.until or e.date) >= first(start)
            }
            found = await records.events(empty, start, end, None)
            assert {e.id for e, _ in found} == touching, (start, end)
            assert [e.date for e, _ in found] == sorted(e.date for e, _ in found)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-01", "2026-01", {"start", "month", "end"}),
        ("2026-01-31", "2026-02-01", {"month", "end", "next"}),
        ("2026-02-01", "2026", {"next"}),
        ("2025", "2025", set()),
        ("1900", "2999", {"start", "month", "end", "next"}),
    ],
)
async def test_ends_of_a_span_belong_to_it(start: str, end: str, expected: set[str], empty: Database) -> None:
    days = {"start": "2026-01-01", "month": "2026-01", "end": "2026-01-31", "next": "2026-02-01"}
    await files.load(empty, [source(0), fact("a"), *(event(name, day) for name, day in days.items())])
    assert {e.id for e, _ in await records.events(empty, start, end, None)} == expected
    assert {e.id for e, _ in await records.events(empty, start, end, "jails")} == expected
    assert await records.events(empty, start, end, "courts") == []


async def test_newest_day_is_the_newest_of_any_fact(empty: Database) -> None:
    assert await records.newest(empty) is None
    await files.load(empty, [source(0), fact("a", as_of="2025-12-31"), fact("b", as_of="2026-01-05")])
    assert await records.newest(empty) == "2026-01-05"


async def test_reading_list_names_a_dispute_once_and_keeps_its_order(empty: Database) -> None:
    names = list("abcdef")
    await files.load(empty, [source(0), *map(fact, names), dispute("d1", "a", "b"), dispute("d2", "c", "d")])
    guide = Guide(id="g", title="G", facts=("f", "b", "a", "e", "gone"), disputes=("d2", "d1", "gone"))
    found = await records.entries_in(empty, guide)
    assert [item.fact.id if isinstance(item, Cited) else item.dispute.id for item in found] == ["f", "d1", "e", "d2"]


async def test_facts_about_places_are_all_that_name_one_of_them_newest_first(
    database: Database, catalog: Catalog
) -> None:
    asked = ["Hennepin County", "Minneapolis"]
    found = await records.entries_about(database, asked)
    alone = [item.fact for item in found if isinstance(item, Cited)]
    sided = {fact_id for dispute in catalog.disputes for fact_id in dispute.fact_ids()}
    assert len(alone) > 10
    assert {fact.id for fact in alone} == {
        fact.id
        for fact in catalog.facts
        if {*asked} & {*fact.places} and not fact.superseded_by and fact.id not in sided
    }
    assert [fact.as_of for fact in alone] == sorted((fact.as_of for fact in alone), reverse=True)


async def test_words_find_facts_and_a_fact_scores_as_its_best_passage(empty: Database) -> None:
    law = fact("a", "The jail writes of badgers.", places=["Elmton", "Elm County"], jurisdiction="city")
    none = fact("b", "Nothing is written of otters.", kind="record-says-none")
    await files.load(empty, [source(0), law, none])
    assert (await index.match(empty, [["badgers", "otters"]])).keys() == {"a", "b"}
    both = await index.match(empty, [["badgers"], ["jail"]])
    assert both["a"] > (await index.match(empty, [["badgers"]]))["a"] > 0
    assert await index.match(empty, [["sea cow"]]) == {}
    assert await index.match(empty, []) == {}


async def test_documents_are_the_current_facts_as_a_search_reads_them(empty: Database) -> None:
    law = fact("a", "The jail writes of badgers.", places=["Elmton", "Elm County"], jurisdiction="city")
    other = fact("b", "Nothing is written of otters.", kind="record-says-none")
    old = fact("c", "Nothing was written of otters.", superseded_by="b")
    await files.load(empty, [source(0), law, other, old, dispute("d", "a", "b")])
    first, second = await index.documents(empty)
    assert (first.id, first.kind, first.dispute) == ("a", Kind.LAW, "d")
    assert first.places == {"Elmton", "Elm County"}
    assert first.passages() == (law.statement, *law.phrasings.all())
    assert (second.id, second.kind) == ("b", Kind.NONE)


async def test_vectors_are_kept_while_their_text_and_their_engine_are_there(empty: Database) -> None:
    await keep_vectors(empty, "one", {b"a": b"1", b"b": b"2"}, {b"a", b"b"})
    assert await vectors(empty, "one") == {b"a": b"1", b"b": b"2"}
    assert await vectors(empty, "two") == {}
    await keep_vectors(empty, "one", {b"c": b"3"}, {b"b", b"c"})
    assert await vectors(empty, "one") == {b"b": b"2", b"c": b"3"}
    await keep_vectors(empty, "two", {b"c": b"4"}, {b"c"})
    assert await vectors(empty, "one") == {}
    assert await vectors(empty, "two") == {b"c": b"4"}


async def test_no_word_is_an_operator_of_the_search(empty: Database) -> None:
    await files.load(empty, [source(0), fact("zebra")])
    hostile = [
        '"',
        "'",
        "*",
        "fact_id:a",
        "a AND",
        "NOT",
        "NEAR(a b)",
        "(",
        "q^",
        "{text}: a",
        "-",
        "\0",
        "",
        "é" * 5000,
    ]
    for text in hostile:
        assert await index.match(empty, [[text]]) == {}, text
        assert await search(empty, text, "jail") == {"zebra"}, text
