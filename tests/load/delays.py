"""How long people waited, and how long the event loop was kept from its work, by the machine's own clock."""

import asyncio
import threading
from dataclasses import dataclass, field
from time import perf_counter  # the simulator moves every other clock

# https://discord.com/developers/docs/interactions/receiving-and-responding: "within 3 seconds".
DEADLINE = 3.0
# Longer than this nobody else's interaction may wait for the loop, 99 times out of 100.
LAG = 0.1
EVERY = 0.05


@dataclass
class Delays:
    """What was measured, in seconds."""

    began: dict[int, tuple[str, float]] = field(default_factory=dict)
    # From an interaction to what acknowledged it, and from a question to its reply.
    acknowledged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    on: bool = False

    def begin(self, number: int, command: str) -> None:
        """An interaction is about to be delivered."""
        self.began[number] = (command, perf_counter())

    def arrived(self, number: int, first: bool, promise: bool) -> None:
        """Something that the bot sent for an interaction has arrived."""
        if number not in self.began:
            return
        command, at = self.began[number]
        if first:
            self.acknowledged.append(perf_counter() - at)
        if command == "ask" and not promise:
            self.answered.append(perf_counter() - at)
            self.began.pop(number)

    def watch(self) -> threading.Event:
        """Ask the running loop, again and again, how soon it gets round to something; set the event to end it."""
        loop, ended = asyncio.get_running_loop(), threading.Event()

        def note(at: float, counts: bool) -> None:
            if counts and self.on:
                self.lags.append(perf_counter() - at)

        def ask() -> None:
            while not ended.wait(EVERY):
                loop.call_soon_threadsafe(note, perf_counter(), self.on)

        threading.Thread(target=ask, name="load-lag", daemon=True).start()
        return ended

    @property
    def late(self) -> int:
        """How many interactions Discord would have given up."""
        return sum(delay > DEADLINE for delay in self.acknowledged)

    def __str__(self) -> str:
        return (
            f"acknowledged after {spread(self.acknowledged)}; question to reply {spread(self.answered)}; "
            f"loop kept for {spread(self.lags)}"
        )


def share(values: list[float], part: float) -> float:
    """The value below which a part of the values lie; 0 when there are none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


def spread(values: list[float]) -> str:
    """The median, the 99th percentile and the greatest, in milliseconds."""
    return "/".join(f"{share(values, part) * 1000:.0f}" for part in (0.5, 0.99, 1)) + " ms"
