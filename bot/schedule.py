"""When a daily summary is due: local times, clock changes and lateness. Pure; the time is always passed in."""

import functools
from collections.abc import Container, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from bot.models import Claim, Progress, Schedule

# A summary later than this is skipped: it would stand beside the next day's.
LATEST = timedelta(hours=12)
# How far back days that nobody posted are recorded as skipped.
LOOK_BACK = timedelta(days=7)


@functools.cache
def zones() -> tuple[str, ...]:
    """The names of all time zones that this machine knows."""
    return tuple(sorted(available_timezones()))


def slot(day: date, at: str, zone: str) -> datetime | None:
    """The moment of a local time on a day, in UTC; None for a day that a zone has left out (Samoa, 30 December 2011).

    A time that the clock skips comes as much later as the clock jumps; of one that comes twice it is the first.
    Rules: PEP 495, https://peps.python.org/pep-0495/. Raises ZoneInfoNotFoundError for an unknown zone.
    """
    there = ZoneInfo(zone)
    noon = datetime.combine(day, time(12), there)
    if noon.astimezone(UTC).astimezone(there).date() != day:
        return None
    return datetime.combine(day, time.fromisoformat(at), there).astimezone(UTC)


def settled(claims: Iterable[Claim]) -> set[date]:
    """The days that are posted or skipped."""
    return {claim.day for claim in claims if claim.state is not Progress.CLAIMED}


def due(schedule: Schedule, settled: Container[date], now: datetime) -> list[tuple[date, datetime]]:
    """The days whose moment has come and that are not settled yet, oldest first, each with its moment."""
    today = now.astimezone(ZoneInfo(schedule.zone)).date()
    day = max(schedule.starts, today - LOOK_BACK)
    found = []
    while day <= today:
        moment = None if day in settled else slot(day, schedule.at, schedule.zone)
        if moment and moment <= now:
            found.append((day, moment))
        day += timedelta(days=1)
    return found


def upcoming(schedule: Schedule, settled: Container[date], now: datetime) -> tuple[date, datetime]:
    """The next day that is still to come, and its moment."""
    day = max(schedule.starts, now.astimezone(ZoneInfo(schedule.zone)).date() - timedelta(days=1))
    while True:
        moment = None if day in settled else slot(day, schedule.at, schedule.zone)
        if moment and moment > now:
            return day, moment
        day += timedelta(days=1)
