"""`python -m bot demo`: the real bot in a local browser page that looks like Discord, with no token.

SimCord stands in for Discord and serves the page on this machine alone.
"""

import asyncio
import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import discord
import simcord

from bot.app import Footnote, create_bot
from bot.config import Settings, StartError
from bot.models import Moderation
from bot.store import running

WELCOME = (
    "This is Footnote's demo: the real bot, its real record, and a Discord that runs on this machine alone. Type /ask "
    "and a question, or / for all commands. Switch between Ana (a member), Max and Mia (moderators) and Ola (an "
    "organizer) above: a private reply is seen only by whoever asked. Max proposes with /fact edit; Mia approves what "
    "then appears here."
)


# Seconds between ticks of the simulated clock. The page refuses what is pressed during a tick, so they are few.
TICK = 5.0


async def demo(settings: Settings, port: int) -> None:
    """Serve the page until Ctrl-C. Raises StartError when it cannot be served."""
    with tempfile.TemporaryDirectory(prefix="footnote-demo-") as folder:
        # A database of its own: the demo never touches the one of a bot that runs for real.
        bot = create_bot(settings.model_copy(update={"database_path": Path(folder) / "demo.sqlite3"}))
        env = simcord.Env(bot, check_errors=False, settle_timeout=10.0, shard_count=1)
        env.backend.bot_user.name = "Footnote"
        # The simulated clock starts in January 2026; people expect today.
        env.backend.clock._epoch = datetime.now(UTC)
        try:
            await env.start()
            with env.time_context():
                await _serve(env, bot, port)
        finally:
            await env.shutdown()
            await bot.close()


async def _serve(env: simcord.Env, bot: Footnote, port: int) -> None:
    guild = env.create_guild("Community")
    general = guild.create_text_channel("general")
    guild.create_text_channel("organizers")
    moderator = guild.create_role("Moderator", permissions=discord.Permissions(manage_messages=True))
    approver = guild.create_role("Approver", permissions=discord.Permissions(manage_messages=True))
    organizer = guild.create_role("Organizer", permissions=discord.Permissions(pin_messages=True, manage_messages=True))
    ana = guild.add_member(env.create_user("Ana"))
    viewers = [
        ana,
        guild.add_member(env.create_user("Max"), roles=[moderator]),
        guild.add_member(env.create_user("Mia"), roles=[approver]),
        guild.add_member(env.create_user("Ola"), roles=[organizer]),
    ]
    bot.settings = bot.settings.model_copy(update={"home_server": guild.id})
    # The page shows one channel, so reviews appear in it too; a real server has a channel for them.
    chosen = Moderation(propose=(moderator.id,), approve=(approver.id,), summarize=(organizer.id,), channel=general.id)
    await running.set_moderation(bot.database, guild.id, chosen)
    await ana.send(general, WELCOME)
    try:
        preview = env.preview(general, viewers=viewers, layout="channel", port=port)
        await preview.__aenter__()
    except simcord.SetupError:
        raise StartError(f"Port {port} cannot be used: choose another, as in make demo PORT=8100.") from None
    try:
        print(f"Footnote's demo is at {preview.url} (Ctrl-C ends it)", flush=True)
        ticker = asyncio.create_task(_tick(env, preview))
        try:
            await preview.wait_closed()
        finally:
            ticker.cancel()
    finally:
        await preview.__aexit__(None, None, None)


async def _tick(env: simcord.Env, preview: simcord.Preview) -> None:
    """Let simulated time pass; without this, nothing that waits would ever happen."""
    while True:
        await asyncio.sleep(TICK)
        requests = len(env.http_requests)
        # A browser's action is running: the next tick will do.
        with contextlib.suppress(simcord.SetupError):
            await env.advance_time(TICK)
            if len(env.http_requests) > requests:
                await preview.refresh()
