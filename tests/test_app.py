"""The bot's life: what it asks of Discord, when it syncs, how it starts and how it stops."""

import asyncio
import os
import signal
from typing import Any

import discord
import pytest

from bot import __main__ as command_line
from bot.app import create_bot
from bot.catalog import CatalogError
from bot.config import Settings
from bot.store import Database, DatabaseInUseError
from tests.conftest import World, text_of


def syncs(world: World) -> int:
    return sum(r.method == "PUT" and r.path.endswith("/commands") for r in world.env.http_requests)


async def test_no_privileged_intent_is_asked_for(world: World) -> None:
    assert world.bot.intents == discord.Intents(guilds=True)
    assert isinstance(world.bot, discord.AutoShardedClient)


async def test_commands_are_synced_at_the_first_start_and_not_at_the_next(world: World) -> None:
    assert syncs(world) == 1
    await world.restart()
    assert syncs(world) == 1


async def test_commands_are_synced_again_when_one_has_changed(world: World) -> None:
    command: Any = world.bot.tree.get_command("about")
    command.description = "Something new."
    await world.bot.sync_commands()
    assert syncs(world) == 2


async def test_a_second_bot_on_the_same_database_is_refused(world: World) -> None:
    with pytest.raises(DatabaseInUseError, match="Another process is using"):
        await Database.open(world.settings.database_path)


async def test_a_bot_with_broken_data_does_not_start(settings: Settings, tmp_path: Any) -> None:
    bot = create_bot(settings.model_copy(update={"data_path": tmp_path}))
    with pytest.raises(CatalogError):
        await bot.setup_hook()


async def test_after_a_restart_the_record_is_the_same(world: World) -> None:
    before = text_of(await world.slash("about"))
    await world.restart()
    assert text_of(await world.slash("about")) == before


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_a_signal_stops_the_bot_in_order(name: str) -> None:
    class Bot:
        closed = False

        async def __aenter__(self) -> None:
            pass

        async def __aexit__(self, *_: object) -> None:
            self.closed = True

        async def start(self, token: str) -> None:
            assert token == "token"
            asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), getattr(signal, name))
            await asyncio.sleep(60)

    bot: Any = Bot()
    try:
        await asyncio.wait_for(command_line._until_stopped(bot, "token"), 5)
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(each)
    assert bot.closed


def test_a_refused_token_is_told_in_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refuse(*_: Any) -> None:
        raise discord.LoginFailure("Improper token has been passed.")

    monkeypatch.setattr(command_line, "_until_stopped", refuse)
    monkeypatch.setenv("DISCORD_TOKEN", "wrong")
    monkeypatch.setenv("DATABASE_PATH", str(settings.database_path))
    assert command_line.main(["run"]) == command_line.WRONG_SETTING
    assert "Discord does not accept the DISCORD_TOKEN" in capsys.readouterr().err
