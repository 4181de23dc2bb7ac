"""/fact: add, edit, retire and restore statements; every change waits for a second pair of eyes."""

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import lookup
from bot.app import Footnote
from bot.cards.review import raw_of
from bot.desk import drafts
from bot.desk.access import Right, moderation
from bot.desk.checks import review_day
from bot.desk.forms import Draft
from bot.desk.names import choices, names, sources_offered
from bot.errors import UserError, suggesting
from bot.fields import PARTS
from bot.models import Change, Kind, Purpose, Ref
from bot.store import revisions

EDITABLE = [
    app_commands.Choice(name=part.title, value=part.name)
    for part in PARTS["fact"]
    if part.name not in {"new", "successor"}
]
Long = app_commands.Range[str, 1, 100]


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_messages=True)
class Facts(commands.GroupCog, group_name="fact", group_description="Add, edit, retire and restore statements"):
    """Statements, for moderators."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        kind="What sort of statement it is",
        topic="What it is filed under",
        source="A source of the record; add a new one first with /sources add",
        as_of="The date for which it holds: 2026, 2026-01 or 2026-01-22",
        place="The county or city it is about",
        counted="For figures: exactly what was counted",
        value="For figures: the number as the source gives it",
        unit="For figures: of what",
    )
    async def add(
        self,
        interaction: discord.Interaction[Footnote],
        kind: Kind,
        topic: Long,
        source: Long,
        as_of: app_commands.Range[str, 4, 10],
        place: Long | None = None,
        counted: app_commands.Range[str, 1, 300] | None = None,
        value: Long | None = None,
        unit: Long | None = None,
    ) -> None:
        """Propose a new statement, with its source, date, speaker and kind."""
        await moderation(interaction, Right.PROPOSE)
        if (kind is Kind.FIGURE) != bool(counted and value and unit):
            raise UserError("A figure needs counted, value and unit; other kinds have none of them.")
        source_id = lookup.resolve(source, await names(self.bot.database, "source"))
        if source_id is None:
            raise UserError("There is no such source in the record. Please choose one, or add it with /sources add.")
        raw: dict[str, Any] = {
            "topic": self.bot.topic(topic).id,
            "jurisdiction": "state" if place is None else "county" if place.endswith(" County") else "city",
            "kind": kind.value,
            "as_of": as_of,
            "review_by": review_day(kind, self.bot.today),
            "sources": [{"id": source_id}],
        }
        raw |= {"places": [place]} if place else {}
        raw |= {"figure": {"counted": counted, "value": value, "unit": unit}} if counted else {}
        await drafts.open_form(interaction, Draft(Ref("fact", ""), "new", raw))

    @app_commands.command()
    @app_commands.describe(fact="Part of what it says", part="What to change of it")
    @app_commands.choices(part=EDITABLE)
    async def edit(self, interaction: discord.Interaction[Footnote], fact: Long, part: str = "statement") -> None:
        """Propose a change to a statement."""
        await drafts.edit(interaction, Ref("fact", fact), part)

    @app_commands.command()
    @app_commands.describe(
        fact="Part of what it says", why="What is wrong with it", replaced_by="The newer statement that takes its place"
    )
    async def retire(
        self,
        interaction: discord.Interaction[Footnote],
        fact: Long,
        why: app_commands.Range[str, 1, 300],
        replaced_by: Long | None = None,
    ) -> None:
        """Propose that a statement is shown no more; it stays in the history."""
        await moderation(interaction, Right.PROPOSE)
        head = await drafts.head_of(interaction, Ref("fact", fact))
        if head.body is None:
            raise UserError("This fact is retired already.")
        if replaced_by == fact:
            raise UserError("A fact cannot replace itself. Please choose another one.")
        changes = await self.without(fact, replaced_by)
        body = drafts.with_successor(head.body, replaced_by) if replaced_by else None
        await drafts.save(interaction, [Change(Ref("fact", fact), body, head.number), *changes], why)

    async def without(self, fact: str, successor: str | None) -> list[Change]:
        """Changes that let events go on without a fact, or with the one that takes its place.

        An event that nothing tells of any more is shown no more either. Disputes and terms are for people to decide on.
        """
        changes = []
        for ref, head in (await revisions.heads(self.bot.database.read)).items():
            raw = raw_of(head.body)
            if ref.sort != "event" or fact not in raw.get("facts", ()):
                continue
            left = [successor if name == fact else name for name in raw["facts"]]
            raw["facts"] = list(dict.fromkeys(name for name in left if name))
            changes.append(Change(ref, drafts.body_from(ref.sort, raw) if raw["facts"] else None, head.number))
        return changes

    @app_commands.command()
    @app_commands.describe(fact="Part of what it said", why="Why it holds again")
    async def restore(
        self, interaction: discord.Interaction[Footnote], fact: Long, why: app_commands.Range[str, 1, 300]
    ) -> None:
        """Propose that a retired statement is shown again, as it was."""
        await moderation(interaction, Right.PROPOSE)
        ref = Ref("fact", fact)
        head = await drafts.head_of(interaction, ref)
        if head.body is not None:
            raise UserError("This fact is not retired.")
        body = next((v.body for v in reversed(await revisions.history(self.bot.database, ref)) if v.body), None)
        if body is None:
            raise UserError("The text of this fact was wiped: it cannot be restored.")
        await drafts.save(interaction, [Change(ref, body, head.number)], why, Purpose.REVERT)

    @edit.autocomplete("fact")
    @retire.autocomplete("fact")
    @retire.autocomplete("replaced_by")
    @suggesting
    async def current(self, interaction: discord.Interaction[Footnote], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the statements that are shown."""
        return choices(typed, await names(self.bot.database, "fact"))

    @restore.autocomplete("fact")
    @suggesting
    async def retired(self, interaction: discord.Interaction[Footnote], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the statements that are retired."""
        await moderation(interaction, Right.PROPOSE)
        return choices(typed, await names(self.bot.database, "fact", retired=True))

    @add.autocomplete("source")
    @suggesting
    async def sources(self, interaction: discord.Interaction[Footnote], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the sources."""
        return await sources_offered(self.bot.database, typed)

    @add.autocomplete("topic")
    @suggesting
    async def topics(self, interaction: discord.Interaction[Footnote], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the topics."""
        return self.bot.topic_choices(typed)

    @add.autocomplete("place")
    @suggesting
    async def places(self, interaction: discord.Interaction[Footnote], typed: str) -> list[app_commands.Choice[str]]:
        """Offer counties and cities."""
        counties = self.bot.catalog.counties
        known = {name: name for county in counties for name in (county.name, *county.cities)}
        return [app_commands.Choice(name=name, value=name) for name in lookup.closest(typed, known)]


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Facts(cast("Footnote", bot)))
