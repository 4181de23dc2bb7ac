"""The hour itself: acts at a pace, days that pass, restarts, a line a minute, and a verdict."""

import asyncio
import contextlib
import functools
import gc
import logging
import os
import random
import statistics
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

import simcord
from discord import app_commands

from bot import backups, rounds, schedule
from bot.config import Settings
from bot.errors import UserError, describe
from bot.store import DatabaseError, summaries
from tests.conftest import made
from tests.load.delays import DEADLINE, LAG, share
from tests.load.ledger import Ledger
from tests.load.town import ACTS, AT_ONCE, Act, Town
from tests.load.wire import Wire, injected

# The simulated hours that pass at once, and how often the bot looks at its summaries meanwhile, in seconds.
HOURS = (2.0, 8.0)
ROUND = 600.0
# The memory may grow by this share over the last half, for what an allocator keeps.
FLAT = 0.03


@dataclass
class Plan:
    """How long, how fast, and with which chance."""

    minutes: float
    seed: int = 1
    pace: float = 4.0  # interactions a second
    rate: float = 0.02  # of requests and commits that fail
    slow: float = 0.8  # seconds at most that a slow request or commit takes
    restart: int = 400  # steps from one restart to the next
    hours: int = 50  # steps between two times that some hours pass
    steps: int = sys.maxsize  # at most
    lag: float = LAG  # seconds that the loop may be kept, 99 times out of 100


@dataclass
class Counts:
    """What happened."""

    interactions: int = 0
    cut: int = 0
    restarts: int = 0
    hours: float = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    memory: list[tuple[float, float]] = field(default_factory=list)  # minutes, megabytes


class Watch(logging.Handler):
    """Counts what is logged as an error and was not injected, by the bot or by a library that saw a task fail."""

    def __init__(self, load: "Load") -> None:
        super().__init__(logging.ERROR)
        self.load = load

    def emit(self, record: logging.LogRecord) -> None:
        # The bot logs no message of an error, but it logs while the error is being handled.
        error = record.exc_info[1] if record.exc_info else sys.exc_info()[1]
        if not self.load.expected(error):
            text = describe(error) if error else record.getMessage()[:80]
            self.load.counts.errors[f"log of {record.name}: {text}"] += 1


class Load:
    """One run."""

    def __init__(self, settings: Settings, plan: Plan, questions: list[str]) -> None:
        self.settings = settings
        self.plan = plan
        self.questions = questions
        self.chance = random.Random(plan.seed)
        self.wire = Wire(random.Random(plan.seed + 1), plan.rate, plan.slow)
        self.ledger = Ledger(settings.database_path)
        self.counts = Counts()
        self.pending: list[simcord.backend.models.Interaction] = []
        self.stopping = False
        self.due = 0
        self.missed: list[str] = []

    async def run(self) -> bool:
        """Load the bot; returns whether all held."""
        watch, undo = Watch(self), self.wire.install()
        logging.getLogger().addHandler(watch)
        ticks = rounds.TICK, backups.TICK
        rounds.TICK = backups.TICK = ROUND
        env = simcord.Env(made(self.settings), check_errors=False, settle_timeout=60.0, shard_count=1)
        wait_patiently(env)
        try:
            await env.start()
            env._register_dispatch_observer(self.came)
            ended = self.wire.delays.watch()
            with env.time_context():
                self.town = await Town.founded(env, self.questions, self.chance, self.ledger)
                self.pending.clear()
                self.env, self.began = env, env.now()
                self.deliver_twice()
                await self.first_edit()
                await self.hour()
                await self.quiet()
                ended.set()
        finally:
            rounds.TICK, backups.TICK = ticks
            logging.getLogger().removeHandler(watch)
            await env.shutdown()
            await env.bot.close()
            undo()
        return self.verdict()

    def came(self, record: simcord.backend.models.Interaction) -> None:
        """Somebody has done something with the bot."""
        self.pending.append(record)
        self.wire.delays.begin(record.id, record.command_name or "")

    def deliver_twice(self) -> None:
        """Let Discord deliver an interaction a second time now and then, as after a RESUME."""
        backend: Any = self.env.backend
        emit = backend.emit

        def emitted(event: str, payload: Any) -> None:
            emit(event, payload)
            if event == "INTERACTION_CREATE" and self.wire.draw(0.5):
                self.wire.faults["delivered twice"] += 1
                self.wire.twice.add(int(payload["id"]))
                emit(event, payload)

        backend.emit = emitted

    async def first_edit(self) -> None:
        """Publish an edit before anything fails, so that even the shortest run has one that may be lost."""
        for _ in range(20):
            if not self.ledger.edits:
                await self.step(functools.partial(Town.decide, self.town))

    async def hour(self) -> None:
        """Act at a pace until the time is over."""
        start, cpu, minute = perf_counter(), process_time(), 0
        self.wire.on = self.wire.delays.on = True
        for number in range(1, self.plan.steps + 1):
            if perf_counter() >= start + self.plan.minutes * 60:
                break
            if number % self.plan.restart == 0:
                await self.step(self.restart)
            elif number % self.plan.hours == 0:
                await self.step(self.hours_pass)
            elif self.chance.random() < 0.15:
                await self.step(self.burst)
            else:
                await self.step(functools.partial(self.drawn(ACTS), self.town))
            self.town.forget_old()
            if perf_counter() >= start + (minute + 1) * 60:
                minute += 1
                self.wire.delays.on = False  # what the load itself looks up keeps the loop as well
                await self.line(minute, (process_time() - cpu) / 60)
                self.wire.delays.on = True
                cpu = process_time()
            behind = start + self.counts.interactions / self.plan.pace - perf_counter()
            await asyncio.sleep(min(max(behind, 0.0), 1.0))

    def drawn(self, acts: dict[Act, int]) -> Act:
        """One of the acts, by their weights."""
        return self.chance.choices(list(acts), list(acts.values()))[0]

    async def step(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something and see that everybody was answered."""
        try:
            # What the simulator calls impossible for a person, such as a button that has gone, was not done.
            with contextlib.suppress(simcord.SetupError, simcord.backend.errors.BackendError):
                await act()
        except TimeoutError as error:
            self.counts.errors[f"stuck: {str(error)[:200]}"] += 1
        except Exception as error:  # noqa: BLE001 - an hour is not given up for what is wrong in the load itself
            self.counts.errors[f"the load: {describe(error)}"] += 1
        self.look()

    def look(self) -> None:
        """Who was answered, and what failed that nobody injected."""
        for record in self.pending:
            self.counts.interactions += 1
            if record.id in self.wire.cut:
                self.counts.cut += 1
            elif not self.wire.answers[record.id]:
                self.counts.unanswered[f"type {record.type} {record.command_name or ''}"] += 1
            self.wire.answers.pop(record.id, None)
            self.wire.delays.began.pop(record.id, None)
        self.pending.clear()
        for error in self.env._errors:
            if not self.expected(error):
                self.counts.errors[describe(error)] += 1

    def expected(self, error: BaseException | None) -> bool:
        """Whether a failure is one that was injected, an answer in words, or of a bot that has just been stopped."""
        whole = error
        if isinstance(error, app_commands.CommandInvokeError):
            error = error.__cause__
        answers = (UserError, app_commands.CommandOnCooldown, asyncio.CancelledError)
        # Its database is closed, and so is the thread that reads for the search.
        stopped = isinstance(error, DatabaseError) or "after shutdown" in str(error)
        return injected(whole) or isinstance(error, answers) or (self.stopping and stopped)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Let interactions be delivered without waiting for the answer to the one before."""
        env: Any = self.env
        settle = env._settle_internal

        async def later(**_: Any) -> None:
            pass

        env._settle_internal = later
        try:
            yield
        finally:
            env._settle_internal = settle

    async def burst(self) -> None:
        """Many at once; now and then one of the bot's tasks is cancelled amidst it."""
        with self.together():
            for _ in range(self.chance.randint(2, 8)):
                with contextlib.suppress(simcord.SetupError, simcord.backend.errors.BackendError):
                    await self.drawn(AT_ONCE)(self.town)
        if self.wire.draw(5):
            await asyncio.sleep(self.chance.choice((0, 0.001, 0.01)))
            names = ("CommandTree", "discord-ui")
            tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith(names)]
            if tasks:
                self.wire.faults["cancelled"] += 1
                self.wire.cut.update(record.id for record in self.pending)
                self.chance.choice(sorted(tasks, key=lambda task: task.get_name())).cancel()
        await self.env.settle(idle=0.001)
        for card in self.town.reviews.history()[-5:]:
            self.town.read(card)

    async def hours_pass(self) -> None:
        """Let some hours pass, in which summaries fall due; the gateway is lost and found again now and then."""
        if self.wire.draw(10):
            self.wire.faults["disconnect"] += 1
            for event in ("disconnect", "connect", "ready"):
                self.town.bot.dispatch(event)
        hours = self.chance.uniform(*HOURS)
        self.counts.hours += hours
        await self.env.advance_time(hours * 3600)

    async def restart(self) -> None:
        """Stop the bot, every other time with people waiting for answers, and start another on the same database."""
        if self.counts.restarts % 2:
            with self.together():
                for _ in range(8):
                    with contextlib.suppress(simcord.SetupError, simcord.backend.errors.BackendError):
                        await self.drawn(AT_ONCE)(self.town)
            await asyncio.sleep(self.chance.uniform(0, 0.05))
            self.wire.cut.update(record.id for record in self.pending)
        home = self.town.bot.settings
        self.wire.on, self.wire.delays.on, self.stopping = False, False, True
        await self.town.bot.close()
        self.look()
        self.counts.lost.update(self.ledger.lost(), self.ledger.unsound())
        await self.env.restart_bot(made(home))
        await self.town.bot.reading
        self.look()
        self.town.forget_old()
        gc.collect()
        self.counts.restarts += 1
        self.wire.on, self.wire.delays.on, self.stopping = True, True, False

    async def quiet(self) -> None:
        """Some hours without faults, after which nothing may be left undone."""
        self.wire.on = self.wire.delays.on = False
        for _ in range(3):
            await self.step(functools.partial(self.env.advance_time, 5 * 3600))
            self.town.forget_old()
        self.counts.lost.update(self.ledger.lost())
        await self.count_days()

    async def count_days(self) -> None:
        """Note which days' summaries should stand in their channels by now, and which of them do not, and why."""
        database, last = self.town.bot.database, self.env.now() - schedule.LATEST
        self.due, self.missed = 0, []
        for channel, _ in self.town.channels:
            chosen = await summaries.schedule(database, channel.id)
            assert chosen
            day = self.began.astimezone(ZoneInfo(chosen.zone)).date()
            while (moment := schedule.slot(day, chosen.at, chosen.zone)) and moment <= last:
                self.due += moment > self.began
                if moment > self.began and not self.wire.summaries[channel.id, str(day)]:
                    claim = await summaries.claim_of(database, channel.id, day)
                    if claim is None or claim.reason != "An organizer skipped it.":
                        self.missed.append(f"{day}: {claim.reason if claim else 'no trace'}")
                day += timedelta(days=1)

    def doubled(self) -> list[str]:
        """Summaries that stand in a channel more often than once."""
        return [f"{day}: {number} times" for (_, day), number in self.wire.summaries.items() if number > 1]

    async def line(self, minute: int, cores: float) -> None:
        """Say how it stands."""
        counts = self.counts
        counts.lost.update(self.ledger.lost())
        await self.count_days()
        counts.memory.append((minute, memory()))
        own = sum(str(type(thing).__module__).startswith(("bot.", "cogs.")) for thing in gc.get_objects())
        tell(
            f"minute {minute:2}: {counts.interactions} interactions, {sum(counts.unanswered.values())} unanswered, "
            f"{counts.cut} cut, {sum(counts.errors.values())} errors, {sum(self.wire.faults.values())} faults; "
            f"{self.ledger.edits} edits acknowledged, {len(counts.lost)} lost; {len(self.wire.summaries)} summaries "
            f"in {counts.hours / 24:.0f} days, {len(self.missed)} missed, {len(self.doubled())} doubled; "
            f"{counts.restarts} restarts; "
            f"{memory():.0f} MB, {len(os.listdir('/proc/self/fd'))} files, {threading.active_count()} threads, "
            f"{len(asyncio.all_tasks())} tasks, {own} objects, {cores:.2f} cores; "
            f"{self.wire.delays}"
        )

    def verdict(self) -> bool:
        """Say what was found; returns whether all held."""
        counts = self.counts
        half = counts.memory[len(counts.memory) // 2 :]
        growth = 0.0
        if len(half) > 5:
            slope = statistics.linear_regression(*zip(*half, strict=True)).slope
            growth = slope * (half[-1][0] - half[0][0])
            tell(f"memory over the last half: {slope * 60:+.1f} MB an hour, from {half[0][1]:.0f} MB")
        flat = growth <= FLAT * (half[0][1] if half else 1)
        tell("faults: " + ", ".join(f"{number} {kind}" for kind, number in sorted(self.wire.faults.items())))
        delays = self.wire.delays
        tell(f"delays (median/99 of 100/longest): {delays}")
        kept = share(delays.lags, 0.99)
        wrong = {
            "unanswered": [f"{number} of {what}" for what, number in counts.unanswered.items()],
            "errors": [f"{number} times {what}" for what, number in counts.errors.items()],
            "lost": sorted(counts.lost),
            "summaries missed": self.missed,
            "summaries doubled": self.doubled(),
            "refused": [f"{number} times {code}" for code, number in self.wire.refused.items()],
            "late": [f"{delays.late} acknowledged after more than {DEADLINE:.0f} s"] if delays.late else [],
            "lag": [f"the loop was kept for {kept:.3f} s"] if kept > self.plan.lag else [],
            "memory": [] if flat else [f"grew by {growth:.0f} MB"],
        }
        for what, found in wrong.items():
            for text in found[:20]:
                tell(f"{what}: {text}")
        held = not any(wrong.values())
        tell(
            f"{'HELD' if held else 'FAILED'}: {counts.interactions} interactions, {counts.cut} of them cut, "
            f"{self.ledger.edits} edits acknowledged, {self.due} summaries due, {counts.restarts} restarts; "
            + ", ".join(f"{len(found)} {what}" for what, found in wrong.items())
        )
        return held


def wait_patiently(env: Any) -> None:
    """Give a bot that starts a minute, where the simulator gives it 5 s, and 1 ms to fall idle, not 50."""
    settle = env._settle_internal

    async def patient(**options: Any) -> None:
        await settle(**options | {"timeout": 60.0, "idle": 0.001})

    env._settle_internal = patient


def memory() -> float:
    """What this process holds in memory now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def tell(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{datetime.now():%H:%M:%S} {text}\n")  # noqa: DTZ005 - for whoever watches
    sys.stdout.flush()
