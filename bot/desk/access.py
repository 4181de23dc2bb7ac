"""Who may do what: read afresh from the member's roles at every command, click and form."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, cast

import discord

from bot.catalog import Catalog
from bot.config import Settings
from bot.desk.forms import Draft
from bot.errors import UserError
from bot.limits import Limits
from bot.models import Moderation, Record, Ref
from bot.store import Database, running


class Desk(Protocol):
    """What the desk needs of the bot."""

    settings: Settings
    database: Database
    catalog: Catalog
    limits: Limits
    # What could not be kept as it was typed, and by whom, so that it can be corrected. In memory alone: it may hold
    # personal data.
    unsent: dict[int, tuple[int, Draft]]

    @property
    def today(self) -> date:
        """The day by which review dates are judged."""

    def get_partial_messageable(self, channel: int, /) -> discord.PartialMessageable:
        """A channel by its id."""

    def flaws(self, held: Sequence[Record], /) -> list[tuple[Ref, str]]:
        """What does not fit between records."""

    async def refresh_search(self) -> None:
        """Let the search know what the record holds now."""


class Right(StrEnum):
    """What a role may be allowed to do."""

    PROPOSE = "propose"
    APPROVE = "approve"
    SUMMARIZE = "summarize"


def roles_with(chosen: Moderation, right: Right) -> frozenset[int]:
    """The roles that have a right; whoever approves may propose as well."""
    if right is Right.PROPOSE:
        return frozenset(chosen.propose + chosen.approve)
    return frozenset(chosen.approve if right is Right.APPROVE else chosen.summarize)


def has(interaction: discord.Interaction[Any], chosen: Moderation, right: Right) -> bool:
    """Whether the person has a role that has a right, by the roles that Discord names in this very interaction."""
    roles = interaction.user.roles if isinstance(interaction.user, discord.Member) else []
    return bool({role.id for role in roles} & roles_with(chosen, right))


def desk_of(interaction: discord.Interaction[Any]) -> Desk:
    """The bot, as the desk needs it."""
    return cast("Desk", interaction.client)


async def moderation(interaction: discord.Interaction[Any], right: Right) -> Moderation:
    """What the home server chose. Raises UserError when the person may not do this, or not here."""
    bot = desk_of(interaction)
    home = bot.settings.home_server
    if home is None:
        raise UserError("No server is trusted to edit yet: whoever hosts this bot sets HOME_SERVER (see README.md).")
    if interaction.guild_id != home:
        raise UserError("The record is kept in another server: nothing can be edited from here.")
    chosen = await running.moderation(bot.database, home)
    if not has(interaction, chosen, right):
        if not roles_with(chosen, right):
            raise UserError(f"No role may {right} yet: an administrator allows one with /permissions allow.")
        raise UserError(f"You do not have a role that may {right} here. Nothing was changed.")
    return chosen


async def may_summarize(interaction: discord.Interaction[Any]) -> bool:
    """Whether the person may run summaries in this server."""
    if interaction.permissions.manage_guild:
        return True
    chosen = await running.moderation(desk_of(interaction).database, interaction.guild_id or 0)
    return has(interaction, chosen, Right.SUMMARIZE)
