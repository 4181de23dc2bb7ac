"""`python -m bot health`, /health and /metrics: what is well, what is not, and a bot that ends when it stands still."""

import asyncio
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import __main__ as command_line
from bot import __version__, backups, health, metrics, watch
from bot import link as links
from bot.config import ROOT, Settings, StartError
from bot.errors import UserError
from bot.link import Link
from bot.models import Schedule
from bot.store import Database, files, summaries
from tests.conftest import World
from tests.test_catalog import folder
from tests.test_store import fact, source

REBUILD = "INSERT INTO passage_index (passage_index) VALUES ('rebuild')"


@dataclass
class Bot:
    """What /health knows of a bot."""

    settings: Settings
    database: Database
    link: Link = field(default_factory=Link)
    latency: float = 0.1


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot with one fact, connected."""
    settings = Settings(database_path=tmp_path / "footnote.sqlite3")
    database = await Database.open(settings.database_path)
    await files.load(database, [source(0), fact("a")])
    found = Bot(settings, database)
    found.link.up()
    yield found
    await database.close()


@pytest.fixture
def port() -> int:
    """A port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def served(bot: Any, port: int) -> AsyncIterator[None]:
    async with watch.watching(bot, port):
        yield


async def looked(bot: Bot, later: timedelta = timedelta()) -> dict[str, health.Check]:
    """Every check by its name, as it would be some time from now."""
    checks = await health.look(bot.settings, bot.link, bot.latency, bot.database, datetime.now(UTC) + later)
    return {check.name: check for check in checks}


async def test_health_tells_a_dropped_trigger_and_is_well_again_after_a_rebuild(
    bot: Bot, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check that a host runs: by the command line, asking the running bot."""
    monkeypatch.setenv("METRICS_PORT", str(port))

    async def told() -> tuple[int, str]:
        code = await asyncio.to_thread(command_line.main, ["health"])
        return code, capsys.readouterr().out

    async def do(sql: str) -> None:
        await bot.database.write(lambda writer: writer.execute(sql))

    async with served(bot, port):
        code, out = await told()
        assert code == 0, out
        assert [line.split(":")[0] for line in out.splitlines()] == [
            "ok    discord",
            *(f"ok    {name}" for name in health.CHECKS),
        ]
        await do("DROP TRIGGER passage_added")
        assert (await told())[0] == 0
        await do("UPDATE fact SET body = json_set(body, '$.statement', 'The jail keeps two lists.')")
        code, out = await told()
        assert code == 1
        assert "FAIL  search index: not as the record" in out
        await do(REBUILD)
        assert (await told())[0] == 0


async def test_each_check_fails_for_its_own_reason(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(later: timedelta = timedelta()) -> list[str]:
        return [name for name, check in (await looked(bot, later)).items() if not check.ok]

    assert await failing() == []
    assert await failing(timedelta(hours=25)) == []
    assert await failing(timedelta(hours=27)) == ["backup"]
    backups.make(bot.settings)
    assert (await looked(bot))["backup"].words == "the newest is 0 min old"
    assert await failing(timedelta(hours=27)) == ["backup"]

    log = bot.database.path.with_name("footnote.sqlite3-wal")
    monkeypatch.setattr(health, "LARGEST_LOG", log.stat().st_size - 1)
    assert await failing() == ["write-ahead file"]
    monkeypatch.undo()

    monkeypatch.setattr(health, "LEAST_SPACE", 10**18)
    assert await failing() == ["last write"]
    monkeypatch.undo()

    bot.link.down(0)
    assert await failing() == []
    monkeypatch.setattr(health, "BLINK", 0)
    assert await failing() == ["discord"]
    bot.link.up(0)
    assert await failing() == []


async def test_a_summary_is_overdue_unless_discord_or_an_organizer_is_in_the_way(bot: Bot) -> None:
    now = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    schedule = Schedule(channel=5, guild=4, organizer=3, at="11:50", starts=now.date())
    await summaries.keep_schedule(bot.database, schedule)

    async def check(minutes: int) -> health.Check:
        found = await health.look(bot.settings, bot.link, 0.1, bot.database, now + timedelta(minutes=minutes))
        return next(check for check in found if check.name == "summaries")

    assert (await check(-20)).words.startswith("0 due, 0 overdue")
    assert (await check(0)).words.startswith("1 due, 0 overdue")
    assert not (await check(10)).ok
    assert (await check(10)).words.startswith("1 due, 1 overdue")
    claim = await summaries.claim(bot.database, schedule, now.date(), now, now)
    assert claim
    assert not (await check(10)).ok
    await summaries.delayed(bot.database, claim, "I am not allowed to.")
    assert (await check(10)).ok
    assert (await check(10)).words.startswith("1 due, 0 overdue, 1 waiting")
    await summaries.posted(bot.database, claim, 7, now + timedelta(hours=1))
    assert (await check(10)).words.startswith("0 due")
    assert await summaries.outcomes(bot.database, health.OVERDUE) == {"late": 1}
    other = await summaries.claim(bot.database, schedule, date(2026, 1, 2), now, now)
    assert other
    await summaries.posted(bot.database, other, 8, now)
    assert await summaries.outcomes(bot.database, health.OVERDUE) == {"late": 1, "on_time": 1}


async def test_what_cannot_be_looked_at_has_failed(bot: Bot) -> None:
    await bot.database.close()
    checks = await looked(bot)
    assert checks["search index"].words.startswith("cannot be looked at, DatabaseError at ")
    assert not checks["summaries"].ok
    starting = await health.look(bot.settings, Link(), 0.1, None, datetime.now(UTC))
    assert [str(check) for check in starting] == [
        "FAIL  discord: not connected yet, 0 s after the start",
        "FAIL  database: not opened yet",
    ]


def test_health_without_a_running_bot_fails_in_a_sentence(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert health.ask(port) == 1
    assert capsys.readouterr().out.startswith(f"FAIL  bot: no answer on port {port} (ConnectionRefusedError)")
    assert health.ask(0) == 1
    assert "METRICS_PORT is 0" in capsys.readouterr().out


def test_health_of_a_bot_that_stands_still_fails(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", port))
        deaf.listen()
        assert health.ask(port) == 1
    assert "it is not running, or stands still" in capsys.readouterr().out


async def test_nobody_outside_this_machine_can_ask(bot: Bot, port: int) -> None:
    async with served(bot, port):
        with socket.socket() as outside, pytest.raises(OSError, match="refused"):
            outside.connect(("127.0.0.2", port))  # the server listens on 127.0.0.1 and no other address


async def test_a_taken_port_is_told_in_a_sentence(bot: Bot, port: int) -> None:
    async with served(bot, port):
        with pytest.raises(StartError, match=f"Port {port} cannot be used: set another METRICS_PORT"):
            async with served(bot, port):
                pass
    async with served(bot, 0):
        assert health.ask(port) == 1


SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')


def parsed(text: str) -> dict[str, dict[str, float]]:
    """The samples of each family by their labels; fails when the text is not Prometheus' format, version 0.0.4."""
    assert text.endswith("\n")
    found: dict[str, dict[str, float]] = {}
    family = kind = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family, helped = line[7:].split(" ", 1)
            assert helped
            assert family not in found
            found[family] = {}
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == family
            assert kind in {"counter", "gauge", "histogram"}
            assert (kind == "counter") == family.endswith("_total")
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            name, labels, value = sample.groups()
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            assert name in {family + suffix for suffix in suffixes}
            key = name.removeprefix(family) + (labels or "")
            assert key not in found[family]
            found[family][key] = float(value)
    return found


def test_the_parser_can_fail() -> None:
    for wrong in ("a 1", "# HELP a b\n# TYPE a gauge\na{x=1} 1\n", '# HELP a b\n# TYPE a gauge\na{x="\\y"} 1\n'):
        with pytest.raises(AssertionError):
            parsed(wrong)


def test_labels_are_escaped_and_buckets_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_within", type(metrics._within)())
    monkeypatch.setattr(metrics, "_seconds", [0.0])
    for seconds in (0.01, 0.05, 0.2, 2.9, 60):
        metrics.interaction("component", 'a"b\\c\nd', "ok", seconds)
    found = parsed(metrics.text([]))
    assert found["footnote_interactions_total"][r'kind="component",command="a\"b\\c\nd",outcome="ok"'] == 5
    seconds_of = found["footnote_interaction_seconds"]
    buckets = [value for name, value in seconds_of.items() if name.startswith("_bucket")]
    assert buckets == sorted(buckets)
    assert seconds_of['_bucketle="0.05"'] == 2
    assert seconds_of['_bucketle="3.0"'] == 4
    assert seconds_of['_bucketle="+Inf"'] == seconds_of["_count"] == 5
    assert seconds_of["_sum"] == pytest.approx(63.16)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The small record: what is counted does not depend on it."""
    return Settings(data_path=folder(tmp_path, {}), database_path=tmp_path / "footnote.sqlite3")


async def test_metrics_count_what_is_done_and_say_nothing_of_whom(
    world: World, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scraped() -> tuple[str, dict[str, dict[str, float]]]:
        def get() -> Any:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")

        answer = await asyncio.to_thread(get)
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = answer.read().decode()
        return text, parsed(text)

    def gained(name: str, labels: str) -> float:
        return after[name].get(labels, 0) - before.get(name, {}).get(labels, 0)

    async def boom(*_: object) -> None:
        raise RuntimeError

    async def refuse(*_: object) -> None:
        raise UserError("No.")

    async with served(world.bot, port):
        _, before = await scraped()
        about = await world.slash("about")
        await world.slash("ask", question="quokka")
        await world.offered("county", "name", "quokka")
        form = await world.ana.click(about, label="Report a problem")
        await world.ana.submit_modal(form, {"reason": ["Something else"], "words": "quokka"})
        monkeypatch.setattr("bot.ui.reply", refuse)
        await world.slash("about")
        monkeypatch.setattr("bot.ui.reply", boom)
        await world.slash("about")
        world.expect_failure()
        world.bot.dispatch("shard_disconnect", 0)
        world.bot.dispatch("shard_disconnect", 0)
        await asyncio.sleep(0)
        lost, _ = await scraped()
        world.bot.dispatch("shard_resumed", 0)
        await asyncio.sleep(0)
        text, after = await scraped()
    command = 'kind="application_command",command="{}",outcome="{}"'
    assert gained("footnote_interactions_total", command.format("about", "ok")) == 1
    assert gained("footnote_interactions_total", command.format("about", "refused")) == 1
    assert gained("footnote_interactions_total", command.format("about", "failed")) == 1
    assert gained("footnote_interactions_total", command.format("ask", "ok")) == 1
    assert gained("footnote_interactions_total", 'kind="autocomplete",command="county",outcome="ok"') == 1
    assert gained("footnote_interactions_total", 'kind="component",command="fn:report",outcome="ok"') == 1
    assert gained("footnote_interactions_total", 'kind="modal_submit",command="",outcome="ok"') == 1
    assert gained("footnote_errors_total", 'kind="RuntimeError"') == 1
    assert gained("footnote_interaction_seconds", "_count") == 7
    assert gained("footnote_gateway_losses_total", "") == 1
    assert gained("footnote_gateway_sessions_total", "") == 1
    assert "footnote_gateway_connected 0" in lost
    assert after["footnote_gateway_connected"][""] == 1
    assert gained("footnote_database_commits_total", "") == 1  # the report
    assert after["footnote_database_wal_bytes"][""] > 0
    assert 10e6 < after["process_resident_memory_bytes"][""] < 2e9
    assert f'version="{__version__}"' in next(iter(after["footnote_build_info"]))
    assert set(after) <= set(metrics.HELP)
    for private in ("quokka", *(str(who.id) for who in (world.ana, world.guild, world.channel))):
        assert private not in text


async def test_without_discord_for_too_long_the_bot_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LONGEST", 0.05)
    link = Link()
    async with link.needed():
        link.up()
        link.down(1)
        link.up(1)
        await asyncio.sleep(0.1)  # nothing is lost, so nothing ends
    link.down(0)
    link.down(1)
    link.up(1)  # one shard that is back is not all
    link.down(0)
    for lost in (link, Link()):  # the other was never connected at all
        with pytest.raises(StartError, match="Discord has been out of reach"):
            async with lost.needed():
                await asyncio.sleep(5)
    link.up(0)
    with pytest.raises(TimeoutError, match="another"):
        async with link.needed():
            raise TimeoutError("another")


def test_run_ends_in_order_when_discord_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real bot's `start` and `close`; only what discord.py does in between is replaced."""

    async def connect(*_: object, **__: object) -> None:
        await asyncio.sleep(5)

    closed = []

    async def close(self: object) -> None:
        closed.append(self)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", "x")
    monkeypatch.setenv("METRICS_PORT", "0")
    monkeypatch.setattr(links, "LONGEST", 0.05)
    monkeypatch.setattr("discord.Client.start", connect)
    monkeypatch.setattr("bot.app.Footnote.close", close)
    assert command_line.main(["run"]) == 1
    assert len(closed) == 1
    assert "Discord has been out of reach" in capsys.readouterr().err


def test_a_loop_that_stands_still_ends_the_process() -> None:
    script = """
import asyncio, time
from bot import watch
watch.STILL = 0.2
async def main():
    secret = "quokka"
    task = asyncio.create_task(watch.keep_turning())
    await asyncio.sleep(0.6)
    print("still here", flush=True)
    time.sleep(20)
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=15
    )
    assert ended.returncode == 1
    assert ended.stdout == "still here\n"
    assert "Timeout (0:00:00.2" in ended.stderr
    assert "quokka" not in ended.stderr
