"""What one process holds on one core: memory, replies a second, and what an import keeps waiting.

`python -m tests.bench.capacity TIMES FOLDER`, twice, measures with the record as it is or with many times the facts.
"""

import asyncio
import dataclasses
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import discord
import simcord

from bot import answers, app, backups, rounds
from bot.app import Footnote, create_bot
from bot.catalog import Catalog, load_catalog
from bot.config import Settings
from bot.limits import Limits
from bot.models import Change, Purpose, Ref, body_of
from bot.search.vectors import read_vectors
from bot.store import proposals, records, revisions
from tests.bench import questions
from tests.bench.reply import ping
from tests.bench.scale import many
from tests.bench.world import DATA, World
from tests.load.run import memory, wait_patiently

TIMES = (1, 10)
# For how long replies are counted, how many are asked for at once, and how many records an import changes at most.
SECONDS = 15
AT_ONCE = 8
CHANGES = 300


async def run(_: World) -> None:
    """Measure at each size, in processes that have one core: one fills a database, the next starts on it."""
    for times in TIMES:
        with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
            for _part in range(2):
                command = [sys.executable, "-m", "tests.bench.capacity", str(times), folder]
                await asyncio.to_thread(subprocess.run, command, check=True)


def lengthened(times: int) -> Catalog:
    """The record with so many times as many facts, and the vectors of all texts in place of those in the file."""
    catalog = load_catalog(DATA)
    if times == 1:
        return catalog
    encoder = answers.load_encoder()
    if encoder is None:
        raise SystemExit("This machine cannot run the model.")
    kept = read_vectors(DATA / answers.VECTORS, encoder.version)
    encoder.close()
    own = [fact for fact in catalog.facts if not fact.superseded_by]
    more, rows = many(own, (times - 1) * len(catalog.facts), kept)
    setattr(answers, "read_vectors", lambda *_: {**kept, **rows})  # noqa: B010 - as below
    return dataclasses.replace(catalog, facts=(*catalog.facts, *more))


async def measure(times: int, folder: Path) -> None:
    """Fill a database with a record so many times as long or, when there is one, print what the bot manages with it."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    catalog = lengthened(times)
    setattr(app, "load_catalog", lambda _: catalog)  # noqa: B010 - mypy knows it as a name that is not exported
    settings = Settings(database_path=folder / "capacity.sqlite3")
    filled = settings.database_path.exists()
    bot = create_bot(settings)
    if not filled:
        async with bot:
            await bot.prepare()
            await bot.reading
        return
    bot.shard_count = 1
    bot.limits = Limits({})
    bot.tree.add_command(ping)
    rounds.TICK, backups.TICK = 3600, 10**9  # the simulator waits for what the bot does by the clock
    env = simcord.Env(bot, check_errors=False, settle_timeout=120.0)
    wait_patiently(env)
    start = time.perf_counter()
    try:
        await env.start()
        await bot.tree.sync()  # of the bare command as well
        await bot.reading
        print(
            f"{len(catalog.facts):6,} facts: started in {time.perf_counter() - start:.1f} s, "
            f"{memory():.0f} MB of memory with the simulator and {times} times the files, "
            f"a database of {settings.database_path.stat().st_size / 1e6:.0f} MB",
            flush=True,
        )
        await replies(env, bot)
        await importing(bot)
    finally:
        await env.shutdown()
        await bot.close()


async def replies(env: simcord.Env, bot: Footnote) -> None:
    """Count the replies of some seconds, of each kind alone."""
    guild = env.create_guild("Community")
    channel = guild.create_text_channel("general")
    people = [guild.add_member(env.create_user(f"p{number}")) for number in range(AT_ONCE)]
    asked = itertools.cycle(question.text[:300] for question in questions.read("tuned", load_catalog(DATA)))
    counties = itertools.cycle(county.name for county in bot.catalog.counties)
    store: Any = bot._connection._view_store
    opened: list[Any] = []
    add = store.add_view

    def add_view(view: Any, *rest: Any) -> None:
        opened.append(view)
        add(view, *rest)

    store.add_view = add_view
    kinds: dict[str, Callable[[simcord.MemberActor], Awaitable[Any]]] = {
        "ping": lambda who: who.slash(channel, "ping", question="x"),
        "ask": lambda who: who.slash(channel, "ask", question=next(asked)),
        "county": lambda who: who.slash(channel, "county", name=next(counties)),
    }
    for name, act in kinds.items():
        took: list[float] = []
        end = time.perf_counter() + SECONDS
        own = time.process_time()
        while (at := time.perf_counter()) < end:
            await act(people[len(took) % AT_ONCE])
            took.append(time.perf_counter() - at)
            while opened:  # the simulator looks at every button that waits, before each reply
                opened.pop().stop()
        own = time.process_time() - own
        print(
            f"       /{name:6} {len(took) / SECONDS:5.0f} a second, "
            f"{own / len(took) * 1000:5.1f} ms of processor time each, {spread(took)}",
            flush=True,
        )


async def importing(bot: Footnote) -> None:
    """Read, while an import of as many changes as are allowed is proposed and published."""
    facts = [fact for fact in bot.catalog.facts if not fact.superseded_by][:CHANGES]
    heads = await revisions.heads(bot.database.read, [Ref("fact", fact.id) for fact in facts])
    changes = [
        Change(
            Ref("fact", fact.id),
            body_of(fact.model_copy(update={"statement": f"{fact.statement[:250]} Amended."})),
            heads[Ref("fact", fact.id)].number,
        )
        for fact in facts
    ]
    reads: list[float] = []
    beats: list[float] = []

    async def read() -> None:
        for number in itertools.count():
            at = time.perf_counter()
            await records.entries(bot.database, [facts[number % len(facts)].id])
            reads.append(time.perf_counter() - at)

    async def beat() -> None:
        while True:
            at = time.perf_counter()
            await asyncio.sleep(0.01)
            beats.append(time.perf_counter() - at - 0.01)

    busy = [asyncio.create_task(read()), asyncio.create_task(beat())]
    await asyncio.sleep(1)
    print(f"       reads beside nothing: {spread(reads)}; the loop kept {spread(beats)}", flush=True)
    reads.clear()
    beats.clear()
    start = time.perf_counter()
    now = discord.utils.utcnow()
    found = await proposals.add(bot.database, Purpose.IMPORT, changes, "Measured.", 1, 1, now)
    await proposals.publish(bot.database, found.id, 1, 2, 2, now, bot.flaws)
    print(
        f"       reads beside an import of {len(changes)} changes ({time.perf_counter() - start:.1f} s): "
        f"{spread(reads)}; the loop kept {spread(beats)}",
        flush=True,
    )
    for task in busy:
        task.cancel()
    await asyncio.wait(busy)


def spread(seconds: list[float]) -> str:
    """The median, the 99th percentile and the longest, in milliseconds."""
    if len(seconds) < 2:
        return "never"
    middle, most = statistics.median(seconds) * 1000, max(seconds) * 1000
    return (
        f"{middle:.1f} ms median, {statistics.quantiles(seconds, n=100)[98] * 1000:.1f} ms p99, {most:.0f} ms at most"
    )


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]), Path(sys.argv[2])))
