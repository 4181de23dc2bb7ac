"""`python -m tests.copying FOLDER COUNT`: back a database up while a process publishes edits; count what is missing.

Each time the file alone is copied as well, as `cp` does: a control, which must miss or tear something.
A process of its own, because only one without threads may fork.
"""

import asyncio
import json
import os
import random
import select
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bot.backups import make
from bot.config import Settings
from tests.killing import prepare, publish, verify


def backed_up(path: Path, folder: Path) -> Path:
    return make(Settings(database_path=path), folder)[0].path


def copied(path: Path, folder: Path) -> Path:
    return Path(shutil.copy(path, folder / "copied.sqlite3"))


def examined(path: Path, acknowledged: list[int]) -> tuple[int, int, int]:
    """As `verify`; a file that cannot be read at all is unsound."""
    try:
        return verify(path, acknowledged)
    except (sqlite3.DatabaseError, TypeError):
        return 0, 0, 1


def main(folder: Path, count: int) -> None:
    """Print what was counted as JSON."""
    path = folder / "busy.sqlite3"
    asyncio.run(prepare(path))
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        asyncio.run(publish(path, write, 1, early=False))
        os._exit(1)
    os.close(write)
    heard, chance = b"", random.Random(15)
    ways: dict[str, Callable[[Path, Path], Path]] = {"backup": backed_up, "cp": copied}
    counted = {name: Counter[str]() for name in ways}
    try:
        for _ in range(count):
            time.sleep(chance.uniform(0.05, 0.25))
            for name, way in ways.items():
                while select.select([read], [], [], 0)[0]:
                    heard += os.read(read, 65536)
                acknowledged = [int(line) for line in heard.split(b"\n")[:-1]]
                made = way(path, folder)
                while select.select([read], [], [], 0)[0]:
                    heard += os.read(read, 65536)
                lost, torn, unsound = examined(made, acknowledged)
                meanwhile = heard.count(b"\n") - len(acknowledged)
                counted[name].update(lost=lost, torn=torn, unsound=unsound, made=1, meanwhile=meanwhile)
                counted[name]["acknowledged"] = len(acknowledged)
                made.unlink()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
