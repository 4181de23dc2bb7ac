"""`python -m tests.killing FOLDER ROUNDS`: kill a process that publishes edits, and count what is lost.

A process of its own, because only one without threads may fork. With `early` the child acknowledges before it
publishes: a control, which must lose something.
"""

import asyncio
import json
import os
import random
import select
import signal
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.models import Change, Purpose, Ref, body_of
from bot.store import Database, files, proposals, revisions
from tests.test_store import event, fact, source

AT = datetime(2026, 11, 25, tzinfo=UTC)


async def publish(path: Path, out: int, start: int, early: bool) -> None:
    """Edit one fact and add an event, over and over; each line on `out` acknowledges one edit."""
    database = await Database.open(path)
    for number in range(start, start + 100_000):
        ref = Ref("fact", "a")
        base = (await revisions.heads(database.read, [ref]))[ref].number
        changes = [
            Change(ref, body_of(fact("a", f"The jail keeps list {number}.")), base),
            Change(Ref("event", f"e{number}"), body_of(event(f"e{number}", "2026", facts=["a"]))),
        ]
        found = await proposals.add(database, Purpose.EDIT, changes, "Why.", 1, number * 2, AT)
        if early:
            os.write(out, f"{found.id}\n".encode())
        await proposals.publish(database, found.id, 1, 2, number * 2 + 1, AT, lambda _: [])
        if not early:
            os.write(out, f"{found.id}\n".encode())


async def prepare(path: Path) -> None:
    database = await Database.open(path)
    await files.load(database, [source(0), fact("a")])
    await database.close()


def one_round(path: Path, number: int, early: bool, seconds: float) -> list[int]:
    """Fork a child that publishes, and kill it; returns the proposals that it acknowledged."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        asyncio.run(publish(path, write, 1 + number * 100_000, early))
        os._exit(1)
    os.close(write)
    heard = b""
    until = None
    while until is None or time.monotonic() < until:
        # The clock starts with the first acknowledgement, so that every round is killed while it publishes.
        if select.select([read], [], [], 5 if until is None else max(0, until - time.monotonic()))[0]:
            heard += os.read(read, 65536)
            until = until or time.monotonic() + seconds
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while rest := os.read(read, 65536):
        heard += rest
    os.close(read)
    return [int(line) for line in heard.decode().split("\n")[:-1]]


def verify(path: Path, acknowledged: list[int]) -> tuple[int, int, int]:
    """How many acknowledged edits are lost, how many edits are torn, and whether the file is unsound."""
    raw = sqlite3.connect(path)
    published = {row[0] for row in raw.execute("SELECT id FROM proposal WHERE state = 'published'")}
    versions = dict(raw.execute("SELECT proposal_id, count(*) FROM revision WHERE proposal_id NOT NULL GROUP BY 1"))
    lost = len(set(acknowledged) - published)
    torn = sum(versions.get(found, 0) != 2 for found in published) + len(set(versions) - published)
    [head] = raw.execute(
        "SELECT body FROM revision WHERE sort = 'fact' AND record_id = 'a' ORDER BY number DESC LIMIT 1"
    )
    [served] = raw.execute("SELECT body FROM fact WHERE id = 'a'")
    torn += head != served
    unsound = 0
    try:
        raw.execute("INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError:
        unsound = 1
    unsound |= bool(raw.execute("PRAGMA foreign_key_check").fetchall())
    unsound |= raw.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    raw.close()
    return lost, torn, unsound


def main(folder: Path, rounds: int, early: bool) -> None:
    """Print what was counted as JSON."""
    path = folder / "killed.sqlite3"
    asyncio.run(prepare(path))
    chance = random.Random(9)
    counted = {"rounds": 0, "acknowledged": 0, "lost": 0, "torn": 0, "unsound": 0}
    for number in range(rounds):
        acknowledged = one_round(path, number, early, chance.uniform(0, 0.15))
        lost, torn, unsound = verify(path, acknowledged)
        for name, value in zip(counted, (1, len(acknowledged), lost, torn, unsound), strict=True):
            counted[name] += value
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), "early" in sys.argv[3:])
