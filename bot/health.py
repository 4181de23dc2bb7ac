"""Whether the running bot is well: one line for each check; and `python -m bot health`, which asks for them."""

import asyncio
import http.client
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot import backups
from bot import schedule as clock
from bot.config import Settings
from bot.errors import describe
from bot.link import LONGEST, Link
from bot.store import Database, index, running, summaries

# SQLite empties the write-ahead file at 4 MB, https://sqlite.org/wal.html#ckpt; something keeps it from that.
LARGEST_LOG = 64_000_000
LEAST_SPACE = 100_000_000
# The rounds look once a minute.
OVERDUE = timedelta(minutes=15)
# Seconds: most lost connections are back in two or three.
BLINK = 60.0
# Seconds that somebody who asks waits for all checks together.
PATIENCE = 20.0


class Check(NamedTuple):
    """Something looked at: what, whether it is as it should be, and a few words on it."""

    name: str
    ok: bool
    words: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.name}: {self.words}"


async def look(settings: Settings, link: Link, latency: float, database: Database | None, now: datetime) -> list[Check]:
    """Every check. What cannot be looked at has failed."""
    found = [Check("discord", *_connection(link, latency))]
    if database is None:
        return [*found, Check("database", False, "not opened yet")]
    for name, check in CHECKS.items():
        try:
            found.append(Check(name, *await check(database, now, settings)))
        except Exception as error:  # noqa: BLE001 - whatever it is, this is not well
            found.append(Check(name, False, f"cannot be looked at, {describe(error)}"))
    return found


def _connection(link: Link, latency: float) -> tuple[bool, str]:
    if not link.ready:
        return False, f"not connected yet, {link.away:.0f} s after the start"
    if link.away > BLINK:
        return False, f"no connection for {link.away:.0f} s; at {LONGEST:.0f} s the bot ends, to be started afresh"
    return True, f"connected, answers a heartbeat in {latency:.2f} s"


async def _write(database: Database, now: datetime, _: Settings) -> tuple[bool, str]:
    free = shutil.disk_usage(database.path.absolute().parent).free
    room = f"{free / 1e9:.1f} GB of the disk are free"
    return free >= LEAST_SPACE, f"last one {_ago(now - last_write(database.path))} ago; {room}"


async def _log(database: Database, _: datetime, __: Settings) -> tuple[bool, str]:
    size = log_size(database.path)
    return size <= LARGEST_LOG, f"{size / 1e6:.1f} MB" + (", though 4 MB are usual" if size > LARGEST_LOG else "")


async def _backup(database: Database, now: datetime, settings: Settings) -> tuple[bool, str]:
    newest = await asyncio.to_thread(backups.newest, settings)
    age = now - (newest.at if newest else await running.born(database))
    words = f"the newest is {_ago(age)} old" if newest else f"none yet, and the database is {_ago(age)} old"
    return age <= backups.LATE, words


async def _summaries(database: Database, now: datetime, _: Settings) -> tuple[bool, str]:
    due = waiting = overdue = 0
    for schedule in await summaries.schedules(database):
        held = await summaries.claims(database, schedule.channel)
        for day, moment in [] if schedule.paused else clock.due(schedule, clock.settled(held.values()), now):
            due += 1
            if now - moment > OVERDUE:
                # What Discord refuses is told to the organizer, who alone can mend it.
                refused = day in held and held[day].reason
                waiting, overdue = waiting + bool(refused), overdue + (not refused)
    return not overdue, f"{due} due, {overdue} overdue, {waiting} waiting for what an organizer or Discord must do"


async def _index(database: Database, _: datetime, __: Settings) -> tuple[bool, str]:
    sound = await index.is_sound(database)
    return sound, "as the record" if sound else "not as the record: start the bot again, which makes it anew"


CHECKS: dict[str, Callable[[Database, datetime, Settings], Awaitable[tuple[bool, str]]]] = {
    "last write": _write,
    "write-ahead file": _log,
    "backup": _backup,
    "summaries": _summaries,
    "search index": _index,
}


def last_write(path: Path) -> datetime:
    """When the database was written to last: the file system knows."""
    log = _log_of(path)
    return datetime.fromtimestamp((log if log.exists() else path).stat().st_mtime, UTC)


def log_size(path: Path) -> int:
    """Bytes of the write-ahead file."""
    return _log_of(path).stat().st_size if _log_of(path).exists() else 0


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _ago(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h" if minutes < 2880 else f"{age.days} days"


def ask(port: int) -> int:
    """Print what the bot on this machine says of itself. Returns 0 when all is well, else 1."""
    if not port:
        print("FAIL  bot: METRICS_PORT is 0, so it cannot be asked")
        return 1
    # Not urllib, which would ask a proxy that is meant for the world outside.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        print(answer.read().decode("utf-8", "replace"), end="")
        return 0 if answer.status == http.client.OK else 1
    except (OSError, http.client.HTTPException) as error:
        print(f"FAIL  bot: no answer on port {port} ({type(error).__name__}): it is not running, or stands still")
        return 1
    finally:
        connection.close()
