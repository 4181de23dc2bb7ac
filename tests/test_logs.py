"""Whatever goes wrong, no token, no person and nothing that anybody wrote is in what the process prints or logs."""

import contextlib
import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import simcord
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from bot import __main__ as command_line
from bot import config, errors, logs
from bot.config import ROOT, Settings
from tests.conftest import World
from tests.test_catalog import folder

SHAPED = "MTAwMDAwMDAwMDAwMDAwMDAw.GaBcDe.sekrit0123456789abcdefghijkl"
SHORT = "sekrit"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that would go to the log, at the lowest level that `run` allows and below."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Line([SHORT], as_json=True))
    root, own = logging.getLogger(), logging.getLogger("footnote")
    before = root.level, own.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    own.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before[0])
    own.setLevel(before[1])


# What goes wrong in a process outside any command; `sekrit` stands for what must not get out.
FAILURES = """
import asyncio, logging, sys, threading, warnings
from bot import logs

secret = "sekrit question of 100000000000000001"
class Breaks:
    def __del__(self): raise ValueError(secret)
    def __repr__(self): return secret

async def fail(text): raise ValueError(text)

async def main():
    if guarded: asyncio.get_running_loop().set_exception_handler(logs.loop_failed)
    asyncio.create_task(fail(secret))
    asyncio.get_running_loop().call_soon(int, secret)
    await asyncio.sleep(0.01)

guarded = sys.argv[1] == "guarded"
if guarded:
    logs.keep_values_out()
    logs.configure("DEBUG", "DEBUG", ["short-token"])
    print(*[logging.getLogger(name).getEffectiveLevel() for name in ("footnote", "discord", "aiosqlite", "asyncio")])
asyncio.run(main())
Breaks()
worker = threading.Thread(target=int, args=(secret,)); worker.start(); worker.join()
warnings.warn(secret)
for name in ("discord.http", "aiohttp.server", "aiosqlite", "asyncio"):
    library = logging.getLogger(name)
    library.warning("%s %s responded with 429. Retrying in %.2f seconds.", "POST", secret, 1.5)
    library.warning("formatted %d", secret)
    library.warning("by name %(who)s", {"who": secret})
    library.warning("first line\\nsecond " + secret)
    try: raise KeyError(secret) from ValueError(secret)
    except KeyError: library.exception("Ignoring exception in %r", Breaks())
logging.getLogger("footnote").warning("Authorization: %s", "short-token")
raise RuntimeError(secret)
"""


@pytest.mark.parametrize("mode", ["guarded", "control"])
def test_what_fails_outside_any_command_is_told_without_values(mode: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FAILURES, mode], cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": ""}
    )
    assert ended.returncode == 1
    leaks = [text for text in ("sekrit", "100000000000000001", "short-token") if text in ended.stderr]
    if mode == "control":
        assert leaks
        return
    assert not leaks
    assert ended.stdout.split() == ["10", "20", "20", "20"]  # at DEBUG libraries log what people typed
    told = [json.loads(line) for line in ended.stderr.splitlines()]
    messages = [line["message"] for line in told]
    expected = ("loop: ValueError", "loop: ValueError", "unraisable: ValueError", "thread: ValueError", "warning: User")
    assert [line.startswith(start) for line, start in zip(messages, expected, strict=False)] == [True] * 5
    assert "... ... responded with 429. Retrying in 1.50 seconds." in messages
    assert messages[-1].startswith("stopped: RuntimeError at <string>")
    assert {line["error"][:8] for line in told if "error" in line} == {"KeyError"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The small record: what is logged does not depend on it."""
    return Settings(data_path=folder(tmp_path, {}), database_path=tmp_path / "footnote.sqlite3")


async def test_whatever_fails_in_discord_the_log_names_nobody_and_nothing(
    world: World, lines: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana's commands, button, form, menu, autocomplete and an event fail with all of it in the exception."""
    fact = world.bot.catalog.facts[0].statement
    forbidden = [SHORT, fact, "quokka", *(str(who.id) for who in (world.ana, world.max, world.guild, world.channel))]

    def at_once(*_: Any, **__: Any) -> Any:
        raise RuntimeError(*forbidden) from ValueError(*forbidden)

    async def boom(*_: Any, **__: Any) -> Any:
        at_once()

    about = await world.slash("about")
    form = await world.ana.click(about, label="Report a problem")
    message = await world.max.send(world.channel, "quokka")
    monkeypatch.setattr(world.bot, "on_interaction", boom, raising=False)
    monkeypatch.setattr(world.bot.search, "ask", boom)
    monkeypatch.setattr("bot.ui.add_report", boom)
    monkeypatch.setitem(world.bot.builders, "about", boom)
    monkeypatch.setattr("bot.lookup.closest", at_once)
    await world.slash("ask", question="quokka")
    await world.ana.context_menu(world.channel, "Find facts about this", message)
    await world.click(about, "Share in channel")
    await world.ana.submit_modal(form, {"reason": ["Something else"], "words": "quokka"})
    await world.offered("county", "name", "quokka")
    monkeypatch.setattr("discord.InteractionResponse.send_message", boom)
    await world.ana.slash(world.channel, "about")
    world.expect_failure()
    printed = capfd.readouterr()
    assert len(lines.getvalue().splitlines()) >= 12  # each, and the event each time
    for text in forbidden:
        assert text not in lines.getvalue() + printed.out + printed.err


async def test_suggestions_that_come_too_late_leave_one_line_without_what_was_typed(
    world: World, lines: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062, message="Unknown quokka")
    with contextlib.suppress(simcord.SetupError):  # SimCord tells whoever types that nothing was offered
        await world.offered("county", "name", "quokka")
    [line] = [json.loads(line) for line in lines.getvalue().splitlines() if "autocomplete" in line]
    assert line["error"].startswith("NotFound 404/10062 at ")
    written = lines.getvalue() + "".join(capfd.readouterr())
    for text in ("Traceback", "quokka", str(world.ana.id), str(world.guild.id)):
        assert text not in written


def test_the_log_of_a_failure_can_leak() -> None:
    """A control: an ordinary formatter prints what the one above keeps to itself."""
    try:
        raise RuntimeError(SHORT)
    except RuntimeError:
        record = logging.LogRecord("discord", logging.ERROR, "", 1, "Ignoring %r", (SHORT,), sys.exc_info())
    assert SHORT in logging.Formatter().format(record)
    assert "Ignoring '...' RuntimeError at test_logs.py" in logs.Line([], as_json=False).format(record)


VALUES = st.one_of(
    st.text().map(lambda text: f"sekrit{text}"),
    st.integers(min_value=10**6).map(lambda number: number * 10**9),
    st.binary().map(lambda data: b"sekrit" + data),
    st.just(ValueError(SHORT)),
    st.sampled_from([1e18, float("nan"), float("inf")]),
)


@pytest.mark.campaign
@settings_of(max_examples=20_000 if os.environ.get("FOOTNOTE_CAMPAIGN") else 100, deadline=None)
@given(st.lists(st.sampled_from(["%s", "%r", "%d", "%.2f", "%x", "%%", "%(who)s", "and\nso"])), st.lists(VALUES))
def test_no_value_of_a_librarys_message_is_logged(parts: list[str], values: list[Any]) -> None:
    """Whatever library, template and values, fitting or not; above are those that exist."""
    for given_values in (tuple(values), {"who": values[0] if values else ""}):
        record = logging.LogRecord("library", logging.ERROR, "", 1, " ".join(parts), None, None)
        record.args = given_values
        text = logs.Line([], as_json=True).format(record)
        assert "sekrit" not in text
        assert not re.search(r"\d{10}", json.loads(text)["message"])
        assert len(text.splitlines()) == 1


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own without any setting, and Discord unreachable."""

    async def unreachable(*_: Any) -> None:
        raise RuntimeError(f"never logged in with {SHAPED} or {SHORT}")

    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(config, "SECRETS", tmp_path / "secrets")
    monkeypatch.setattr(command_line, "_until_stopped", unreachable)
    return tmp_path


def printed_by_run(capsys: pytest.CaptureFixture[str]) -> str:
    assert command_line.main(["run"]) in {1, command_line.WRONG_SETTING}
    printed = capsys.readouterr()
    assert printed.err
    assert "Traceback" not in printed.err
    return printed.out + printed.err


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
@pytest.mark.parametrize("token", [SHAPED, SHORT])
@pytest.mark.parametrize("kept", ["environment", ".env"])
def test_a_token_in_any_setting_is_in_no_output(
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    token: str,
    kept: str,
) -> None:
    if kept == ".env":
        (elsewhere / ".env").write_text(f"DISCORD_TOKEN={token}\n{name.upper()}={token}\n")
    else:
        monkeypatch.setenv("DISCORD_TOKEN", token)
        monkeypatch.setenv(name.upper(), token)
    assert "sekrit" not in printed_by_run(capsys)
    assert not [path for path in elsewhere.iterdir() if "sekrit" in path.name]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"DISCORD_TOKN={SHAPED}", "did you mean DISCORD_TOKEN?"),
        (f"{SHAPED}=x", "a name that is no setting: compare it with .env.example"),
        (f"DISCORD_TOKEN={SHAPED[:20]} {SHAPED[20:]}", "a token has no spaces"),
        (f'DISCORD_TOKEN="{SHAPED}\n"', "a token has no spaces"),
        (f"DISCORD_TOKEN=é{SHAPED}", "a token has no spaces"),
        (f"{SHAPED}", "There is no DISCORD_TOKEN"),
        (f"DISCORD_TOKEN:{SHAPED}", "There is no DISCORD_TOKEN"),
        (f"DISCORD_TOKEN={SHAPED}\nLOG_LEVEL=DEBUG", "LOG_LEVEL=DEBUG is for trying things out"),
    ],
)
def test_a_mistyped_env_file_is_told_and_printed_nowhere(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, text: str, sentence: str
) -> None:
    (elsewhere / ".env").write_text(text + "\n", "utf-8")
    output = printed_by_run(capsys)
    assert sentence in output
    assert "sekrit" not in output + caplog.text


def test_the_demo_may_log_at_debug(monkeypatch: pytest.MonkeyPatch, elsewhere: Path) -> None:
    seen = []

    async def demo(settings: Settings, _: int) -> None:
        seen.append(settings.log_level)

    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setattr("bot.demo.demo", demo)
    before = logging.getLogger("footnote").level
    assert command_line.main(["demo"]) == 0
    logging.getLogger("footnote").setLevel(before)
    assert seen == ["DEBUG"]


@pytest.mark.parametrize("by", ["systemd", "docker"])
def test_the_token_may_be_a_secret_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    folder = elsewhere / ("secrets" if by == "docker" else "credentials")
    folder.mkdir()
    (folder / "discord_token").write_text(f"{SHAPED}\n")
    if by == "systemd":
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    token = Settings().discord_token
    assert token is not None
    assert token.get_secret_value() == SHAPED


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
@pytest.mark.parametrize("kind", ["folder", "not text", "dangling"])
def test_a_secret_that_cannot_be_read_is_told(elsewhere: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    secret = elsewhere / "secrets" / "discord_token"
    secret.parent.mkdir()
    if kind == "folder":  # as Docker makes one where the file is missing
        secret.mkdir()
    elif kind == "not text":
        secret.write_bytes(b"\xff\xfe" + SHAPED.encode("utf-16-le"))
    else:
        secret.symlink_to(elsewhere / "nowhere")
    assert "Traceback" not in printed_by_run(capsys)


def test_a_refused_gateway_login_is_no_reason_to_start_again(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import discord

    class Socket:
        close_code = 4004

    async def refused(*_: Any) -> None:
        raise discord.ConnectionClosed(Socket(), shard_id=0)  # type: ignore[arg-type]

    monkeypatch.setenv("DISCORD_TOKEN", SHAPED)
    monkeypatch.setattr(command_line, "_until_stopped", refused)
    assert command_line.main(["run"]) == command_line.WRONG_SETTING
    assert capsys.readouterr().err == command_line.REFUSED + "\n"


def test_a_line_for_people_is_one_line() -> None:
    record = logging.LogRecord("footnote", logging.INFO, "", 1, "one\ntwo %s", (SHAPED,), None)
    assert logs.Line([], as_json=False).format(record).endswith("INFO footnote one two [hidden]")
    assert errors.describe(ValueError(SHAPED)) == "ValueError at unknown"
