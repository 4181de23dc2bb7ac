"""/help, /about and /privacy: what the bot is, and what it keeps."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import __version__, ui
from bot.app import Footnote
from bot.cards import Card, itself
from bot.desk.reviews import chosen_at_home
from bot.store import records, running


class About(commands.Cog):
    """About the bot itself."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["help"] = self.help_card
        bot.builders["about"] = self.about_card
        bot.builders["privacy"] = self.privacy_card

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[Footnote]) -> None:
        """See what you can ask, and every command."""
        await ui.reply(interaction, await self.help_card(""))

    @app_commands.command()
    async def about(self, interaction: discord.Interaction[Footnote]) -> None:
        """What this bot is, and how far its record reaches."""
        await ui.reply(interaction, await self.about_card(""))

    @app_commands.command()
    async def privacy(self, interaction: discord.Interaction[Footnote]) -> None:
        """What is stored, printed from the database itself."""
        await ui.reply(interaction, await self.privacy_card(""))

    async def help_card(self, _: str) -> Card:
        """The card that lists all commands."""
        for_all: dict[str, str] = {}
        for_moderators: dict[str, str] = {}
        for command in self.bot.tree.walk_commands():
            if isinstance(command, app_commands.Command):
                hidden = (command.root_parent or command).default_permissions
                (for_moderators if hidden else for_all)[command.qualified_name] = command.description
        pack = self.bot.catalog.pack
        return itself.help_(dict(sorted(for_all.items())), dict(sorted(for_moderators.items())), pack)

    async def about_card(self, _: str) -> Card:
        """The card about the bot."""
        database = self.bot.database
        return itself.about(
            await records.size(database),
            await records.newest(database),
            self.bot.catalog.pack,
            __version__,
            alone=(await chosen_at_home(self.bot)).alone,
        )

    async def privacy_card(self, _: str) -> Card:
        """The card of the live schema."""
        return itself.privacy(await running.schema(self.bot.database))


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(About(cast("Footnote", bot)))
