"""Nobody waits for Discord's "did not respond": what is slow is deferred, and what is answered already is not lost."""

import asyncio
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import discord
import pytest

from bot import errors, responses
from tests.conftest import World, text_of


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


# As people meet it, with the real bot


def answers(world: World) -> list[int]:
    """What Discord was given as first answers, by their type: 4 a message, 5 "thinking", 6 a wait that is not shown."""
    requests: list[Any] = [request for request in world.env.http_requests if request.path.endswith("/callback")]
    return [request.json["type"] for request in requests]


def stalled(world: World, handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler that goes on only when Discord has been told that the answer takes a while."""

    known = len(answers(world))

    async def stall(*arguments: Any) -> Any:
        nonlocal known
        while len(answers(world)) == known:  # noqa: ASYNC110 - SimCord's clock goes by sleeps
            await asyncio.sleep(0.001)
        known = len(answers(world))
        return await handler(*arguments)

    return stall


@pytest.mark.parametrize(
    ("module", "slow", "command", "options"),
    [
        ("cogs.ask", "answer", "ask", {"question": "may a jail hold a person?"}),
        ("cogs.counties", "county_card", "county", {"name": "Cass"}),
    ],
)
async def test_who_asks_a_bot_that_stalls_sees_it_think_once_and_then_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, module: str, slow: str, command: str, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(responses, "PATIENCE", 600)
    quick = await world.slash(command, **options)
    assert answers(world) == [4]  # a control: what is quick is not deferred
    monkeypatch.setattr(sys.modules[module], slow, stalled(world, getattr(sys.modules[module], slow)))
    monkeypatch.setattr(responses, "PATIENCE", 0.005)
    late = await world.slash(command, **options)
    assert answers(world) == [4, 5]
    assert late.ephemeral
    assert text_of(late) == text_of(quick)


async def test_a_press_that_stalls_is_deferred_once_and_still_does_what_the_button_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.slash("county", name="Hennepin")
    monkeypatch.setitem(world.bot.builders, "county", stalled(world, world.bot.builders["county"]))
    monkeypatch.setattr(responses, "PATIENCE", 0.005)
    before = answers(world)
    turned = await world.ana.click(first, label="Next")
    assert turned.followups == []
    assert "Page 2 of" in text_of(turned.response)
    [shared] = (await world.ana.click(first, label="Share in channel")).followups
    assert not shared.ephemeral
    # A form can be a first answer only, so whoever presses is told.
    [told] = (await world.ana.click(first, label="Report a problem")).followups
    assert told.content == "That took longer than Discord waits before a form opens. Please try again."
    assert answers(world) == [*before, 6, 6, 6]
