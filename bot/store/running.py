"""What the bot writes while it runs: members' reports and settings. No question, and not who reported what."""

from datetime import UTC, date, datetime

import aiosqlite

from bot.models import Moderation, Report
from bot.store.database import Database

# Reports of one day, by everybody together, and reports in all: members write them, so their table must have an end.
MOST_A_DAY = 200
MOST_REPORTS = 2000


async def add_report(database: Database, report: Report, day: date) -> bool:
    """Keep a member's report: the page, the reason, the words and the day.

    Returns False, and keeps nothing, when there are too many of that day or too many that nobody has answered. To make
    room, the oldest that have been answered go.
    """

    async def change(writer: aiosqlite.Connection) -> bool:
        [counts] = await writer.execute_fetchall(
            "SELECT count(*) AS held, count(*) FILTER (WHERE answered IS NULL) AS open, "
            "count(*) FILTER (WHERE day = ?) AS today FROM report",
            (day.isoformat(),),
        )
        if counts["today"] >= MOST_A_DAY or counts["open"] >= MOST_REPORTS:
            return False
        await writer.execute(
            "DELETE FROM report WHERE id IN (SELECT id FROM report WHERE answered IS NOT NULL ORDER BY id LIMIT ?)",
            (max(0, counts["held"] + 1 - MOST_REPORTS),),
        )
        await writer.execute(
            "INSERT INTO report (page, reason, text, day) VALUES (?, ?, ?, ?)",
            (report.page, report.reason, report.text, day.isoformat()),
        )
        return True

    return await database.write(change)


async def open_reports(database: Database) -> list[tuple[int, str, Report]]:
    """The reports that nobody has answered, each with its number and day, oldest first."""
    rows = await database.read("SELECT id, day, page, reason, text FROM report WHERE answered IS NULL ORDER BY id")
    return [(row["id"], row["day"], Report(page=row["page"], reason=row["reason"], text=row["text"])) for row in rows]


async def answer_report(database: Database, number: int, day: date) -> bool:
    """Mark a report as answered, without by whom; returns False when it was before, or there is none."""

    async def change(writer: aiosqlite.Connection) -> bool:
        cursor = await writer.execute(
            "UPDATE report SET answered = ? WHERE id = ? AND answered IS NULL", (day.isoformat(), number)
        )
        return bool(cursor.rowcount)

    return await database.write(change)


async def reports(database: Database) -> list[tuple[str, Report]]:
    """Every report with its day, oldest first."""
    rows = await database.read("SELECT day, page, reason, text FROM report ORDER BY id")
    return [(row["day"], Report(page=row["page"], reason=row["reason"], text=row["text"])) for row in rows]


async def setting(database: Database, name: str) -> str | None:
    """A remembered value, or None."""
    rows = await database.read("SELECT value FROM setting WHERE name = ?", (name,))
    return rows[0]["value"] if rows else None


async def remember(database: Database, name: str, value: str) -> None:
    """Keep a value under a name."""

    async def change(writer: aiosqlite.Connection) -> None:
        await writer.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    await database.write(change)


async def moderation(database: Database, guild: int) -> Moderation:
    """What the administrators of a server chose; nothing at first."""
    rows = await database.read("SELECT body FROM moderation WHERE guild = ?", (guild,))
    return Moderation.model_validate_json(rows[0]["body"]) if rows else Moderation()


async def set_moderation(database: Database, guild: int, chosen: Moderation) -> None:
    """Keep what the administrators of a server chose."""
    await database.write(
        lambda writer: writer.execute(
            "INSERT INTO moderation VALUES (?, ?) ON CONFLICT (guild) DO UPDATE SET body = excluded.body",
            (guild, chosen.model_dump_json()),
        )
    )


async def born(database: Database) -> datetime:
    """When the database was made."""
    [row] = await database.read("SELECT min(at) AS at FROM migration")
    return datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)


async def schema(database: Database) -> list[tuple[str, str, list[str]]]:
    """Every table of the database as it is now: its name, its purpose and its columns.

    The purpose is the comment that stands in the table's own definition, so the list cannot fall behind.
    """
    tables = await database.read(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'passage_index_%' "
        "AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    result = []
    for table in tables:
        columns = [
            row["name"]
            for row in await database.read("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table["name"],))
        ]
        _, _, purpose = table["sql"].split("\n")[0].partition("-- ")
        result.append((table["name"], purpose, columns))
    return result
