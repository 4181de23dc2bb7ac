"""/county and /counties: what is recorded about each county."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import lookup, ui
from bot.answers import county_card
from bot.app import Footnote
from bot.cards import Card, replies
from bot.errors import UserError, suggesting
from bot.store import records

FILTERS = {
    "agreements": "with a 287(g) agreement on ICE's list",
    "former": "with an agreement that is off the list, ended or called void",
    "jails": "with statements on jails: detainer practice and bed contracts",
    "listings": "named on a list of “sanctuary” places",
    "officials": "with statements by officials",
    "all": "all counties with any statement",
}


class Counties(commands.Cog):
    """Counties: agreements with ICE, jails, listings and statements."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["county"] = self.card
        bot.builders["counties"] = self.list_card

    @app_commands.command()
    @app_commands.describe(
        name="A Minnesota county; misspellings are forgiven, and a city finds its county",
        topic="Only what is recorded on this topic",
    )
    async def county(
        self,
        interaction: discord.Interaction[Footnote],
        name: app_commands.Range[str, 1, 100],
        topic: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        """See a county's agreements, jail practice, contracts, listings and statements."""
        names = await self.names()
        found = lookup.resolve(name, names)
        if found is None:
            near = [
                n
                for n, county_id in names.items()
                if county_id in lookup.closest(name, names, 3) and n.endswith("County")
            ]
            hint = f" Did you mean {' or '.join(near[:3])}?" if near else ""
            raise UserError(f"There is no county of that name in the record.{hint}")
        chosen = self.bot.topic(topic) if topic else None
        await ui.reply(interaction, await self.card(f"{found}.{chosen.id if chosen else ''}"))

    @county.autocomplete("topic")
    @suggesting
    async def topics(self, interaction: discord.Interaction[Footnote], current: str) -> list[app_commands.Choice[str]]:
        """Offer the topics."""
        return self.bot.topic_choices(current)

    @county.autocomplete("name")
    @suggesting
    async def names_offered(
        self, interaction: discord.Interaction[Footnote], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer counties by name, alias or city."""
        labels = {county.id: county.name for county in await records.counties(self.bot.database)}
        return [
            app_commands.Choice(name=labels[i], value=labels[i]) for i in lookup.closest(current, await self.names())
        ]

    @app_commands.command()
    @app_commands.describe(filter="Which counties; leave it out for those with an agreement")
    @app_commands.choices(
        filter=[app_commands.Choice(name=f"Counties {text}", value=value) for value, text in FILTERS.items()]
    )
    async def counties(self, interaction: discord.Interaction[Footnote], filter: str = "agreements") -> None:  # noqa: A002
        """List counties by what the record holds on them."""
        await ui.reply(interaction, await self.list_card(filter))

    async def names(self) -> dict[str, str]:
        """Every spelling of a county and every city in one, and the county's id."""
        counties = await records.counties(self.bot.database)
        return {
            **{county.name: county.id for county in counties},
            **{county.name.removesuffix(" County"): county.id for county in counties},
            **{alias: county.id for county in counties for alias in county.aliases},
            **{
                city: county.id
                for county in reversed(counties)
                for city in county.cities
                if city not in {c.name.removesuffix(" County") for c in counties}
            },
        }

    async def card(self, argument: str) -> Card:
        """The card of one county, all of it ("cass.") or one topic ("cass.jails")."""
        found = await county_card(argument, self.bot.database, self.bot.catalog.pack, self.bot.today)
        if found is None:
            raise UserError("That county has left the record. Please use the command again.")
        return found

    async def list_card(self, chosen: str) -> Card:
        """The card of one filter."""
        if chosen not in FILTERS:
            raise UserError("Please choose one of the filters that are offered.")
        counties = await records.counties(self.bot.database)
        agreements = await records.agreements(self.bot.database)
        on_list = chosen == "agreements"
        counts = (
            {}
            if chosen in {"agreements", "former"}
            else await records.facts_per_place(self.bot.database, None if chosen == "all" else chosen)
        )
        shown = (
            [pair for pair in agreements if replies.listed(pair[0]) is on_list]
            if chosen in {"agreements", "former"}
            else []
        )
        rows = [
            (county, [pair for pair in shown if pair[0].county == county.id], counts.get(county.name, 0))
            for county in counties
        ]
        disputes = {a.dispute for a, _ in shown if a.dispute}
        items = [found for i in sorted(disputes) if (found := await records.dispute(self.bot.database, i))]
        return replies.counties(rows, FILTERS[chosen], f"counties:{chosen}", items, self.bot.today)


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Counties(cast("Footnote", bot)))
