"""A Discord that fails on purpose, and time that jumps: for simulating thousands of days of daily summaries."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.cards import Card
from bot.daily import DiscordError, Trouble


class Crash(BaseException):
    """The process is killed here."""


@dataclass
class Message:
    """A message of the bot's in a channel."""

    id: int
    channel: int
    address: str
    text: str
    at: datetime
    pinned: bool = False
    deleted: bool = False


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        """Now."""
        return self.at

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass
class FaultyDiscord:
    """Channels, messages and pins, with faults drawn from a seeded chance."""

    clock: Clock
    chance: random.Random
    rate: float = 0.0
    messages: list[Message] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    no_pins: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    foreign_pins: dict[int, int] = field(default_factory=dict)
    told: list[tuple[int, str]] = field(default_factory=list)
    nonces: dict[tuple[int, str], tuple[datetime, int]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def _fault(self, step: str, *, after: bool = False) -> None:
        """Perhaps crash, stall, or fail, before or after the thing has been done."""
        if self.chance.random() >= self.rate:
            return
        kind = self.chance.choice(("crash", "lost", "503", "429", "stall"))
        self.faults[f"{kind} {'after' if after else 'before'} {step}"] += 1
        if kind == "crash":
            raise Crash
        self.clock.pass_({"stall": 45, "lost": 30}.get(kind, 1))
        if kind != "stall" or self.chance.random() < 0.5:
            raise DiscordError(Trouble.UNKNOWN)

    def _channel(self, channel: int) -> None:
        if channel in self.gone:
            raise DiscordError(Trouble.CHANNEL_GONE)

    def _message(self, channel: int, message: int) -> Message:
        self._channel(channel)
        found = self.messages[message]
        if found.deleted:
            raise DiscordError(Trouble.MESSAGE_GONE)
        return found

    def in_(self, channel: int) -> list[Message]:
        """All that was ever posted in a channel."""
        return [message for message in self.messages if message.channel == channel]

    async def send(self, channel: int, card: Card, nonce: str) -> int:
        self._fault("send")
        self._channel(channel)
        if channel in self.silent:
            raise DiscordError(Trouble.FORBIDDEN)
        at, known = self.nonces.get((channel, nonce), (None, 0))
        if at is None or self.clock() - at > timedelta(minutes=3):
            known = len(self.messages)
            self.messages.append(Message(known, channel, card.address, card.title, self.clock()))
            self.nonces[channel, nonce] = (self.clock(), known)
        self._fault("send", after=True)
        return known

    async def find(self, channel: int, address: str, after: datetime) -> int | None:
        self._fault("find")
        self._channel(channel)
        found = [m for m in self.in_(channel) if m.address == address and m.at > after and not m.deleted]
        self._fault("find", after=True)
        return found[0].id if found else None

    async def edit(self, channel: int, message: int, card: Card) -> None:
        self._fault("edit")
        self._message(channel, message).text = card.title
        self._fault("edit", after=True)

    async def pin(self, channel: int, message: int) -> None:
        self._fault("pin")
        found = self._message(channel, message)
        if channel in self.no_pins:
            raise DiscordError(Trouble.FORBIDDEN)
        own = sum(m.pinned and not m.deleted for m in self.in_(channel))
        if not found.pinned and own + self.foreign_pins.get(channel, 0) >= 250:
            raise DiscordError(Trouble.FULL)
        found.pinned = True
        self._fault("pin", after=True)

    async def unpin(self, channel: int, message: int) -> None:
        self._fault("unpin")
        found = self._message(channel, message)
        if channel in self.no_pins:
            raise DiscordError(Trouble.FORBIDDEN)
        found.pinned = False
        self._fault("unpin", after=True)

    async def tell(self, person: int, text: str) -> None:
        self._fault("tell")
        self.told.append((person, text))
