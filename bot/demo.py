"""`python -m bot demo`: the real bot in a local browser page that looks like Discord, with no token.

SimCord stands in for Discord and serves the page on this machine alone.
"""

import asyncio
import contextlib
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import simcord

from bot.app import Footnote, create_bot
from bot.catalog import Catalog, load_catalog
from bot.config import Settings, StartError
from bot.models import Kind, Moderation
from bot.store import Database, files, running

WELCOME = (
    "This is Footnote's demo: the real bot, its real record, and a Discord that runs on this machine alone. Type /ask "
    "and a question, or / for all commands. Switch between Ana (a member), Max and Mia (moderators) and Ola (an "
    "organizer) above: a private reply is seen only by whoever asked. Max proposes with /fact edit; Mia approves what "
    "then appears here. The pinned summary is what Ola's server gets every morning: /summary."
)
# Statements that the demo lets come in overnight, besides a dispute, so that its summary has something to tell.
OVERNIGHT = 3


# Seconds between ticks of the simulated clock. The page refuses what is pressed during a tick, so they are few.
TICK = 5.0


async def demo(settings: Settings, port: int) -> None:
    """Serve the page until Ctrl-C. Raises StartError when it cannot be served."""
    _refuse_taken(port)
    with tempfile.TemporaryDirectory(prefix="footnote-demo-") as folder:
        # A database of its own: the demo never touches the one of a bot that runs for real.
        path = Path(folder) / "demo.sqlite3"
        await _yesterday(path, load_catalog(settings.data_path))
        bot = create_bot(settings.model_copy(update={"database_path": path, "backup_path": None}))
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


def _refuse_taken(port: int) -> None:
    """Say that a port is taken before the record is read, not after."""
    try:
        # As the page's own server does it, so that a port which was free a moment ago is no taken one.
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        raise StartError(f"Port {port} cannot be used: choose another, as in make demo PORT=8100.") from None


async def _yesterday(path: Path, catalog: Catalog) -> None:
    """Fill a database with the record as if its newest statements had not been in it yesterday."""
    database = await Database.open(path)
    try:
        named = {name for event in catalog.events for name in event.facts}
        named |= {name for dispute in catalog.disputes for name in dispute.fact_ids()}
        named |= {term.fact for term in catalog.terms} | {fact.superseded_by or "" for fact in catalog.facts}
        free = sorted((f for f in catalog.facts if f.id not in named), key=lambda f: (f.as_of, f.id))
        newest = sorted({f.topic: f for f in free if f.kind is not Kind.NONE}.values(), key=lambda f: f.as_of)
        moved = sorted(catalog.disputes, key=lambda d: (len(d.fact_ids()), d.id))[:1]
        late = [*newest[-OVERNIGHT:], *(d for d in moved if all(a.dispute != d.id for a in catalog.agreements))]
        await files.load(
            database, [r for r in catalog.records() if r not in late], at=datetime.now(UTC) - timedelta(days=2)
        )
    finally:
        await database.close()


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
    ola = viewers[-1]
    await ola.slash(general, "summary schedule", time="09:00")
    await ola.slash(general, "summary post")
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
