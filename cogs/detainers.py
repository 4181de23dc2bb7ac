"""/detainer: four chosen reading lists (data/pack.yaml, `guides`)."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import ui
from bot.app import Footnote
from bot.cards import Card, replies
from bot.store import records


class Detainers(
    commands.GroupCog,
    group_name="detainer",
    group_description="Immigration detainers: what they are, how many, the law, the cases",
):
    """Immigration detainers: what they are, how many, the law, the cases."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["guide"] = self.card

    @app_commands.command()
    async def explain(self, interaction: discord.Interaction[Footnote]) -> None:
        """What a detainer is, and what it is not."""
        await ui.reply(interaction, await self.card("detainer-explain"))

    @app_commands.command()
    async def numbers(self, interaction: discord.Interaction[Footnote]) -> None:
        """How many detainers there are in Minnesota, by every account."""
        await ui.reply(interaction, await self.card("detainer-numbers"))

    @app_commands.command()
    async def law(self, interaction: discord.Interaction[Footnote]) -> None:
        """What statutes, regulations and formal opinions say about detainers."""
        await ui.reply(interaction, await self.card("detainer-law"))

    @app_commands.command()
    async def cases(self, interaction: discord.Interaction[Footnote]) -> None:
        """Court cases about holding people on detainers."""
        await ui.reply(interaction, await self.card("detainer-cases"))

    async def card(self, name: str) -> Card:
        """The card of one reading list."""
        guide = self.bot.catalog.pack.guide(name)
        return replies.guide(guide, await records.entries_in(self.bot.database, guide), self.bot.today)


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Detainers(cast("Footnote", bot)))
