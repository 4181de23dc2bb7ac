"""Where every failure ends: one polite sentence for the person, one line for the log.

The line names the kind of failure and the place in the code, never its message: a message may carry what
somebody asked.
"""

import functools
import logging
import math
import secrets
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import aiohttp
import discord
from discord import app_commands

from bot import metrics, responses

log = logging.getLogger("footnote")
P = ParamSpec("P")


class UserError(Exception):
    """Something the person can mend; the message is the sentence they read."""


# What is no fault of the bot's, and is answered with a sentence of its own.
REFUSALS = (
    UserError,
    app_commands.CheckFailure,
    app_commands.CommandSignatureMismatch,
    app_commands.CommandNotFound,
)


def describe(error: BaseException) -> str:
    """What failed and where, without anything that a person typed."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    cause = f" from {describe(error.__cause__)}" if error.__cause__ else ""
    # SQLite's name for it, such as SQLITE_FULL, or Discord's numbers: whoever runs the bot must know of a full disk.
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, discord.HTTPException):
        name = f"{error.status}/{error.code}"
    return f"{type(error).__name__}{name and f' {name}'} at {where or 'unknown'}{cause}"


def note(what: str, error: BaseException) -> None:
    """Write an unexpected failure down: a line in the log, and one more of its kind."""
    log.error("%s: %s", what, describe(error))
    metrics.count("errors", kind=type(error).__name__)


def begin(interaction: discord.Interaction[Any]) -> None:
    """Note when an interaction came."""
    interaction.extras.setdefault(responses.BEGUN, time.perf_counter())


def ended(interaction: discord.Interaction[Any], outcome: str) -> None:
    """Count how an interaction ended, by what it was and never by whose."""
    begin(interaction)
    data: Any = interaction.data or {}
    if interaction.command:
        command = interaction.command.qualified_name
    elif interaction.type is discord.InteractionType.component:
        command = ":".join(data["custom_id"].split(":")[:2])  # the button's action, without the page it leads to
    else:
        command = ""
    metrics.interaction(
        interaction.type.name, command, outcome, time.perf_counter() - interaction.extras[responses.BEGUN]
    )


def cause(error: BaseException) -> BaseException:
    """What went wrong, out of what discord.py wraps around it."""
    wrapped = isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError)
    return error.__cause__ if wrapped and error.__cause__ else error


def sentence(error: BaseException) -> str:
    """The sentence that a person reads for a failure; anything unexpected is logged under a reference."""
    error = cause(error)
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, responses.TooLateError):
        return "That took longer than Discord waits before a form opens. Please try again."
    if isinstance(error, app_commands.CommandOnCooldown):
        return f"That was a little fast. Please try again in {_wait(error.retry_after)}."
    if isinstance(error, app_commands.CheckFailure):
        return "You do not have the permission that this needs."
    if isinstance(error, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound):
        return "This command has just changed. Please reload Discord and try again."
    reference = secrets.token_hex(3)
    note(f"failure {reference}", error)
    if isinstance(error, discord.HTTPException | aiohttp.ClientError | TimeoutError):
        return f"Discord did not do its part. Please look at what became of it before you try again: {reference}."
    return f"Sorry, something went wrong. Please try again; if it goes on, tell whoever runs this bot: {reference}."


def _wait(seconds: float) -> str:
    """How long to wait, rounded up: whoever waits so long is let in."""
    count, unit = (max(1, math.ceil(seconds)), "second") if seconds <= 90 else (math.ceil(seconds / 60), "minute")
    return f"{count} {unit}" + ("" if count == 1 else "s")


async def report(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Answer a failed interaction, once, privately; a reply that cannot be delivered is logged."""
    found = cause(error)
    ended(interaction, "refused" if isinstance(found, REFUSALS) else "failed")
    if isinstance(found, discord.HTTPException) and found.code in responses.GONE:
        log.warning("reply not delivered: %s", describe(found))
        return
    try:
        await responses.send(interaction, sentence(error)[:2000])
    except Exception as failed:  # noqa: BLE001 - what escapes here is logged by asyncio with every message in its chain
        log.warning("reply not delivered: %s", describe(failed))


def guarded(callback: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, Coroutine[Any, Any, None]]:
    """Let a button's callback end in `report`: discord.py only logs what a dynamic item raises."""

    @functools.wraps(callback)
    async def run(*args: P.args, **kwargs: P.kwargs) -> None:
        interaction = next(argument for argument in args if isinstance(argument, discord.Interaction))
        begin(interaction)
        try:
            await callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the one place where everything ends
            await report(interaction, error)
        else:
            ended(interaction, "ok")

    return run


def suggesting(
    callback: Callable[P, Coroutine[Any, Any, list[app_commands.Choice[str]]]],
) -> Callable[P, Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    """Let a failing autocomplete offer nothing and leave its line in the log, and never more than 25 choices."""

    @functools.wraps(callback)
    async def run(*args: P.args, **kwargs: P.kwargs) -> list[app_commands.Choice[str]]:
        interaction = next(argument for argument in args if isinstance(argument, discord.Interaction))
        try:
            offered = (await callback(*args, **kwargs))[:25]
        except UserError:
            offered = []  # whoever may not use the command is offered nothing
            ended(interaction, "refused")
        except Exception as error:  # noqa: BLE001 - the one place where everything ends
            note("autocomplete", error)
            offered = []
            ended(interaction, "failed")
        else:
            ended(interaction, "ok")
        return offered

    return run
