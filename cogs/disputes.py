"""/dispute: every side of a question on which accounts differ."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import lookup, ui
from bot.app import Footnote
from bot.cards import Card, replies
from bot.cards.text import shorten
from bot.errors import UserError, suggesting
from bot.store import records


class Disputes(commands.Cog):
    """Disputed figures and accounts."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["dispute"] = self.card
        bot.builders["disputes"] = self.list_card

    @app_commands.command()
    @app_commands.describe(topic="Which dispute; leave it out for a list")
    async def dispute(
        self, interaction: discord.Interaction[Footnote], topic: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """See every side of a disputed figure or account."""
        if topic is None:
            await ui.reply(interaction, await self.list_card(""))
            return
        names = await self.names()
        found = lookup.resolve(topic, names) or next(iter(lookup.closest(topic, names, 1)), None)
        if found is None:
            raise UserError("There is no such dispute in the record. Please choose one of those that are offered.")
        await ui.reply(interaction, await self.card(found))

    @dispute.autocomplete("topic")
    @suggesting
    async def topics(self, interaction: discord.Interaction[Footnote], current: str) -> list[app_commands.Choice[str]]:
        """Offer the disputes by their questions."""
        names = await self.names()
        questions = {record_id: question for question, record_id in names.items()}
        return [app_commands.Choice(name=shorten(questions[i], 100), value=i) for i in lookup.closest(current, names)]

    async def names(self) -> dict[str, str]:
        """The disputes' questions and their ids."""
        return {record.question: record.id for record in await records.disputes(self.bot.database)}

    async def card(self, dispute_id: str) -> Card:
        """The card of one dispute."""
        found = await records.dispute(self.bot.database, dispute_id)
        if found is None:
            raise UserError("That dispute has left the record. Please use the command again.")
        return replies.dispute(found, self.bot.today)

    async def list_card(self, _: str) -> Card:
        """The card that lists all disputes."""
        return replies.disputes(await records.disputes(self.bot.database), self.bot.catalog.pack.topics)


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Disputes(cast("Footnote", bot)))
