"""The record out as files and in again: byte for byte, all or nothing, and nothing of a bad file."""

import asyncio
import csv
import io
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.__main__ import main
from bot.catalog import Catalog, load_catalog
from bot.catalog.imports import inert, read_import
from bot.catalog.writer import block, document, rewritten
from bot.config import ROOT, StartError
from bot.exchange import as_claims, as_csv, as_json, as_yaml, raw
from bot.export import write_back
from bot.limits import Limits
from bot.models import SORTS, Fact, Ref, body_of, ref_of
from bot.store import files, records
from tests.conftest import DATA, answer_of, text_of
from tests.test_catalog import FACTS
from tests.test_journeys import FACT, Court, court, folder, simcord_bot
from tests.test_keeping import pia, published

__all__ = ["court", "folder", "simcord_bot"]  # fixtures
SENTINEL = "Quokkafjordzebra"


# Out


def test_every_record_comes_back_from_its_block(catalog: Catalog) -> None:
    for sort, model in SORTS.items():
        held = [record for record in catalog.records() if type(record) is model]
        read = read_import("a.yaml", document([raw(record) for record in held]).encode(), sort)
        assert [model.model_validate(item) for item in read] == held


def test_a_written_block_looks_like_those_of_the_files(catalog: Catalog) -> None:
    [fact] = [fact for fact in catalog.facts if fact.id == "mn-631-50-at-commitment"]
    text = (DATA / "facts/law.yaml").read_text("utf-8")
    start = text.index("- id: mn-631-50-at-commitment")
    by_hand = text[start : text.index("\n- id: ", start) + 1]
    assert len(set(block(raw(fact)).splitlines()) & set(by_hand.splitlines())) > 18


text_with_anything = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).map(str.strip)


@given(st.lists(text_with_anything.filter(bool), min_size=1, max_size=4), text_with_anything.filter(bool))
@settings(max_examples=200, deadline=None)
def test_no_text_changes_on_its_way_through_yaml_and_csv(texts: list[str], statement: str) -> None:
    written = {"id": "a", "statement": statement * 9, "places": texts, "sources": [{"id": "s", "locator": texts[0]}]}
    [read] = read_import("a.yaml", document([written]).encode(), "fact")
    assert read == written
    cell = inert(texts[0])
    assert not cell.startswith(("=", "+", "-", "@"))


async def test_the_whole_record_goes_out_and_in_again_unchanged(catalog: Catalog) -> None:
    held = list(catalog.records())
    as_files, whole = as_yaml(held), as_json(held).encode()
    for sort, model in SORTS.items():
        wanted = {record.id: record for record in held if type(record) is model}  # type: ignore[attr-defined]
        name = next(name for name in as_files if name.startswith(sort[:5]))
        for filename, data in ((name, as_files[name].encode()), ("a.json", whole)):
            read = [model.model_validate(item) for item in read_import(filename, data, sort)]
            assert {record.id: record for record in read} == wanted  # type: ignore[attr-defined]
    table = read_import("facts.csv", as_csv(held).encode(), "fact")
    assert [Fact.model_validate(item) for item in table] == list(catalog.facts)


@pytest.mark.parametrize(
    "prefix", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20", " =", "'=", "''+"]
)
def test_what_a_spreadsheet_would_compute_goes_out_inert_and_comes_back_as_it_was(prefix: str) -> None:
    text = prefix + "1+1"
    assert inert(text) == "'" + text
    table = f'id,topic,statement\r\na,jails,"{inert(text)}"\r\n'
    assert read_import("a.csv", table.encode(), "fact") == [{"id": "a", "topic": "jails", "statement": text.strip()}]


def test_no_cell_of_the_table_is_a_formula(catalog: Catalog) -> None:
    assert inert("plain") == "plain"
    rows = csv.reader(io.StringIO(as_csv(list(catalog.records()))))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_claims_are_the_current_statements_with_their_sources_and_no_verdict(catalog: Catalog) -> None:
    graph = json.loads(as_claims(list(catalog.records())))["@graph"]
    current = {fact.id: fact for fact in catalog.facts if not fact.superseded_by}
    assert {claim["@id"] for claim in graph} == {f"urn:footnote:{name}" for name in current}
    disputed = {name for dispute in catalog.disputes for name in dispute.fact_ids()}
    for claim in graph:
        fact = current[claim["@id"].removeprefix("urn:footnote:")]
        assert claim["claimReviewed"] == fact.statement
        assert len(claim["itemReviewed"]["appearance"]) == len(fact.sources)
        assert "reviewRating" not in claim
        assert ("about" in claim) == (fact.id in disputed)


# Back into data/


def test_only_the_block_of_what_changed_is_written() -> None:
    text = "# About.\n- id: a\n  x: 1\n\n# Of b.\n- id: b\n  x: '2'   # kept\n- id: c\n  x: 3\n"
    assert rewritten(text, {"a": {"id": "a", "x": "9"}}) == text.replace("x: 1", "x: 9")
    assert rewritten(text, {"b": None}) == "# About.\n- id: a\n  x: 1\n\n# Of b.\n- id: c\n  x: 3\n"
    assert rewritten(text, {"d": {"id": "d"}}) == text + "- id: d\n"
    assert rewritten(text, {}) == text
    assert rewritten("[]\n", {"d": {"id": "d"}}) == "- id: d\n"
    assert rewritten("- id: a\n", {"a": None}) == "[]\n"


def test_a_rewritten_record_leaves_every_other_byte_of_the_real_files(catalog: Catalog, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(DATA, tmp_path / "data"))
    facts = [fact for fact in catalog.facts if fact.topic == "law"][:3]
    edited: dict[Ref, tuple[str | None, str | None]] = {}
    for fact in facts:
        newer = fact.model_copy(update={"as_of": "2026-08"})
        edited[ref_of(fact)] = (body_of(newer), files.hashed(body_of(fact)))
    done, waiting = write_back(copy, edited)
    assert (done, waiting) == (sorted(edited), [])
    changed = [
        path for path in copy.rglob("*.yaml") if path.read_bytes() != (DATA / path.relative_to(copy)).read_bytes()
    ]
    before, after = ((root / "facts/law.yaml").read_text("utf-8").split("\n- id: ") for root in (DATA, copy))
    assert changed == [copy / "facts/law.yaml"]
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 3
    again = {ref_of(record): body_of(record) for record in load_catalog(copy).records()}
    assert all(again[ref] == body for ref, (body, _) in edited.items())
    assert write_back(copy, edited) == ([], [])


async def test_edits_are_written_back_so_that_the_next_start_changes_nothing(
    court: Court, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    await published(court, await pia(court, "fact retire", fact="short-stay", why="Wrong."))
    await published(court, await pia(court, "sources add", kind="news"), title="Otters", publisher="Times", why="New.")
    before = {path: path.read_bytes() for path in files_in(folder)}
    monkeypatch.setenv("DATABASE_PATH", str(court.bot.settings.database_path))
    monkeypatch.setenv("DATA_PATH", str(folder))
    # In a thread, because the command starts a loop of its own.
    assert await asyncio.to_thread(main, ["export"]) == 0
    assert "3 records written" in capsys.readouterr().out
    changed = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert changed == {"jails.yaml", "sources.yaml"}
    loaded = await files.load(court.bot.database, load_catalog(folder).records(), court.bot.flaws)
    assert (loaded.added, loaded.changed, loaded.removed, loaded.conflicts) == (0, 0, 0, 0)
    assert await asyncio.to_thread(main, ["export"]) == 0
    assert "0 records written" in capsys.readouterr().out
    # What the files and an edit both changed is left for people to decide.
    await court.abe.click(await court.edited("The jail may hold somebody past release."), label="Approve")
    path = folder / FACTS
    path.write_text(path.read_text("utf-8").replace("hold nobody past", "hold no man past"), "utf-8")
    assert await asyncio.to_thread(main, ["export"]) == 0
    assert (
        f"left alone, because the files have changed it too (decide in /queue): fact {FACT}" in capsys.readouterr().out
    )
    assert "hold no man past" in path.read_text("utf-8")


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.yaml"))


def test_edits_that_do_not_fit_to_the_files_are_not_written(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    catalog = load_catalog(folder)
    [source] = [record for record in catalog.sources if record.id == "memo"]
    with pytest.raises(StartError, match="nothing was written"):
        write_back(folder, {ref_of(source): (None, files.hashed(body_of(source)))})
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


async def test_a_redacted_text_is_in_no_export(court: Court) -> None:
    await court.abe.click(await court.edited(f"The jail may not hold {SENTINEL} past release."), label="Approve")
    held = await records.everything(court.bot.database)
    forms = (as_json, as_csv, as_claims, lambda r: "".join(as_yaml(r).values()))
    assert all(SENTINEL in form(held) for form in forms)
    await court.abe.click(await court.edited("The jail may not hold anybody past release."), label="Approve")
    await published(court, await pia(court, "redact", record=f"fact {FACT}", keep_newest=True, why="A name."))
    held = await records.everything(court.bot.database)
    assert not any(SENTINEL in form(held) for form in forms)


# In


def table(*rows: str) -> bytes:
    return ("id,topic,statement\r\n" + "\r\n".join(rows)).encode()


GOOD_FACT = """\
- id: fresh
  topic: jails
  jurisdiction: state
  kind: law
  statement: The zoning board counts every otter.
  speaker: Zoning Board
  as_of: 2026-02
  review_by: 2028-01-01
  sources: [{id: memo}]
  phrasings:
    plain: [Who counts otters?, Are otters counted?, otter count]
    colloquial: [who counts em otters]
"""
# Nine times nine times ... nine: some 300 bytes that grow to gigabytes when they are walked.
BOMB = b"a: &a [" + b",".join([b"lol"] * 9) + b"]\n"
BOMB += b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(ord("b"), ord("j")))
BAD: dict[str, tuple[str, bytes, str]] = {
    "larger than 5 MB": ("a.yaml", b"#" * 5_000_001, "larger than 5 MB"),
    "YAML larger than 3 MB": ("a.yaml", b"- id: a\n  x: y\n" * 220_000, "larger than 3 MB"),
    "900,000 entries": ("a.yaml", b"- id: a\n  places: [" + b"x," * 900_000 + b"]\n", "too many entries"),
    "10,001 rows": ("a.csv", table(*(f"f{n},jails,x" for n in range(10_001))), "more than 10000 records"),
    "10,001 YAML records": ("a.yaml", b"".join(b"- id: f%d\n" % n for n in range(10_001)), "more than 10000 records"),
    "10,001 JSON records": ("a.json", json.dumps([{"id": f"f{n}"} for n in range(10_001)]).encode(), "10001 records"),
    "a YAML list without end": ("a.yaml", b"- id: a\n  places:\n" + b"  - x\n" * 99_000, "more than 500 entries"),
    "a JSON list without end": ("a.json", b'[{"id": [' + b"[]," * 99_000 + b"[]]}]", "more than 500 entries"),
    "5 MB of objects": ("a.json", b"[" + b"{}," * 1_600_000 + b"{}]", "too many entries"),
    "5 MB of fields": ("a.json", b"[{" + b",".join(b'"%x":1' % n for n in range(400_000)) + b"}]", "too many entries"),
    "a JSON text of 5 MB": ("a.json", ('[{"id": "🙂' + "x" * 4_900_000 + '"}]').encode(), "more than 5000 characters"),
    "5 MB of quotes": ("a.json", b'"' + b'\\"' * 2_400_000 + b"\\", "more than 5000 characters"),
    "a field of 131 kB": ("a.json", b'[{"id": "' + b"x" * 131_073 + b'"}]', "more than 5000 characters"),
    "a YAML field of 131 kB": ("a.yaml", b"- id: a\n  topic: " + b"x" * 131_073, "'topic' is too long"),
    "a row of 1.6 million cells": ("a.csv", b"id," + b"xy," * 1_600_000 + b"z", "too many entries"),
    "a row of 1,500 cells": ("a.csv", b"id," + b"xy," * 1_500 + b"z", "more than 1000 columns"),
    "a row over 90,000 lines": ("a.csv", b"id,topic\r\n" + b'"ab\n",' * 90_000 + b"z", "90001 cells in this row"),
    "900,000 rows": ("a.csv", "id,statement\r\n🙂,".encode() + b"a,b\r\n" * 900_000, "too many entries"),
    "a thousand problems": (
        "a.json",
        json.dumps([{"id": f"f{n}"} for n in range(1000)]).encode(),
        "More than 500 problems",
    ),
    "a name that mentions": ("<@1>.yaml", b"- id: <@1>\n  topic: '@everyone'\n", r"\<\@1\>: 'id' is"),
    "NUL in YAML": ("a.yaml", b"- id: a\n  topic: ja\0ils\n", "Line 2: the file holds a NUL"),
    "NUL in CSV": ("a.csv", table("a,ja\0ils,x"), "NUL"),
    "BOM": ("a.yaml", b"\xef\xbb\xbf- id: a\n", "byte order mark"),
    "UTF-16": ("a.csv", "id,topic\r\na,b".encode("utf-16"), "byte order mark"),
    "UTF-16 without a mark": ("a.csv", "id,topic\r\na,b".encode("utf-16-le"), "NUL"),
    "Latin-1": ("a.yaml", "- id: a\n  topic: prisión\n".encode("latin-1"), "Line 2: the file is not UTF-8"),
    "Windows-1252": ("a.csv", table("a,jails,“x”").decode().encode("cp1252"), "not UTF-8"),
    "formula": ("a.csv", table('a,jails,"=HYPERLINK(""http://x.org"")"'), "reads as a formula"),
    "formula with plus": ("a.csv", table("a,+1,x"), "reads as a formula"),
    "formula with at": ("a.csv", table("a,jails,@SUM(A1)"), "reads as a formula"),
    "full-width formula": ("a.csv", table("a,jails,\uff1d1+1"), "reads as a formula"),
    "formula after a blank": ("a.csv", table("a,jails, =1+1"), "reads as a formula"),
    "unbalanced quote": ("a.csv", table('a,jails,"no end'), "not valid CSV"),
    "cell of 131 kB": ("a.csv", table("a,jails," + "x" * 131_073), "not valid CSV"),
    "ragged rows": ("a.csv", table("a,jails"), "2 cells in this row, but 3 columns"),
    "unknown column": ("a.csv", b"id,password\r\na,b", "column 'password'"),
    "duplicate keys in YAML": ("a.yaml", b"- id: a\n  topic: b\n  topic: c\n", "field 'topic' twice"),
    "duplicate keys in JSON": ("a.json", b'[{"id": "a", "id": "b"}]', "field 'id' twice"),
    "duplicate ids": ("a.json", b'[{"id": "a"}, {"id": "a"}]', "the id 'a' twice"),
    "deep YAML": ("a.yaml", b"- id: " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
    "deep JSON": ("a.json", b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
    "anchor": ("a.yaml", b"- &a\n  id: a\n- *a\n", "anchor or alias"),
    "bomb": ("a.yaml", BOMB, "anchor or alias"),
    "tag": ("a.yaml", b"- !!python/object/apply:os.system [id]\n", "starts with '!'"),
    "lone surrogate": ("a.json", b'[{"id": "a", "topic": "\\ud800"}]', "lone surrogate"),
    "NaN": ("a.json", b'[{"id": "a", "topic": NaN}]', "NaN"),
    "huge number": ("a.json", b'[{"id": ' + b"9" * 5000 + b"}]", "cannot be read as JSON"),
    "broken JSON": ("a.json", b'[{"id": "a",]', "not valid JSON"),
    "broken YAML": ("a.yaml", b"- id: 'a\n  topic: b\n", "not valid YAML"),
    "several documents": ("a.yaml", b"- id: a\n---\n- id: b\n", "more than one document"),
    "no list": ("a.yaml", b"id: a\n", "list of records"),
    "empty": ("a.yaml", b" \n", "is empty"),
    "zip": ("a.yaml", b"PK\x03\x04" + bytes(100), "zip archive"),
    "other ending": ("a.exe", b"MZ", "none of .yaml, .json and .csv"),
    "wrong fields": ("a.yaml", b"- id: a\n  password: b\n", "'password' is not a field of a fact"),
    "unknown source": ("a.yaml", GOOD_FACT.replace("memo", "gone").encode(), "there is no source 'gone'"),
    "personal data": ("a.yaml", GOOD_FACT.replace("every otter", "A 123-456-789").encode(), "looks like an A-number"),
    "one bad among good": (
        "a.yaml",
        (GOOD_FACT + "- id: b\n  topic: jails\n").encode(),
        "b: 'jurisdiction' is missing",
    ),
}


async def imported(court: Court, name: str, data: bytes, sort: str = "fact") -> Any:
    return await court.pia.slash(court.channel, "import", file=(name, data), sort=sort, why="A file.")


async def test_every_bad_file_is_refused_with_a_sentence_in_time_and_nothing_is_written(court: Court) -> None:
    assert len(BAD) >= 50
    assert len(BOMB) < 405

    async def everything() -> list[Any]:
        tables = await court.bot.database.read("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return [tuple(row) for [name] in tables for row in await court.bot.database.read(f'SELECT * FROM "{name}"')]

    before = await everything()
    court.bot.limits = Limits({})  # one moderator attaches them all
    for name, (filename, data, told) in BAD.items():
        # Of the processor, not of a clock: other work on the machine is not the file's doing.
        start = time.process_time()
        result = await imported(court, filename, data)
        seconds = time.process_time() - start
        answer = text_of(result.response)
        assert told in answer, (name, answer)
        assert "Nothing was imported" in answer, name
        assert result.response.ephemeral, name
        assert seconds < 2, (name, seconds)
    court.errors_were_answers()
    assert await everything() == before


PEAK = """
import resource, sys
from pathlib import Path
from bot.catalog.imports import read_import
from bot.catalog.reader import RefusedError
def peak():  # kilobytes on Linux, https://man7.org/linux/man-pages/man2/getrusage.2.html
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
longest = max(Path(sys.argv[1]).iterdir(), key=lambda path: path.stat().st_size).read_bytes()
del longest
before = peak()
for path in Path(sys.argv[1]).iterdir():
    try:
        read_import(path.name, path.read_bytes(), "fact")
    except RefusedError:
        pass
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs")
def test_no_file_takes_more_than_64_mb_of_memory(catalog: Catalog, tmp_path: Path) -> None:
    good = as_json(list(catalog.records())).encode()
    full = b"id,statement\r\n" + b"".join(b"f%d,%s\r\n" % (n, b"x" * 480) for n in range(9_990))
    large = [bad for bad in BAD.values() if len(bad[1]) > 100_000]
    for number, (name, data, _) in enumerate([*large, ("a.json", good, ""), ("a.csv", full, "")]):
        (tmp_path / f"{number}.{name.rpartition('.')[2]}").write_bytes(data)
    run = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path)], cwd=ROOT, capture_output=True, check=True)
    assert int(run.stdout) < 64 * 1024


async def test_a_file_is_shown_dry_then_reviewed_and_then_served(court: Court) -> None:
    both = GOOD_FACT + document([raw(f) for f in court.bot.catalog.facts if f.id == FACT]).replace(
        "may not", "must not"
    )
    result = await imported(court, "a.yaml", both.encode())
    texts = [text_of(message) for message in (result.response, *result.followups)]
    assert "**Dry run:** 1 would be added, 1 changed, 0 are as they were." in texts[0]
    assert "~~may~~ **must** not" in texts[1]
    draft = result.followups[0]
    await court.pia.click(draft, label="Send for review")
    card = court.card()
    assert "An imported file" in text_of(card)
    assert "may approve" in answer_of(await court.pia.click(card, label="Approve")).content
    await court.abe.click(card, label="Approve")
    assert "counts every otter" in text_of(await court.slash(court.ana, "ask", question="who counts otters?"))
    assert "must not" in await court.statement()


@pytest.mark.parametrize("form", ["yaml", "json", "csv", "claimreview"])
async def test_what_is_exported_changes_nothing_when_it_is_imported(court: Court, form: str) -> None:
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    reply = answer_of(await court.ana.slash(court.channel, "export", form=form))
    assert reply.ephemeral
    attached = {file.filename: await file.read() for file in reply.attachments}
    assert attached
    if form == "claimreview":
        assert b"hold nobody past" in attached["claims.jsonld"]
        return
    for name, data in attached.items():
        sorts = (
            list(SORTS) if form == "json" else [sort for sort in SORTS if name.startswith((sort, sort[:-1] + "ies"))]
        )
        for sort in sorts:
            told = await imported(court, name, data, sort)
            assert told.response.content == "This changes nothing: the record says all of it already.", (name, sort)
    court.errors_were_answers()
