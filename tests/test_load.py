"""The load of `python -m tests.load`, for some seconds: it holds, and it sees what does not."""

import asyncio
import os
import sqlite3
import time
from pathlib import Path
from time import perf_counter

import pytest

from bot import answers, errors
from bot.cards import Card
from bot.config import Settings
from bot.models import Ref
from bot.posting import Posts
from bot.store import Database, files
from tests.load import delays
from tests.load.ledger import Ledger
from tests.load.run import Load, Plan
from tests.test_catalog import folder
from tests.test_store import fact, source

LONG = bool(os.environ.get("FOOTNOTE_CAMPAIGN"))
QUESTIONS = ["What is an ICE detainer?", "how many peple did ICE arest in minesota", "¿Qué es un detainer?", "otters?"]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A load of a small record, whose days, restarts and faults come thick and fast."""
    settings = Settings(data_path=folder(tmp_path, {}), database_path=tmp_path / "load.sqlite3")
    return Load(
        settings,
        Plan(10, pace=10_000, rate=0.1, slow=0.02, lag=60, restart=25, hours=8, steps=20_000 if LONG else 60),
        QUESTIONS,
    )


@pytest.mark.campaign
async def test_under_load_with_faults_everybody_is_answered_and_nothing_is_lost(load: Load) -> None:
    assert await load.run()
    assert load.counts.interactions > 60
    assert load.counts.restarts == load.plan.steps // 25
    assert load.ledger.edits
    assert load.due
    assert sum(load.wire.faults.values()) > 5


async def test_the_load_sees_what_fails_who_is_not_answered_and_what_is_posted_twice(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> None:
        pass

    async def fail(*_: object) -> None:
        raise RuntimeError("sabotage")

    async def twice(posts: Posts, channel: int, card: Card, nonce: str) -> int:
        await send(posts, channel, card, nonce)
        return await send(posts, channel, card, nonce)

    send = Posts.send
    monkeypatch.setattr(errors, "report", silent)
    monkeypatch.setattr(answers, "answer", fail)
    monkeypatch.setattr(Posts, "send", twice)
    load.plan.rate, load.plan.steps = 0, 10
    assert not await load.run()
    assert "RuntimeError" in str(load.counts.errors)
    assert "ask" in str(load.counts.unanswered)
    assert load.doubled()


async def test_the_delays_see_who_waited_and_a_loop_that_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = delays.Delays(on=True)
    ended = found.watch()
    await asyncio.sleep(2 * delays.EVERY)
    time.sleep(0.3)  # noqa: ASYNC251 - this is what keeps a loop
    await asyncio.sleep(0)
    ended.set()
    assert delays.share(found.lags, 1) > delays.LAG
    found.begin(1, "ask")
    found.begin(2, "about")
    monkeypatch.setattr(delays, "perf_counter", lambda: perf_counter() + 4)
    found.arrived(1, first=True, promise=True)
    assert (found.late, found.answered) == (1, [])
    found.arrived(1, first=False, promise=False)
    found.arrived(2, first=True, promise=False)
    found.arrived(3, first=True, promise=False)
    assert (found.late, len(found.acknowledged), len(found.answered)) == (2, 2, 1)


async def test_the_ledger_sees_what_is_lost_torn_and_unsound(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite3")
    await files.load(database, [source(0), fact("a")])
    await database.close()
    ledger = Ledger(database.path)
    assert (ledger.lost(), ledger.unsound()) == ([], [])
    ledger.told(7, "published", "otters")
    ledger.told(8, "sent")
    ledger.reports.add("A report.")
    with sqlite3.connect(database.path) as raw:
        raw.execute("UPDATE fact SET body = json_set(body, '$.statement', 'Nobody edited this.')")
        raw.execute("INSERT INTO passage_index (rowid, text) VALUES (99, 'ghost')")
    raw.close()
    assert ledger.lost() == [
        "proposal 7 was published, and is None",
        "proposal 8 was sent, and is None",
        "a report is gone: A report.",
        f"{Ref('fact', 'a')} is not as its newest version says",
    ]
    assert ledger.unsound()
