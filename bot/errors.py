"""Where every failure ends: one polite sentence for the person, one line for the log.

The line names the kind of failure and the place in the code, never its message: a message may carry what
somebody asked.
"""

import functools
import logging
import secrets
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import discord
from discord import app_commands

log = logging.getLogger("footnote")
P = ParamSpec("P")


class UserError(Exception):
    """Something the person can mend; the message is the sentence they read."""


def describe(error: BaseException) -> str:
    """What failed and where, without anything that a person typed."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    cause = f" from {describe(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__} at {where or 'unknown'}{cause}"


def sentence(error: BaseException) -> str:
    """The sentence that a person reads for a failure; anything unexpected is logged under a reference."""
    if isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and error.__cause__:
        error = error.__cause__
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, app_commands.CommandOnCooldown):
        return f"That was a little fast. Please try again in {error.retry_after:.0f} seconds."
    if isinstance(error, app_commands.CheckFailure):
        return "You do not have the permission that this needs."
    if isinstance(error, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound):
        return "This command has just changed. Please reload Discord and try again."
    reference = secrets.token_hex(3)
    log.error("failure %s: %s", reference, describe(error))
    return f"Sorry, something went wrong. Please try again; if it goes on, tell whoever runs this bot: {reference}."


async def report(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Answer a failed interaction, once, privately; a reply that cannot be delivered is logged."""
    text = sentence(error)[:2000]
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True, allowed_mentions=discord.AllowedMentions.none())
        else:
            await interaction.response.send_message(
                text, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
            )
    except Exception as failed:  # noqa: BLE001 - what escapes here is logged by asyncio with every message in its chain
        log.warning("reply not delivered: %s", describe(failed))


def guarded(callback: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, Coroutine[Any, Any, None]]:
    """Let a button's callback end in `report`: discord.py only logs what a dynamic item raises."""

    @functools.wraps(callback)
    async def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the one place where everything ends
            interaction = next(argument for argument in args if isinstance(argument, discord.Interaction))
            await report(interaction, error)

    return run


def suggesting(
    callback: Callable[P, Coroutine[Any, Any, list[app_commands.Choice[str]]]],
) -> Callable[P, Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    """Let a failing autocomplete offer nothing and leave its line in the log, and never more than 25 choices."""

    @functools.wraps(callback)
    async def run(*args: P.args, **kwargs: P.kwargs) -> list[app_commands.Choice[str]]:
        try:
            return (await callback(*args, **kwargs))[:25]
        except Exception as error:  # noqa: BLE001 - the one place where everything ends
            log.error("autocomplete: %s", describe(error))
            return []

    return run
