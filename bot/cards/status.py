"""What became of daily summaries, in lines for organizers; moments in Discord's notation: each reader's clock."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.cards.parts import day as told
from bot.models import Claim, Pin, Progress, Schedule

DAYS = 7


def lines(schedule: Schedule, held: Mapping[date, Claim], today: date, upcoming: datetime) -> list[str]:
    """A channel's schedule, its last seven days, and days to come that are skipped."""
    more = "paused" if schedule.paused else f"next {_moment(upcoming, 'F')}"
    shown = [today - timedelta(days=back) for back in range(DAYS)]
    return [
        f"**<#{schedule.channel}>** every day at {schedule.at} ({schedule.zone}), {more}",
        *(f"-# {told(str(day))}: {_became(held[day])}" for day in sorted(held, reverse=True) if day > today),
        *(f"-# {told(str(day))}: {_became(held[day]) if day in held else 'none was due'}" for day in shown),
    ]


def days(number: int) -> str:
    """A number of days in words."""
    return "a day" if number == 1 else f"{number} days"


def pinned(claim: Claim) -> str:
    """Whether a posted summary is pinned, and what was in the way."""
    state = {Pin.PINNED: "Pinned.", Pin.RELEASED: "Not pinned any more." if not claim.pin_reason else "Not pinned."}
    return f"{state.get(claim.pin or Pin.DUE, 'Not pinned yet.')} {claim.pin_reason}".strip()


def _became(claim: Claim) -> str:
    if claim.state is Progress.SKIPPED:
        return f"skipped. {claim.reason}"
    if claim.posted is None:
        return f"not posted yet. {claim.reason}".strip()
    line = f"posted {_moment(claim.posted, 't')}"
    minutes = int((claim.posted - claim.due).total_seconds() // 60)
    if minutes >= 5:
        line += f", {minutes // 60} h {minutes % 60} min late"
    if claim.corrected:
        line += f", corrected {_moment(claim.corrected, 'f')}"
    return f"{line}. {pinned(claim)}"


def _moment(at: datetime, style: str) -> str:
    return f"<t:{at.timestamp():.0f}:{style}>"
