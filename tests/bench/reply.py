"""From a question to the reply, through the real bot, beside a bare command that replies "pong"."""

import asyncio
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import discord
import simcord
from discord import app_commands

from bot import backups, responses, rounds
from bot.app import Footnote, create_bot
from bot.config import Settings
from bot.limits import Limits
from tests.bench import questions
from tests.bench.world import World

ROUNDS = 200
AT_ONCE = 50


@app_commands.command(description="The least that a command can do")
async def ping(interaction: discord.Interaction[Any], question: str) -> None:
    """Reply with one word."""
    # By the bot's own way of answering, so that the timer ends for which the simulator would wait.
    await responses.send(interaction, "pong")


async def run(world: World) -> None:
    """Alternate the two, so that both meet the same noise, and print what each reply took."""
    asked = [question.text[:300] for question in questions.read("tuned", world.catalog)]
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        bot = create_bot(Settings(database_path=Path(folder) / "reply.sqlite3"))
        bot.shard_count = 1
        bot.limits = Limits({})  # one person asks hundreds of questions
        bot.tree.add_command(ping)
        # The simulator waits for what the bot does by the clock.
        rounds.TICK, backups.TICK = 3600, 10**9
        env = simcord.Env(bot, check_errors=False, settle_timeout=30.0)
        try:
            await env.start()
            await bot.reading
            await alternate(env, asked[:ROUNDS])
            await at_once(bot, asked[:AT_ONCE])
        finally:
            await env.shutdown()
            await bot.close()
    print(f"memory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, simulator included")


async def alternate(env: simcord.Env, asked: list[str]) -> None:
    """Ask and ping in turn; print both, and their difference pair by pair."""
    guild = env.create_guild("Community")
    channel, ana = guild.create_text_channel("general"), guild.add_member(env.create_user("ana"))
    took: dict[str, list[tuple[float, float]]] = {"ask": [], "ping": []}
    for text in asked:
        for name, times in took.items():
            wall, own = time.perf_counter(), time.process_time()
            await ana.slash(channel, name, question=text)
            times.append((time.perf_counter() - wall, time.process_time() - own))
    for name, times in took.items():
        walls, owns = [wall * 1000 for wall, _ in times], [own * 1000 for _, own in times]
        slowest = statistics.quantiles(walls, n=100)[98]
        print(
            f"/{name:5} {len(times)} replies: {statistics.median(walls):.1f} ms median, {slowest:.1f} ms p99, "
            f"{statistics.median(owns):.1f} ms of processor time"
        )
    pairs = list(zip(took["ask"], took["ping"], strict=True))
    print(
        f"/ask takes {statistics.median((a[1] - b[1]) * 1000 for a, b in pairs):.1f} ms of processor time more than "
        f"/ping, {statistics.median(a[1] / b[1] for a, b in pairs):.1f} times as much"
    )


async def at_once(bot: Footnote, asked: list[str]) -> None:
    """Ask many questions at once, and print how late a heartbeat of the event loop comes meanwhile."""
    late: list[float] = []

    async def beat() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.01)
            late.append(time.perf_counter() - start - 0.01)

    heart = asyncio.create_task(beat())
    start = time.perf_counter()
    await asyncio.gather(*(bot.search.ask(text) for text in asked))
    seconds = time.perf_counter() - start
    heart.cancel()
    print(f"{len(asked)} questions at once: {seconds:.2f} s, a heartbeat at most {max(late) * 1000:.0f} ms late")
