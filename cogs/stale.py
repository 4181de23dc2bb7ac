"""/stale: what is past its review date, and "still true" with a new date and source."""

import functools
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import responses
from bot.app import Footnote
from bot.cards import parts
from bot.cards.review import raw_of
from bot.cards.text import code, escape
from bot.desk import drafts, reviews
from bot.desk.access import Right, moderation
from bot.desk.checks import objections, review_day
from bot.desk.forms import WHY, Form
from bot.desk.views import DeskButton, DeskMenu, Press, Sheet, tell
from bot.errors import UserError
from bot.fields import DATE, Field
from bot.models import Change, Kind, Purpose, Ref
from bot.store import proposals, records, revisions

# Characters of a page; the longest line of a fact is shorter.
ROOM = 3000
AS_OF = Field("as_of", "Still true as of", DATE, 10)
SOURCE = Field("source", "The source that says so", "Its id; add a new source first with /sources add", 60)
REVIEW_BY = Field("review_by", "To be looked at again by", "A whole date, such as 2027-03-01", 10)


class Stale(commands.Cog):
    """What somebody must look at again."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.desk |= {"stale": self.turn, "still": self.still}

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_messages=True)
    async def stale(self, interaction: discord.Interaction[Footnote]) -> None:
        """See which statements are past their review date, oldest first."""
        await moderation(interaction, Right.PROPOSE)
        await tell(interaction, await self.sheet(0))

    async def sheet(self, page: int) -> Sheet:
        """A page of what is past its review date."""
        facts = await records.past_review(self.bot.database, self.bot.today.isoformat())
        pages: list[list[tuple[str, str]]] = [[]]
        for fact in facts:
            dates = f"**{parts.day(fact.review_by)}** · {code(fact.id)} · as of {parts.day(fact.as_of)}"
            line = f"{dates}\n{escape(fact.text)}"
            if len("".join(text for _, text in pages[-1])) + len(line) > ROOM:
                pages.append([])
            pages[-1].append((fact.id, line))
        page = min(page, len(pages) - 1)
        lines = [f"## Past review: {len(facts)}", *(line for _, line in pages[page])]
        lines += [] if facts else ["Nothing is past its review date."]
        offered = {fact_id: fact_id for fact_id, _ in pages[page]}
        menus = [DeskMenu("still", page, "Still true", offered)] if offered else []
        buttons = [DeskButton("stale", "Previous", page=page - 1)] if page else []
        buttons += [DeskButton("stale", "Next", page=page + 1)] if page < len(pages) - 1 else []
        return Sheet(lines, buttons, menus)

    async def turn(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Turn to another page."""
        await moderation(interaction, Right.PROPOSE)
        view = await self.sheet(press.page)
        await responses.update(interaction, view)

    async def still(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Ask as of when, and by which source, a statement still holds: all filled in already."""
        await moderation(interaction, Right.PROPOSE)
        head = await drafts.head_of(interaction, Ref("fact", press.value))
        raw = raw_of(head.body)
        if not raw:
            raise UserError("That fact is retired.")
        fields = [
            (AS_OF, self.bot.today.isoformat()),
            (SOURCE, raw["sources"][0]["id"]),
            (REVIEW_BY, review_day(Kind(raw["kind"]), self.bot.today)),
            (WHY, "Looked at again: still true."),
        ]
        done = functools.partial(self.confirmed, Ref("fact", press.value), head)
        await responses.open_form(interaction, Form("Still true", fields, done))

    async def confirmed(
        self, ref: Ref, head: revisions.Head, interaction: discord.Interaction[Any], texts: dict[str, str]
    ) -> None:
        """Propose the new dates and source; the statement is as it was, so no preview is needed."""
        chosen = await moderation(interaction, Right.PROPOSE)
        raw = raw_of(head.body) | {"as_of": texts["as_of"].strip(), "review_by": texts["review_by"].strip()}
        cited = [citation for citation in raw["sources"] if citation["id"] != texts["source"].strip()]
        same = [citation for citation in raw["sources"] if citation["id"] == texts["source"].strip()]
        raw["sources"] = [*(same or [{"id": texts["source"].strip()}]), *cited]
        change = Change(ref, drafts.body_from("fact", raw), head.number)
        problems = objections("why", texts["why"])
        problems += await revisions.flaws(self.bot.database.read, [change], self.bot.flaws)
        if problems:
            raise UserError("That cannot be kept:\n" + "\n".join(f"- {escape(problem)}" for problem in problems[:10]))
        now = discord.utils.utcnow()
        found = await proposals.add(
            self.bot.database, Purpose.EDIT, [change], texts["why"], interaction.user.id, interaction.id, now
        )
        await reviews.post(self.bot, found, chosen)
        await tell(interaction, Sheet([f"Sent for review as proposal {found.id}: {code(ref.id)} is still true."]))


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Stale(cast("Footnote", bot)))
