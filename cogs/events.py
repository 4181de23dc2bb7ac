"""/events: the timeline."""

import re
from typing import cast

import discord
from discord import app_commands
from discord.ext import commands
from pydantic import TypeAdapter, ValidationError

from bot import ui
from bot.app import Footnote
from bot.cards import Card, replies
from bot.errors import UserError, suggesting
from bot.models import FuzzyDate
from bot.store import records

FUZZY_DATE: TypeAdapter[str] = TypeAdapter(FuzzyDate)
FIRST, LAST = "1900", "2999"


class Events(commands.Cog):
    """What happened, day by day."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["events"] = self.card

    @app_commands.command()
    @app_commands.rename(start="from", end="to")
    @app_commands.describe(
        start="First day: 2026, 2026-01 or 2026-01-07",
        end="Last day, written the same way",
        topic="Only events on this topic",
    )
    async def events(
        self,
        interaction: discord.Interaction[Footnote],
        start: app_commands.Range[str, 1, 20] | None = None,
        end: app_commands.Range[str, 1, 20] | None = None,
        topic: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        """See a timeline of public events, each with its sources."""
        first, last = day_typed(start, "from"), day_typed(end, "to")
        if first and last and first[: len(last)] > last:
            raise UserError("The first day must not be after the last day.")
        chosen = self.bot.topic(topic) if topic else None
        card = await self.card(f"{first or ''}.{last or ''}.{chosen.id if chosen else ''}")
        # Without a first day, people want to know what happened last.
        await ui.reply(interaction, card, 0 if first else -1)

    @events.autocomplete("topic")
    @suggesting
    async def topics(self, interaction: discord.Interaction[Footnote], current: str) -> list[app_commands.Choice[str]]:
        """Offer the topics."""
        return self.bot.topic_choices(current)

    async def card(self, span: str) -> Card:
        """The card for "first.last.topic"; any of them may be empty."""
        first, last, topic_id = span.split(".")
        topic = next((topic for topic in self.bot.catalog.pack.topics if topic.id == topic_id), None)
        rows = await records.events(self.bot.database, first or FIRST, last or LAST, topic.id if topic else None)
        return replies.events(rows, first, last, topic, self.bot.today)


def day_typed(text: str | None, name: str) -> str | None:
    """A day that somebody typed. Raises UserError when it is not one."""
    if not text:
        return None
    try:
        return FUZZY_DATE.validate_python(re.sub(r"[./]", "-", text.strip()))
    except ValidationError:
        raise UserError(f"“{name}” must be a date written 2026, 2026-01 or 2026-01-07.") from None


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Events(cast("Footnote", bot)))
