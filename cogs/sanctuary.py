"""/sanctuary: the rules of the state, a county or a city, and who calls it a sanctuary."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import lookup, ui
from bot.app import Footnote
from bot.cards import Card, replies
from bot.cards.text import escape
from bot.errors import UserError, suggesting
from bot.models import facts_of
from bot.store import records

# The reading list for the state (data/pack.yaml, `guides`): all that is recorded of it would be too much.
STATE_GUIDE = "sanctuary-state"


class Sanctuary(commands.Cog):
    """What the rules are in a place."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["sanctuary"] = self.card

    @app_commands.command()
    @app_commands.describe(place="A county or city; leave it out for the state")
    async def sanctuary(
        self, interaction: discord.Interaction[Footnote], place: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        """See law, written policy and practice, and who calls a place a sanctuary by which criteria."""
        state = self.bot.catalog.pack.state
        found = lookup.resolve(place, await self.names()) if place else state
        if found is None:
            near = lookup.closest(place or "", await self.names(), 3)
            hint = f" Did you mean {' or '.join(map(escape, near))}?" if near else ""
            raise UserError(f"There is no county or city of that name in the record.{hint}")
        await ui.reply(interaction, await self.card(found))

    @sanctuary.autocomplete("place")
    @suggesting
    async def places(self, interaction: discord.Interaction[Footnote], current: str) -> list[app_commands.Choice[str]]:
        """Offer the state, its counties and its cities."""
        return [app_commands.Choice(name=name, value=name) for name in lookup.closest(current, await self.names())]

    async def names(self) -> dict[str, str]:
        """Every spelling of a place, and the place it means."""
        state = self.bot.catalog.pack.state
        counties = await records.counties(self.bot.database)
        return {
            state: state,
            **{city: city for county in counties for city in county.cities},
            **{alias: county.name for county in counties for alias in county.aliases},
            **{county.name: county.name for county in counties},
        }

    async def card(self, place: str) -> Card:
        """The card of a place."""
        state = self.bot.catalog.pack.state
        if place == state:
            guide = self.bot.catalog.pack.guide(STATE_GUIDE)
            asked, items = guide.facts, await records.entries_in(self.bot.database, guide)
        else:
            items = await records.entries_about(self.bot.database, [place])
            asked = tuple(cited.fact.id for cited in facts_of(items) if place in cited.fact.places)
        return replies.sanctuary(place, asked, items, state, self.bot.today)


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Sanctuary(cast("Footnote", bot)))
