"""How often a person may do what costs, and how much is done at once: in memory alone, and soon forgotten.

Nobody who is in a hurry meets these bounds; they are there so that one person or one server cannot keep the others
waiting, for the model reads one question at a time.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.errors import UserError

# How many times in how many seconds. A press is any command or button; the others count besides.
OFTEN = {
    "press": (90, 60),
    "question": (30, 60),
    "preview": (30, 60),
    "proposal": (60, 600),
    "import": (30, 600),
    "export": (4, 120),
    "report": (10, 3600),
    "share": (10, 60),
}
# How many at once in one server (or by one person, outside servers), and in all. A question takes some 30 ms, so even
# the last of all is answered within Discord's three seconds.
AT_ONCE = {"question": (12, 60), "slow": (3, 8)}
# Seconds after which what is over is looked for and forgotten.
TIDY = 60


class Limits:
    """What people have done of late, and what is being done."""

    def __init__(
        self, often: Mapping[str, tuple[int, float]] = OFTEN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._often = often
        self._clock = clock
        self._done: dict[tuple[str, int], app_commands.Cooldown] = {}
        self._over: dict[tuple[str, int], float] = {}
        self._tidied = clock()
        self._under_way: Counter[tuple[str, int | None]] = Counter()
        self._slow = asyncio.Semaphore()

    def spend(self, person: int, what: str) -> None:
        """Count that somebody does something. Raises CommandOnCooldown when it is too often, saying for how long."""
        if what not in self._often:
            return
        now = self._clock()
        self._tidy(now)
        times, seconds = self._often[what]
        bucket = self._done.setdefault((what, person), app_commands.Cooldown(times, seconds))
        self._over[what, person] = now + seconds
        if (wait := bucket.update_rate_limit(now)) is not None:
            raise app_commands.CommandOnCooldown(bucket, wait)

    def _tidy(self, now: float) -> None:
        if now >= self._tidied + TIDY:
            self._tidied = now
            for name in [name for name, over in self._over.items() if over <= now]:
                del self._done[name], self._over[name]

    @contextlib.asynccontextmanager
    async def turn(self, interaction: discord.Interaction[Any], what: str) -> AsyncIterator[None]:
        """Do something that others wait for. Raises UserError when too many are at it.

        What is slow (a file in or out, the record of an earlier day) is done one after another.
        """
        here = (what, interaction.guild_id or interaction.user.id)
        counted = ((here, AT_ONCE[what][0]), ((what, None), AT_ONCE[what][1]))
        if any(self._under_way[name] >= most for name, most in counted):
            raise UserError("Many people are asking for this at the moment. Please try again in a few seconds.")
        self._under_way.update([here, (what, None)])
        try:
            if what == "slow":
                async with self._slow:
                    yield
            else:
                yield
        finally:
            self._under_way.subtract([here, (what, None)])
            self._under_way += Counter()  # forgets what is at nought
