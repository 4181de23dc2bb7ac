"""Every kind of failure ends in one polite sentence and one log line, and neither says what was asked."""

import logging
from typing import Any

import pytest

from bot import errors
from tests.conftest import World, answer_of

SECRET = "zanzibarquux"


async def boom(*_: Any, **__: Any) -> Any:
    raise RuntimeError(f"cannot do {SECRET}")


async def test_a_failing_command_is_answered_once_and_logged_without_the_question(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(world.bot.search, "ask", boom)
    with caplog.at_level(logging.DEBUG):
        reply = await world.slash("ask", question=f"what about {SECRET}")
    assert reply.ephemeral
    assert reply.content.startswith("Sorry, something went wrong.")
    world.expect_failure()
    [line] = [record.getMessage() for record in caplog.records if record.name == "footnote"]
    assert "RuntimeError at test_errors.py" in line
    assert line.split()[1].strip(":") in reply.content
    assert SECRET not in caplog.text


async def test_a_failing_button_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await world.slash("about")
    monkeypatch.setitem(world.bot.builders, "about", boom)
    answer = await world.click(reply, "Share in channel")
    assert answer.content.startswith("Sorry, something went wrong.")
    assert answer.ephemeral
    assert SECRET not in caplog.text


async def test_a_failing_form_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    form = await world.ana.click(await world.slash("about"), label="Report a problem")
    monkeypatch.setattr("bot.ui.add_report", boom)
    answer = answer_of(await world.ana.submit_modal(form, {"reason": ["Something else"], "words": "x"}))
    world.expect_failure()
    assert answer.content.startswith("Sorry, something went wrong.")
    assert SECRET not in caplog.text


async def test_a_failing_autocomplete_offers_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.lookup.closest", lambda *_: 1 / 0)
    assert await world.offered("county", "name", SECRET) == []
    assert "autocomplete: ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text


async def test_a_failing_menu_is_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    message = await world.max.send(world.channel, "jail")
    monkeypatch.setattr(world.bot.search, "ask", boom)
    reply = answer_of(await world.ana.context_menu(world.channel, "Find facts about this", message))
    assert reply.content.startswith("Sorry, something went wrong.")
    world.expect_failure()


async def test_a_closed_database_is_answered_in_words(world: World) -> None:
    await world.bot.database.close()
    reply = await world.slash("ask", question="what is a detainer")
    assert reply.content.startswith("Sorry, something went wrong.")
    world.expect_failure()


def test_a_description_names_the_cause_and_the_place_but_no_message() -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError as error:
        text = errors.describe(error)
    assert text.startswith("ValueError at test_errors.py:")
    assert "from KeyError at test_errors.py:" in text
    assert SECRET not in text


async def test_a_reply_that_cannot_be_delivered_lets_nothing_into_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def lost(*_: Any, **__: Any) -> None:
        raise ConnectionResetError("the connection is gone")

    reply = await world.slash("about")
    monkeypatch.setitem(world.bot.builders, "about", boom)
    monkeypatch.setattr("discord.InteractionResponse.send_message", lost)
    await world.ana.click(reply, label="Share in channel")
    assert "reply not delivered: ConnectionResetError" in caplog.text
    assert SECRET not in caplog.text
