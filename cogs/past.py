"""/asof and /changes: what the record said on a day, and what has changed since one."""

import dataclasses
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import responses, ui
from bot.answers import Answer, answer, open_search
from bot.app import Footnote
from bot.cards import Card, parts, replies
from bot.cards.review import changed_labels, name_of, raw_of
from bot.cards.text import code, escape
from bot.desk.views import DeskButton, Press, Sheet, tell
from bot.errors import UserError
from bot.models import Revision, key
from bot.store import Database, records, revisions
from bot.store.hypothetical import as_of
from cogs.events import day_typed


class Past(commands.Cog):
    """The record as it was."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.builders["asof"] = self.card
        bot.desk["changes"] = self.turn

    @app_commands.command()
    @app_commands.describe(date="A whole day: 2026-01-22", question="In your own words, in English or Spanish")
    async def asof(
        self,
        interaction: discord.Interaction[Footnote],
        date: app_commands.Range[str, 10, 10],
        question: app_commands.Range[str, 1, 300],
    ) -> None:
        """Ask what the record said on an earlier day."""
        self.bot.limits.spend(interaction.user.id, "question")
        day = whole_day(date)
        await self.reaches(day)
        pack = self.bot.catalog.pack
        shown = discord.utils.utcnow().date().fromisoformat(day)
        await responses.defer(interaction)

        async def look(then: Database) -> Answer:
            # Texts of then that are no longer in the record have no vectors any more: they are found by their words.
            encoder, folder = self.bot.search.encoder, self.bot.settings.data_path
            return await answer(question, await open_search(then, self.bot.catalog, encoder, folder), then, pack, shown)

        async with self.bot.limits.turn(interaction, "slow"):
            found = await as_of(self.bot.database, day, look)
        card = dataclasses.replace(found.card, title=f"{found.card.title}, as the record stood on {parts.day(day)}")
        if found.entries:
            keys = ".".join(key(fact_id) for fact_id in found.found.facts)
            card = dataclasses.replace(card, address=f"asof:{day}.{keys}")
        await ui.reply(interaction, card)

    async def card(self, argument: str) -> Card:
        """The card for "day.key.key": these statements as they stood at the end of that day."""
        day, *keys = argument.split(".")
        shown = discord.utils.utcnow().date().fromisoformat(day)

        async def look(then: Database) -> Card:
            asked = await records.facts_with_keys(then, keys)
            if not asked:
                raise UserError("The record of that day no longer holds these statements. Please ask again.")
            return replies.facts(asked, await records.entries(then, asked), self.bot.catalog.pack, shown)

        found = await as_of(self.bot.database, day, look)
        title = f"{found.title}, as the record stood on {parts.day(day)}"
        return dataclasses.replace(found, title=title, address=f"asof:{argument}")

    async def reaches(self, day: str) -> None:
        """Raises UserError when the history does not reach back to a day, or the day is still to come."""
        first = await revisions.first_day(self.bot.database)
        if first is None or day < first:
            raise UserError(f"The history begins on {parts.day(first)}." if first else "There is no history yet.")
        if day > self.bot.today.isoformat():
            raise UserError("That day is still to come.")

    @app_commands.command()
    @app_commands.describe(since="The first day: 2026-01-22")
    async def changes(self, interaction: discord.Interaction[Footnote], since: app_commands.Range[str, 10, 10]) -> None:
        """See which records have changed since a day."""
        await tell(interaction, await self.sheet(whole_day(since), 0))

    async def sheet(self, since: str, page: int) -> Sheet:
        """A page of the changes since a day, newest first. Statements stand in it by name alone: /history has them."""
        found, total = await revisions.changes_since(self.bot.database, since)
        lines = [f"## Changes since {parts.day(since)}: {total}"]
        for version, is_new in found:
            before = await revisions.before(self.bot.database, version)
            lines.append(change_line(version, before, is_new=is_new))
        lines += [f"-# Only the newest {len(found)} are listed."] if total > len(found) else []
        lines.append("-# Use /history and a name to read what changed.")
        return Sheet(lines, page=page, turn=DeskButton("changes", "", int(since.replace("-", ""))))

    async def turn(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Turn to another page of the changes."""
        day = str(press.number)
        view = await self.sheet(f"{day[:4]}-{day[4:6]}-{day[6:]}", press.page)
        await responses.update(interaction, view)


def change_line(version: Revision, before: str | None, *, is_new: bool) -> str:
    """One change in a list."""
    raw = raw_of(version.body or before)
    name = "" if version.ref.sort == "fact" else f" · {escape(name_of(version.ref.sort, raw))}" if raw else ""
    if version.redacted:
        what = "text wiped"
    elif version.body is None:
        what = "no longer shown"
    elif before is None:
        what = "added" if is_new else "shown again"
    else:
        what = "changed: " + ", ".join(changed_labels(version.ref, raw_of(before), raw_of(version.body)))
    return f"**{version.at[:10]}** · {version.ref.sort} {code(version.ref.id)}{name} · {what}"


def whole_day(text: str) -> str:
    """A whole day that somebody typed. Raises UserError when it is not one."""
    day = day_typed(text, "the day")
    if day is None or len(day) != 10:
        raise UserError("Please write a whole day, such as 2026-01-22.")
    return day


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Past(cast("Footnote", bot)))
