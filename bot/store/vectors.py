"""Vectors of passages, kept so that each text is read by the model once."""

from collections.abc import Collection, Mapping

import aiosqlite

from bot.store.database import Database


async def vectors(database: Database, engine: str) -> dict[bytes, bytes]:
    """Every vector that this version of the model has made, by the hash of its text."""
    rows = await database.read("SELECT hash, vector FROM vector WHERE engine = ?", (engine,))
    return {row["hash"]: row["vector"] for row in rows}


async def keep_vectors(database: Database, engine: str, made: Mapping[bytes, bytes], wanted: Collection[bytes]) -> None:
    """Add new vectors, and forget those of texts that are gone and of other versions of the model."""

    async def change(writer: aiosqlite.Connection) -> None:
        await writer.executemany(
            "INSERT OR IGNORE INTO vector (hash, engine, vector) VALUES (?, ?, ?)",
            [(text_hash, engine, vector) for text_hash, vector in made.items()],
        )
        kept = await writer.execute_fetchall("SELECT hash, engine FROM vector")
        gone = [tuple(row) for row in kept if row["engine"] != engine or row["hash"] not in wanted]
        await writer.executemany("DELETE FROM vector WHERE hash = ? AND engine = ?", gone)

    await database.write(change)
