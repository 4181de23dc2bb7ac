"""/queue and the buttons of drafts and review cards: send, change, discard, approve, ask for changes, reject."""

import functools
from datetime import timedelta
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands, tasks
from discord.ui import LayoutView

from bot import responses
from bot.app import Footnote
from bot.cards.review import queue_line
from bot.cards.text import code, escape, shorten
from bot.desk import drafts, reviews
from bot.desk.access import Right, moderation
from bot.desk.checks import objections
from bot.desk.forms import Form
from bot.desk.views import DeskButton, DeskMenu, Press, Sheet, tell
from bot.errors import UserError, log, note
from bot.fields import Field
from bot.models import Decision, Proposal, Purpose, State, Verdict
from bot.responses import NO_MENTIONS
from bot.store import proposals, running

LATE = timedelta(hours=48)
GONE = "That proposal is not there any more."
REASON = Field("reason", "Reason", "The proposer and other moderators read it.", 500, long=True)


class Review(commands.Cog):
    """The queue, and what moderators decide."""

    def __init__(self, bot: Footnote) -> None:
        self.bot = bot
        bot.desk |= {
            "send": self.send,
            "change": self.change,
            "drop": self.drop,
            "again": self.again,
            "approve": self.approve,
            "ask": functools.partial(self.decline, State.CHANGES_ASKED),
            "reject": functools.partial(self.decline, State.REJECTED),
            "turn": self.turn,
            "peek": self.peek,
            "leaf": self.leaf,
            "look": self.look,
            "report": self.report,
            "answered": self.answered,
        }

    async def cog_load(self) -> None:
        """Begin to watch how long things wait."""
        self.watch.start()

    async def cog_unload(self) -> None:
        """Watch no longer."""
        self.watch.cancel()

    async def proposal(self, number: int, person: int) -> Proposal:
        """A proposal by its number. Raises UserError when there is none, and of somebody else's draft no less."""
        try:
            found = await proposals.get(self.bot.database, number)
        except LookupError:
            raise UserError(GONE) from None
        if found.proposer != person and found.state in {State.DRAFT, State.WITHDRAWN} and not found.message:
            raise UserError(GONE)
        return found

    # What proposers press

    async def send(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Send a draft for review."""
        chosen = await moderation(interaction, Right.PROPOSE)
        await self.proposal(press.number, interaction.user.id)
        now = discord.utils.utcnow()
        done = await proposals.send(self.bot.database, press.number, press.version, interaction.user.id, now)
        own_draft(done)
        note = f"Sent for review as proposal {press.number}."
        if done.proposal.message:
            await reviews.refresh(self.bot, done.proposal)
        elif not await reviews.post(self.bot, done.proposal, chosen):
            note += " It waits in /queue; its card could not be posted: an administrator sets /permissions channel."
        await responses.update(interaction, Sheet([note]))

    async def change(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Open the form of a draft, or of a proposal that needs changes, again."""
        await moderation(interaction, Right.PROPOSE)
        await drafts.reopen(interaction, await self.proposal(press.number, interaction.user.id))

    async def drop(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Discard a draft."""
        await moderation(interaction, Right.PROPOSE)
        await self.proposal(press.number, interaction.user.id)
        done = await proposals.withdraw(self.bot.database, press.number, press.version, interaction.user.id)
        own_draft(done)
        pressed = interaction.message.id if interaction.message else None
        on_card = pressed is not None and pressed == done.proposal.message
        view = await reviews.card(self.bot, done.proposal) if on_card else Sheet(["Discarded. Nothing was published."])
        await responses.update(interaction, view)
        await reviews.refresh(self.bot, done.proposal, but=pressed)

    async def again(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Open a form again with what was typed and could not be kept."""
        await moderation(interaction, Right.PROPOSE)
        owner, typed = self.bot.unsent.get(press.number, (0, None))
        if typed is None or owner != interaction.user.id:
            raise UserError("What you typed is not kept any more. Please use the command again.")
        await drafts.open_form(interaction, typed)

    # What approvers press

    async def approve(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Publish a proposal."""
        chosen = await moderation(interaction, Right.APPROVE)
        await self.proposal(press.number, interaction.user.id)
        # The record grows to a few thousand rows, all of which are checked: Discord waits three seconds only.
        await responses.defer(interaction)
        done = await proposals.publish(
            self.bot.database,
            press.number,
            press.version,
            interaction.user.id,
            interaction.id,
            discord.utils.utcnow(),
            self.bot.flaws,
            alone=chosen.alone,
        )
        if done.verdict is Verdict.DONE:
            await self.bot.refresh_search()
        await self.told(interaction, done)

    async def decline(self, state: State, interaction: discord.Interaction[Any], press: Press) -> None:
        """Ask for the reason of a rejection, or for what should change."""
        await moderation(interaction, Right.APPROVE)
        await self.proposal(press.number, interaction.user.id)
        title = "Reject" if state is State.REJECTED else "Ask for changes"
        done = functools.partial(self.declined, state, press)
        await responses.open_form(interaction, Form(f"{title}: proposal {press.number}", [(REASON, "")], done))

    async def declined(
        self, state: State, press: Press, interaction: discord.Interaction[Any], texts: dict[str, str]
    ) -> None:
        """Reject a proposal, or ask for changes, with the reason."""
        await moderation(interaction, Right.APPROVE)
        if told := objections("the reason", texts["reason"]):
            heading = "**Nothing was decided.** Please press the button again and correct:"
            typed = ["You typed:", texts["reason"]]  # so that nobody has to think of it again
            await tell(interaction, Sheet([heading, *map(escape, [*told, *typed])]))
            return
        await responses.defer(interaction)
        done = await proposals.decline(
            self.bot.database,
            press.number,
            press.version,
            state,
            interaction.user.id,
            interaction.id,
            texts["reason"],
            discord.utils.utcnow(),
        )
        await self.told(interaction, done)

    async def told(self, interaction: discord.Interaction[Any], done: Decision) -> None:
        """Show what became of a decision, on the card that was pressed, on the one in the channel, and in words."""
        found = done.proposal
        log.info("proposal %s: %s, now %s", found.id, done.verdict, found.state)
        if found.purpose is Purpose.REDACTION and found.state is State.PUBLISHED:
            # First of all: what is wiped must not stay in a card because nobody hears the answer any more.
            for number in await proposals.touching(self.bot.database, [c.ref for c in found.changes]):
                await reviews.refresh(self.bot, await proposals.get(self.bot.database, number))
        if interaction.message is not None:
            await responses.update(interaction, await reviews.card(self.bot, found))
        await reviews.refresh(self.bot, found, but=interaction.message.id if interaction.message else None)
        match done.verdict:
            case Verdict.OWN:
                raise UserError("You proposed this: somebody else has to approve it.")
            case Verdict.STALE:
                raise UserError(
                    "The record or the proposal has changed meanwhile, so nothing was done. The card now shows what "
                    "would happen: please look at it again."
                )
            case Verdict.CLOSED:
                raise UserError(f"Nothing was done: this proposal is {found.state} already.")
            case Verdict.BROKEN:
                raise UserError(
                    "This does not fit to the rest of the record any more, so nothing was published:\n"
                    + "\n".join(f"- {escape(problem)}" for problem in done.problems[:10])
                )

    async def turn(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Turn to another page of a proposal, for the reader alone."""
        await moderation(interaction, Right.PROPOSE)
        view = await reviews.card(self.bot, await self.proposal(press.number, interaction.user.id), press.page)
        if interaction.message and interaction.message.flags.ephemeral:
            await responses.update(interaction, view)
        else:
            await tell(interaction, view)

    async def peek(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Show what members would see if a proposal were published."""
        await moderation(interaction, Right.PROPOSE)
        await tell(interaction, await self.previewed(interaction, press))

    async def leaf(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Turn to another page of a preview."""
        await moderation(interaction, Right.PROPOSE)
        await responses.update(interaction, await self.previewed(interaction, press))

    async def previewed(self, interaction: discord.Interaction[Any], press: Press) -> LayoutView:
        """A page of the preview of what waits, or of one's own. Raises UserError for what is decided or withdrawn."""
        self.bot.limits.spend(interaction.user.id, "preview")
        found = await self.proposal(press.number, interaction.user.id)
        if found.proposer != interaction.user.id and found.state is not State.WAITING:
            raise UserError(f"There is no preview of it: this proposal is {found.state}.")
        return await drafts.preview(interaction, found, press.page)

    # The queue

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_messages=True)
    async def queue(self, interaction: discord.Interaction[Footnote]) -> None:
        """See what waits for review and for how long, your own drafts, and members' reports."""
        chosen = await moderation(interaction, Right.PROPOSE)
        now = discord.utils.utcnow()
        waiting = await proposals.waiting(self.bot.database)
        mine = await proposals.open_of(self.bot.database, interaction.user.id)
        reports = await running.open_reports(self.bot.database)
        lines = [f"## Waiting for review: {len(waiting)}", *(queue_line(found, now) for found in waiting[:40])]
        lines += [f"## Your drafts: {len(mine)}", *(queue_line(found, now) for found in mine[:10])] if mine else []
        lines += [f"## Reports from members: {len(reports)}"]
        lines += [
            f"**{number}** · {day} · {escape(report.reason)} · {code(report.page)}"
            for number, day, report in reports[:15]
        ]
        lines += [] if chosen.channel else ["-# No review channel is set: /permissions channel."]
        menus = []
        if offered := {str(found.id): f"{found.id}: {found.changes[0].ref}" for found in [*waiting, *mine]}:
            menus.append(DeskMenu("look", 0, "Look at a proposal", offered))
        if reports:
            offered = {str(n): f"{n}: {report.reason}, {report.page}" for n, _, report in reports}
            menus.append(DeskMenu("report", 1, "Read a report", offered))
        await tell(interaction, Sheet(lines, menus=menus))

    async def look(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Show a proposal of the queue, with what can be done with it."""
        await moderation(interaction, Right.PROPOSE)
        found = await self.proposal(int(press.value), interaction.user.id)
        if found.state is State.DRAFT:
            await drafts.show(interaction, found)
            return
        await tell(interaction, await reviews.card(self.bot, found))

    async def report(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Show a member's report."""
        await moderation(interaction, Right.PROPOSE)
        for number, day, report in await running.open_reports(self.bot.database):
            if number == int(press.value):
                lines = [f"## Report {number}", f"-# {day} · on {code(report.page)}", f"**{escape(report.reason)}**"]
                lines += [escape(report.text)] if report.text else []
                lines.append("-# Who sent it is not kept, and neither is who answers it.")
                await tell(interaction, Sheet(lines, [DeskButton("answered", "It is dealt with", number)]))
                return
        raise UserError("Somebody has dealt with that report already.")

    async def answered(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Take a report out of the queue."""
        await moderation(interaction, Right.PROPOSE)
        if not await running.answer_report(self.bot.database, press.number, discord.utils.utcnow().date()):
            raise UserError("Somebody has dealt with that report already.")
        note = Sheet([f"Report {press.number} is out of the queue."])
        await responses.update(interaction, note)

    @tasks.loop(minutes=30)
    async def watch(self) -> None:
        """Tell the review channel once of what has waited for 48 hours, and tidy up after redactions."""
        try:
            # A redaction empties the log at once, unless another process was reading just then.
            await self.bot.database.empty_log()
            chosen = await reviews.chosen_at_home(self.bot)
            if chosen.channel is None:
                return
            now = discord.utils.utcnow()
            late = await proposals.overdue(self.bot.database, now - LATE)
            if late:
                lines = ["## Waiting for more than 48 hours", *(queue_line(found, now) for found in late)]
                await self.bot.get_partial_messageable(chosen.channel).send(
                    view=Sheet(lines), allowed_mentions=NO_MENTIONS
                )
                await proposals.set_alerted(self.bot.database, late, now)
        except Exception as error:  # noqa: BLE001 - a loop that raises would never run again
            note("queue", error)


def own_draft(done: Decision) -> None:
    """Raises UserError when a draft could not be sent or discarded."""
    if done.verdict is Verdict.STALE:
        raise UserError("You have changed this draft since: please use its newest preview.")
    if done.verdict is not Verdict.DONE:
        raise UserError(f"That draft is {shorten(done.proposal.state, 40)} already, or somebody else's.")


async def setup(bot: commands.Bot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(Review(cast("Footnote", bot)))
