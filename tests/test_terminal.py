"""`python -m bot ask`, as people and programs use it, and what the command line says when something is wrong."""

import io
import json
import shutil
import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import terminal
from bot.__main__ import WRONG_SETTING, main
from bot.answers import VECTORS, load_encoder
from bot.catalog import Catalog, load_catalog
from bot.config import ROOT, Settings
from bot.models import Change, Origin, Ref, Report
from bot.store import Database, files, revisions
from bot.store.running import add_report
from bot.terminal import ask, reports
from tests.conftest import DATA, load_once
from tests.test_catalog import folder

FACT = {"id", "statement", "kind", "as_of", "attributed_to", "dispute", "sources"}
SOURCE = {"title", "publisher", "published", "url"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_PATH", str(DATA))
    monkeypatch.setenv("DATABASE_PATH", str(settings.database_path))
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    monkeypatch.setattr(terminal, "load_catalog", load_once)


def ask_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lines: bytes
) -> list[dict[str, Any]]:
    class Input:
        buffer = io.BytesIO(lines)

    monkeypatch.setattr(sys, "stdin", Input)
    assert main(["ask", "--jsonl"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_question_is_answered_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "my uncle posted bail, can the jail still keep him for ICE?"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("What the record says\n")
    assert "as of" in out
    assert "https://" in out


def test_each_line_gives_one_object_of_the_fixed_shape(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], catalog: Catalog
) -> None:
    questions = [
        "how many detainers does ICE have in Minnesota?",
        "does Aitkin County have a 287(g) agreement?",
        "what are the visiting hours of the Aitkin County jail?",
        "what is the weather?",
        "",
        "¿puede la cárcel retener a mi hermano para ICE?",
    ]
    answers = ask_lines(monkeypatch, capsys, "\n".join(questions).encode() + b"\n")
    assert [answer["question"] for answer in answers] == questions
    assert [answer["outcome"] for answer in answers[:5]] == [
        "answer",
        "record_says_none",
        "no_record",
        "out_of_scope",
        "out_of_scope",
    ]
    statements = {fact.id: fact.statement for fact in catalog.facts}
    for answer in answers:
        assert set(answer) == {"question", "outcome", "facts", "related", "reply"}
        assert bool(answer["facts"]) == (answer["outcome"] in {"answer", "record_says_none"})
        assert all(related in statements for related in answer["related"])
        for fact in answer["facts"]:
            assert set(fact) == FACT
            assert fact["statement"] == statements[fact["id"]]
            assert fact["sources"]
            assert all(set(source) == SOURCE for source in fact["sources"])
    assert answers[0]["facts"][0]["statement"] in answers[0]["reply"]


def test_a_disputed_fact_comes_with_the_facts_of_all_sides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], catalog: Catalog
) -> None:
    [answer] = ask_lines(monkeypatch, capsys, b"how many people does ICE have detainers on in Minnesota jails\n")
    named = {fact["dispute"] for fact in answer["facts"]} - {None}
    assert named
    given = {fact["id"] for fact in answer["facts"]}
    for dispute in catalog.disputes:
        if dispute.id in named:
            assert set(dispute.fact_ids()) <= given


def test_no_line_breaks_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [b"\xff\xfe\x00jail", b"\x00", b'"}{', "\u202e𝕵ail".encode(), b"x" * 100_000]
    answers = ask_lines(monkeypatch, capsys, b"".join(line + b"\n" for line in lines))
    assert len(answers) == len(lines)
    assert {answer["outcome"] for answer in answers} <= {"answer", "no_record", "out_of_scope", "record_says_none"}


EVIL = "\x1b[31m \x9b2J \x7f\x07 \u202e \u2028\x85 \u200b\ue000."


@pytest.mark.parametrize("given", [EVIL, "\udc9b"])  # the second is what Python makes of a byte that is not UTF-8
async def test_neither_a_question_nor_a_fact_can_command_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    monkeypatch.setattr(terminal, "load_encoder", lambda: None)
    small = Settings(data_path=folder(tmp_path, {}), database_path=tmp_path / "small.sqlite3")
    database = await Database.open(small.database_path)
    await files.load(database, load_catalog(small.data_path).records())
    # No form lets such a statement in; this one came in before there was a rule against it.
    held = await revisions.heads(database.read)
    bodies = {ref: json.loads(head.body or "") for ref, head in held.items() if ref.sort == "fact"}
    for body in bodies.values():
        body["statement"] += EVIL
    changes = [Change(ref, json.dumps(body), held[ref].number) for ref, body in bodies.items()]
    await database.write(lambda writer: revisions.write(writer, changes, Origin.EDIT, datetime.now(UTC)))
    question, shown = f"May a jail hold a person? {given}", []
    try:
        for jsonl in (False, True):
            assert await ask(small, question, jsonl=jsonl) == 0
            shown.append(capsys.readouterr().out)
    finally:
        await database.close()
    for text in shown:
        assert "[31m" in text  # a control: it was all there
        unseen = {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}}
        assert unseen == {"\n"}
    # A program reads all of it as it is.
    [line] = shown[1].splitlines()
    told = json.loads(line)
    assert told["question"] == question
    assert told["facts"]
    assert all(fact["statement"] == bodies[Ref("fact", fact["id"])]["statement"] for fact in told["facts"])


def test_a_question_that_looks_like_an_option_is_named_without_commanding_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["ask", "--\x1b[31m"])
    assert capsys.readouterr().err.endswith("unrecognized arguments: --\ufffd[31m\n")


async def test_it_answers_beside_a_running_bot(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    owner = await Database.open(settings.database_path)
    try:
        assert await ask(settings, "what is a detainer", jsonl=False) == 0
    finally:
        await owner.close()
    assert "What the record says" in capsys.readouterr().out


def test_several_at_once_all_answer(tmp_path: Path) -> None:
    """A new database that another process is still filling must not be read as a record that holds nothing."""
    environment = {"PATH": "", "DATA_PATH": str(DATA), "DATABASE_PATH": str(tmp_path / "new.sqlite3")}
    command = [sys.executable, "-m", "bot", "ask", "what is a detainer"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True) for _ in range(2)
    ]
    assert ["What the record says" in process.communicate(timeout=60)[0] for process in started] == [True] * 2


async def test_reports_are_printed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    owner = await Database.open(settings.database_path)
    try:
        await add_report(owner, Report(page="about:", reason="Something else", text="hello"), date(2026, 11, 22))
        # What a member writes neither commands the terminal nor looks like another report.
        await add_report(
            owner, Report(page="about:", reason="x", text="\x1b[2J\u202e\n2026-11-22  y"), date(2026, 11, 22)
        )
        assert await reports(settings) == 0
    finally:
        await owner.close()
    assert capsys.readouterr().out == (
        "2026-11-22  about:  Something else: hello\n"
        "2026-11-22  about:  x: \ufffd[2J\ufffd\n"
        "    2026-11-22  y\n"
        "2 reports\n"
    )


def test_output_that_nobody_reads_ends_quietly(settings: Settings) -> None:
    shell = f"{sys.executable} -m bot ask jail | true"
    ended = subprocess.run(
        shell, shell=True, capture_output=True, text=True, check=False, cwd=ROOT, env=environ(settings)
    )
    assert "Traceback" not in ended.stderr


def environ(settings: Settings) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "DATA_PATH": str(DATA), "DATABASE_PATH": str(settings.database_path)}


def test_run_without_a_token_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == WRONG_SETTING
    assert "There is no DISCORD_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LOG_LEVEL", "LOUD", "The setting LOG_LEVEL is wrong"),
        ("DATA_PATH", "/nowhere/at/all", "The data files are not in order"),
        ("DATABASE_PATH", "/nowhere/at/all.sqlite3", "does not exist"),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("DISCORD_TOKEN", "not-a-real-token")
    assert main(["ask", "jail"]) == (WRONG_SETTING if name == "LOG_LEVEL" else 1)
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
    assert "not-a-real-token" not in error


def test_settings_take_everything_by_keyword_and_hide_the_token(tmp_path: Path) -> None:
    settings = Settings(discord_token="abc.def", database_path=tmp_path / "x", data_path=tmp_path, log_level="DEBUG")  # type: ignore[arg-type]
    assert "abc.def" not in repr(settings)


def test_the_vectors_of_the_data_folder_are_those_of_its_texts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    """When this fails after a change of texts, `make vectors` writes the file anew."""
    if load_encoder() is None:
        pytest.skip("the model cannot run here")
    folder = shutil.copytree(DATA, tmp_path / "data")
    monkeypatch.setenv("DATA_PATH", str(folder))
    before = settings.database_path.read_bytes()
    assert main(["vectors"]) == 0
    assert (folder / VECTORS).read_bytes() == (DATA / VECTORS).read_bytes()
    assert settings.database_path.read_bytes() == before
