"""Review cards in the review channel: posted, kept true, and taken away."""

import logging

import discord

from bot.cards.review import closed_lines, proposal_lines
from bot.cards.text import escape
from bot.desk.access import Desk
from bot.desk.checks import wording
from bot.desk.views import Sheet, review_card
from bot.errors import describe
from bot.models import Moderation, Proposal, Ref, State
from bot.responses import NO_MENTIONS
from bot.store import proposals, records, revisions, running

log = logging.getLogger("footnote")


async def card(bot: Desk, found: Proposal, page: int = 0) -> Sheet:
    """The card of a proposal as it stands now; once its text has been wiped, without it."""
    before: dict[Ref, str | None] = {}
    for change in found.changes:
        versions = await revisions.history(bot.database, change.ref)
        wiped = any(version.redacted for version in versions)
        if found.state is State.WITHDRAWN or (wiped and found.state is not State.WAITING):
            return review_card(found, closed_lines(found))
        decided = found.state is State.PUBLISHED
        shown = [version.body for version in versions if not decided or version.number <= change.base]
        before[change.ref] = shown[-1] if shown else None
    flags = [flag for change in found.changes for flag in wording(change, bot.catalog.wording)]
    notes = [f"-# Wording: {escape(flag)}" for flag in flags[:5] if found.state is State.WAITING]
    sides = {fact_id: dispute for dispute in await records.disputes(bot.database) for fact_id in dispute.fact_ids()}
    named = {sides[change.ref.id].question for change in found.changes if change.ref.id in sides}
    notes += [f"-# One side of a dispute; /dispute shows all of them: {escape(question)}" for question in sorted(named)]
    return review_card(found, [*proposal_lines(found, before), *notes], page)


async def post(bot: Desk, found: Proposal, chosen: Moderation) -> bool:
    """Put a proposal's card into the review channel. Returns False when there is none, or it cannot be written in."""
    if chosen.channel is None:
        return False
    try:
        message = await bot.get_partial_messageable(chosen.channel).send(
            view=await card(bot, found), allowed_mentions=NO_MENTIONS
        )
    except discord.HTTPException as error:
        log.warning("review card not posted: %s", describe(error))
        return False
    await proposals.set_card(bot.database, found.id, message.channel.id, message.id)
    return True


async def refresh(bot: Desk, found: Proposal, *, but: int | None = None) -> None:
    """Bring a proposal's card in the review channel up to date, unless it is the message `but`."""
    if found.channel is None or found.message is None or found.message == but:
        return
    message = bot.get_partial_messageable(found.channel).get_partial_message(found.message)
    try:
        await message.edit(view=await card(bot, found), allowed_mentions=NO_MENTIONS)
    except discord.HTTPException as error:
        log.warning("review card not refreshed: %s", describe(error))


async def chosen_at_home(bot: Desk) -> Moderation:
    """What the home server chose."""
    home = bot.settings.home_server
    return await running.moderation(bot.database, home) if home else Moderation()
