"""Listens to every statement of the connections through which the bot writes: `rules_broken` must stay empty."""

import re
import threading
from collections.abc import Callable

import aiosqlite

from bot.store import database

rules_broken: list[str] = []
counted = {"connections": 0, "statements": 0, "transactions": 0}
# Pages are written by these; PRAGMA and VACUUM are not statements of a change.
WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.IGNORECASE)
# REPLACE leaves a row's old words in the index, https://sqlite.org/fts5.html#external_content_tables.
REPLACES = re.compile(
    r"\s*(?:INSERT\s+OR\s+REPLACE|REPLACE)\s+INTO\s+(?:fact|source|dispute|event|county|agreement|term|passage)\b",
    re.IGNORECASE,
)


def listener() -> Callable[[str], None]:
    """What hears the statements of one connection, in its own thread."""
    inside = False

    def hear(sql: str) -> None:
        nonlocal inside
        counted["statements"] += 1
        head = sql[:200].strip().upper()
        if head.startswith("BEGIN"):
            inside = True
            counted["transactions"] += 1
            if not head.startswith("BEGIN IMMEDIATE"):
                rules_broken.append(f"a transaction that may fail when it first writes: {head[:40]}")
        elif head.startswith(("COMMIT", "ROLLBACK", "END")):
            inside = False
        elif WRITES.match(sql):
            if not inside:
                rules_broken.append(f"a write outside a transaction, in {threading.current_thread().name}: {sql[:80]}")
            if REPLACES.match(sql):
                rules_broken.append(f"a record that is replaced instead of changed: {sql[:80]}")

    return hear


async def _listened(address: str) -> aiosqlite.Connection:
    connection = await _connect(address)
    if "mode=ro" in address:  # SQLite itself refuses its writes
        return connection
    [[synchronous]] = await connection.execute_fetchall("PRAGMA synchronous")
    if synchronous != 2:
        rules_broken.append("a connection that writes without synchronous = FULL")
    await connection.set_trace_callback(listener())
    counted["connections"] += 1
    return connection


_connect = database._connect


def listen() -> None:
    """Listen from now on."""
    database._connect = _listened
