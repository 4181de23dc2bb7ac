"""One summary a day and channel: never missed, never doubled, never left unpinned, whatever fails in between."""

import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from bot import schedule as clock
from bot.cards import Card
from bot.daily import Daily, Digest, DiscordError, Trouble
from bot.models import Change, Claim, Origin, Pin, Progress, Ref, Schedule, Source, SourceKind, body_of
from bot.store import Database, changes, revisions, summaries
from tests.faults import Clock, Crash, FaultyDiscord
from tests.test_schedule import CHANGES

CAMPAIGN = os.environ.get("FOOTNOTE_CAMPAIGN") == "1"
START = datetime(2026, 1, 5, tzinfo=UTC)
# Rounds after which nothing is expected to change any more.
PATIENCE = 400
NONE = dict.fromkeys(("missed", "doubled", "unpinned", "left pinned", "not paused"), 0)
ZONES = (*CHANGES, "UTC", "Asia/Kathmandu", "Pacific/Apia")


class FaultyDatabase:
    """A database at which the process may be killed right before or right after a write."""

    def __init__(self, database: Database, chance: random.Random) -> None:
        self.database = database
        self.chance = chance
        self.rate = 0.0

    async def read(self, *arguments: Any) -> Any:
        return await self.database.read(*arguments)

    async def write(self, change: Callable[[Any], Awaitable[Any]]) -> Any:
        if self.chance.random() < self.rate:
            raise Crash
        result = await self.database.write(change)
        if self.chance.random() < self.rate:
            raise Crash
        return result


class Simulation:
    """Channels with daily summaries, a Discord that fails, and a process that is killed and started again."""

    def __init__(self, database: Database, seed: int = 0, rate: float = 0.0) -> None:
        self.chance = random.Random(seed)
        self.clock = Clock(START)
        self.discord = FaultyDiscord(self.clock, random.Random(seed + 1), rate)
        self.database = FaultyDatabase(database, random.Random(seed + 2))
        random.seed(seed)  # the order of channels
        self.rate = rate
        self.database.rate = rate / 3
        self.version = 0
        self.crashes = 0
        self.last = START
        self.down: list[tuple[datetime, datetime]] = []

    async def compose(self, claim: Claim) -> Digest:
        title = f"{claim.day}: version {self.version}" + (" corrected" if claim.corrected else "")
        return Digest(Card(title, claim.address, ()), str(self.version))

    def daily(self) -> Daily:
        """The round of a process that has just started: it remembers nothing but what the database holds."""
        return Daily(cast("Database", self.database), self.discord, self.compose, self.clock)

    async def add(self, channel: int, **chosen: Any) -> Schedule:
        schedule = Schedule(
            channel=channel, guild=1, organizer=7, **{"starts": self.clock().date() + timedelta(days=1)} | chosen
        )
        await summaries.keep_schedule(self.database.database, schedule)
        return schedule

    async def round(self) -> None:
        """One round of a new process; when it is killed, some minutes pass, or now and then many hours."""
        self.last = self.clock()
        try:
            await self.daily().round()
        except Crash:
            self.crashes += 1
            away = self.chance.uniform(60, 600) if self.chance.random() < 0.97 else self.chance.uniform(3600, 72_000)
            self.down.append((self.clock(), self.clock() + timedelta(seconds=away)))
            self.clock.pass_(away)
        self.clock.pass_(60)

    async def calm(self, rounds: int = 3) -> None:
        """Rounds without any faults, far enough apart for everything to be tried again."""
        self.discord.rate = self.database.rate = 0
        for _ in range(rounds):
            await self.round()
            self.clock.pass_(1800)
        self.discord.rate, self.database.rate = self.rate, self.rate / 3

    async def until(self, moment: datetime, step: float = 60) -> None:
        while self.clock() < moment:
            await self.round()
            self.clock.pass_(step - 60)

    async def settle(self, schedules: list[Schedule]) -> None:
        """Rounds until nothing is left to do."""
        for number in range(PATIENCE):
            if number % 4 == 3 and not await self.left_to_do(schedules):
                return
            await self.round()

    async def left_to_do(self, schedules: list[Schedule]) -> bool:
        """Whether a day waits to be posted, or a message to be pinned where that is allowed."""
        waiting = await self.database.read("SELECT channel FROM summary_claim WHERE pin IN ('due', 'trying')")
        if {row["channel"] for row in waiting} - self.discord.no_pins - self.discord.gone:
            return True
        for schedule in schedules:
            held = await summaries.claims(self.database.database, schedule.channel)
            if clock.due(schedule, clock.settled(held.values()), self.clock()):
                return True
        return False

    async def change_the_record(self) -> None:
        """A newer version of some record, which every posted summary shows."""
        self.version += 1
        source = Source(id="a", title=f"Version {self.version}", publisher="B", kind=SourceKind.NEWS)
        change = Change(Ref("source", "a"), body_of(source))
        await self.database.database.write(lambda w: revisions.write(w, [change], Origin.EDIT, self.clock()))

    def was_away(self, due: datetime) -> bool:
        """Whether the process was away for nearly all of the twelve hours after a moment."""
        last = due + clock.LATEST
        away = sum(
            (max(timedelta(0), min(end, last) - max(start, due)) for start, end in self.down), start=timedelta(0)
        )
        return away > clock.LATEST - timedelta(hours=1)

    async def claims(self, channel: int) -> dict[date, Claim]:
        rows = await self.database.read("SELECT day FROM summary_claim WHERE channel = ?", (channel,))
        found = {}
        for row in rows:
            day = date.fromisoformat(row["day"])
            claim = await summaries.claim_of(self.database.database, channel, day)
            assert claim
            found[day] = claim
        return found

    async def verdict(self, schedule: Schedule) -> dict[str, int]:
        """How many days of a channel were posted, missed, doubled and skipped, and how many pins are wrong."""
        held = await self.claims(schedule.channel)
        posted = self.discord.in_(schedule.channel)
        times = {day: sum(m.address == claim.address for m in posted) for day, claim in held.items()}
        counts = {"posted": 0, "missed": 0, "doubled": 0, "skipped": 0, "unpinned": 0, "left pinned": 0}
        counts["doubled"] = sum(max(0, number - 1) for number in times.values())
        day = schedule.starts
        while (moment := clock.slot(day, schedule.at, schedule.zone)) is None or moment <= self.last:
            claim = held.get(day)
            if claim and claim.state is Progress.POSTED and times[day] == 1:
                counts["posted"] += 1
            elif claim and claim.state is Progress.SKIPPED and times[day] == 0 and self.was_away(claim.due):
                counts["skipped"] += 1
            elif moment:
                counts["missed"] += 1
            day += timedelta(days=1)
        newest = max((d for d, claim in held.items() if claim.state is Progress.POSTED), default=date.min)
        for message in posted:
            on = date.fromisoformat(message.address.rsplit(".")[-1])
            wanted = on > newest - timedelta(days=schedule.keep) and not message.deleted
            counts["unpinned"] += wanted and not message.pinned
            counts["left pinned"] += message.pinned and not wanted and not message.deleted
        return counts


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "empty.sqlite3")
    yield opened
    await opened.close()


async def simulate(database: Database, seed: int, channels: int, days: int, rate: float) -> dict[str, int]:
    """Many server-days with every sort of fault; what became of them all together."""
    world = Simulation(database, seed, rate)
    chance = world.chance
    schedules = [
        await world.add(
            number,
            zone=chance.choice(ZONES),
            at=f"{chance.choice((1, 2, 9, 23)):02}:30",
            keep=chance.choice((1, 1, 1, 3)),
        )
        for number in range(channels)
    ]
    deleted: set[int] = set()
    for _ in range(days):
        end = world.clock() + timedelta(days=1)
        while world.clock() < end:
            # From moment to moment, with enough rounds at each for all that fails to be tried again.
            # The next one is the first after the last round: nobody was away in what is passed over here.
            waiting = [clock.upcoming(s, (), world.last)[1] for s in schedules if s.channel not in deleted]
            world.clock.at = max(world.clock(), min([end, *waiting]))
            await world.settle([s for s in schedules if s.channel not in deleted])
        if chance.random() < 0.2:
            await world.change_the_record()
        toggled = chance.randrange(channels)
        (world.discord.no_pins.discard if toggled in world.discord.no_pins else world.discord.no_pins.add)(toggled)
        recorded = [m for m in world.discord.messages[-channels:] if m.channel not in deleted]
        if recorded and chance.random() < 0.3:
            message = chance.choice(recorded)
            row = await database.read("SELECT 1 FROM summary_claim WHERE message = ?", (message.id,))
            message.deleted = bool(row) or message.deleted
        if len(deleted) < channels // 10 and chance.random() < 0.05:
            gone = chance.randrange(channels)
            await world.calm()
            deleted.add(gone)
            world.discord.gone.add(gone)
    world.discord.no_pins.clear()
    await world.calm(4)
    total: dict[str, int] = {"crashes": world.crashes, "faults": world.discord.faults.total(), "not paused": 0}
    for schedule in schedules:
        if schedule.channel in deleted:
            held = await summaries.schedule(database, schedule.channel)
            assert held
            settled = clock.settled((await world.claims(schedule.channel)).values())
            total["not paused"] += not held.paused and bool(clock.due(held, settled, world.clock()))
            continue
        for name, number in (await world.verdict(schedule)).items():
            total[name] = total.get(name, 0) + number
    return total


@pytest.mark.campaign
# Many short runs: a server remembers some weeks of its summaries, so longer ones would only repeat themselves, slowly.
@pytest.mark.parametrize("seed", range(25) if CAMPAIGN else (20260301,))
async def test_simulated_server_days_with_crashes_and_faults_at_every_step(empty: Database, seed: int) -> None:
    channels, days = (20, 42) if CAMPAIGN else (8, 14)
    total = await simulate(empty, seed, channels, days, rate=0.06)
    assert {name: total[name] for name in NONE} == NONE, total
    assert total["posted"] > channels * days * 0.7
    assert total["crashes"] > days / 2
    assert total["faults"] > days


async def test_the_simulation_sees_doubles_when_nothing_is_looked_up(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blind(*_: object) -> None:
        return None

    monkeypatch.setattr(FaultyDiscord, "find", blind)
    total = await simulate(empty, seed=1, channels=10, days=8, rate=0.15)
    assert total["doubled"] > 0


async def test_the_simulation_sees_what_is_missed(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real = summaries.claim

    async def once(database: Any, schedule: Any, day: Any, due: Any, now: Any, **more: Any) -> Claim | None:
        held = await real(database, schedule, day, due, now, **more)
        return held if held and held.attempts == 1 else None

    monkeypatch.setattr(summaries, "claim", once)
    monkeypatch.setattr("tests.test_daily.PATIENCE", 20)
    assert (await simulate(empty, seed=1, channels=10, days=8, rate=0.15))["missed"] > 0


@pytest.mark.campaign
@pytest.mark.parametrize(("zone", "change"), [(zone, change) for zone, pair in CHANGES.items() for change in pair])
async def test_one_post_a_local_date_across_clock_changes_with_a_restart_every_minute(
    empty: Database, zone: str, change: date
) -> None:
    world = Simulation(empty)
    midnight = datetime.combine(change, time(0), ZoneInfo(zone)).astimezone(UTC)
    world.clock.at = midnight - timedelta(days=2)
    starts = change - timedelta(days=1)
    schedules = [
        await world.add(n, zone=zone, at=at, starts=starts) for n, at in enumerate(("01:30", "02:30", "09:00"))
    ]
    # The short form restarts every minute from before the clocks change until after 09:00, and less often around that.
    await world.until(midnight - timedelta(hours=1), 60 if CAMPAIGN else 1800)
    await world.until(midnight + timedelta(hours=11), 60)
    await world.until(midnight + timedelta(days=2), 60 if CAMPAIGN else 1800)
    for schedule in schedules:
        posted = world.discord.in_(schedule.channel)
        expected = {str(starts + timedelta(days=n)) for n in range(3)}
        assert [m.address.rsplit(".")[-1] for m in posted] == sorted(expected)
        for message in posted:
            there = message.at.astimezone(ZoneInfo(zone))
            assert str(there.date()) in message.address
    counts = [await world.verdict(schedule) for schedule in schedules]
    assert all(c["posted"] == 3 and not c["missed"] and not c["doubled"] for c in counts)


async def test_down_for_five_hours_posts_once_late(empty: Database) -> None:
    world = Simulation(empty)
    schedule = await world.add(1)
    world.clock.at = datetime(2026, 1, 6, 14, 0, tzinfo=UTC)
    for _ in range(3):
        await world.round()
    [message] = world.discord.in_(1)
    assert message.pinned
    claim = (await world.claims(1))[date(2026, 1, 6)]
    assert claim.posted
    assert claim.posted - claim.due == timedelta(hours=5)
    assert (await world.verdict(schedule))["posted"] == 1


async def test_down_beyond_twelve_hours_is_recorded_as_skipped(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.clock.at = datetime(2026, 1, 6, 21, 0, 1, tzinfo=UTC)
    await world.round()
    assert world.discord.in_(1) == []
    claim = (await world.claims(1))[date(2026, 1, 6)]
    assert claim.state is Progress.SKIPPED
    assert claim.reason == "I was not running, or could not reach Discord, at that time."
    world.clock.at = datetime(2026, 1, 7, 9, 0, tzinfo=UTC)
    await world.round()
    [message] = world.discord.in_(1)
    assert message.address == "summary:1.2026-01-07"
    held = await summaries.claims(empty, 1)
    told = await changes.day(empty, held[date(2026, 1, 7)])
    assert told.missed == ((date(2026, 1, 6), claim.reason),)


async def test_twelve_hours_late_to_the_second_is_still_posted(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.clock.at = datetime(2026, 1, 6, 21, 0, tzinfo=UTC)
    await world.round()
    assert len(world.discord.in_(1)) == 1


async def test_a_lost_reply_that_is_looked_up_a_day_later_is_adopted_and_not_called_skipped(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.clock.at = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
    real = world.discord.send

    async def lost(*arguments: Any) -> int:
        await real(*arguments)
        raise Crash

    world.discord.send = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        await world.daily().round()
    world.clock.at = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)
    await world.round()
    [message] = world.discord.in_(1)
    claim = (await world.claims(1))[date(2026, 1, 6)]
    assert (claim.state, claim.message, claim.pin) == (Progress.POSTED, message.id, Pin.PINNED)


@pytest.mark.parametrize(("hours_of_silence", "found"), [(1, True), (12, False)])
async def test_a_summary_that_may_stand_in_the_channel_is_looked_for_some_hours_and_then_the_next_day_goes_on(
    empty: Database, hours_of_silence: int, found: bool
) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.clock.at = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
    real = world.discord.send

    async def lost(*arguments: Any) -> int:
        await real(*arguments)
        raise Crash

    world.discord.send = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        await world.daily().round()
    world.discord.send = real  # type: ignore[method-assign]
    world.clock.at = back = datetime(2026, 1, 7, 10, 0, tzinfo=UTC)

    async def silent(*_: object) -> int | None:
        if world.clock() < back + timedelta(hours=hours_of_silence):
            raise DiscordError(Trouble.UNKNOWN)
        return await FaultyDiscord.find(world.discord, *cast("tuple[Any, Any, Any]", _))

    world.discord.find = silent  # type: ignore[method-assign, assignment]
    await world.until(back + timedelta(hours=14), 600)
    claims = await world.claims(1)
    assert claims[date(2026, 1, 6)].state is (Progress.POSTED if found else Progress.SKIPPED)
    assert claims[date(2026, 1, 7)].state is Progress.POSTED
    assert [m.address for m in world.discord.in_(1)].count("summary:1.2026-01-06") == 1


async def test_where_posting_is_forbidden_the_organizer_is_told_once_and_it_goes_on_when_allowed(
    empty: Database,
) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.discord.silent.add(1)
    world.clock.at = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
    await world.until(datetime(2026, 1, 6, 12, 0, tzinfo=UTC), 300)
    assert len(world.discord.told) == 1
    assert "could not be posted. I am not allowed to" in world.discord.told[0][1]
    world.discord.silent.clear()
    await world.until(datetime(2026, 1, 6, 13, 0, tzinfo=UTC), 300)
    assert len(world.discord.in_(1)) == 1


async def test_where_pinning_is_forbidden_the_post_stays_and_is_pinned_as_soon_as_allowed(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.discord.no_pins.add(1)
    world.clock.at = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
    await world.until(datetime(2026, 1, 6, 10, 0, tzinfo=UTC), 300)
    [message] = world.discord.in_(1)
    assert not message.pinned
    assert len(world.discord.told) == 1
    claim = (await world.claims(1))[date(2026, 1, 6)]
    assert claim.pin is Pin.DUE
    assert claim.pin_reason == Trouble.FORBIDDEN
    world.discord.no_pins.clear()
    await world.until(datetime(2026, 1, 6, 10, 20, tzinfo=UTC), 300)
    assert message.pinned


async def test_a_full_channel_makes_room_with_own_pins_only(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1, keep=3)
    world.discord.foreign_pins[1] = 248
    await world.until(datetime(2026, 1, 8, 10, 0, tzinfo=UTC), 1800)
    assert [m.pinned for m in world.discord.in_(1)] == [False, True, True]
    world.discord.foreign_pins[1] = 250
    for message in world.discord.in_(1):
        message.pinned = False
    await world.until(datetime(2026, 1, 9, 10, 0, tzinfo=UTC), 1800)
    assert not world.discord.in_(1)[-1].pinned
    assert "250 pins" in world.discord.told[-1][1]


async def test_a_deleted_summary_is_never_posted_again(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    world.discord.no_pins.add(1)
    await world.until(datetime(2026, 1, 6, 9, 30, tzinfo=UTC), 600)
    [message] = world.discord.in_(1)
    message.deleted = True
    world.discord.no_pins.clear()
    await world.until(datetime(2026, 1, 6, 20, 0, tzinfo=UTC), 600)
    assert world.discord.in_(1) == [message]
    claim = (await world.claims(1))[date(2026, 1, 6)]
    assert (claim.pin, claim.pin_reason) == (Pin.RELEASED, Trouble.MESSAGE_GONE)


async def test_a_deleted_channel_pauses_its_schedule_and_keeps_no_other_from_its_turn(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    await world.add(2)
    world.discord.gone.add(1)
    await world.until(datetime(2026, 1, 7, 10, 0, tzinfo=UTC), 1800)
    held = await summaries.schedule(empty, 1)
    assert held
    assert held.paused
    assert len(world.discord.in_(2)) == 2
    assert (await world.claims(1))[date(2026, 1, 6)].reason == Trouble.CHANNEL_GONE


async def test_keep_pinned_for_three_days(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1, keep=3)
    await world.until(datetime(2026, 1, 10, 10, 0, tzinfo=UTC), 1800)
    assert [m.pinned for m in world.discord.in_(1)] == [False, False, True, True, True]


async def test_a_change_of_the_record_corrects_the_posted_message_once(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    await world.until(datetime(2026, 1, 6, 9, 30, tzinfo=UTC), 600)
    [message] = world.discord.in_(1)
    assert message.text == "2026-01-06: version 0"
    await world.change_the_record()
    await world.round()
    assert message.text == "2026-01-06: version 1 corrected"
    corrected = (await world.claims(1))[date(2026, 1, 6)].corrected
    await world.until(datetime(2026, 1, 6, 11, 0, tzinfo=UTC), 600)
    assert (await world.claims(1))[date(2026, 1, 6)].corrected == corrected


async def test_older_summaries_are_corrected_too_for_they_can_still_be_read(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    await world.until(datetime(2026, 1, 8, 10, 0, tzinfo=UTC), 1800)
    await world.change_the_record()
    await world.round()
    assert [m.text[11:] for m in world.discord.in_(1)] == [" version 1 corrected"] * 3


async def test_an_organizer_who_is_forgotten_is_told_nothing_any_more(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    await revisions.forget(empty, 7)
    world.discord.silent.add(1)
    await world.until(datetime(2026, 1, 6, 10, 0, tzinfo=UTC), 600)
    assert world.discord.told == []
    for [table] in await empty.read("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        rows = await empty.read(f'SELECT * FROM "{table}"')
        assert not any('"organizer":7' in str(tuple(row)) for row in rows)


async def test_a_change_of_the_record_that_it_does_not_show_leaves_it_as_it_is(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    await world.until(datetime(2026, 1, 6, 9, 30, tzinfo=UTC), 600)
    await world.change_the_record()
    world.version = 0
    await world.round()
    assert world.discord.in_(1)[0].text == "2026-01-06: version 0"
    assert (await world.claims(1))[date(2026, 1, 6)].checked == await summaries.newest(empty)


async def test_an_unexpected_failure_in_one_channel_keeps_no_other_from_its_turn(empty: Database) -> None:
    world = Simulation(empty)
    await world.add(1)
    await world.add(2)
    real = world.compose

    async def broken(claim: Claim) -> Digest:
        if claim.channel == 1:
            raise RuntimeError("boom")
        return await real(claim)

    world.compose = broken  # type: ignore[method-assign]
    await world.until(datetime(2026, 1, 6, 9, 5, tzinfo=UTC), 600)
    assert len(world.discord.in_(2)) == 1
    world.compose = real  # type: ignore[method-assign]
    await world.until(datetime(2026, 1, 6, 11, 0, tzinfo=UTC), 600)
    assert len(world.discord.in_(1)) == 1


async def test_a_late_worker_does_not_overwrite_what_the_next_one_did(empty: Database) -> None:
    world = Simulation(empty)
    schedule = await world.add(1)
    day, due = date(2026, 1, 6), datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
    first = await summaries.claim(empty, schedule, day, due, due)
    assert first
    assert await summaries.claim(empty, schedule, day, due, due + timedelta(seconds=119)) is None
    second = await summaries.claim(empty, schedule, day, due, due + timedelta(seconds=120))
    assert second
    assert await summaries.posted(empty, second, 5, due)
    assert not await summaries.posted(empty, first, 4, due)
    assert not await summaries.skipped(empty, first, "late")
    held = (await world.claims(1))[day]
    assert (held.message, held.attempts) == (5, 2)
