"""/ask, and the message menu "Find facts about this"."""

import functools
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import ui
from bot.answers import answer
from bot.app import Footnote
from bot.cards import Card, replies
from bot.errors import UserError
from bot.models import Outcome
from bot.store import records


class Ask(commands.Cog):
    """Questions in anybody's own words."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        # The decorator for menus does not work inside a class, so the menu is made and removed by hand.
        self.menu = app_commands.ContextMenu(name="Find facts about this", callback=self.find)
        bot.builders["facts"] = functools.partial(self.answered, none=False)
        bot.builders["none"] = functools.partial(self.answered, none=True)
        bot.builders["no-record"] = functools.partial(self.silent, Outcome.NO_RECORD)
        bot.builders["out-of-scope"] = functools.partial(self.silent, Outcome.OUT_OF_SCOPE)

    async def cog_load(self) -> None:
        """Add the message menu."""
        self.bot.tree.add_command(self.menu)

    async def cog_unload(self) -> None:
        """Take the message menu away."""
        self.bot.tree.remove_command(self.menu.name, type=self.menu.type)

    @app_commands.command()
    @app_commands.describe(question="In your own words, in English or Spanish")
    async def ask(self, interaction: discord.Interaction[Footnote], question: app_commands.Range[str, 1, 300]) -> None:
        """Ask anything about Minnesota's jails, prisons, cities and ICE."""
        await self.reply(interaction, question)

    async def find(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Show the facts that bear on what a message says."""
        if not message.content.strip():
            raise UserError("That message has no text to look up.")
        await self.reply(interaction, message.content)

    async def reply(self, interaction: discord.Interaction[Any], question: str) -> None:
        """Answer privately; the question is kept nowhere."""
        self.bot.limits.spend(interaction.user.id, "question")
        async with self.bot.limits.turn(interaction, "question"):
            found = await answer(question, self.bot.search, self.bot.database, self.bot.catalog.pack, self.bot.today)
        await ui.reply(interaction, found.card)

    async def answered(self, keys: str, *, none: bool) -> Card:
        """The card for the short keys that a button carries, as the record stands now."""
        keys, personal, _ = keys.partition(replies.PERSONAL)
        asked = await records.facts_with_keys(self.bot.database, keys.split("."))
        if not asked:
            raise UserError("These statements have left the record. Please ask again.")
        items = await records.entries(self.bot.database, asked)
        pack = self.bot.catalog.pack
        return replies.facts(asked, items, pack, self.bot.today, none=none, personal=bool(personal))

    async def silent(self, outcome: Outcome, topics: str) -> Card:
        """One of the silences, with the topics that a button carries."""
        pack = self.bot.catalog.pack
        by_id = {topic.id: topic for topic in pack.topics}
        names, personal, _ = topics.partition(replies.PERSONAL)
        chosen = [by_id[name] for name in names.split(".") if name in by_id]
        return replies.silence(outcome, chosen, pack, personal=bool(personal))


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Ask(cast("Footnote", bot)))
