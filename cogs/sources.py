"""/source and /glossary: the documents behind the statements, and the words in them."""

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


class Sources(commands.Cog):
    """Sources and terms."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["source"] = self.source_card
        bot.builders["term"] = self.term_card
        bot.builders["terms"] = self.terms_card

    @app_commands.command()
    @app_commands.describe(name="Part of a title or a publisher")
    async def source(self, interaction: discord.Interaction[Footnote], name: app_commands.Range[str, 1, 100]) -> None:
        """Look up a source and what rests on it."""
        names = await self.source_names()
        found = lookup.resolve(name, names) or next(iter(lookup.closest(name, names, 1)), None)
        if found is None:
            raise UserError("There is no such source in the record. Try a publisher's name.")
        await ui.reply(interaction, await self.source_card(found))

    @source.autocomplete("name")
    @suggesting
    async def source_names_offered(
        self, interaction: discord.Interaction[Footnote], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer sources by publisher and title."""
        names = await self.source_names()
        labels = {record_id: label for label, record_id in names.items()}
        return [app_commands.Choice(name=shorten(labels[i], 100), value=i) for i in lookup.closest(current, names)]

    async def source_names(self) -> dict[str, str]:
        """Publisher and title of every source in use, and its id."""
        return {
            f"{s.publisher}, {s.published or 'undated'}: {s.title}": s.id
            for s in await records.sources(self.bot.database)
        }

    async def source_card(self, source_id: str) -> Card:
        """The card of one source."""
        found = next((s for s in await records.sources(self.bot.database) if s.id == source_id), None)
        if found is None:
            raise UserError("That source has left the record. Please use the command again.")
        return replies.source(found, await records.entries_from(self.bot.database, source_id), self.bot.today)

    @app_commands.command()
    @app_commands.describe(term="A word; leave it out for a list")
    async def glossary(
        self, interaction: discord.Interaction[Footnote], term: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """Look up a word such as detainer, 287(g) or judicial warrant."""
        if term is None:
            await ui.reply(interaction, await self.terms_card(""))
            return
        names = await self.term_names()
        found = lookup.resolve(term, names) or next(iter(lookup.closest(term, names, 1)), None)
        if found is None:
            raise UserError("That word is not in the glossary. Use /glossary alone for the list, or /ask.")
        await ui.reply(interaction, await self.term_card(found))

    @glossary.autocomplete("term")
    @suggesting
    async def terms_offered(
        self, interaction: discord.Interaction[Footnote], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the words of the glossary."""
        labels = {t.id: t.term for t in await records.terms(self.bot.database)}
        offered = lookup.closest(current, await self.term_names())
        return [app_commands.Choice(name=shorten(labels[i], 100), value=i) for i in offered]

    async def term_names(self) -> dict[str, str]:
        """Every word and alias of the glossary, and the term's id."""
        terms = await records.terms(self.bot.database)
        return {**{alias: t.id for t in terms for alias in t.aliases}, **{t.term: t.id for t in terms}}

    async def term_card(self, term_id: str) -> Card:
        """The card of one word."""
        found = next((t for t in await records.terms(self.bot.database) if t.id == term_id), None)
        if found is None:
            raise UserError("That word has left the glossary. Please use the command again.")
        return replies.term(found, await records.entries(self.bot.database, [found.fact]), self.bot.today)

    async def terms_card(self, _: str) -> Card:
        """The card that lists the glossary."""
        return replies.terms(await records.terms(self.bot.database))


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Sources(cast("Footnote", bot)))
