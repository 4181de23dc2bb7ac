"""The running bot watched: /health and /metrics on this machine alone, and an end to a bot that stands still."""

import asyncio
import contextlib
import faulthandler
import math
import os
import platform
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import discord
from aiohttp import web

from bot import __version__, backups, health, metrics
from bot.config import Settings, StartError
from bot.link import Link
from bot.metrics import Sample
from bot.store import SQLITE, Database, summaries

# Seconds that the event loop may stand still.
STILL = 300.0
STARTED = time.time()


class Watched(Protocol):
    """What is known of the bot; it has a database only once it is opened."""

    settings: Settings
    link: Link

    @property
    def latency(self) -> float:
        """Seconds from a heartbeat to its acknowledgement."""


@contextlib.asynccontextmanager
async def watching(bot: Watched, port: int) -> AsyncIterator[None]:
    """Serve /health and /metrics on 127.0.0.1, on no port when it is 0. Raises StartError when it cannot be used."""

    async def show_health(_: web.Request) -> web.Response:
        checks = await health.look(bot.settings, bot.link, bot.latency, _database(bot), datetime.now(UTC))
        status = 200 if all(check.ok for check in checks) else 503
        return web.Response(text="".join(f"{check}\n" for check in checks), status=status)

    async def show_metrics(_: web.Request) -> web.Response:
        body = metrics.text(await samples(bot)).encode()
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    application = web.Application()
    application.add_routes([web.get("/health", show_health), web.get("/metrics", show_metrics)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    turning = asyncio.create_task(keep_turning())
    try:
        await runner.setup()
        if port:
            await _listen(runner, port)
        yield
    finally:
        turning.cancel()
        await asyncio.wait([turning])
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        raise StartError(f"Port {port} cannot be used: set another METRICS_PORT, or 0 for none.") from error


async def keep_turning() -> None:
    """Have the process ended by a thread of Python's own once the event loop has not turned for so long."""
    try:
        while True:
            faulthandler.dump_traceback_later(STILL, exit=True, file=sys.__stderr__ or 2)
            await asyncio.sleep(STILL / 10)
    finally:
        faulthandler.cancel_dump_traceback_later()


async def samples(bot: Watched) -> list[Sample]:
    """What is not counted but looked up."""
    versions = {"version": __version__, "python": platform.python_version(), "sqlite": SQLITE}
    found = [
        Sample("footnote_build_info", 1, versions | {"discord": discord.__version__}),
        Sample("footnote_gateway_connected", int(not bot.link.away)),
        Sample("process_start_time_seconds", STARTED),
    ]
    if math.isfinite(bot.latency):
        found.append(Sample("footnote_gateway_latency_seconds", bot.latency))
    if (memory := resident()) is not None:
        found.append(Sample("process_resident_memory_bytes", memory))
    if (database := _database(bot)) is None:
        return found
    if backup := await asyncio.to_thread(backups.newest, bot.settings):
        found.append(Sample("footnote_backup_age_seconds", time.time() - backup.at.timestamp()))
    kept = await summaries.outcomes(database, health.OVERDUE)
    return [
        *found,
        Sample("footnote_database_commits_total", database.commits),
        Sample("footnote_database_wal_bytes", health.log_size(database.path)),
        Sample("footnote_database_last_write_timestamp_seconds", health.last_write(database.path).timestamp()),
        *(Sample("footnote_summaries", number, {"outcome": outcome}) for outcome, number in kept.items()),
    ]


def resident() -> int | None:
    """Bytes of memory that this process holds; None where the system does not tell as Linux does, proc(5)."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _database(bot: Watched) -> Database | None:
    return getattr(bot, "database", None)
