"""/history, /revert, /redact and /forget-me: every version of a record, and the ways back."""

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import responses
from bot.app import Footnote
from bot.cards.review import revision_lines
from bot.cards.text import code, escape, shorten
from bot.desk import drafts
from bot.desk.access import Right, has, moderation
from bot.desk.names import all_names, choices, ref_from
from bot.desk.reviews import chosen_at_home
from bot.desk.views import DeskButton, Press, Sheet, tell
from bot.errors import UserError, suggesting
from bot.models import Change, Dispute, Purpose, Ref, Revision
from bot.store import records, revisions
from cogs.events import day_typed

Long = app_commands.Range[str, 1, 100]
Why = app_commands.Range[str, 1, 300]


class History(commands.Cog):
    """What every record said, who changed it, and the ways back."""

    revert = app_commands.Group(
        name="revert",
        description="Propose to go back to an earlier version",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        default_permissions=discord.Permissions(manage_messages=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.desk["history"] = self.turn

    @app_commands.command()
    @app_commands.describe(record="A statement, source, event, dispute or agreement, shown or not")
    async def history(self, interaction: discord.Interaction[Footnote], record: Long) -> None:
        """See every version of a record: when it changed, why, and how."""
        await tell(interaction, await self.sheet(interaction, ref_from(record), 0))

    async def sheet(self, interaction: discord.Interaction[Any], ref: Ref, page: int) -> Sheet:
        """A page of a record's history; of a disputed statement, that of the whole dispute: all sides or none."""
        versions = await revisions.history(self.bot.database, ref)
        if not versions:
            raise UserError("There is no such record. Please choose one of those that are offered.")
        number = versions[0].number
        lines = [f"## History of {ref.sort} {code(ref.id)}"]
        disputed = await records.disputes(self.bot.database)
        whole = next((d for d in disputed if ref.sort == "fact" and ref.id in d.fact_ids()), None)
        if whole is not None:
            lines = [f"## History of dispute {code(whole.id)} with all its sides"]
            versions = await self.of_dispute(whole)
        at_home = interaction.guild_id is not None and interaction.guild_id == self.bot.settings.home_server
        named = at_home and has(interaction, await chosen_at_home(self.bot), Right.PROPOSE)
        before: dict[Ref, str | None] = {}
        told = []
        for version in versions:
            heading, *rest = revision_lines(version, before.get(version.ref), named=named)
            told.append([f"{heading}: {escape(str(version.ref))}" if whole else heading, *rest])
            before[version.ref] = version.body
        lines += [line for version in reversed(told) for line in version]
        return Sheet(lines, page=page, turn=DeskButton("history", "", number))

    async def of_dispute(self, dispute: Dispute) -> list[Revision]:
        """The versions of a dispute and of every statement of its sides, oldest first."""
        refs = [Ref("dispute", dispute.id), *(Ref("fact", fact_id) for fact_id in dispute.fact_ids())]
        found = [version for ref in refs for version in await revisions.history(self.bot.database, ref)]
        return sorted(found, key=lambda version: version.number)

    async def turn(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Turn to another page of a history."""
        found = await revisions.revision(self.bot.database, press.number)
        if found is None:
            raise UserError("That version is not there. Please use the command again.")
        view = await self.sheet(interaction, found.ref, press.page)
        await responses.update(interaction, view)

    @revert.command(name="record")
    @app_commands.describe(record="What to take back", version="The version to go back to", why="Why")
    async def revert_record(
        self, interaction: discord.Interaction[Footnote], record: Long, version: int, why: Why
    ) -> None:
        """Propose that a record says again what an earlier version of it said."""
        await moderation(interaction, Right.PROPOSE)
        ref = ref_from(record)
        found = next((v for v in await revisions.history(self.bot.database, ref) if v.number == version), None)
        if found is None or found.redacted:
            raise UserError("There is no such version of that record, or its text was wiped. /history lists them.")
        head = await drafts.head_of(interaction, ref)
        await drafts.save(interaction, [Change(ref, found.body, head.number)], why, Purpose.REVERT)

    @revert.command(name="person")
    @app_commands.describe(person="Whose edits to undo", since="Since when: 2026-01-22", why="Why")
    async def revert_person(
        self, interaction: discord.Interaction[Footnote], person: discord.User, since: str, why: Why
    ) -> None:
        """Propose to undo all that one person has edited since a day."""
        await moderation(interaction, Right.PROPOSE)
        undo, left = await revisions.edits_by(self.bot.database, person.id, day_typed(since, "since") or "")
        others = "".join(f"\n- {escape(str(ref))}" for ref in left[:20])
        note = f"Others have edited these after them: please look at each with /history.{others}" if left else ""
        if not undo:
            raise UserError(f"There is nothing of theirs to undo since then. {note}".strip())
        await drafts.save(interaction, undo, why, Purpose.REVERT)
        if note:
            await tell(interaction, Sheet([note]))

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_messages=True)
    @app_commands.describe(
        record="Where personal data slipped in",
        keep_newest="Yes when the newest version is clean; no wipes the record whole",
        why="Why, without repeating what slipped in",
    )
    async def redact(
        self, interaction: discord.Interaction[Footnote], record: Long, keep_newest: bool, why: Why
    ) -> None:
        """Propose to wipe a text for good: from history, index and every file, leaving only that it was there."""
        await moderation(interaction, Right.PROPOSE)
        ref = ref_from(record)
        head = await drafts.head_of(interaction, ref)
        if keep_newest and head.body is None:
            raise UserError("This record is not shown, so there is no newest version to keep.")
        change = Change(ref, head.body if keep_newest else None, head.number)
        await drafts.save(interaction, [change], why, Purpose.REDACTION)

    @app_commands.command(name="forget-me")
    async def forget_me(self, interaction: discord.Interaction[Footnote]) -> None:
        """Remove your name from the history of what you edited or approved; the history itself stays."""
        count = await revisions.forget(self.bot.database, interaction.user.id)
        told = "1 version" if count == 1 else f"{count} versions"
        await tell(
            interaction,
            f"Your name is removed from {told}. What of yours still waits for review keeps it until it is decided: "
            "then use this again.",
        )

    @history.autocomplete("record")
    @revert_record.autocomplete("record")
    @redact.autocomplete("record")
    @suggesting
    async def records(self, interaction: discord.Interaction[Footnote], typed: str) -> list[app_commands.Choice[str]]:
        """Offer every record that there is or was."""
        return choices(typed, await all_names(self.bot.database))

    @revert_record.autocomplete("version")  # type: ignore[arg-type]  # discord.py passes a number for a number
    @suggesting
    async def versions(self, interaction: discord.Interaction[Footnote], typed: int) -> list[Any]:
        """Offer the versions of the chosen record, newest first."""
        chosen = str(interaction.namespace.record or "")
        found = await revisions.history(self.bot.database, ref_from(chosen))
        return [
            app_commands.Choice(name=shorten(f"{v.number}: {v.at[:10]}, {v.why or v.origin}", 100), value=v.number)
            for v in reversed(found[:-1])
            if not v.redacted
        ]


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(History(cast("Footnote", bot)))
