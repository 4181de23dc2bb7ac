"""How often and how much at once: polite, said with when to try again, and kept nowhere."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from discord import app_commands

from bot import errors
from bot.errors import UserError
from bot.limits import AT_ONCE, OFTEN, TIDY, Limits
from bot.models import Report
from bot.store import Database, running
from tests.conftest import answer_of, text_of
from tests.test_journeys import FACT, Court, court, folder, simcord_bot
from tests.test_store import empty

__all__ = ["court", "empty", "folder", "simcord_bot"]  # fixtures
DAY = date(2026, 1, 5)


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """An interaction, as far as limits look at it."""

    def __init__(self, guild: int | None, person: int) -> None:
        self.guild_id = guild
        self.user = type("User", (), {"id": person})


def asked(guild: int | None = 1, person: int = 1) -> Any:
    return Asked(guild, person)


@pytest.mark.parametrize("what", OFTEN)
def test_a_person_is_let_in_as_often_as_said_and_again_after_the_time_that_is_told(what: str) -> None:
    clock = Clock()
    held = Limits(clock=clock)
    times, seconds = OFTEN[what]
    for _ in range(times):
        held.spend(7, what)
    with pytest.raises(app_commands.CommandOnCooldown) as refused:
        held.spend(7, what)
    held.spend(8, what)  # somebody else's doing is their own
    clock.now += refused.value.retry_after
    held.spend(7, what)
    assert refused.value.retry_after <= seconds


def test_who_asked_is_forgotten() -> None:
    clock = Clock()
    held = Limits(clock=clock)
    for person in range(1000):
        held.spend(person, "question")
    clock.now += OFTEN["question"][1] + TIDY
    held.spend(1, "press")
    assert {person for _, person in held._done} == {1}
    assert held._done.keys() == held._over.keys()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "1 second"),
        (1.0, "1 second"),
        (59.1, "60 seconds"),
        (90.0, "90 seconds"),
        (91.0, "2 minutes"),
        (3600, "60 minutes"),
    ],
)
def test_the_sentence_says_when_to_try_again(seconds: float, told: str) -> None:
    error = app_commands.CommandOnCooldown(app_commands.Cooldown(1, 1), seconds)
    assert errors.sentence(error) == f"That was a little fast. Please try again in {told}."


async def test_one_server_leaves_room_for_others_and_all_together_have_an_end() -> None:
    held = Limits()
    here, whole = AT_ONCE["question"]
    opened = asyncio.Event()
    waiting = asyncio.Event()

    async def ask(guild: int) -> None:
        async with held.turn(asked(guild), "question"):
            waiting.set()
            await opened.wait()

    busy = [asyncio.create_task(ask(1)) for _ in range(here)]
    await waiting.wait()
    await asyncio.sleep(0)
    with pytest.raises(UserError, match="Please try again in a few seconds"):
        await ask(1)
    busy += [asyncio.create_task(ask(guild)) for guild in range(2, 2 + whole - here)]
    await asyncio.sleep(0)
    with pytest.raises(UserError, match="Please try again in a few seconds"):
        await ask(999)
    opened.set()
    await asyncio.gather(*busy)
    await ask(1)
    assert not held._under_way


async def test_what_is_slow_is_done_one_after_another_and_a_failure_gives_its_place_up() -> None:
    held = Limits()
    at_once = most = 0

    async def export(person: int) -> None:
        nonlocal at_once, most
        async with held.turn(asked(None, person), "slow"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1
            raise ValueError

    done = await asyncio.gather(*(export(person) for person in range(AT_ONCE["slow"][1])), return_exceptions=True)
    assert most == 1
    assert all(isinstance(error, ValueError) for error in done)
    assert not held._under_way


# As people meet it


async def test_commands_menus_buttons_and_forms_are_all_counted(
    court: Court, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = await court.slash(court.ana, "about")
    message = await court.abe.send(court.channel, "May the jail hold a person?")
    ways: dict[str, Callable[[], Awaitable[Any]]] = {
        "press": lambda: court.ana.slash(court.channel, "about"),
        "question": lambda: court.ana.slash(court.channel, "ask", question="May the jail hold a person?"),
        "export": lambda: court.ana.slash(court.channel, "export", form="csv"),
        "report": lambda: court.ana.click(reply, label="Report a problem"),
        "share": lambda: court.ana.click(reply, label="Share in channel"),
        "import": lambda: court.pia.slash(
            court.channel, "import", file=("a.yaml", b"- id: a\n"), sort="fact", why="A file."
        ),
        "proposal": lambda: court.pia.slash(court.channel, "fact edit", fact=FACT),
    }
    assert ways.keys() | {"preview"} == OFTEN.keys()
    again: dict[str, list[Callable[[], Awaitable[Any]]]] = {
        "press": [
            lambda: court.ana.click(reply, label="Report a problem"),
            lambda: court.ana.context_menu(court.channel, "Find facts about this", message),
        ],
        "question": [
            lambda: court.ana.context_menu(court.channel, "Find facts about this", message),
            lambda: court.ana.slash(court.channel, "asof", date="2026-01-01", question="May a jail hold a person?"),
        ],
        "proposal": [lambda: court.pia.slash(court.channel, "fact retire", fact="short-stay", why="Wrong.")],
    }
    for what, way in ways.items():
        court.bot.limits = Limits({what: (1, 90)})
        first = await way()
        assert first.modal or "a little fast" not in text_of(first.response), what
        for more in (way, *again.get(what, [])):
            told = answer_of(await more())
            assert told.content.startswith("That was a little fast. Please try again in "), what
            assert told.ephemeral
    # What somebody types is offered answers to, however often.
    court.bot.limits = Limits({"press": (0, 90)})
    assert await court.ana.autocomplete(court.channel, "county", "name", "elm")
    court.errors_were_answers()
    for person in (court.ana, court.pia):
        assert str(person.id) not in caplog.text
        [found] = await court.bot.database.read(
            "SELECT count(*) AS n FROM setting WHERE value LIKE ?", (f"%{person.id}%",)
        )
        assert found["n"] == 0


async def test_a_preview_is_counted(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    court.bot.limits = Limits({"preview": (1, 90)})
    await court.abe.click(card, label="As members would see it")
    assert "a little fast" in answer_of(await court.abe.click(card, label="As members would see it")).content


async def test_whoever_is_in_a_hurry_never_meets_a_limit(court: Court) -> None:
    for number in range(8):
        reply = await court.slash(court.ana, "ask", question=f"May the jail hold {number} people?")
        assert "a little fast" not in text_of(reply)
    card = await court.edited("The jail may hold nobody past release.")
    assert "a little fast" not in text_of(card)


# Reports


async def test_reports_of_a_day_and_reports_in_all_have_an_end(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Report(page="about:", reason="It is out of date", text="x")
    monkeypatch.setattr(running, "MOST_A_DAY", 3)
    monkeypatch.setattr(running, "MOST_REPORTS", 5)
    kept = [await running.add_report(empty, report, DAY) for _ in range(5)]
    assert kept == [True, True, True, False, False]
    kept = [await running.add_report(empty, report, DAY.replace(day=6)) for _ in range(5)]
    assert kept == [True, True, False, False, False]
    await running.answer_report(empty, 2, DAY)
    assert await running.add_report(empty, report, DAY.replace(day=7))
    numbers = [number for number, _, _ in await running.open_reports(empty)]
    assert numbers == [1, 3, 4, 5, 6]
    assert len(await running.reports(empty)) == 5  # the answered one made room


async def test_a_report_that_cannot_be_kept_is_told(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_A_DAY", 0)
    opened = await court.ana.click(await court.slash(court.ana, "about"), label="Report a problem")
    told = answer_of(await court.ana.submit_modal(opened, {"reason": ["It is out of date"], "words": "x"}))
    assert told.content.startswith("So many reports wait already that yours could not be kept.")
    assert await court.bot.database.read("SELECT * FROM report") == []
