"""Schedules of daily summaries, and the claim that lets one day's summary be posted in one channel once."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import aiosqlite

from bot.models import Claim, Pin, Progress, Schedule
from bot.store.database import Database
from bot.store.revisions import RESTORED, stamp

# Nobody takes a day up again while somebody may still be at it; each failure doubles the wait.
LEASE = timedelta(minutes=2)
LONGEST_LEASE = timedelta(minutes=30)


async def schedules(database: Database, guild: int | None = None) -> list[Schedule]:
    """Every schedule, or those of one server."""
    rows = await database.read(
        "SELECT body FROM summary_schedule WHERE ? IS NULL OR guild = ? ORDER BY channel", (guild, guild)
    )
    return [Schedule.model_validate_json(row["body"]) for row in rows]


async def schedule(database: Database, channel: int) -> Schedule | None:
    """A channel's schedule."""
    rows = await database.read("SELECT body FROM summary_schedule WHERE channel = ?", (channel,))
    return Schedule.model_validate_json(rows[0]["body"]) if rows else None


async def keep_schedule(database: Database, chosen: Schedule) -> None:
    """Set a channel's schedule."""
    await database.write(
        lambda writer: writer.execute(
            "INSERT INTO summary_schedule (channel, guild, body) VALUES (?, ?, ?) "
            "ON CONFLICT (channel) DO UPDATE SET body = excluded.body, told = ''",
            (chosen.channel, chosen.guild, chosen.model_dump_json()),
        )
    )


async def tell_once(database: Database, channel: int, problem: str) -> bool:
    """Whether the organizer is to be told of a problem: not when it is the one that they were told of last."""

    async def change(writer: aiosqlite.Connection) -> bool:
        cursor = await writer.execute(
            "UPDATE summary_schedule SET told = ? WHERE channel = ? AND told <> ?", (problem, channel, problem)
        )
        return bool(cursor.rowcount)

    return await database.write(change)


async def claims(database: Database, channel: int) -> dict[date, Claim]:
    """What became of a channel's newest days, and of older ones that are still pinned; newest first."""
    rows = await database.read(
        "SELECT * FROM summary_claim WHERE channel = :channel AND (pin IN ('due', 'trying', 'pinned') OR day IN "
        "(SELECT day FROM summary_claim WHERE channel = :channel ORDER BY day DESC LIMIT 16)) ORDER BY day DESC",
        {"channel": channel},
    )
    return {found.day: found for found in map(_claim, rows)}


async def claim(
    database: Database, chosen: Schedule, day: date, due: datetime, now: datetime, *, again: bool = False
) -> Claim | None:
    """Take a day up: the claim, or None while somebody else holds it or when it is settled.

    `again` also takes up a day that was skipped.
    """

    async def change(writer: aiosqlite.Connection) -> Claim | None:
        channel = chosen.channel
        kept = chosen.model_copy(update={"organizer": 0})  # people stand in one place, where they can be forgotten
        since = await _told_before(writer, channel, day, due)
        [newest] = await writer.execute_fetchall("SELECT coalesce(max(number), 0) AS number FROM revision")
        number = newest["number"]
        # What came after a backup that has been restored is not known here: the day may have been posted, so this
        # counts as a second try, before which the channel is searched.
        lost = await writer.execute_fetchall(
            "SELECT 1 FROM setting WHERE name = ? AND value > ?", (RESTORED, stamp(due))
        )
        attempts, begun = (2, due) if lost else (1, now)
        cursor = await writer.execute(
            "INSERT INTO summary_claim (channel, day, schedule, due, attempts, begun, leased_until, since, until, "
            "checked, pin_next) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                *(channel, str(day), kept.model_dump_json(), stamp(due), attempts, stamp(begun), stamp(now + LEASE)),
                *(since, number, number, stamp(now)),
            ),
        )
        if not cursor.rowcount:
            [held] = await _rows(writer, channel, day)
            wait = min(LEASE * 2 ** min(held.attempts, 8), LONGEST_LEASE)
            cursor = await writer.execute(
                "UPDATE summary_claim SET state = 'claimed', attempts = attempts + 1, leased_until = ? "
                "WHERE channel = ? AND day = ? AND leased_until <= ? "
                "AND (state = 'claimed' OR (state = 'skipped' AND ?))",
                (stamp(now + wait), channel, str(day), stamp(now), again),
            )
        return (await _rows(writer, channel, day))[0] if cursor.rowcount else None

    return await database.write(change)


async def _told_before(writer: aiosqlite.Connection, channel: int, day: date, due: datetime) -> int:
    """The newest version of the record that the last posted summary told of, or that is a day old."""
    rows: Any = await writer.execute_fetchall(
        "SELECT until FROM summary_claim WHERE channel = ? AND state = 'posted' AND day < ? ORDER BY day DESC LIMIT 1",
        (channel, str(day)),
    )
    return rows[0]["until"] if rows else await _day_old(writer.execute_fetchall, due)


async def _day_old(fetch: Any, due: datetime) -> int:
    # The first load of the files is no news: everything would be new.
    rows: Any = await fetch(
        "SELECT coalesce(max(number), 0) AS number FROM revision WHERE at <= ? OR at = (SELECT min(at) FROM revision)",
        (stamp(due - timedelta(days=1)),),
    )
    return int(next(iter(rows))["number"])


async def claim_of(database: Database, channel: int, day: date) -> Claim | None:
    """What became of one day in one channel."""
    rows = await database.read("SELECT * FROM summary_claim WHERE channel = ? AND day = ?", (channel, str(day)))
    return _claim(rows[0]) if rows else None


async def unclaimed(database: Database, chosen: Schedule, day: date, now: datetime) -> Claim:
    """The claim that a day would get now, for a look at it beforehand; nothing is kept."""
    held = await claims(database, chosen.channel)
    before = [found for found in held.values() if found.state is Progress.POSTED and found.day < day]
    since = before[0].until if before else await _day_old(database.read, now)
    [row] = await database.read("SELECT coalesce(max(number), 0) AS number FROM revision")
    until = row["number"]
    return Claim(
        *(chosen, day, Progress.CLAIMED, now, 1, now, now, since, until, until, ""),
        *(None, None, None, "", None, now, ""),
    )


async def _rows(writer: aiosqlite.Connection, channel: int, day: date) -> list[Claim]:
    found: Iterable[Any] = await writer.execute_fetchall(
        "SELECT * FROM summary_claim WHERE channel = ? AND day = ?", (channel, str(day))
    )
    return [_claim(row) for row in found]


async def _set(database: Database, held: Claim, state: Progress | None = None, **values: object) -> bool:
    """Change a claim, unless somebody else has taken it up since it was read."""
    columns = {name: stamp(value) if isinstance(value, datetime) else value for name, value in values.items()}
    where = "channel = ? AND day = ? AND attempts = ? AND state = ?"

    async def change(writer: aiosqlite.Connection) -> bool:
        cursor = await writer.execute(
            f"UPDATE summary_claim SET state = ?, {', '.join(f'{name} = ?' for name in columns)} WHERE {where}",
            (state or held.state, *columns.values(), held.channel, str(held.day), held.attempts, held.state),
        )
        return bool(cursor.rowcount)

    return await database.write(change)


async def sending(database: Database, held: Claim, fingerprint: str) -> bool:
    """Record what a claimed day's summary tells, before it is sent: what is found later will tell that."""
    return await _set(database, held, fingerprint=fingerprint)


async def posted(database: Database, held: Claim, message: int, at: datetime) -> bool:
    """Record that a claimed day's summary stands in the channel and is to be pinned."""
    return await _set(database, held, Progress.POSTED, message=message, posted=at, reason="", pin=Pin.DUE, pin_next=at)


async def skipped(database: Database, held: Claim, reason: str) -> bool:
    """Record that a claimed day's summary is not posted, and why."""
    return await _set(database, held, Progress.SKIPPED, reason=reason)


async def delayed(database: Database, held: Claim, reason: str) -> bool:
    """Record why a claimed day's summary is not posted yet."""
    return await _set(database, held, reason=reason)


async def set_pin(database: Database, held: Claim, pin: Pin, again: datetime, reason: str = "") -> bool:
    """Record whether a posted summary is pinned, when to look again, and what was in the way."""
    return await _set(database, held, pin=pin, pin_next=again, pin_reason=reason)


async def checked(
    database: Database, held: Claim, number: int, fingerprint: str | None = None, at: datetime | None = None
) -> bool:
    """Record up to which version of the record a posted summary has been looked at, and that it was corrected."""
    return await _set(
        database,
        held,
        checked=number,
        fingerprint=fingerprint or held.fingerprint,
        corrected=at or held.corrected,
    )


async def newest(database: Database) -> int:
    """The number of the newest version of any record."""
    rows = await database.read("SELECT coalesce(max(number), 0) AS number FROM revision")
    return int(rows[0]["number"])


async def outcomes(database: Database, late: timedelta) -> dict[str, int]:
    """How many days that are kept were posted on time, posted later than that, skipped, or are not settled."""
    rows = await database.read(
        "SELECT CASE WHEN state <> 'posted' THEN state "
        "WHEN julianday(posted) - julianday(due) > ? THEN 'late' ELSE 'on_time' END AS outcome, "
        "count(*) AS number FROM summary_claim GROUP BY outcome ORDER BY outcome",
        (late / timedelta(days=1),),
    )
    return {row["outcome"]: row["number"] for row in rows}


def _claim(row: Any) -> Claim:
    return Claim(
        Schedule.model_validate_json(row["schedule"]),
        date.fromisoformat(row["day"]),
        Progress(row["state"]),
        _moment(row["due"]),
        row["attempts"],
        _moment(row["begun"]),
        _moment(row["leased_until"]),
        row["since"],
        row["until"],
        row["checked"],
        row["fingerprint"],
        row["message"],
        _moment(row["posted"]) if row["posted"] else None,
        _moment(row["corrected"]) if row["corrected"] else None,
        row["reason"],
        Pin(row["pin"]) if row["pin"] else None,
        _moment(row["pin_next"]),
        row["pin_reason"],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
