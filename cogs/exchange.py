"""/export and /import: the record as files, and files as proposals."""

import asyncio
import io
from collections.abc import Sequence
from typing import cast

import discord
from discord import app_commands
from discord.ext import commands
from pydantic import ValidationError

from bot import responses
from bot.app import Footnote
from bot.cards.text import escape, shorten
from bot.catalog import in_sentences
from bot.catalog.imports import read_import
from bot.catalog.reader import MAX_BYTES, RefusedError
from bot.desk import drafts
from bot.desk.access import Right, moderation
from bot.desk.views import Sheet, tell
from bot.errors import UserError
from bot.exchange import FORMATS, as_yaml
from bot.fields import as_texts
from bot.models import SORTS, Change, Purpose, Record, Ref, body_of
from bot.personal import personal_data
from bot.store import records, revisions

ENDINGS = {"json": "footnote.json", "csv": "facts.csv", "claimreview": "claims.jsonld"}
MOST_PROBLEMS = 500
# More than this nobody can review at once.
MOST_CHANGES = 300


class Exchange(commands.Cog):
    """The record out and in."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(form="YAML as in data/, JSON, the facts as a table, or JSON-LD for programs")
    @app_commands.choices(
        form=[
            app_commands.Choice(name="YAML, as in data/", value="yaml"),
            app_commands.Choice(name="JSON", value="json"),
            app_commands.Choice(name="CSV, the facts as a table", value="csv"),
            app_commands.Choice(name="JSON-LD, in the manner of ClaimReview", value="claimreview"),
        ]
    )
    async def export(self, interaction: discord.Interaction[Footnote], form: str = "yaml") -> None:
        """Take the whole record with you as files."""
        self.bot.limits.spend(interaction.user.id, "export")
        await responses.defer(interaction)
        async with self.bot.limits.turn(interaction, "slow"):
            held = await records.everything(self.bot.database)
            # In a thread: writing it all takes a third of a second, in which nobody else should wait.
            texts = await asyncio.to_thread(as_texts_of, held, form)
        attached = [discord.File(io.BytesIO(text.encode()), name) for name, text in texts.items()]
        await responses.send(interaction, files=attached)

    @app_commands.command(name="import")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_messages=True)
    @app_commands.describe(file="YAML or JSON of one sort of record, or CSV", sort="What it holds", why="Why")
    @app_commands.choices(sort=[app_commands.Choice(name=sort, value=sort) for sort in SORTS])
    async def import_(
        self,
        interaction: discord.Interaction[Footnote],
        file: discord.Attachment,
        sort: str,
        why: app_commands.Range[str, 1, 300],
    ) -> None:
        """See what a file would add and change, and propose it: all or nothing, approved by somebody else."""
        await moderation(interaction, Right.PROPOSE)
        self.bot.limits.spend(interaction.user.id, "import")
        if file.size > MAX_BYTES:
            raise UserError(
                f"{escape(shorten(file.filename, 60))} is larger than 5 MB: split it. Nothing was imported."
            )
        await responses.defer(interaction)
        try:
            async with self.bot.limits.turn(interaction, "slow"):
                # In a thread: a large file takes a second to read, in which nobody else should wait.
                found = await asyncio.to_thread(read_import, file.filename, await file.read(), sort)
        except RefusedError as refused:
            raise UserError(f"Line {refused.line}: the file {escape(refused.text)}. Nothing was imported.") from None
        held = await revisions.heads(self.bot.database.read)
        changes, problems = await asyncio.to_thread(self.compared, found, sort, held)
        if len(changes) > MOST_CHANGES:
            raise UserError(f"This would change {len(changes)} records: at most {MOST_CHANGES} at once. Split it.")
        problems += await revisions.flaws(self.bot.database.read, changes, self.bot.flaws) if not problems else []
        if problems:
            count = len(problems) if len(problems) <= MOST_PROBLEMS else f"More than {MOST_PROBLEMS}"
            lines = ["## Nothing was imported", f"{count} problems, because of all of which it is refused:"]
            await tell(interaction, Sheet([*lines, *(f"- {escape(problem)}" for problem in problems[:25])]))
            return
        if not changes:
            raise UserError("This changes nothing: the record says all of it already.")
        added = sum(held[c.ref].body is None if c.ref in held else True for c in changes)
        same = len(found) - len(changes)
        counts = f"{added} would be added, {len(changes) - added} changed, {same} are as they were"
        await tell(
            interaction, Sheet([f"**Dry run:** {counts}. Nothing is imported before somebody else approves it."])
        )
        await drafts.save(interaction, changes, why, Purpose.IMPORT)

    def compared(
        self, found: list[dict[str, object]], sort: str, held: dict[Ref, revisions.Head]
    ) -> tuple[list[Change], list[str]]:
        """What a file would change, and what in it cannot be kept and why."""
        changes: list[Change] = []
        problems: list[str] = []
        for number, raw in enumerate(found, 1):
            if len(problems) > MOST_PROBLEMS:
                break
            name = str(raw.get("id", f"record {number}"))[:60]
            try:
                record = SORTS[sort].model_validate(raw)
            except ValidationError as error:
                problems += [f"{name}: {sentence}" for sentence in in_sentences(error, SORTS[sort])]
                continue
            body = body_of(record)
            head = held.get(Ref(sort, name))
            if head is None or head.body != body:
                said = " ".join(as_texts(sort, {part: text for part, text in raw.items() if part != "url"}).values())
                problems += [f"{name}: {sentence}" for sentence in personal_data(said)]
                changes.append(Change(Ref(sort, name), body, head.number if head else 0))
        return changes, problems


def as_texts_of(held: Sequence[Record], form: str) -> dict[str, str]:
    """The record as files, by their names."""
    return as_yaml(held) if form == "yaml" else {ENDINGS[form]: FORMATS[form](held)}


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Exchange(cast("Footnote", bot)))
