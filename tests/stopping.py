"""`python -m tests.stopping FOLDER ROUNDS`: stop the real bot with SIGTERM while twenty write, and count what is lost.

A process of its own, because only one without threads may fork. Three kinds of rounds: `stop`; `fail`, where the start
fails once the database is open; `early`, a control that must lose something, because it acknowledges before it writes
and does not wait for what it writes.
"""

import asyncio
import itertools
import json
import logging
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.__main__ import _until_stopped
from bot.app import Footnote
from bot.config import Settings
from bot.store import DatabaseError
from tests.test_store import pair

AT_ONCE = 20
FAILED = 3


class Forgotten(set[asyncio.Task[Any]]):
    """What is being written, as far as closing knows: nothing."""

    def add(self, task: asyncio.Task[Any]) -> None:
        pass


class Busy(Footnote):
    """The bot without Discord, in which twenty people write without a pause."""

    def __init__(self, settings: Settings, out: int, number: int, mode: str) -> None:
        super().__init__(settings)
        self.out = out
        self.mode = mode
        self.texts = (f"{number}-{n}" for n in itertools.count())

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        await self.prepare()
        if self.mode == "fail":
            raise RuntimeError("sabotage")
        if self.mode == "early":
            self.database._writing = Forgotten()
        await asyncio.gather(*(self.write() for _ in range(AT_ONCE)))
        await asyncio.sleep(60)

    async def write(self) -> None:
        try:
            for text in self.texts:
                if self.mode == "early":
                    os.write(self.out, f"{text}\n".encode())
                await self.database.write(lambda writer, text=text: pair(writer, text, lambda: asyncio.sleep(0)))  # type: ignore[misc]
                if self.mode != "early":
                    os.write(self.out, f"{text}\n".encode())
        except DatabaseError:
            return  # closed: whoever wrote this is told so


def child(settings: Settings, out: int, number: int, mode: str) -> int:
    """Run the bot until it is stopped; returns how it ended."""
    ended = 0
    try:
        asyncio.run(_until_stopped(Busy(settings, out, number, mode), "token"))
    except RuntimeError:
        ended = FAILED
    threads = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    for thread in threads:
        thread.join(10)  # as the interpreter does when it ends, but no longer
    left = sum(thread.is_alive() for thread in threads)
    return 100 + left if left else ended


def one_round(settings: Settings, number: int, mode: str, wait: float) -> tuple[list[str], int, float]:
    """Start the bot and stop it; returns what it acknowledged, how it ended, and after how many seconds."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        os.close(read)
        os._exit(child(settings, write, number, mode))
    os.close(write)
    asked = time.monotonic()
    heard = os.read(read, 65536)  # nothing at all when the start has failed
    if mode != "fail":
        time.sleep(wait)
        asked = time.monotonic()
        os.kill(process, signal.SIGTERM)
    while rest := os.read(read, 65536):
        heard += rest
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(read)
    return heard.decode().split("\n")[:-1], ended, time.monotonic() - asked


def rounds_of(folder: Path, rounds: int, mode: str) -> dict[str, float]:
    """What is counted over some rounds."""
    settings = Settings(data_path=folder / "data", database_path=folder / f"{mode}.sqlite3")
    chance = random.Random(4)
    unclean, slowest = 0, 0.0
    acknowledged: set[str] = set()
    for number in range(rounds):
        heard, ended, seconds = one_round(settings, number, mode, chance.uniform(0, 0.1))
        acknowledged |= set(heard)
        unclean += ended != (FAILED if mode == "fail" else 0)
        slowest = max(slowest, seconds)
    with closing(sqlite3.connect(settings.database_path)) as raw:
        kept = dict(raw.execute("SELECT text, count(*) FROM report GROUP BY text"))
    return {
        "acknowledged": len(acknowledged),
        "lost": len(acknowledged - set(kept)),
        "torn": sum(number != 2 for number in kept.values()),
        "unclean": unclean,
        "slowest": slowest,
    }


if __name__ == "__main__":
    logging.disable()
    counted = {mode: rounds_of(Path(sys.argv[1]), int(sys.argv[2]), mode) for mode in ("stop", "fail", "early")}
    sys.stdout.write(json.dumps(counted))
