"""/sources, /event, /disputes and /agreement for moderators: add and edit what is not a statement.

Discord lets a name be either a command or a group of commands: /source and /dispute are the members' commands, so the
moderators' groups carry the plural.
"""

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Footnote
from bot.cards.review import raw_of
from bot.desk import drafts
from bot.desk.access import Right, moderation
from bot.desk.forms import Draft
from bot.desk.names import choices, names, sources_offered
from bot.errors import UserError, suggesting
from bot.fields import PARTS
from bot.models import Change, Model, Ref, SourceKind, Status
from bot.store import records, revisions

Long = app_commands.Range[str, 1, 100]
Why = app_commands.Range[str, 1, 300]


def parts(sort: str) -> list[app_commands.Choice[str]]:
    """The parts of a sort of record to choose from."""
    return [app_commands.Choice(name=part.title, value=part.name) for part in PARTS[sort]]


def group(name: str, about: str) -> app_commands.Group:
    """A group of commands that only moderators see."""
    return app_commands.Group(
        name=name,
        description=about,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        default_permissions=discord.Permissions(manage_messages=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )


class Editing(commands.Cog):
    """Sources, events, disputes and agreements, for moderators."""

    sources = group("sources", "Add and edit the documents that statements rest on")
    events = group("event", "Add and edit events of the timeline")
    disputes = group("disputes", "Add and edit questions on which accounts differ")
    agreements = group("agreement", "Keep the history of 287(g) agreements")

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot

    @sources.command(name="add")
    @app_commands.describe(kind="How close it stands to the matter")
    async def add_source(self, interaction: discord.Interaction[Footnote], kind: SourceKind) -> None:
        """Propose a new source."""
        await moderation(interaction, Right.PROPOSE)
        await drafts.open_form(interaction, Draft(Ref("source", ""), "page", {"kind": kind.value}))

    @sources.command(name="edit")
    @app_commands.describe(source="Part of its title or publisher", part="What to change of it")
    @app_commands.choices(part=parts("source"))
    async def edit_source(self, interaction: discord.Interaction[Footnote], source: Long, part: str = "page") -> None:
        """Propose a change to a source."""
        await drafts.edit(interaction, Ref("source", source), part)

    @sources.command(name="retire")
    @app_commands.describe(source="Part of its title or publisher", why="Why")
    async def retire_source(self, interaction: discord.Interaction[Footnote], source: Long, why: Why) -> None:
        """Propose that a source on which nothing rests any more is shown no more."""
        await drafts.retire(interaction, Ref("source", source), why)

    @events.command(name="add")
    @app_commands.describe(topic="What it is filed under", fact="A statement that tells of it")
    async def add_event(self, interaction: discord.Interaction[Footnote], topic: Long, fact: Long) -> None:
        """Propose a new event; what happened is in its statements."""
        await moderation(interaction, Right.PROPOSE)
        raw: dict[str, Any] = {"topic": self.bot.topic(topic).id, "facts": [fact]}
        await drafts.open_form(interaction, Draft(Ref("event", ""), "event", raw))

    @events.command(name="edit")
    @app_commands.describe(event="Part of its title", part="What to change of it")
    @app_commands.choices(part=parts("event"))
    async def edit_event(self, interaction: discord.Interaction[Footnote], event: Long, part: str = "event") -> None:
        """Propose a change to an event."""
        await drafts.edit(interaction, Ref("event", event), part)

    @events.command(name="retire")
    @app_commands.describe(event="Part of its title", why="Why")
    async def retire_event(self, interaction: discord.Interaction[Footnote], event: Long, why: Why) -> None:
        """Propose that an event is shown no more."""
        await drafts.retire(interaction, Ref("event", event), why)

    @disputes.command(name="add")
    @app_commands.describe(topic="What it is filed under")
    async def add_dispute(self, interaction: discord.Interaction[Footnote], topic: Long) -> None:
        """Propose a new dispute, with all its sides."""
        await moderation(interaction, Right.PROPOSE)
        raw: dict[str, Any] = {"topic": self.bot.topic(topic).id}
        await drafts.open_form(interaction, Draft(Ref("dispute", ""), "dispute", raw))

    @disputes.command(name="edit")
    @app_commands.describe(dispute="Part of its question")
    async def edit_dispute(self, interaction: discord.Interaction[Footnote], dispute: Long) -> None:
        """Propose a change to a dispute: its question and its sides."""
        await drafts.edit(interaction, Ref("dispute", dispute), "dispute")

    @disputes.command(name="retire")
    @app_commands.describe(dispute="Part of its question", why="Why")
    async def retire_dispute(self, interaction: discord.Interaction[Footnote], dispute: Long, why: Why) -> None:
        """Propose that a question is disputed no more; its statements stay, each by itself."""
        await moderation(interaction, Right.PROPOSE)
        held = await revisions.heads(self.bot.database.read)
        agreements = {ref: raw_of(head.body) for ref, head in held.items() if ref.sort == "agreement" and head.body}
        without = [
            Change(ref, drafts.body_from("agreement", raw | {"dispute": None}), held[ref].number)
            for ref, raw in agreements.items()
            if raw.get("dispute") == dispute
        ]
        await drafts.retire(interaction, Ref("dispute", dispute), why, without)

    @agreements.command(name="set")
    @app_commands.describe(
        agreement="The agreement, or the name of an agency for a new one",
        status="What is said of it",
        date="The date of that: 2026, 2026-01 or 2026-01-22",
        source="The source that says so",
        why="Why the record should say so",
        by="Who says so; needed when somebody calls it void",
        county="For a new one: the county",
        model="For a new one: the form of the agreement",
    )
    async def set_agreement(
        self,
        interaction: discord.Interaction[Footnote],
        agreement: Long,
        status: Status,
        date: app_commands.Range[str, 4, 10],
        source: Long,
        why: Why,
        by: Long | None = None,
        county: Long | None = None,
        model: Model | None = None,
    ) -> None:
        """Propose a new entry in the history of an agreement, or a new agreement."""
        await moderation(interaction, Right.PROPOSE)
        known = await names(self.bot.database, "agreement")
        entry = {"date": date, "status": status.value, "sources": [{"id": source}]} | ({"by": by} if by else {})
        if agreement in known.values():
            ref = Ref("agreement", agreement)
            head = await drafts.head_of(interaction, ref)
            raw, base = raw_of(head.body), head.number
        else:
            found = {c.name: c.id for c in await records.counties(self.bot.database)}.get(county or "")
            if found is None or model is None:
                raise UserError("There is no such agreement. For a new one, choose its county and model too.")
            raw, base = {"agency": agreement, "county": found, "model": model.value, "history": []}, 0
            raw["id"] = await drafts.free_id(interaction, "agreement", raw)
            raw |= {"signed": date} if status is Status.SIGNED else {}
        raw["history"] = sorted([*raw["history"], entry], key=lambda change: str(change["date"]))
        change = Change(Ref("agreement", raw["id"]), drafts.body_from("agreement", raw), base)
        await drafts.save(interaction, [change], why)

    async def offered(self, sort: str, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the records of a sort that are shown."""
        return choices(typed, await names(self.bot.database, sort))

    @edit_source.autocomplete("source")
    @retire_source.autocomplete("source")
    @set_agreement.autocomplete("source")
    @suggesting
    async def offer_sources(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the sources."""
        return await sources_offered(self.bot.database, typed)

    @add_event.autocomplete("fact")
    @suggesting
    async def offer_facts(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the statements."""
        return await self.offered("fact", typed)

    @edit_event.autocomplete("event")
    @retire_event.autocomplete("event")
    @suggesting
    async def offer_events(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the events."""
        return await self.offered("event", typed)

    @edit_dispute.autocomplete("dispute")
    @retire_dispute.autocomplete("dispute")
    @suggesting
    async def offer_disputes(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the disputes."""
        return await self.offered("dispute", typed)

    @set_agreement.autocomplete("agreement")
    @suggesting
    async def offer_agreements(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the agreements."""
        return await self.offered("agreement", typed)

    @set_agreement.autocomplete("county")
    @suggesting
    async def offer_counties(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the counties."""
        labels = {county.name: county.name for county in self.bot.catalog.counties}
        return choices(typed, labels)

    @add_event.autocomplete("topic")
    @add_dispute.autocomplete("topic")
    @suggesting
    async def offer_topics(
        self, interaction: discord.Interaction[Footnote], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the topics."""
        return self.bot.topic_choices(typed)


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Editing(cast("Footnote", bot)))
