"""The data files: the real ones are in order, and whatever is broken is told with its file and line."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.__main__ import main
from bot.catalog import Catalog, CatalogError, load_catalog
from bot.catalog.problems import Problem

FACTS = "facts/jails.yaml"
PHRASINGS = """\
  phrasings:
    plain: [May a jail hold a person?, Can jails hold people for ICE?, jail hold]
    colloquial: [can they keep my cousin]
"""
# One small record of every sort, complete and in order; every broken file is one edit away from it.
GOOD = {
    "pack.yaml": """\
name: Example
state: Example State
scope: how one jail deals with ICE
examples: [May a jail hold me?, How many are held?, What is a hold?]
topics:
  - id: jails
    title: Jails
    office: {name: The sheriff}
legal_help:
  - name: A legal aid office
guides:
  - id: basics
    title: The basics
    facts: [no-hold]
    disputes: [how-many]
""",
    "search.yaml": """\
stop_words: {english: [a, the], spanish: [el]}
abbreviations: {mn: Minnesota}
synonyms:
  - [ice, migra]
general: [about]
personal: [my uncle]
subject: [jail]
outside: [weather]
elsewhere: [Texas]
seldom: [salary]
question_sorts: {how many: [how many]}
answer_types:
  - {name: number, asked: [how many], held: '\\d'}
common_names: [Elm]
common_words: [willing]
unrecorded_examples: [How old is the sheriff?]
outside_examples: [Will it rain?]
""",
    "weights.yaml": """hybrid: {rank: {statement: 1}, answer: {bias: 1}, enough: 0.5, close: 0.5}
lexical: {rank: {words: 1}, answer: {bias: 1}, enough: 0.5, close: 0.5}
""",
    "wording.yaml": """\
entries:
  - words: [kidnap*]
    kind: verb
    why: It says that a crime was done.
""",
    "sources.yaml": """\
- id: memo
  title: Memo on holds
  publisher: Sheriff
  kind: agency
  published: 2026-01-05
  url: https://example.org/memo
""",
    FACTS: f"""\
- id: short-stay
  topic: jails
  jurisdiction: county
  places: [Elm County, Elmton]
  kind: statement
  statement: The jail administrator said that most stays are short.
  speaker: Jail Administrator
  as_of: 2026-03
  review_by: 2026-12-31
  sources: [{{id: memo, locator: page 2}}]
{PHRASINGS}
- id: count-low
  topic: jails
  jurisdiction: state
  kind: figure
  statement: The sheriff counted 12 people in the jail.
  speaker: Sheriff
  figure:
    counted: people in the jail
    value: "12"
    unit: people
  as_of: 2026-01-05
  review_by: 2026-04-05
  sources:
    - id: memo
{PHRASINGS}
- id: count-high
  topic: jails
  jurisdiction: state
  kind: figure
  statement: The agency counted more than 20 people in the jail.
  speaker: Agency
  figure: {{counted: people in the jail, value: more than 20, unit: people}}
  as_of: 2026-01-05
  review_by: 2026-04-06
  sources: [{{id: memo}}]
{PHRASINGS}
- id: no-hold
  topic: jails
  jurisdiction: state
  kind: law
  statement: The jail may not hold a person past release.
  speaker: Attorney General
  as_of: 2026-01
  review_by: 2028-01-01
  sources: [{{id: memo}}]
{PHRASINGS}
- id: old-hold
  topic: jails
  jurisdiction: state
  kind: law
  statement: The jail may hold a person for a day.
  as_of: 2020
  review_by: 2022-01-01
  sources: [{{id: memo}}]
  superseded_by: no-hold
{PHRASINGS}""",
    "disputes.yaml": """\
- id: how-many
  topic: jails
  question: How many people are in the jail?
  sides:
    - party: Attorney General
      facts: [no-hold]
    - party: Agency
      facts: [count-high]
""",
    "events.yaml": """\
- id: opening
  date: 2026-01-05
  until: 2026-01-07
  topic: jails
  title: The jail opens
  facts: [no-hold]
""",
    "counties.yaml": """\
- id: elm
  name: Elm County
  fips: "27001"
  cities: [Elmton]
""",
    "agreements.yaml": """\
- id: elm-jail
  agency: Elm County Sheriff
  county: elm
  model: jail-enforcement
  signed: 2025-03-01
  history:
    - date: 2025-03-01
      status: signed
      sources: [{id: memo, locator: row 2}]
    - date: 2026-01-02
      status: called-void
      by: Attorney General
      sources: [{id: memo}]
  dispute: how-many
""",
    "terms.yaml": """\
- id: hold
  term: Hold
  fact: no-hold
""",
}
# Records that nothing else names: what is wrong with them is the only thing to be told.
SHORT_STAY = GOOD[FACTS][: GOOD[FACTS].index("- id: count-low")]
# One more record with an id that is taken; nothing else is wrong with it.
AGAIN = {
    "sources.yaml": "- {id: memo, title: Other, publisher: Other, kind: news}\n",
    FACTS: SHORT_STAY.replace("most stays", "all stays"),
    "disputes.yaml": "- {id: how-many, topic: jails, question: Which?, sides: "
    "[{party: A, facts: [short-stay]}, {party: B, facts: [count-low]}]}\n",
    "events.yaml": "- {id: opening, date: 2026, topic: jails, title: Other, facts: [no-hold]}\n",
    "counties.yaml": '- {id: elm, name: Oak County, fips: "27003"}\n',
    "agreements.yaml": "- {id: elm-jail, agency: Other, county: elm, model: task-force, history: "
    "[{date: 2026, status: signed, sources: [{id: memo}]}]}\n",
    "terms.yaml": "- {id: hold, term: Other, fact: no-hold}\n",
}
BOMB = "- &a [x, x]\n" + "".join(f"- &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


def folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in (dict[str, str | bytes](GOOD) | dict(files)).items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def line_of(marker: str, text: str) -> int:
    assert text.count(marker) == 1 or not marker, f"{marker!r} must stand once in the file"
    return text[: text.index(marker)].count("\n") + 1


def problems_in(path: Path) -> list[Problem]:
    with pytest.raises(CatalogError) as caught:
        load_catalog(path, check_words=True)
    return caught.value.problems


def assert_only(problems: list[Problem], file: str, line: int, says: str) -> None:
    assert [(problem.file, problem.line) for problem in problems] == [(file, line)], "\n".join(map(str, problems))
    assert says in problems[0].text


@dataclass(frozen=True)
class Edit:
    """One edit of a good file: what is replaced, what stands on the line to be told, and what is to be said.

    `echoes` when other records name what the edit breaks: they are told as well, that it is not there.
    """

    file: str
    old: str
    new: str
    at: str
    says: str
    echoes: bool = False


def fact(old: str, new: str, at: str, says: str, *, echoes: bool = False) -> Edit:
    return Edit(FACTS, old, new, at, says, echoes)


def stays(said: str, says: str, at: str = "  statement:") -> Edit:
    """An edit of what the fact 'short-stay' states."""
    line = "  statement: The jail administrator said that most stays are short."
    return Edit(FACTS, line, f"  statement: {said}  # here", "# here" if at == "  statement:" else at, says)


SPEAKER = "  speaker: Jail Administrator"
AS_OF = "as_of: 2026-03"
FOUR = "    - id: memo\n" + PHRASINGS
ONE_BY_ONE = "    - id: memo\n  phrasings:\n"
EDITS = {
    "source that is not there": fact(
        "{id: memo, locator: page 2}", "{id: gone}", "id: gone", "no source 'gone' in sources.yaml: add it there"
    ),
    "source that is not there, in a list over lines": fact(
        "    - id: memo", "    - id: memo\n    - id: gone", "- id: gone", "no source 'gone'"
    ),
    "source of an agreement that is not there": Edit(
        "agreements.yaml", "{id: memo, locator: row 2}", "{id: gone}", "{id: gone}", "no source 'gone'"
    ),
    "no source": fact("[{id: memo, locator: page 2}]", "[]", "sources: []", "'sources' needs at least 1"),
    "same source twice": fact("    - id: memo", "    - id: memo\n    - id: memo", "- id: count-low", "source twice"),
    "statement of nobody": fact(SPEAKER + "\n", "", "- id: short-stay", "needs a speaker: whose statement"),
    "speaker left empty": fact(SPEAKER, "  speaker:", "- id: short-stay", "needs a speaker: whose statement"),
    "day that is not in the calendar": fact(AS_OF, "as_of: 2026-02-30", "2026-02-30", "2026-02-30 is not in the cal"),
    "month that is not in the calendar": fact(AS_OF, "as_of: 2026-13", "2026-13", "2026-13 is not in the calendar"),
    "date in words": fact(AS_OF, "as_of: soon", "as_of: soon", "must be a date written YYYY, YYYY-MM or YYYY-MM-DD"),
    "date of another order": fact(AS_OF, "as_of: 03/01/2026", "03/01/2026", "must be a date written YYYY"),
    "review date that is not whole": fact("2026-12-31", "2026-12", "review_by: 2026-12", "must be a whole date"),
    "review date before as-of": fact(
        "2026-12-31", "2026-02-28", "- id: short-stay", "review date that is not after its as-of date"
    ),
    "no phrasings": fact(FOUR, "    - id: memo\n", "- id: count-low", "'phrasings' is missing: add it"),
    "too few phrasings": fact(
        FOUR,
        ONE_BY_ONE + "    plain: [Is it short?]\n    colloquial: [how long]\n",
        "phrasings:\n    plain: [Is it short?]",
        "lists 2 English questions; a fact needs at least four",
    ),
    "no colloquial phrasing": fact(
        FOUR,
        ONE_BY_ONE + "    plain: [One?, Two?, Three?, Four?]\n    colloquial: []\n",
        "colloquial: []",
        "'phrasings.colloquial' needs at least 1",
    ),
    "same question twice": fact(
        FOUR,
        ONE_BY_ONE + "    plain: [One?, Two?, Three?]\n    colloquial: [ONE?]\n",
        "phrasings:\n    plain: [One?",
        "lists the same question twice",
    ),
    "anchor": fact(SPEAKER, "  speaker: &who Sheriff", "&who", "uses an anchor or alias", echoes=True),
    "alias": fact(SPEAKER, "  speaker: *who", "*who", "uses an anchor or alias (& or *): write", echoes=True),
    "text that YAML takes for a tag": fact(SPEAKER, "  speaker: !Sheriff Lee", "!Sheriff", "put it in", echoes=True),
    "tab": fact("  " + AS_OF, "\t" + AS_OF, "\tas_of", "use spaces, not tabs", echoes=True),
    "NUL byte": fact(AS_OF, "as_of: 20\x0026", "\x00", "control characters are not allowed", echoes=True),
    "colon in a text without quotes": fact(SPEAKER, "  speaker: A: B", "A: B", "look at quotes, colons", echoes=True),
    "field twice": fact(
        SPEAKER,
        SPEAKER + "\n  speaker: B",
        "speaker: B",
        "has the field 'speaker' twice in one record: remove one",
        echoes=True,
    ),
    "field name that is a list": fact(SPEAKER, "  ? [speaker]\n  : B", "? [speaker]", "not plain text", echoes=True),
    "two documents": fact("- id: count-low", "---\n- id: count-low", "---", "more than one document", echoes=True),
    "stray brackets": fact(
        "places: [Elm", "places: " + "[" * 40 + "Elm", "[" * 40, "nested too deeply: look for a stray", echoes=True
    ),
    "field that does not exist": fact(
        SPEAKER,
        SPEAKER + "\n  spaeker: B",
        "spaeker",
        "'spaeker' is not a field of a fact: check the spelling or remove it",
    ),
    "kind that does not exist": fact("kind: statement", "kind: rumour", "kind: rumour", "'kind' is 'rumour' but must"),
    "figure that is not given": fact(
        '  figure:\n    counted: people in the jail\n    value: "12"\n    unit: people\n',
        "",
        "- id: count-low",
        "needs 'figure' (counted, value, unit) exactly when its kind is 'figure'",
    ),
    "figure of a statement": fact(
        SPEAKER, SPEAKER + "\n  figure: {counted: a, value: 1, unit: b}", "- id: short-stay", "exactly when its kind"
    ),
    "figure without a value": fact('    value: "12"\n', "", "  figure:\n    counted", "'figure.value' is missing: add"),
    "value without a digit": fact('value: "12"', "value: a dozen", "value: a dozen", "'figure.value' is 'a dozen'"),
    "place that is not given": fact(
        "  places: [Elm County, Elmton]\n", "", "- id: short-stay", "is about a county and must name it under 'places'"
    ),
    "place twice": fact("[Elm County, Elmton]", "[Elmton, Elmton]", "- id: short-stay", "names the same place twice"),
    "place that is not there": fact(
        "[Elm County, Elmton]",
        "[Elm County, Gotham]",
        "Gotham",
        "'Gotham' is not in counties.yaml: write 'Cass County'",
    ),
    "topic that is not there": fact(
        "short-stay\n  topic: jails", "short-stay\n  topic: zoos", "zoos", "no topic 'zoos' in pack.yaml"
    ),
    "topic of an event that is not there": Edit(
        "events.yaml", "topic: jails", "topic: zoos", "zoos", "no topic 'zoos'"
    ),
    "topic of a dispute that is not there": Edit(
        "disputes.yaml", "topic: jails", "topic: zoos", "zoos", "no topic 'zoos' in pack.yaml"
    ),
    "superseded by nothing": fact(
        "superseded_by: no-hold", "superseded_by: gone", "superseded_by: gone", "there is no fact 'gone'"
    ),
    "superseded by itself": fact(
        "superseded_by: no-hold", "superseded_by: old-hold", "- id: old-hold", "is superseded by itself"
    ),
    "web address in a statement": stays(
        "Most stays are short, see https://example.org.", "has a web address; put it on"
    ),
    "web address in large letters": stays("Most stays are short, see HTTPS://EXAMPLE.ORG.", "has a web address; put"),
    "zero-width character": stays("Most stays\u200b are very short.", "has an invisible character; type it again"),
    "text that runs backwards": stays("Most stays \u202eare very short.", "has an invisible character; type it again"),
    "text in isolation": stays("Most stays \u2066are very short.", "has an invisible character; type it again"),
    "letter that is hidden as a tag": stays("Most stays\U000e0041 are very short.", "has an invisible character; type"),
    "filler that shows nothing": stays("Most stays\u3164 are very short.", "has an invisible character; type it again"),
    "soft hyphen": stays("Most sta\u00adys are very short.", "has an invisible character; type it again by hand"),
    "accent stored apart": stays("Most stays in Canto\u0301n are short.", "has letters stored in two parts"),
    "line break in a statement": stays(
        '"Most stays\\nare very short."', "has a line break or control character; write"
    ),
    "statement without a full stop": stays("Most stays are very short", "must end with a full stop"),
    "statement that says nothing": stays("Short stays.", "is too short: write at least 20 characters"),
    "statement that is too long": stays("Most stays are short. " * 42, "is too long: at most 900 characters"),
    "loaded word": stays(
        "Agents kidnapped most people early.", "says 'kidnapped' outside quotation marks (verb). It says"
    ),
    "loaded word in a title": Edit(
        "events.yaml", "The jail opens", "A kidnapping", "A kidnapping", "says 'kidnapping' outside quotation marks"
    ),
    "loaded word in a question": Edit(
        "disputes.yaml",
        "are in the jail",
        "were kidnapped",
        "were kidnapped",
        "says 'kidnapped' outside quotation marks",
    ),
    "exemption that nothing needs": Edit(
        "wording.yaml",
        "entries:",
        "exempt:\n  - {id: opening, words: kidnapped, why: A law says so.}\nentries:",
        "{id: opening",
        "exempts 'kidnapped' in 'opening', where the check does not flag it: remove this",
    ),
    "dispute with one side": Edit(
        "disputes.yaml",
        "    - party: Agency\n      facts: [count-high]\n",
        "",
        "sides:",
        "'sides' needs at least 2 entries",
        echoes=True,
    ),
    "dispute with one party twice": Edit(
        "disputes.yaml", "party: Agency", "party: attorney GENERAL", "- id: how-many", "same party on two", echoes=True
    ),
    "dispute with one fact twice": Edit(
        "disputes.yaml", "[count-high]", "[no-hold]", "- id: how-many", "has the same fact on two sides", echoes=True
    ),
    "dispute about a fact that is not there": Edit("disputes.yaml", "[no-hold]", "[gone]", "sides:", "no fact 'gone'"),
    "event that ends before it begins": Edit(
        "events.yaml", "until: 2026-01-07", "until: 2026-01-04", "- id: opening", "ends before it begins"
    ),
    "event that ends in a month before": Edit(
        "events.yaml", "until: 2026-01-07", "until: 2025-12", "- id: opening", "ends before it begins"
    ),
    "event that tells one fact twice": Edit(
        "events.yaml", "[no-hold]", "[no-hold, no-hold]", "- id: opening", "names the same fact twice"
    ),
    "event with a fact that is not there": Edit("events.yaml", "[no-hold]", "[gone]", "[gone]", "no fact 'gone'"),
    "event with a superseded fact": Edit(
        "events.yaml", "[no-hold]", "[old-hold]", "[old-hold]", "'old-hold' is superseded: name 'no-hold' instead"
    ),
    "event without a fact": Edit("events.yaml", "[no-hold]", "[]", "facts: []", "'facts' needs at least 1"),
    "agreement with its history out of order": Edit(
        "agreements.yaml", "date: 2026-01-02", "date: 2024", "- id: elm-jail", "does not run from oldest to newest"
    ),
    "agreement that nobody calls void": Edit(
        "agreements.yaml",
        "      by: Attorney General\n",
        "",
        "- date: 2026-01-02",
        "must say under 'by' who calls the agreement void",
    ),
    "agreement of no county": Edit(
        "agreements.yaml", "county: elm", "county: oak", "county: oak", "no county 'oak' in counties.yaml"
    ),
    "agreement under no dispute": Edit(
        "agreements.yaml", "dispute: how-many", "dispute: gone", "dispute: gone", "no dispute 'gone' in disputes.yaml"
    ),
    "link that runs a script": Edit(
        "sources.yaml", "https://example.org", "javascript:alert", "javascript", "starts with https:// or", echoes=True
    ),
    "link with a space": Edit(
        "sources.yaml", "example.org/", "example.org/a ", "example.org/a ", "must be a web address that", echoes=True
    ),
    "link with a user before the host": Edit(
        "sources.yaml", "example.org", "dhs.gov@example.org", "dhs.gov@", "must be a web address", echoes=True
    ),
    "id with capitals": Edit(
        "sources.yaml", "id: memo", "id: Memo_1", "Memo_1", "not written as this field", echoes=True
    ),
    "county that is not called one": Edit(
        "counties.yaml", "Elm County", "Elm", "name: Elm", "not written as this field needs", echoes=True
    ),
    "text where a list belongs": Edit(
        "counties.yaml", "[Elmton]", "Elmton", "cities:", "'cities' must be a list: one '- ' line each", echoes=True
    ),
    "term that no fact explains": Edit("terms.yaml", "fact: no-hold", "fact: gone", "fact: gone", "no fact 'gone'"),
    "list where a text belongs": Edit("terms.yaml", "term: Hold", "term: [Hold]", "[Hold]", "'term' must be text"),
    "guide with a fact that is not there": Edit("pack.yaml", "[no-hold]", "[gone]", "facts: [gone]", "no fact 'gone'"),
    "guide with a dispute that is not there": Edit(
        "pack.yaml", "[how-many]", "[gone]", "disputes: [gone]", "no dispute 'gone'"
    ),
}
WHOLE: dict[str, tuple[bytes, str, str]] = {
    "byte order mark": (b"\xef\xbb\xbf" + GOOD["terms.yaml"].encode(), "", "save it as 'UTF-8', not as 'UTF-8 with B"),
    "empty": (b"", "", "is empty: write [] if it should hold no records"),
    "blank": (b" \n\n ", "", "is empty: write []"),
    "only comments": (b"# to do\n# more\n", "", "holds only comments: write []"),
    "latin-1": (
        (GOOD["terms.yaml"] + "  aliases: [retención]\n").encode("latin-1"),
        "aliases",
        "is not UTF-8 text: save it with the encoding UTF-8",
    ),
    "UTF-16": (GOOD["terms.yaml"].encode("utf-16"), "", "is not UTF-8 text: save it with"),
    "mapping instead of a list": (
        b"id: hold\nterm: Hold\nfact: no-hold\n",
        "",
        "must be a list: start each record with '- id: ...'",
    ),
    "text instead of a record": (b"- {id: a, term: B, fact: no-hold}\n- b\n", "- b", "record with named fields"),
    "YAML bomb": (BOMB.encode(), "", "uses an anchor or alias"),
    "nesting": (b"- " * 13 + b"x\n", "", "is nested too deeply: look for a stray bracket or dash"),
    "endless nesting": (b"[" * 1_000_000, "", "is nested too deeply"),
    "more than 5 MB": (b"[]\n" + b"#\n" * 2_500_000, "", "is larger than 5 MB: split it"),
    "quote that is not closed": (
        b'- id: hold\n  term: "Hold\n  fact: no-hold\n\n',
        "term:",
        "found unexpected end of stream; look at quotes",
    ),
}


def test_real_data_folder_is_in_order(catalog: Catalog) -> None:
    assert len(catalog.facts) > 100
    assert len(catalog.counties) == 87
    assert {type(record).__name__ for record in catalog.records()} == {
        "Source", "Fact", "Dispute", "Event", "County", "Agreement", "Term",
    }  # fmt: skip


def test_small_folder_is_in_order(tmp_path: Path) -> None:
    catalog = load_catalog(folder(tmp_path, {}))
    assert [record.id for record in catalog.facts] == ["short-stay", "count-low", "count-high", "no-hold", "old-hold"]
    assert catalog.facts[0].statement == "The jail administrator said that most stays are short."
    assert len(list(catalog.records())) == 11


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_broken_record_is_told_with_its_line(edit: Edit, tmp_path: Path) -> None:
    assert GOOD[edit.file].count(edit.old) == 1, "the edit must hit one place"
    text = GOOD[edit.file].replace(edit.old, edit.new)
    problems = problems_in(folder(tmp_path, {edit.file: text}))
    echoes = [problem for problem in problems if edit.says not in problem.text]
    assert_only(
        [problem for problem in problems if problem not in echoes], edit.file, line_of(edit.at, text), edit.says
    )
    assert bool(echoes) is edit.echoes, echoes
    assert all(re.search(r"there is no|is not in counties\.yaml", problem.text) for problem in echoes)


@pytest.mark.parametrize(("content", "at", "says"), WHOLE.values(), ids=WHOLE)
def test_broken_file_is_told_with_its_line(content: bytes, at: str, says: str, tmp_path: Path) -> None:
    problems = problems_in(folder(tmp_path, {"terms.yaml": content}))
    assert_only(problems, "terms.yaml", line_of(at, content.decode("latin-1")), says)


@pytest.mark.parametrize("file", AGAIN)
def test_id_that_is_taken_is_told_with_both_places(file: str, tmp_path: Path) -> None:
    text = GOOD[file] + "\n" + AGAIN[file]
    line = text[: text.rindex("id: " + GOOD[file].split("\n")[0].removeprefix("- id: "))].count("\n") + 1
    problems = problems_in(folder(tmp_path, {file: text}))
    assert_only(problems, file, line, f"at {file}:1: choose another")


def test_id_that_is_taken_in_another_file_is_told(tmp_path: Path) -> None:
    problems = problems_in(folder(tmp_path, {"facts/more.yaml": AGAIN[FACTS]}))
    assert_only(problems, "facts/more.yaml", 1, "already used by the fact at facts/jails.yaml:1")


@pytest.mark.parametrize("file", [name for name in GOOD if name != FACTS])
def test_missing_file_is_told(file: str, tmp_path: Path) -> None:
    (folder(tmp_path, {}) / file).unlink()
    assert Problem(file, 1, "is missing: add the file") in problems_in(tmp_path)


def test_missing_facts_are_told(tmp_path: Path) -> None:
    (folder(tmp_path, {}) / FACTS).unlink()
    assert "facts/*.yaml" in {problem.file for problem in problems_in(tmp_path) if "is missing" in problem.text}


def test_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    (folder(tmp_path, {}) / "facts/more.yaml").mkdir()
    assert_only(problems_in(tmp_path), "facts/more.yaml", 1, "cannot be read")


def test_fact_in_two_disputes_is_told_at_the_second(tmp_path: Path) -> None:
    text = GOOD["disputes.yaml"] + GOOD["disputes.yaml"].replace("how-many", "second").replace(
        "count-high", "count-low"
    )
    problems = problems_in(folder(tmp_path, {"disputes.yaml": text}))
    line = text[: text.rindex("sides:")].count("\n") + 1
    assert_only(problems, "disputes.yaml", line, "second: the fact 'no-hold' is in two disputes")


def test_cycle_of_superseded_facts_is_told_at_each(tmp_path: Path) -> None:
    text = GOOD[FACTS].replace("  speaker: Attorney", "  superseded_by: old-hold\n  speaker: Attorney")
    problems = [p for p in problems_in(folder(tmp_path, {FACTS: text})) if p.file == FACTS]
    lines = [line_of("superseded_by: old-hold", text), line_of("superseded_by: no-hold", text)]
    assert [(problem.line, "leads back to itself" in problem.text) for problem in problems] == [
        (n, True) for n in lines
    ]


def test_side_without_a_speaker_is_told_at_its_fact(tmp_path: Path) -> None:
    text = GOOD[FACTS].replace("  speaker: Attorney General\n", "")
    problems = problems_in(folder(tmp_path, {FACTS: text}))
    assert_only(
        problems,
        FACTS,
        line_of("- id: no-hold", text),
        "no-hold: is a side of the dispute 'how-many' and needs a speaker",
    )


@pytest.mark.parametrize("kind", ["advocacy", "aggregator"])
def test_one_sided_sources_need_a_speaker(kind: str, tmp_path: Path) -> None:
    files = {"sources.yaml": GOOD["sources.yaml"].replace("kind: agency", f"kind: {kind}")}
    assert_only(problems_in(folder(tmp_path, files)), FACTS, line_of("- id: old-hold", GOOD[FACTS]), "name the speaker")


def test_one_page_is_one_source(tmp_path: Path) -> None:
    text = GOOD["sources.yaml"] + GOOD["sources.yaml"].replace("id: memo", "id: again")
    problems = problems_in(folder(tmp_path, {"sources.yaml": text}))
    assert_only(problems, "sources.yaml", 12, "again: is the same page as 'memo': keep one of the two")


def test_loaded_word_may_stand_where_it_is_exempt_or_quoted(tmp_path: Path) -> None:
    exempt = "exempt:\n  - {id: opening, words: KIDNAPPING, why: It is the name of the event.}\n"
    files = {
        "events.yaml": GOOD["events.yaml"].replace("The jail opens", "A kidnapping"),
        "wording.yaml": exempt + GOOD["wording.yaml"],
        FACTS: GOOD[FACTS].replace("The agency counted", "The agency said “kidnap” and counted"),
    }
    assert load_catalog(folder(tmp_path, files), check_words=True).events[0].title == "A kidnapping"


def test_a_loaded_word_is_told_by_the_check_and_keeps_no_bot_from_starting(tmp_path: Path) -> None:
    path = folder(tmp_path, {"events.yaml": GOOD["events.yaml"].replace("The jail opens", "A kidnapping")})
    assert "kidnapping" in str(problems_in(path)[0])
    assert load_catalog(path).events[0].title == "A kidnapping"


def test_no_and_octal_numbers_are_text(tmp_path: Path) -> None:
    files = {
        "sources.yaml": GOOD["sources.yaml"].replace("publisher: Sheriff", "publisher: no\n  author: 010"),
        FACTS: GOOD[FACTS].replace('value: "12"', "value: 010").replace("unit: people\n", "unit: yes\n"),
        "counties.yaml": GOOD["counties.yaml"].replace('"27001"', "01234").replace("[Elmton]", "[Elmton, null, ~]"),
    }
    catalog = load_catalog(folder(tmp_path, files))
    figure = catalog.facts[1].figure
    assert figure is not None
    assert (catalog.sources[0].publisher, catalog.sources[0].author) == ("no", "010")
    assert (figure.value, figure.unit) == ("010", "yes")
    assert (catalog.counties[0].fips, catalog.counties[0].cities) == ("01234", ("Elmton", "null", "~"))
    assert catalog.facts[4].as_of == "2020"


@pytest.mark.parametrize("start", ["---\n", "# The terms.\n---\n", "%YAML 1.1\n---\n", "\n\n---\n"])
def test_one_document_may_start_with_its_mark(start: str, tmp_path: Path) -> None:
    assert len(load_catalog(folder(tmp_path, {"terms.yaml": start + GOOD["terms.yaml"]})).terms) == 1


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    files = {name: text.replace("\n", "\r\n") for name, text in GOOD.items()}
    (tmp_path / "unix").mkdir()
    (tmp_path / "windows").mkdir()
    assert load_catalog(folder(tmp_path / "windows", files)) == load_catalog(folder(tmp_path / "unix", {}))


def test_check_lists_every_problem_of_every_file_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        FACTS: GOOD[FACTS]
        .replace(AS_OF, "as_of: soon")
        .replace("kind: law\n  statement: The jail may hold", "kind: lore\n  statement: Old"),
        "events.yaml": GOOD["events.yaml"]
        .replace("date: 2026-01-05", "date: 2026-02-30")
        .replace("topic: ", "topik: "),
        "sources.yaml": GOOD["sources.yaml"].replace("url: https", "url: gopher"),
        "terms.yaml": "",
        "counties.yaml": GOOD["counties.yaml"] + "- id: oak\n",
    }
    assert main(["check", "--data", str(folder(tmp_path, files))]) == 1
    *lines, count = capsys.readouterr().out.splitlines()
    told = [(file, int(line)) for file, line, _ in (text.split(":", 2) for text in lines)]
    assert told == sorted(told)
    assert count == f"{len(lines)} problems"
    text = "\n".join(lines)
    for expected in (
        "\ncounties.yaml:5: oak: 'fips' is missing: add it\ncounties.yaml:5: oak: 'name' is missing: add it\n",
        "\nevents.yaml:1: opening: 'topic' is missing",
        "\nevents.yaml:2: opening: date 2026-02-30 is not in the calendar",
        "\nevents.yaml:4: opening: 'topik' is not a field",
        f"\n{FACTS}:8: short-stay: as_of must be a date",
        f"\n{FACTS}:{line_of('kind: lore', files[FACTS])}: old-hold: 'kind' is 'lore' but must be",
        "\nsources.yaml:6: memo: url must be a web address",
        "\nterms.yaml:1: is empty",
    ):
        assert expected in text


def test_check_of_good_data_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--data", str(folder(tmp_path, {}))]) == 0
    assert capsys.readouterr().out == "5 facts, 1 sources, 1 disputes, 1 events: no problems\n"


def test_check_of_no_folder_tells_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--data", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().out.count("is missing: add the file") == len(GOOD)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], list[Problem]]:
    path = folder(tmp_path_factory.mktemp("fuzzed"), {})

    def load(content: bytes) -> list[Problem]:
        (path / FACTS).write_bytes(content)
        try:
            load_catalog(path)
        except CatalogError as error:
            return error.problems
        return []

    return load


YAMLISH = st.text(st.sampled_from("abid:- \n\t\r\"'[]{}&*!|>%@`#?,~é\x00\x85\u2028\ufeff"), max_size=200)


@settings(max_examples=80, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode), YAMLISH.map(str.encode)))
def test_whatever_a_file_holds_it_is_told_as_a_problem(
    content: bytes, fuzzed: Callable[[bytes], list[Problem]]
) -> None:
    problems = fuzzed(content)
    assert FACTS in {problem.file for problem in problems} or content.strip() in {b"[]", b"{}"}
    assert all(problem.line >= 1 and problem.text for problem in problems)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(GOOD[FACTS])), st.integers(0, 12), YAMLISH.map(lambda text: text[:6]))
def test_whatever_is_typed_into_a_good_file_never_crashes(
    fuzzed: Callable[[bytes], list[Problem]], at: int, removed: int, typed: str
) -> None:
    text = GOOD[FACTS][:at] + typed + GOOD[FACTS][at + removed :]
    assert all(1 <= problem.line <= text.count("\n") + 8 and problem.text for problem in fuzzed(text.encode()))


def test_a_pattern_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    broken = GOOD["search.yaml"].replace("'\\d'", "'['")
    assert broken != GOOD["search.yaml"]
    for name, text in (GOOD | {"search.yaml": broken}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(CatalogError, match="not a pattern that Python can read"):
        load_catalog(tmp_path)
