"""The bot: what it is made of, how it starts and how it stops."""

import asyncio
import hashlib
import json
import logging
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import backups, errors, lookup, responses, ui, watch
from bot.answers import load_encoder, open_search, refresh
from bot.catalog import Catalog, load_catalog, problems_between
from bot.config import Settings
from bot.desk.forms import Draft
from bot.desk.views import DeskButton, DeskMenu, Handler
from bot.limits import Limits
from bot.link import Link
from bot.models import Record, Ref, Topic
from bot.rounds import Rounds
from bot.search import Search
from bot.store import Database, files, running

log = logging.getLogger("footnote")

COGS = (
    *("ask", "sanctuary", "detainers", "counties", "events", "disputes", "sources", "about"),
    *("facts", "editing", "review", "history", "past", "stale", "exchange", "permissions", "summary"),
)


def create_bot(settings: Settings) -> "Footnote":
    """The bot, ready to start; nothing is opened before it logs in."""
    return Footnote(settings)


class Tree(app_commands.CommandTree["Footnote"]):
    """Every command, whose failures all end in one place."""

    async def interaction_check(self, interaction: discord.Interaction["Footnote"], /) -> bool:
        """Note when a command came, and count it; what autocomplete offers while somebody types is not counted."""
        errors.begin(interaction)
        if interaction.type is discord.InteractionType.application_command:
            interaction.client.limits.spend(interaction.user.id, "press")
        return True

    async def on_error(
        self, interaction: discord.Interaction["Footnote"], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer a failed command in words."""
        await errors.report(interaction, error)


class Footnote(commands.AutoShardedBot):
    """The Discord client with what its commands need: the database, the search and the pack."""

    tree: Tree
    database: Database
    search: Search
    catalog: Catalog
    rounds: Rounds

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            # Slash commands need no privileged intent; guilds is what keeps discord.py's cache in order.
            intents=discord.Intents(guilds=True),
            tree_cls=Tree,
            allowed_mentions=responses.NO_MENTIONS,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        self.settings = settings
        self.link = Link()
        self.limits = Limits()
        self.builders: dict[str, ui.Builder] = {}
        self.guards: dict[str, ui.Guard] = {}
        self._refreshing = asyncio.Lock()
        self.desk: dict[str, Handler] = {}
        self.unsent: dict[int, tuple[int, Draft]] = {}

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Run on Discord. Raises StartError when Discord stays out of reach, or the port of /health is taken."""
        async with watch.watching(self, self.settings.metrics_port), self.link.needed():
            await super().start(token, reconnect=reconnect)

    async def setup_hook(self) -> None:
        """Open the record, load the commands, tell Discord of them if they have changed, and start the rounds.

        Raises CatalogError when the data files are not in order, DatabaseError when the database cannot be used.
        """
        await self.prepare()
        await self.sync_commands()
        self.rounds.start()
        self.backing_up = asyncio.create_task(backups.keep(self.settings, self.database))

    async def prepare(self) -> None:
        """Open the record and load the commands: all of a start that needs no Discord. Raises as `setup_hook` does."""
        self.catalog = load_catalog(self.settings.data_path)
        self.database = await backups.open_database(self.settings)
        loaded = await files.load(self.database, self.catalog.records(), self.flaws, discord.utils.utcnow())
        log.info("record: %s", loaded)
        encoder = await asyncio.to_thread(load_encoder)
        self.search = await open_search(self.database, self.catalog, encoder, self.settings.data_path)
        # The bot answers meanwhile; texts that are not read yet are found by their words.
        self.reading = asyncio.create_task(self._read_new_texts())
        self.add_dynamic_items(ui.CardButton, DeskButton, DeskMenu)
        self.rounds = Rounds(self, self.database, self.catalog.pack.zone)
        for name in COGS:
            await self.load_extension(f"cogs.{name}")

    async def refresh_search(self) -> None:
        """Make what has been added or edited findable; what has been taken away no longer is."""
        async with self._refreshing:
            await refresh(self.search, self.database, self.catalog, self.settings.data_path)

    async def _read_new_texts(self) -> None:
        if self.search.complete:  # looking again would take a fifth of a second of every start
            return
        try:
            await self.refresh_search()
        except Exception as error:  # noqa: BLE001 - a task's failure would be seen by nobody
            errors.note("search", error)

    def flaws(self, held: Sequence[Record]) -> list[tuple[Ref, str]]:
        """What does not fit between records."""
        return problems_between(self.catalog.pack, held)

    async def sync_commands(self) -> None:
        """Tell Discord of the commands, but only when they are not those that it was told of last.

        Discord limits how many commands an application may create a day.
        """
        payload: list[dict[str, Any]] = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        name = f"commands of {self.application_id}"
        if await running.setting(self.database, name) != digest:
            try:
                await self.tree.sync()
            except discord.HTTPException as error:
                # The commands of before still work; the next start tries again.
                errors.note("commands", error)
                return
            await running.remember(self.database, name, digest)
            log.info("commands: %d synced", len(payload))

    @property
    def today(self) -> date:
        """The day, in UTC, by which review dates are judged."""
        return discord.utils.utcnow().date()

    def topic(self, name: str) -> Topic:
        """The topic that somebody chose. Raises UserError when there is none of that name."""
        for topic in self.catalog.pack.topics:
            if name.casefold() in {topic.id, topic.title.casefold()}:
                return topic
        raise errors.UserError("There is no such topic. Please choose one of those that are offered.")

    def topic_choices(self, current: str) -> list[app_commands.Choice[str]]:
        """The topics to offer to somebody who is typing one."""
        names = {topic.title: topic.title for topic in self.catalog.pack.topics}
        return [app_commands.Choice(name=title, value=title) for title in lookup.closest(current, names)]

    async def on_ready(self) -> None:
        """Note that every shard is connected."""
        self.link.up()

    async def on_shard_ready(self, shard_id: int) -> None:
        """Note that a shard has begun a session."""
        self.link.up(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Note that a shard goes on with its session."""
        self.link.up(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Note that a shard has lost its connection."""
        self.link.down(shard_id)

    async def on_app_command_completion(
        self,
        interaction: discord.Interaction["Footnote"],
        command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu,
    ) -> None:
        """Count a command that was answered."""
        errors.ended(interaction, "ok")

    async def on_interaction(self, interaction: discord.Interaction["Footnote"]) -> None:
        """Let nobody wait for Discord's "did not respond", however slow the disk is."""
        responses.in_time(interaction)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log a failure outside any command without what it was about."""
        error = sys.exc_info()[1]
        if error:
            errors.note(f"event {event_method}", error)

    async def close(self) -> None:
        """Leave Discord, then close the database: its threads would keep the process alive."""
        if hasattr(self, "rounds"):
            await self.rounds.stop()
        try:
            await super().close()
        finally:
            for name in ("reading", "backing_up"):
                if task := getattr(self, name, None):
                    task.cancel()
                    await asyncio.wait([task])
            if hasattr(self, "search"):
                self.search.close()
            if hasattr(self, "database"):
                await self.database.close()
