"""The real record, a database made of it once, and the real bot on SimCord."""

import asyncio
import functools
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot import app
from bot.app import Footnote, create_bot
from bot.catalog import Catalog, load_catalog
from bot.config import ROOT, Settings
from bot.store import Database, records

DATA = Path(os.environ.get("FOOTNOTE_TEST_DATA", ROOT / "data"))
load_once = functools.cache(load_catalog)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The real data folder, read once."""
    return load_once(DATA)


@pytest.fixture(scope="session")
def loaded(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that holds the whole record, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "footnote.sqlite3"

    async def fill() -> None:
        database = await Database.open(path)
        await records.load(database, catalog.records())
        await database.close()

    asyncio.run(fill())
    return path


@pytest.fixture
def settings(loaded: Path, tmp_path: Path) -> Settings:
    """Settings with a database of the test's own."""
    return Settings(data_path=DATA, database_path=Path(shutil.copy(loaded, tmp_path / "footnote.sqlite3")))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """An open database with the whole record."""
    opened = await Database.open(settings.database_path)
    yield opened
    await opened.close()


@dataclass
class World:
    """A server with the real bot in it, a channel, and people."""

    env: simcord.Env
    bot: Footnote
    settings: Settings
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    ana: simcord.MemberActor
    max: simcord.MemberActor

    async def restart(self) -> None:
        """Stop the bot and start another on the same database, as after an update."""
        await self.bot.close()
        self.bot = made(self.settings)
        await self.env.restart_bot(self.bot)
        quicken(self.env)


def made(settings: Settings) -> Footnote:
    """The real bot; SimCord wants to be told how many shards Discord would ask for."""
    bot = create_bot(settings)
    bot.shard_count = 1
    return bot


@pytest.fixture
def simcord_bot(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Footnote:
    """The bot that SimCord starts."""
    # Parsing all of data/ again for every test would take most of the suite's time.
    monkeypatch.setattr(app, "load_catalog", load_once)
    return made(settings)


@pytest.fixture
async def world(simcord_bot: Footnote, simcord_env: simcord.Env, settings: Settings) -> AsyncIterator[World]:
    """The real bot, started, in a server with two members."""
    quicken(simcord_env)
    guild = simcord_env.create_guild("Community")
    channel = guild.create_text_channel("general")
    ana, max_ = (guild.add_member(simcord_env.create_user(name)) for name in ("ana", "max"))
    world = World(simcord_env, simcord_bot, settings, guild, channel, ana, max_)
    yield world
    # SimCord leaves the bot open, and the database's threads would keep the process alive.
    await world.bot.close()


def quicken(env: Any) -> None:
    """Shorten the 50 ms that SimCord waits for a bot to fall idle: a private hook, so a missing one is no failure."""
    if hasattr(env, "_settle_internal") and not isinstance(env._settle_internal, functools.partial):
        env._settle_internal = functools.partial(env._settle_internal, idle=0.001)


def parts_of(components: Any, name: str) -> list[Any]:
    """One field of every component that has it, nested ones included, in reading order."""
    found = []
    for component in components:
        found += [component[name]] if name in component else []
        found += parts_of(component.get("components", ()), name)
    return found


def text_of(message: Any) -> str:
    """All that a person can read in a message, buttons left out."""
    return "\n".join(parts_of(message.components, "content")) or message.content


def labels_of(message: Any) -> list[str]:
    """The labels of a message's buttons."""
    return parts_of(message.components, "label")
