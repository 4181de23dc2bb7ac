"""Nobody waits for Discord's "did not respond": what is slow is deferred, and what is answered already is not lost."""

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import discord
import pytest

from bot import errors, responses


def refusal(code: int) -> discord.HTTPException:
    """Discord's refusal with one of its error codes."""
    response: Any = SimpleNamespace(status=400, reason="refused")
    return discord.HTTPException(response, {"code": code, "message": "refused"})


def interaction(**answers: Any) -> Any:
    """An interaction that has had no answer yet."""
    response = SimpleNamespace(
        is_done=lambda: False, defer=AsyncMock(), send_message=AsyncMock(), send_modal=AsyncMock()
    )
    vars(response).update(answers)
    kind = discord.InteractionType.application_command
    return SimpleNamespace(
        extras={},
        response=response,
        followup=SimpleNamespace(send=AsyncMock()),
        type=kind,
        message=None,
        command=None,
        data={},
    )


async def ended(asked: Any) -> None:
    """Wait until nothing waits for an answer any more. Raises TimeoutError when something goes on."""
    await asyncio.wait_for(asyncio.wait([asked.extras["timer"]]), 60)


async def test_a_slow_handler_is_deferred_once_and_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "PATIENCE", 0)
    asked = interaction()

    async def defer(**_: Any) -> None:
        asked.response.is_done = lambda: True

    asked.response.defer = AsyncMock(side_effect=defer)
    responses.in_time(asked)
    await responses.defer(asked)
    await ended(asked)
    await responses.send(asked, "Found.")
    asked.response.defer.assert_awaited_once_with(ephemeral=True, thinking=True)
    asked.response.send_message.assert_not_awaited()
    sent = asked.followup.send.await_args.kwargs
    assert sent["content"] == "Found."
    assert sent["allowed_mentions"].to_dict() == {"parse": []}


async def test_a_quick_answer_is_not_deferred_and_nothing_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "PATIENCE", 600)
    asked = interaction()
    responses.in_time(asked)
    await responses.send(asked, "Found.")
    await ended(asked)
    asked.response.send_message.assert_awaited_once()
    asked.response.defer.assert_not_awaited()


async def test_what_is_gone_is_not_deferred_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "PATIENCE", 600)
    asked = interaction(send_message=AsyncMock(side_effect=refusal(10062)))
    responses.in_time(asked)
    with pytest.raises(discord.HTTPException):
        await responses.send(asked, "Found.")
    await ended(asked)
    asked.response.defer.assert_not_awaited()


async def test_an_answer_that_discord_had_already_is_not_sent_twice() -> None:
    asked = interaction(send_message=AsyncMock(side_effect=refusal(40060)))
    await responses.send(asked, "Found.")
    asked.followup.send.assert_not_awaited()


async def test_an_answer_after_a_deferral_that_only_discord_knows_of_follows_up() -> None:
    asked = interaction(defer=AsyncMock(side_effect=refusal(40060)), send_message=AsyncMock(side_effect=refusal(40060)))
    await responses.defer(asked)
    await responses.send(asked, "Found.")
    asked.followup.send.assert_awaited_once()


async def test_nobody_is_told_of_an_interaction_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    asked = interaction()
    await errors.report(asked, refusal(10062))
    asked.response.send_message.assert_not_awaited()
    assert "reply not delivered" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_form_cannot_follow_a_deferral() -> None:
    form: Any = None
    with pytest.raises(responses.TooLateError):
        await responses.open_form(interaction(is_done=lambda: True), form)
