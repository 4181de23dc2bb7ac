"""From a question to the reply, through the real bot, beside a bare discord.py command that replies "pong"."""

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
from discord.ext import commands

from bot.app import create_bot
from bot.config import Settings
from tests.bench import questions
from tests.bench.world import World

ROUNDS = 200
AT_ONCE = 50


def bare_bot() -> commands.Bot:
    """The least that discord.py can do: one command, one word."""
    bot = commands.Bot(command_prefix=commands.when_mentioned, intents=discord.Intents(guilds=True))

    @bot.tree.command(name="ping", description="Reply with one word")
    @app_commands.describe(question="Ignored")
    async def ping(interaction: discord.Interaction[Any], question: str) -> None:
        await interaction.response.send_message("pong", ephemeral=True)

    return bot


async def started(bot: Any) -> tuple[simcord.Env, Any, Any]:
    """A simulated Discord with this bot in it, somebody who asks, and a channel."""
    env = simcord.Env(bot, check_errors=False, settle_timeout=30.0)
    await env.start()
    guild = env.create_guild("Community")
    return env, guild.add_member(env.create_user("ana")), guild.create_text_channel("general")


async def run(world: World) -> None:
    """Alternate the two, so that both meet the same noise, and print what each reply took."""
    asked = [question.text[:300] for question in questions.read("tuned", world.catalog)][:ROUNDS]
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        bot = create_bot(Settings(database_path=Path(folder) / "reply.sqlite3"))
        bot.shard_count = 1
        real, ana, general = await started(bot)
        await bot.reading
        bare, ben, lobby = await started(bare_bot())
        took: dict[str, list[tuple[float, float]]] = {"/ask": [], "pong": []}
        for text in asked:
            for name, member, channel, command in (("/ask", ana, general, "ask"), ("pong", ben, lobby, "ping")):
                wall, own = time.perf_counter(), time.process_time()
                await member.slash(channel, command, question=text)
                took[name].append((time.perf_counter() - wall, time.process_time() - own))
        for name, times in took.items():
            walls, owns = [wall * 1000 for wall, _ in times], [own * 1000 for _, own in times]
            slowest = statistics.quantiles(walls, n=100)[98]
            print(
                f"{name:6} {len(times)} replies: {statistics.median(walls):.1f} ms median, {slowest:.1f} ms p99, "
                f"{statistics.median(owns):.1f} ms of processor time"
            )
        ratio = statistics.median(a[1] - b[1] for a, b in zip(took["/ask"], took["pong"], strict=True))
        print(f"/ask takes {ratio:.1f} ms of processor time more than pong")
        await at_once(bot, asked[:AT_ONCE])
        print(f"memory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        for env, its_bot in ((real, bot), (bare, bare.bot)):
            await env.shutdown()
            await its_bot.close()


async def at_once(bot: Any, asked: list[str]) -> None:
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
