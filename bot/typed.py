"""What organizers type: times of the day, time zones, and lists with ; between their parts."""

import re
from collections.abc import Mapping

from bot import lookup
from bot import schedule as clock
from bot.cards.text import shorten
from bot.errors import UserError


def time_of_day(text: str) -> str:
    """A time as 09:00. Raises UserError when it is none."""
    found = re.fullmatch(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(?:([ap])\.?m\.?)?", text.strip().casefold())
    if found:
        hour, minute = int(found[1]), int(found[2] or 0)
        if found[3]:
            hour = hour % 12 + (12 if found[3] == "p" else 0) if 1 <= hour <= 12 else 24
        if hour < 24 and minute < 60:
            return f"{hour:02}:{minute:02}"
    raise UserError("“time” must be a time of the day, written 09:00 or 9 am.")


def zone(text: str) -> str:
    """A time zone's name. Raises UserError when there is none of that name."""
    name = text.strip().replace(" ", "_").casefold()
    for known in clock.zones():
        if known.casefold() == name:
            return known
    raise UserError("There is no such time zone. Please choose one of those that are offered, as America/Chicago.")


def listed(text: str | None) -> list[str]:
    """The parts of a list."""
    return [part for part in map(str.strip, (text or "").split(";")) if part]


def offered(current: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Labels and values that add one name to those that stand in a list already."""
    *before, last = (part.strip() for part in current.split(";"))
    chosen = [found for part in before if (found := lookup.resolve(part, names))]
    titles = {record_id: name for name, record_id in names.items()}
    more = [record_id for record_id in lookup.closest(last, names) if record_id not in chosen]
    return [
        (shorten("; ".join(titles[name] for name in (*chosen, new)), 100), value)
        for new in more
        if len(value := "; ".join((*chosen, new))) <= 100
    ]
