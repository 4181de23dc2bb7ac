"""The link to Discord: which shards are without it, since when, and for how long that may be."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from bot import metrics
from bot.config import StartError

# Seconds without Discord after which a fresh start is the better try: discord.py's own pauses grow to 17 minutes.
LONGEST = 300.0
# Stands for all shards until the bot is ready for the first time.
_ALL = -1


class Link:
    """What the bot hears of its connections. At first there is none."""

    def __init__(self) -> None:
        self._lost = {_ALL: time.monotonic()}
        self._limit: asyncio.Timeout | None = None

    @property
    def ready(self) -> bool:
        """Whether there has ever been a whole connection."""
        return _ALL not in self._lost

    @property
    def away(self) -> float:
        """For how many seconds some shard has been without Discord; 0 when none is."""
        return time.monotonic() - min(self._lost.values()) if self._lost else 0.0

    def up(self, shard: int = _ALL) -> None:
        """A shard, or the whole bot, is connected."""
        metrics.count("gateway_sessions")
        self._lost.pop(shard, None)
        self._set_limit()

    def down(self, shard: int) -> None:
        """A shard has lost its connection, or could not get it back."""
        if shard not in self._lost:
            metrics.count("gateway_losses")
            self._lost[shard] = time.monotonic()
        self._set_limit()

    def _set_limit(self) -> None:
        if self._limit:
            self._limit.reschedule(asyncio.get_running_loop().time() + LONGEST - self.away if self._lost else None)

    @contextlib.asynccontextmanager
    async def needed(self) -> AsyncIterator[None]:
        """End what is inside when the link is lost for too long. Raises StartError."""
        try:
            async with asyncio.timeout(None) as self._limit:
                self._set_limit()
                yield
        except TimeoutError:
            if not (self._limit and self._limit.expired()):
                raise
            raise StartError(
                f"Discord has been out of reach for {LONGEST / 60:.0f} minutes: ending, to be started afresh."
            ) from None
        finally:
            self._limit = None
