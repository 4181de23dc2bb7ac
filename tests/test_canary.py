"""What somebody asks is afterwards in no file, no log and no table."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import Settings
from tests.conftest import DATA, World

CANARY = "quokkafjordzebra"


def traces(folder: Path) -> list[Path]:
    """Files that hold the canary, in any common encoding."""
    needles = (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY[::-1].encode())
    return [path for path in folder.rglob("*") if path.is_file() and any(n in path.read_bytes() for n in needles)]


async def test_questions_leave_no_trace(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log_file = logging.FileHandler(tmp_path / "all.log")
    logging.getLogger().addHandler(log_file)
    try:
        with caplog.at_level(logging.INFO), caplog.at_level(logging.DEBUG, logger="footnote"):
            question = f"can the {CANARY} jail keep my {CANARY} for ICE in Hennepin County"
            await world.slash("ask", question=question)
            await world.slash("ask", question=CANARY)
            message = await world.max.send(world.channel, question)
            await world.ana.context_menu(world.channel, "Find facts about this", message)
            for command, option in (
                ("county", "name"),
                ("sanctuary", "place"),
                ("dispute", "topic"),
                ("source", "name"),
            ):
                await world.offered(command, option, CANARY)
                await world.slash(command, **{option: CANARY})
            world.expect_failure()
    finally:
        logging.getLogger().removeHandler(log_file)
        log_file.close()
    assert traces(tmp_path) == []
    assert CANARY not in caplog.text
    for [table] in await world.bot.database.read("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        rows = await world.bot.database.read(f'SELECT * FROM "{table}"')
        assert not any(CANARY in str(tuple(row)) for row in rows), table


def test_the_check_can_fail(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text(f"asked: {CANARY}")
    assert traces(tmp_path) == [tmp_path / "kept.txt"]


def test_the_terminal_leaves_no_trace(settings: Settings, tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "bot", "ask", "--jsonl"],
        input=f"can the jail keep my {CANARY}\n".encode(),
        capture_output=True,
        check=True,
        env={
            "PATH": "",
            "DATA_PATH": str(DATA),
            "DATABASE_PATH": str(settings.database_path),
            "LOG_LEVEL": "DEBUG",
        },
        cwd=Path(__file__).parent.parent,
    )
    assert CANARY in asked.stdout.decode()  # the reply repeats the question to whoever asked it
    assert CANARY not in asked.stderr.decode()
    assert traces(tmp_path) == []
