"""What the bot writes while it runs: members' reports and its own settings. Nobody's identity, no question."""

from datetime import date

import aiosqlite

from bot.models import Report
from bot.store.database import Database


async def add_report(database: Database, report: Report, day: date) -> None:
    """Keep a member's report: the page, the reason, the words and the day."""

    async def change(writer: aiosqlite.Connection) -> None:
        await writer.execute(
            "INSERT INTO report (page, reason, text, day) VALUES (?, ?, ?, ?)",
            (report.page, report.reason, report.text, day.isoformat()),
        )

    await database.write(change)


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
