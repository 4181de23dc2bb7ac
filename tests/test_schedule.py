"""When a summary is due: every local date once, whatever the clocks do and whenever the bot restarts."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import schedule as clock
from bot.models import Schedule

# Both clock changes of 2026 in each place. Lord Howe changes by half an hour.
CHANGES = {
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Chicago": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
}
FIRST = datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None)


def made(zone: str = "UTC", at: str = "09:00", starts: date = date(2026, 1, 1)) -> Schedule:
    return Schedule(channel=1, guild=1, organizer=1, at=at, zone=zone, starts=starts)


@pytest.mark.parametrize(("zone", "change"), [(zone, change) for zone, pair in CHANGES.items() for change in pair])
def test_the_matrix_holds_real_clock_changes(zone: str, change: date) -> None:
    there = ZoneInfo(zone)
    before, after = (datetime.combine(change + timedelta(days=d), time(0), there).utcoffset() for d in (0, 1))
    assert before != after


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        # 02:30 does not exist on 8 March in New York: it comes an hour later by the wall clock.
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:30Z"),
        # 01:30 comes twice on 1 November: the first one counts.
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30Z"),
        ("Europe/London", "2026-03-29", "01:30", "2026-03-29T01:30Z"),
        ("Europe/London", "2026-10-25", "01:30", "2026-10-25T00:30Z"),
        ("Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30Z"),
        ("Australia/Lord_Howe", "2026-04-05", "01:30", "2026-04-04T14:30Z"),
        ("America/Chicago", "2026-07-01", "09:00", "2026-07-01T14:00Z"),
    ],
)
def test_a_time_that_is_skipped_comes_later_and_one_that_comes_twice_comes_first(
    zone: str, day: str, at: str, moment: str
) -> None:
    assert clock.slot(date.fromisoformat(day), at, zone) == datetime.fromisoformat(moment)


def test_a_day_that_a_zone_left_out_has_no_summary() -> None:
    assert clock.slot(date(2011, 12, 30), "09:00", "Pacific/Apia") is None
    schedule = made("Pacific/Apia", starts=date(2011, 12, 28))
    days = clock.due(schedule, set(), datetime(2012, 1, 1, tzinfo=UTC))
    assert [day.day for day, _ in days] == [28, 29, 31, 1]


@given(
    st.sampled_from(sorted(clock.zones())),
    st.dates(date(2000, 1, 1), date(2037, 12, 1)),
    st.times().map(lambda t: f"{t:%H:%M}"),
)
def test_every_day_of_every_zone_is_due_once_and_days_keep_their_order(zone: str, day: date, at: str) -> None:
    schedule = made(zone, at, starts=day)
    days = clock.due(schedule, set(), datetime.combine(day, time(0), UTC) + timedelta(days=6))
    assert len({d for d, _ in days}) == len(days)
    moments = [moment for _, moment in days]
    assert moments == sorted(set(moments))
    following, moment = clock.upcoming(schedule, {d for d, _ in days}, days[-1][1])
    assert following > days[-1][0]
    assert moment > days[-1][1]


@given(st.datetimes(FIRST, FIRST + timedelta(days=365)), st.integers(0, 13))
def test_lateness_is_counted_from_the_moment_and_old_days_are_not_brought_up_for_ever(now: datetime, days: int) -> None:
    schedule = made(starts=(now - timedelta(days=days * 10)).date())
    found = clock.due(schedule, set(), now.replace(tzinfo=UTC))
    assert all(
        timedelta(0) <= now.replace(tzinfo=UTC) - moment < clock.LOOK_BACK + timedelta(days=1) for _, moment in found
    )
