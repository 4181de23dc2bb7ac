"""What readers notice of an import of 5,000 rows beside 20,000 facts: how long a read takes, how late the loop is."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bot.models import Fact
from bot.store import Database, files, index, records
from tests.bench import questions
from tests.bench.world import World

HELD = 20_000
NEW = 5_000
# Seconds between two reads, and between two looks at the loop.
PAUSE, TURN = 0.01, 0.002


def copies(facts: Sequence[Fact], first: int, count: int) -> list[Fact]:
    """So many facts, no two the same: the record's own again and again."""
    found = []
    for number in range(first, first + count):
        fact = facts[number % len(facts)]
        changes = {"id": f"f{number}", "statement": f"{fact.statement[:270]} ({number}).", "superseded_by": None}
        found.append(fact.model_copy(update=changes))
    return found


async def measured(database: Database, asked: Sequence[Sequence[Sequence[str]]], over: Callable[[], bool]) -> None:
    """Find facts by words, and read facts whole, over and over, and print how long that takes."""
    found: list[float] = []
    read: list[float] = []
    late: list[float] = []

    async def turn() -> None:
        while not over():
            start = time.perf_counter()
            await asyncio.sleep(TURN)
            late.append(time.perf_counter() - start - TURN)

    async def timed(seconds: list[float], work: Awaitable[object]) -> None:
        start = time.perf_counter()
        await work
        seconds.append(time.perf_counter() - start)

    turning = asyncio.create_task(turn())
    while not over():
        number = len(read)
        await timed(read, records.entries(database, [f"f{number * step % HELD}" for step in (7, 11, 13)]))
        await asyncio.sleep(PAUSE)
        await timed(found, index.match(database, asked[number % len(asked)]))
        await asyncio.sleep(PAUSE)
    await turning
    for name, seconds in {"three facts read": read, "facts found by words": found, "the loop is late": late}.items():
        seconds.sort()
        middle, most, worst = (seconds[int((len(seconds) - 1) * share)] * 1000 for share in (0.5, 0.99, 1))
        print(f"  {name:20} {middle:6.1f} ms median, {most:6.1f} ms p99, {worst:6.1f} ms at most", flush=True)


async def run(world: World) -> None:
    """Print how long reads take while nothing else happens, and during the import."""
    lexicon = (await world.search(by_meaning=False)).knowledge.lexicon
    read = (lexicon.read(question.text) for question in questions.read("tuned", world.catalog))
    asked = [query.groups for query in read if query.groups][:300]
    held = copies(world.catalog.facts, 0, HELD)
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        database = await Database.open(Path(folder) / "importing.sqlite3")
        try:
            there = [*world.catalog.sources, *held]
            await files.load(database, there)
            end = time.monotonic() + 10
            print(f"Beside {HELD:,} facts, alone:")
            await measured(database, asked, lambda: time.monotonic() > end)
            more = [*there, *copies(world.catalog.facts, HELD, NEW)]
            start = time.perf_counter()
            begun: asyncio.Task[Any] = asyncio.create_task(files.load(database, more))
            print(f"During an import of {NEW:,} more:")
            await measured(database, asked, begun.done)
            await begun
            print(f"  it took {time.perf_counter() - start:.0f} s")
        finally:
            await database.close()
