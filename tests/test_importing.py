"""What people read while many rows come in: all of them or none, and without waiting for the last.

How long each read takes is measured by `python -m tests.bench importing`.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from bot.models import Fact, Record, record_of
from bot.store import Database, files, revisions
from tests.test_store import WORDS, empty, fact, source

__all__ = ["empty"]  # a fixture
LONG = bool(os.environ.get("FOOTNOTE_CAMPAIGN"))
Read = Callable[[str, Any], Awaitable[Iterable[Any]]]
COUNT = "SELECT (SELECT count(*) FROM fact WHERE id >= ?), (SELECT count(*) FROM passage WHERE fact_id >= ?)"


def facts(prefix: str, count: int) -> list[Fact]:
    """Facts that share words as real ones do, and have one each of their own."""

    def statement(n: int) -> str:
        return f"The {WORDS[n % 10]} of place {n} keeps its {WORDS[n // 10 % 10]} under rule {prefix}{n}."

    return [fact(f"{prefix}{n}", statement(n)) for n in range(count)]


async def importing(database: Database, more: list[Fact]) -> asyncio.Task[Any]:
    """Begin to load facts beside those that are there; it has come to writing."""
    held = await revisions.heads(database.read)
    there: list[Record] = [record_of(ref.sort, head.body) for ref, head in held.items() if head.body]
    begun = asyncio.create_task(files.load(database, [*there, *more]))
    while not (begun.done() or database._write_lock.locked()):  # noqa: ASYNC110 - a lock tells nobody that it is taken
        await asyncio.sleep(0)
    return begun


async def seen_during(database: Database, size: int, prefix: str, read: Read) -> list[tuple[int, int]]:
    """How many new facts and passages each read saw that ended before an import did."""
    begun = await importing(database, facts(prefix, size))
    seen: list[tuple[int, int]] = []
    while True:
        [row] = await read(COUNT, (prefix, prefix))
        if begun.done():
            await begun
            return seen
        seen.append((row[0], row[1]))


@pytest.mark.campaign
async def test_reads_go_on_during_an_import_and_see_all_of_it_or_none(empty: Database) -> None:
    size = 5000 if LONG else 150

    async def in_turn(sql: str, parameters: Any) -> Iterable[Any]:
        async with empty._write_lock:
            return await empty.read(sql, parameters)

    await files.load(empty, [source(0), *facts("a", 4 * size)])
    seen = await seen_during(empty, size, "b", empty.read)
    assert len(seen) > 20
    assert set(seen) <= {(0, 0), (size, size * 5)}
    # Two controls: reads that take turns with the writer wait for all of it, and those on its connection see parts.
    assert len(await seen_during(empty, size, "c", in_turn)) <= 2
    assert len(set(await seen_during(empty, size, "d", empty._owner().execute_fetchall))) > 3
