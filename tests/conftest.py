"""The real record, a database made of it once, and the real bot on SimCord."""

import asyncio
import functools
import shutil
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import simcord
from simcord.http import router

from bot import answers, app, backups, rounds
from bot.app import Footnote, create_bot
from bot.catalog import Catalog, load_catalog
from bot.config import ROOT, Settings
from bot.models import Document
from bot.search import Corpus, Knowledge, hashed
from bot.store import Database, files, index, soundness, vectors
from tests import openapi, sqltrace

# Each bot imports the cogs anew: where no compiled files may be written, each start would compile them.
sys.dont_write_bytecode = False
DATA = ROOT / "data"
load_once, hashed_once = functools.cache(load_catalog), functools.cache(hashed)
know = answers.know
# Tests search by meaning and by words alone, in turn.
_known = deque[tuple[list[Document], int, Knowledge]](maxlen=3)


def know_once(
    documents: Sequence[Document], catalog: Catalog, vectors: Mapping[bytes, bytes], earlier: Corpus | None = None
) -> Knowledge:
    """What the search knows, which takes half a second to make, made once for all tests with the same record."""
    if catalog is not load_once(DATA):
        return know(documents, catalog, vectors, earlier)
    for same, count, known in _known:
        if count == len(vectors) and same == documents:
            return known
    _known.append((list(documents), len(vectors), know(documents, catalog, vectors, earlier)))
    return _known[-1][2]


def untouched(path: Path) -> bool:
    """Whether a database is a copy of the whole record in which nothing was written yet."""
    log, file = Path(f"{path}-wal"), path.stat()
    return (file.st_mtime_ns, file.st_size) in _whole and not (log.exists() and log.stat().st_size)


def once(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """What is read of an untouched copy of the whole record, read of the first one only."""
    held: dict[tuple[Any, ...], Any] = {}

    async def read_once(database: Database, *rest: Any) -> Any:
        if not untouched(database.path):
            return await read(database, *rest)
        if rest not in held:
            held[rest] = await read(database, *rest)
        return held[rest]

    return read_once


# When a database with the whole record was written, and its size, both as in its copies.
_whole = set[tuple[int, int]]()
documents_once, vectors_once = once(index.documents), once(vectors.vectors)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "know", know_once)
    monkeypatch.setattr(answers, "hashed", hashed_once)
    monkeypatch.setattr(answers, "vectors", vectors_once)
    monkeypatch.setattr(index, "documents", documents_once)


@pytest.fixture(scope="session", autouse=True)
def _listen() -> None:
    sqltrace.listen()


@pytest.fixture(autouse=True)
def _rules_of_writing() -> Iterator[None]:
    """Whatever a test does, the bot writes in transactions alone."""
    yield
    broken, sqltrace.rules_broken[:] = list(sqltrace.rules_broken), []
    assert not broken


@pytest.fixture(autouse=True)
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What Discord would not take of all that the bot sends in a test; a test that leaves any of it fails."""
    found: list[str] = []
    dispatch = router.dispatch

    def looked_at(backend: Any, method: str, path: str, *, json: Any = None, **more: Any) -> Any:
        if json is not None:
            found.extend(openapi.faults(method, path, json))
        return dispatch(backend, method, path, json=json, **more)

    monkeypatch.setattr(router, "dispatch", looked_at)
    yield found
    assert not found, sorted(set(found))


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
        await files.load(database, catalog.records())
        # Every vector is in the file, so no test waits for the model to read the whole record.
        encoder = answers.load_encoder()
        search = await answers.open_search(database, catalog, encoder, DATA)
        await answers.refresh(search, database, catalog, DATA)
        search.close()
        await database.close()

    asyncio.run(fill())
    _whole.add((path.stat().st_mtime_ns, path.stat().st_size))
    return path


async def whole(_: Database) -> bool:
    """In place of looking for a drifted index."""
    return False


@pytest.fixture
def settings(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a database of the test's own, a copy of one that is whole: checking each would take a minute."""
    monkeypatch.setattr(soundness, "damage", lambda _: None)
    monkeypatch.setattr(Database, "heal", whole)
    return Settings(data_path=DATA, database_path=Path(shutil.copy2(loaded, tmp_path / "footnote.sqlite3")))


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

    async def slash(self, name: str, /, **options: Any) -> Any:
        """Ana uses a command; the message that answers her."""
        return answer_of(await self.ana.slash(self.channel, name, **options))

    async def click(self, message: Any, label: str, by: simcord.MemberActor | None = None) -> Any:
        """Ana, or somebody else, presses a button; the message that answers."""
        return answer_of(await (by or self.ana).click(message, label=label))

    async def offered(self, name: str, option: str, typed: str) -> list[str]:
        """The names that an autocomplete offers Ana."""
        return [choice["name"] for choice in await self.ana.autocomplete(self.channel, name, option, typed)]

    async def restart(self) -> None:
        """Stop the bot and start another on the same database, as after an update."""
        await self.bot.close()
        self.bot = made(self.settings)
        await self.env.restart_bot(self.bot)
        quicken(self.env)

    def expect_failure(self) -> None:
        """Say that a command was meant to fail: SimCord counts what the bot answered in words as errors too."""
        assert self.env.errors


def answer_of(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """The one message with which an interaction was answered."""
    assert not result.followups
    assert result.response is not None
    return result.response


def made(settings: Settings) -> Footnote:
    """The real bot; SimCord wants to be told how many shards Discord would ask for."""
    bot = create_bot(settings)
    bot.shard_count = 1
    return bot


@pytest.fixture(autouse=True)
def seldom_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of daily summaries each hour, no backup: a test that lets days pass would run thousands of them."""
    monkeypatch.setattr(rounds, "TICK", 3600)
    monkeypatch.setattr(backups, "TICK", 10**9)


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
        component = component if isinstance(component, dict) else component.to_dict()
        found += [component[name]] if name in component else []
        found += parts_of(component.get("components", ()), name)
    return found


def text_of(message: Any) -> str:
    """All that a person can read in a message, buttons left out."""
    return "\n".join(parts_of(message.components, "content")) or message.content


def labels_of(message: Any) -> list[str]:
    """The labels of a message's buttons."""
    return parts_of(message.components, "label")
