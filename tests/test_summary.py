"""/summary as organizers use it: schedule, look, post, pin, unpin, correct, pause and skip, with the real bot."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot import rounds, ui
from bot.config import Settings
from bot.models import Change, Fact, Moderation, Origin, Ref, body_of
from bot.store import revisions, running, summaries
from tests.conftest import World, labels_of, text_of
from tests.test_app import syncs
from tests.test_catalog import folder

NEW = "The jail administrator said that visits are on Sundays."


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one record of every sort."""
    return folder(tmp_path_factory.mktemp("small"), {})


@pytest.fixture
def settings(small: Path, tmp_path: Path) -> Settings:
    """The small record instead of the whole one."""
    return Settings(data_path=small, database_path=tmp_path / "footnote.sqlite3")


@pytest.fixture(autouse=True)
def usual_pace(seldom_rounds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round every minute, as in use."""
    monkeypatch.setattr(rounds, "TICK", 60)


@pytest.fixture
def ola(world: World) -> simcord.MemberActor:
    """An organizer, who may manage the server."""
    role = world.guild.create_role(
        "Organizer", permissions=discord.Permissions(manage_guild=True, manage_messages=True)
    )
    return world.guild.add_member(world.env.create_user("ola"), roles=[role])


async def said(world: World, by: simcord.MemberActor, name: str, /, channel: Any = None, **options: Any) -> str:
    """Somebody uses a command of /summary; what the private answer says."""
    result = await by.slash(channel or world.channel, f"summary {name}", **options)
    message = result.followups[0] if result.followups else result.response
    assert message
    assert message.ephemeral
    return text_of(message)


async def edit(world: World, fact_id: str, **fields: Any) -> None:
    """A moderator's edit of a fact is published now."""
    rows = await world.bot.database.read("SELECT body FROM fact WHERE id = ?", (fact_id,))
    fact = Fact.model_validate_json(rows[0]["body"]).model_copy(update=fields)
    change = Change(Ref("fact", fact.id), body_of(fact))
    # The first load of the files is no news, so it must not be of the same second.
    at = world.env.now() + timedelta(seconds=1)
    await world.bot.database.write(lambda writer: revisions.write(writer, [change], Origin.EDIT, at))


def summaries_in(channel: simcord.ChannelHandle) -> list[discord.Message]:
    """The summaries that stand in a channel."""
    return [message for message in channel.history() if "Daily summary" in text_of(message)]


async def test_schedule_posts_pins_and_unpins_yesterdays(
    world: World, ola: simcord.MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await said(world, ola, "schedule", time="0:10", timezone="UTC")
    assert "every day at 00:10 (UTC), the next one <t:1767226200:F>. It stays pinned for a day." in answer
    await world.env.advance_time(540)
    assert summaries_in(world.channel) == []
    await world.env.advance_time(120)
    [first] = summaries_in(world.channel)
    assert "Daily summary, Jan 1, 2026" in text_of(first)
    assert "Nothing has changed in the record since the last summary." in text_of(first)
    assert world.channel.pinned_messages() == [first]
    monkeypatch.setattr(rounds, "TICK", 1800)
    await edit(world, "short-stay", statement=NEW)
    await world.env.advance_time(86_400 + 1800)
    second = summaries_in(world.channel)[-1]
    assert "Daily summary, Jan 2, 2026" in text_of(second)
    assert "Corrected since the last summary" in text_of(second)
    assert NEW in text_of(second)
    assert world.channel.pinned_messages() == [second]
    assert len(summaries_in(world.channel)) == 2


async def test_a_restart_between_tick_and_pin_posts_nothing_twice(world: World, ola: simcord.MemberActor) -> None:
    await said(world, ola, "schedule", time="0:03", timezone="UTC")
    world.env.inject_error("PUT", "/channels/*/messages/pins/*", status=503)
    for _ in range(20):
        await world.restart()
        await world.env.advance_time(60)
    [message] = summaries_in(world.channel)
    assert world.channel.pinned_messages() == [message]


def at_work() -> dict[str, int]:
    """How many of the tasks that go on for ever are running, by what they run."""
    running = Counter(getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return {name: running[name] for name in ("Rounds._tick", "keep", "Loop._loop")}


async def test_ten_lost_sessions_leave_one_of_each_task_one_sync_and_one_summary(
    world: World, ola: simcord.MemberActor
) -> None:
    begun: list[int] = []

    async def ready() -> None:
        begun.append(len(begun))

    world.bot.add_listener(ready, "on_ready")
    one_each = {"Rounds._tick": 1, "keep": 1, "Loop._loop": 1}
    await said(world, ola, "schedule", time="0:03", timezone="UTC")
    assert at_work() == one_each
    shard = world.bot.get_shard(0)
    assert shard
    for _ in range(10):
        # SimCord's reconnection is what follows on an invalid session: a new one, told by READY.
        await shard.disconnect()
        await shard.reconnect()
        await world.env.advance_time(60)
    assert len(begun) == 10
    assert at_work() == one_each
    assert syncs(world) == 1
    assert len(summaries_in(world.channel)) == 1
    # Two controls: more of it would be seen.
    another = asyncio.create_task(world.bot.rounds._tick())
    assert at_work()["Rounds._tick"] == 2
    another.cancel()
    await world.bot.tree.sync()
    assert syncs(world) == 2


async def test_a_lost_reply_is_found_again_in_the_channels_own_history(
    world: World, ola: simcord.MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said(world, ola, "schedule", time="0:03", timezone="UTC")
    send = discord.abc.Messageable.send
    lost: list[int] = []

    async def losing(self: Any, *arguments: Any, **options: Any) -> Any:
        message = await send(self, *arguments, **options)
        if not lost:
            lost.append(message.id)
            raise OSError
        return message

    monkeypatch.setattr(discord.abc.Messageable, "send", losing)
    await world.env.advance_time(180)
    await world.env.advance_time(600)
    [message] = summaries_in(world.channel)
    assert [message.id] == lost
    assert message.pinned


async def test_long_days_are_paged_and_what_a_member_shares_of_one_is_not_taken_for_the_posted_summary(
    world: World, ola: simcord.MemberActor
) -> None:
    long = "The speaker said that there were " + "very " * 160 + "many."
    for fact_id in ("short-stay", "count-low", "count-high", "no-hold"):
        await edit(world, fact_id, statement=long)
    await said(world, ola, "post")
    [posted] = summaries_in(world.channel)
    assert "Page 1 of 3" in text_of(posted)
    assert labels_of(posted)[0] == "Next"
    rest = await world.click(posted, "Next")
    assert rest.ephemeral
    shared = await world.click(rest, "Share in channel")
    find = world.bot.rounds.daily.discord.find
    address = f"summary:{world.channel.id}.2026-01-01"
    assert address in ui.addresses(posted)
    [copy] = [message for message in world.channel.history() if message.id == shared.id]
    assert address in ui.addresses(copy)
    hour_ago = world.env.now() - timedelta(hours=1)
    assert await find(world.channel.id, address, hour_ago) == posted.id
    world.env.backend.delete_message(world.channel.id, posted.id)
    assert await find(world.channel.id, address, hour_ago) is None


async def test_preview_shows_privately_what_post_then_posts(world: World, ola: simcord.MemberActor) -> None:
    await edit(world, "short-stay", statement=NEW)
    preview = await said(world, ola, "preview")
    assert summaries_in(world.channel) == []
    answer = await said(world, ola, "post")
    [message] = summaries_in(world.channel)
    assert answer.startswith(f"Posted: https://discord.com/channels/{world.guild.id}/{world.channel.id}/{message.id}")
    assert "Pinned." in answer
    assert text_of(message) == preview
    assert NEW in preview
    assert message.pinned
    assert labels_of(message) == ["Sources", "Report a problem"]
    again = await said(world, ola, "post")
    assert again.startswith("Today's summary was posted before")
    assert len(summaries_in(world.channel)) == 1


async def test_what_is_posted_once_is_corrected_and_the_next_takes_its_place(
    world: World, ola: simcord.MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said(world, ola, "post")
    await edit(world, "no-hold", statement="The jail may not hold a person past release at all.")
    monkeypatch.setattr(rounds, "TICK", 3600)
    await world.env.advance_time(86_400)
    assert len(summaries_in(world.channel)) == 1
    await said(world, ola, "post")
    assert [message.pinned for message in summaries_in(world.channel)] == [False, True]
    assert "at all." in text_of(summaries_in(world.channel)[0])


async def test_a_correction_edits_the_posted_message_and_says_so(world: World, ola: simcord.MemberActor) -> None:
    await said(world, ola, "schedule", time="0:03", timezone="UTC")
    await edit(world, "short-stay", statement=NEW)
    await world.env.advance_time(240)
    [message] = summaries_in(world.channel)
    assert NEW in text_of(message)
    wrong = "The jail administrator said that visits are on Mondays."
    await edit(world, "short-stay", statement=wrong)
    await world.env.advance_time(60)
    [message] = summaries_in(world.channel)
    assert NEW not in text_of(message)
    assert wrong in text_of(message)
    assert "Corrected Jan 1, 2026, 00:0" in text_of(message)
    assert message.pinned
    assert "corrected <t:" in await said(world, ola, "status")


async def test_the_buttons_of_a_posted_summary_work_for_everybody_after_a_restart(
    world: World, ola: simcord.MemberActor
) -> None:
    await edit(world, "short-stay", statement=NEW)
    await said(world, ola, "post")
    [message] = summaries_in(world.channel)
    await world.restart()
    sources = await world.click(message, "Sources")
    assert sources.ephemeral
    assert "Memo on holds" in text_of(sources)


async def test_status_tells_of_posted_late_and_skipped_days(
    world: World, ola: simcord.MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await said(world, ola, "status") == "No summary is scheduled here yet: /summary schedule."
    await said(world, ola, "schedule", time="1:00", timezone="UTC")
    monkeypatch.setattr(rounds, "TICK", 600)
    await said(world, ola, "skip")
    assert "Jan 1, 2026: skipped. An organizer skipped it." in await said(world, ola, "status")
    await world.env.advance_time(86_400 + 3600 + 600)
    text = await said(world, ola, "status")
    assert "Jan 2, 2026: posted <t:" in text
    assert "Pinned." in text
    assert "Dec 31, 2025: none was due" in text
    [message] = summaries_in(world.channel)
    assert "No summary on Jan 1, 2026. An organizer skipped it." in text_of(message)
    world.expect_failure()


async def test_pause_stops_and_resume_goes_on_without_catching_up(
    world: World, ola: simcord.MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said(world, ola, "schedule", time="1:00", timezone="UTC")
    assert "Paused in" in await said(world, ola, "pause")
    assert "paused" in await said(world, ola, "status")
    monkeypatch.setattr(rounds, "TICK", 1800)
    await world.env.advance_time(2 * 86_400)
    assert summaries_in(world.channel) == []
    assert "It goes on in" in await said(world, ola, "pause", resume=True)
    await world.env.advance_time(86_400)
    assert len(summaries_in(world.channel)) == 1


async def test_only_organizers_and_chosen_roles_may(world: World, ola: simcord.MemberActor) -> None:
    refusal = "Only members who may manage this server, or have a role for summaries, can do this."
    moderator = world.guild.create_role("Moderator", permissions=discord.Permissions(manage_messages=True))
    mia = world.guild.add_member(world.env.create_user("mia"), roles=[moderator])
    for name, options in (
        ("preview", {}),
        ("post", {}),
        ("schedule", {"time": "9"}),
        ("status", {}),
        ("pause", {}),
        ("skip", {}),
    ):
        assert await said(world, mia, name, **options) == refusal
    assert summaries_in(world.channel) == []
    role = world.guild.create_role("Summaries")
    max_ = world.guild.add_member(world.env.create_user("mo"), roles=[role, moderator])
    await running.set_moderation(world.bot.database, world.guild.id, Moderation(summarize=(role.id,)))
    assert "every day at 09:00" in await said(world, max_, "schedule", time="9")
    world.expect_failure()


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        ("send_messages", "give my role: Send Messages."),
        ("read_message_history", "give my role: Read Message History."),
    ],
)
async def test_what_the_bot_lacks_is_told_beforehand(
    world: World, ola: simcord.MemberActor, lacking: str, told: str
) -> None:
    assert world.guild.me
    me = world.guild.me
    denied = {me: discord.PermissionOverwrite(**{lacking: False})}
    channel = world.guild.create_text_channel("narrow", overwrites=denied)  # type: ignore[arg-type]
    answer = await said(world, ola, "schedule", channel, time="9")
    assert answer.startswith(f"I cannot post in <#{channel.id}>.")
    assert told in answer
    assert await summaries.schedules(world.bot.database) == []
    world.expect_failure()


async def test_without_the_right_to_pin_it_is_posted_and_the_organizer_is_told(
    world: World, ola: simcord.MemberActor
) -> None:
    assert world.guild.me
    denied = {world.guild.me: discord.PermissionOverwrite(pin_messages=False, manage_messages=False)}
    channel = world.guild.create_text_channel("narrow", overwrites=denied)  # type: ignore[arg-type]
    answer = await said(world, ola, "schedule", channel, time="0:02", timezone="UTC")
    assert "I may not pin in" in answer
    assert "Pin Messages" in answer
    await world.env.advance_time(600)
    [message] = summaries_in(channel)
    assert not message.pinned
    assert "Not pinned yet. I am not allowed to" in await said(world, ola, "status")
    private = [m.content for m in ola.user.dm_channel.history()]
    assert len(private) == 1
    assert "posted but could not be pinned" in private[0]


async def test_somebody_who_may_not_write_in_a_channel_cannot_let_the_bot_do_it(
    world: World, ola: simcord.MemberActor
) -> None:
    silent = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("announcements", overwrites={world.guild.default_role: silent})
    result = await ola.slash(world.channel, "summary post", channel=quiet)
    assert result.response
    assert "You may not write in" in result.response.content
    world.expect_failure()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"time": "25:00"}, "“time” must be a time of the day"),
        ({"time": "soon"}, "“time” must be a time of the day"),
        ({"time": "13 pm"}, "“time” must be a time of the day"),
        ({"time": "9", "timezone": "Mars/Base"}, "There is no such time zone."),
        ({"time": "9", "topics": "jails; cooking"}, "There is no such topic."),
        ({"time": "9", "counties": "Nowhere"}, "There is no county “Nowhere”"),
    ],
)
async def test_what_cannot_be_understood_is_told_in_a_sentence(
    world: World, ola: simcord.MemberActor, options: dict[str, str], told: str
) -> None:
    assert told in await said(world, ola, "schedule", **options)
    assert await summaries.schedules(world.bot.database) == []
    world.expect_failure()


async def test_a_day_that_is_over_or_no_day_cannot_be_skipped(world: World, ola: simcord.MemberActor) -> None:
    assert "No summary is scheduled in" in await said(world, ola, "skip")
    await said(world, ola, "schedule", time="9", timezone="UTC")
    assert "is not to come" in await said(world, ola, "skip", date="2025-12-01")
    assert "must be a day" in await said(world, ola, "skip", date="soon")
    assert "Jan 5, 2026 in" in await said(world, ola, "skip", date="2026-01-05")
    assert "already" in await said(world, ola, "skip", date="2026-01-05")
    world.expect_failure()


async def test_choices_are_kept_and_several_channels_are_independent(world: World, ola: simcord.MemberActor) -> None:
    other = world.guild.create_text_channel("daily")
    await said(world, ola, "schedule", time="7:30 pm", timezone="europe/london", topics="Jails", counties="elm", keep=3)
    await said(world, ola, "schedule", other, time="0:02", timezone="UTC", language="es", ahead=False)
    first, second = sorted(await summaries.schedules(world.bot.database), key=lambda schedule: schedule.at)[::-1]
    assert (first.at, first.zone, first.topics, first.counties, first.keep) == (
        *("19:30", "Europe/London", ("jails",), ("elm",), 3),
    )
    assert second.channel == other.id
    await world.env.advance_time(180)
    assert summaries_in(world.channel) == []
    assert "Resumen del día, 01/01/2026" in text_of(other.history()[0])


async def test_zones_topics_and_counties_are_offered(world: World, ola: simcord.MemberActor) -> None:
    async def offered(option: str, typed: str) -> list[str]:
        found = await ola.autocomplete(world.channel, "summary schedule", option, typed)
        return [choice["name"] for choice in found]

    assert (await offered("timezone", "chic"))[0] == "America/Chicago"
    assert await offered("topics", "ja") == ["Jails"]
    assert await offered("topics", "Jails; ") == []
    assert await offered("counties", "El") == ["Elm County"]


async def test_a_deleted_summary_stays_deleted(
    world: World, ola: simcord.MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said(world, ola, "schedule", time="0:02", timezone="UTC")
    await world.env.advance_time(180)
    [message] = summaries_in(world.channel)
    world.env.backend.delete_message(world.channel.id, message.id)
    await edit(world, "short-stay", statement=NEW)
    monkeypatch.setattr(rounds, "TICK", 600)
    await world.env.advance_time(7200)
    assert summaries_in(world.channel) == []
    claims = await summaries.claims(world.bot.database, world.channel.id)
    assert claims[date(2026, 1, 1)].message == message.id


@pytest.mark.parametrize("failure", [RuntimeError, asyncio.CancelledError, discord.ConnectionClosed])
async def test_no_failure_ends_the_rounds(
    world: World, ola: simcord.MemberActor, failure: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    await said(world, ola, "schedule", time="0:05", timezone="UTC")
    real = world.bot.rounds.daily.round
    failed: list[type[BaseException]] = []

    async def failing() -> None:
        if len(failed) < 2:
            failed.append(failure)
            raise failure.__new__(failure)
        await real()

    monkeypatch.setattr(world.bot.rounds.daily, "round", failing)
    await world.env.advance_time(400)
    assert len(failed) == 2
    assert len(summaries_in(world.channel)) == 1
