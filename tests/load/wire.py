"""What stands between the bot, Discord and the disk: faults from a seeded chance, and a count of what was answered."""

import asyncio
import functools
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
import aiosqlite
import discord
from simcord.http import client

from tests.conftest import parts_of
from tests.load.delays import Delays

INJECTED = "injected by the load"
# Callbacks that only promise an answer, https://discord.com/developers/docs/interactions/receiving-and-responding
DEFERRING = {5, 6}
# What Discord says to a second answer, or to one that comes too late: what follows a lost reply or a double delivery.
TOO_LATE = {40060, 10062, 10015}


class Refused:
    """As much of a response as discord.py's exceptions need."""

    reason = "Error"

    def __init__(self, status: int) -> None:
        self.status = status


class Wire:
    """Faults on the way to Discord and to the disk, and what arrived there all the same."""

    def __init__(self, chance: random.Random, rate: float, slow: float) -> None:
        self.chance = chance
        self.rate = rate
        self.slow = slow
        self.on = False
        self.faults: Counter[str] = Counter()
        # By an interaction's number: the answers that reached the person, and whose connection a fault has cut.
        self.answers: Counter[int] = Counter()
        self.cut: set[int] = set()
        # How many summaries stand in a channel, by its number and the day.
        self.summaries: Counter[tuple[int, str]] = Counter()
        # What Discord refused without a fault that explains it, by its code,
        # https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes
        self.refused: Counter[int] = Counter()
        self.twice: set[int] = set()
        self.delays = Delays()

    def draw(self, share: float = 1.0) -> bool:
        """Whether something fails now."""
        return self.on and self.chance.random() < self.rate * share

    def install(self) -> Callable[[], None]:
        """Stand between the bot and all that it talks to; returns what undoes it."""
        places: list[tuple[Any, str]] = [
            (client.FakeHTTPClient, "request"),
            (client.FakeWebhookAdapter, "request"),
            (aiosqlite.Connection, "_execute"),
        ]
        before = [getattr(owner, name) for owner, name in places]
        for (owner, name), original in zip(places, before, strict=True):
            setattr(owner, name, self._execute(original) if name == "_execute" else self._request(original))

        def undo() -> None:
            for (owner, name), original in zip(places, before, strict=True):
                setattr(owner, name, original)

        return undo

    def _request(self, original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(original)
        async def request(self_: Any, route: Any, *args: Any, **kwargs: Any) -> Any:
            found = re.search(r"simcord_interaction_(\d+)", route.url)
            number = int(found[1]) if found else 0
            kind = self.chance.choice(("500", "503", "429", "dropped", "lost", "slow", "slow")) if self.draw() else ""
            if kind:
                self.faults[kind] += 1
                self.cut.update({number} if kind != "slow" else ())
            if kind == "slow":
                await asyncio.to_thread(time.sleep, self.chance.uniform(0, self.slow))
            elif kind == "dropped":
                raise aiohttp.ClientOSError(INJECTED)
            elif kind.isdigit():
                error = discord.HTTPException if kind == "429" else discord.DiscordServerError
                raise error(cast("Any", Refused(int(kind))), {"code": 0, "message": INJECTED})
            try:
                result = await original(self_, route, *args, **kwargs)
            except discord.HTTPException as error:
                if error.code in TOO_LATE and not {number} & (self.cut | self.twice):
                    self.refused[error.code] += 1
                raise
            self._arrived(route, number, kwargs)
            if kind == "lost":
                raise aiohttp.ServerDisconnectedError(INJECTED)
            return result

        return request

    def _arrived(self, route: Any, number: int, sent: dict[str, Any]) -> None:
        body = sent.get("payload") or sent.get("json") or {}
        first = route.url.endswith("/callback")
        promise = first and body.get("type") in DEFERRING
        if number and number not in self.cut:
            self.delays.arrived(number, first, promise)
        if number and not promise:
            self.answers[number] += 1
        if route.method == "POST" and route.url.endswith("/messages"):
            names = "\n".join(parts_of(body.get("components") or [], "custom_id"))
            for channel, day in set(re.findall(r"summary:(\d+)\.(\d{4}-\d\d-\d\d)", names)):
                self.summaries[int(channel), day] += 1

    def _execute(self, original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(original)
        async def execute(self_: Any, work: Any, *args: Any, **kwargs: Any) -> Any:
            sql = args[0] if args and isinstance(args[0], str) else ""
            if sql == "COMMIT" and self.draw():
                kind = self.chance.choice(("disk full", "disk error", "slow disk"))
                self.faults[kind] += 1
                if kind != "slow disk":
                    said = "database or disk is full" if kind == "disk full" else "disk I/O error"
                    raise sqlite3.OperationalError(f"{said} ({INJECTED})")
                # In a thread: the simulator takes a sleep of the bot's for one that its own clock ends.
                await asyncio.to_thread(time.sleep, self.chance.uniform(0, self.slow))
            elif sql.startswith(("INSERT", "UPDATE")) and self.draw(0.2):
                self.faults["disk full, halfway"] += 1
                raise sqlite3.OperationalError(f"database or disk is full ({INJECTED})")
            return await original(self_, work, *args, **kwargs)

        return execute


def injected(error: BaseException | None) -> bool:
    """Whether a failure comes of what was injected, or is only Discord's word that an answer is one too many."""
    while error is not None:
        if INJECTED in str(error) or getattr(error, "code", None) in TOO_LATE:
            return True
        error = error.__cause__ or error.__context__
    return False
