"""How an interaction is answered: in time, once, and first or later alike.

Discord takes the first answer within three seconds and later ones for fifteen minutes
(https://docs.discord.com/developers/interactions/receiving-and-responding). So what is not answered soon is deferred,
and no handler needs to know whether that has happened: it calls `send` or `update`.
"""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import discord
from discord import ui

log = logging.getLogger("footnote")

NO_MENTIONS = discord.AllowedMentions.none()
# Seconds until an interaction is deferred, which leaves Discord's own delays more than two.
PATIENCE = 0.8
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
ACKNOWLEDGED = 40060
# What is left of an interaction whose time is over, or that never got its first answer: nobody can be told anything.
GONE = {10062, 10015, 50027}
# What is known of an interaction, in its `extras`.
BEGUN = "begun"  # when something of the bot's took it up
_LOCK, _TIMER, _DEFERRED, _ANSWERED = "lock", "timer", "deferred", "answered"


class TooLateError(Exception):
    """A form can be a first answer only, and the interaction has been deferred."""


def in_time(interaction: discord.Interaction[Any]) -> None:
    """Let an interaction be deferred that nobody answers soon; an autocomplete cannot be."""
    if interaction.type is not discord.InteractionType.autocomplete and _ANSWERED not in interaction.extras:
        interaction.extras[_TIMER] = asyncio.create_task(_defer_later(interaction))


async def _defer_later(interaction: discord.Interaction[Any]) -> None:
    await asyncio.sleep(PATIENCE)
    try:
        if interaction.type is discord.InteractionType.modal_submit and BEGUN not in interaction.extras:
            await _give_back(interaction)
        else:
            await defer(interaction)
    except Exception as error:  # noqa: BLE001 - the answer itself is still to come, and tells of its own failure
        log.warning("not deferred: %s %s", type(error).__name__, getattr(error, "code", ""))


async def _give_back(interaction: discord.Interaction[Any]) -> None:
    """Return what was typed into a form that nothing waits for, which discord.py only notes in its log.

    The form was opened before the bot last started, more than its time ago, or in a request whose reply was lost.
    """
    data: Any = interaction.data
    said = "This form has been open for too long, or since before I last started: nothing of it was kept. "
    said += "Please open it again."
    if typed := "\n\n".join(_typed(data["components"])):
        file = discord.File(io.BytesIO(typed.encode("utf-8", "replace")), "what-you-wrote.txt")
        await send(interaction, f"{said} What you wrote is in the file.", file=file)
    else:
        await send(interaction, said)


def _typed(components: Iterable[Any]) -> Iterator[str]:
    """What somebody typed and chose in a form, in its order."""
    for part in components:
        yield from part.get("values") or filter(None, [part.get("value")])
        yield from _typed([*part.get("components", ()), *filter(None, [part.get("component")])])


async def defer(interaction: discord.Interaction[Any]) -> None:
    """Tell Discord that the answer takes a while, unless there is one.

    After a press nothing is shown meanwhile, and any kind of answer may follow. Elsewhere "thinking" is, privately.
    """
    pressed = interaction.message is not None
    options = {} if pressed else {"ephemeral": True, "thinking": True}
    await _first(interaction, lambda: interaction.response.defer(**options), deferring=True)


async def send(
    interaction: discord.Interaction[Any], content: str | ui.LayoutView = "", *, private: bool = True, **more: Any
) -> None:
    """Answer with a message that, when private, only this person sees."""
    message = more | ({"view": content} if isinstance(content, ui.LayoutView) else {"content": content})
    message |= {"ephemeral": private, "allowed_mentions": NO_MENTIONS}
    if not await _first(interaction, lambda: interaction.response.send_message(**message)):
        await interaction.followup.send(**message)


async def update(interaction: discord.Interaction[Any], view: ui.LayoutView) -> None:
    """Let the message whose button was pressed show something else."""
    if not await _first(
        interaction, lambda: interaction.response.edit_message(view=view, allowed_mentions=NO_MENTIONS)
    ):
        await interaction.edit_original_response(view=view, allowed_mentions=NO_MENTIONS)


async def open_form(interaction: discord.Interaction[Any], form: ui.Modal) -> None:
    """Answer with a form. Raises TooLateError when the interaction has been deferred."""
    if not await _first(interaction, lambda: interaction.response.send_modal(form)):
        raise TooLateError


async def _first(
    interaction: discord.Interaction[Any], answer: Callable[[], Awaitable[object]], *, deferring: bool = False
) -> bool:
    """Give the first answer; returns False when Discord has one already and this must be a later one.

    One at a time: discord.py counts an interaction as answered only when Discord has replied.
    """
    known = interaction.extras
    async with known.setdefault(_LOCK, asyncio.Lock()):
        if interaction.response.is_done() or _ANSWERED in known:
            return False
        if deferring:
            known[_DEFERRED] = True
        try:
            await answer()
        except discord.HTTPException as error:
            if error.code in GONE | {ACKNOWLEDGED}:
                _answered(interaction)
            if error.code != ACKNOWLEDGED:
                raise
            # Discord had it, though its reply was lost, or delivered the interaction twice.
            log.warning("answered already: %s", interaction.type.name)
            return _DEFERRED not in known
        _answered(interaction)
        return True


def _answered(interaction: discord.Interaction[Any]) -> None:
    """Note that no first answer is to come: there is one, or the interaction is gone. Nothing is left to defer."""
    interaction.extras[_ANSWERED] = True
    timer = interaction.extras.get(_TIMER)
    if timer and timer is not asyncio.current_task():
        timer.cancel()
