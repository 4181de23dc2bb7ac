"""The neutral-wording check: what it catches, what it leaves alone, and what it says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalog.checks import Checks
from bot.catalog.problems import Problem
from bot.catalog.reader import Reader
from bot.models import County, Dispute, Event, Fact, Pack, Record, Source, WordKind, WordList
from bot.models.imitation import imitations
from bot.wording import Flag, check_wording, explained
from tests.conftest import DATA

SENTENCES: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("wording_sentences.yaml").read_text("utf-8"))
LOADED = [name for name in SENTENCES if name.startswith("loaded")]


@pytest.fixture(scope="module")
def words() -> WordList:
    """The real list, read alone."""
    reader = Reader(DATA)
    found = reader.single("wording.yaml", WordList)
    assert found is not None, reader.problems
    return found


def flags(text: str, words: WordList) -> list[Flag]:
    """The flags of a sentence that may be written as 'Speaker | sentence'."""
    speaker, _, sentence = text.rpartition(" | ")
    return check_wording(sentence, words, speaker or None)


def found(text: str, words: WordList) -> list[str]:
    return [flag.found for flag in flags(text, words)]


def is_caught(marked: str, words: WordList) -> bool:
    """Whether a flag touches what stands in [brackets]."""
    speaker, bar, sentence = marked.rpartition(" | ")
    start, end = sentence.index("["), sentence.index("]") - 1
    caught = flags(speaker + bar + re.sub(r"[\[\]]", "", sentence), words)
    return any(flag.start < end and start < flag.start + len(flag.found) for flag in caught)


def test_there_are_a_hundred_sentences_of_each_sort_half_of_them_from_each_side() -> None:
    assert {name: len(set(SENTENCES[name])) for name in SENTENCES} == {
        "loaded_for_enforcement": 50,
        "loaded_against_enforcement": 50,
        "neutral": 100,
    }


@pytest.mark.parametrize("side", LOADED)
def test_loaded_sentences_are_caught_on_both_sides(side: str, words: WordList) -> None:
    missed = [sentence for sentence in SENTENCES[side] if not is_caught(sentence, words)]
    assert len(missed) <= 5, missed


def test_neutral_sentences_are_left_alone(words: WordList) -> None:
    flagged = [(sentence, found(sentence, words)) for sentence in SENTENCES["neutral"] if found(sentence, words)]
    assert len(flagged) <= 5, flagged


def test_our_own_statements_are_seldom_flagged_even_before_exemptions(words: WordList) -> None:
    reader = Reader(DATA)  # the facts alone: half the time of the whole catalog
    facts = [fact for path in reader.paths("facts/*.yaml") for fact in reader.records(path, Fact)]
    flagged = [fact.id for fact in facts if check_wording(fact.statement, words, fact.speaker)]
    assert len(flagged) <= 0.03 * len(facts), flagged


@pytest.mark.parametrize(
    "quoted", ["“illegal aliens”", '"illegal aliens"', "‘illegal aliens’", "‘don’t say illegal aliens’"]
)
def test_a_quotation_is_its_speakers(quoted: str, words: WordList) -> None:
    assert found(f"DHS called the men {quoted} in a release.", words) == []
    assert found(f"DHS called the illegals {quoted} in a raid.", words) == ["illegals", "raid"]


@pytest.mark.parametrize("mark", ["“", "”", '"', "‘", "’"])
def test_a_mark_without_its_partner_quotes_nothing(mark: str, words: WordList) -> None:
    assert found(f"DHS called the men {mark}illegal aliens in a release.", words) == ["illegal aliens"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Minnesota refused to honor detainers.", ["refused"]),
        ("DHS | Minnesota refused to honor detainers.", []),
        ("Minnesota refused to honor detainers, DHS said.", []),
        ("DHS said so. Minnesota refused to honor detainers.", ["refused"]),
        ("Minnesota refused, Gov. Tim Walz said in St. Paul.", []),
        ("Agents allegedly entered without a warrant.", ["allegedly"]),
        ("The complaint | Agents allegedly entered without a warrant.", []),
        ("ICE “said” that it never entered.", ["never"]),
        ("ICE | ICE arrested three illegal aliens.", ["illegal aliens"]),
        ("DHS | DHS claimed that the state had refused.", ["claimed"]),
    ],
)
def test_a_speaker_frees_accounts_but_not_labels(text: str, expected: list[str], words: WordList) -> None:
    assert found(text, words) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Operation Metro Surge and the surge of agents.", ["surge"]),
        ("The No Sanctuary for Criminals Act was passed.", []),
        ("Sanctuary rules led to the Laken Riley Act.", ["Sanctuary"]),
        ("DHS listed Hennepin as a sanctuary county and St. Paul as a sanctuary city.", []),
        ("The drive from Savage to Two Harbors was savage.", ["savage"]),
        ("He was convicted of kidnapping. Agents kidnapped him.", ["kidnapped"]),
        ("Agents executed a search warrant.", []),
        ("An agent executed a nurse.", ["executed"]),
        ("A criminal illegal alien was in the jail.", ["criminal illegal alien"]),
        ("Soft-on-crime, SOFT ON CRIME and the regime’s mob.", ["Soft-on-crime", "SOFT ON CRIME", "regime", "mob"]),
        ("A mobile home, the terrain, graffiti artists, a foraid.", []),
    ],
)
def test_names_law_and_parts_of_words(text: str, expected: list[str], words: WordList) -> None:
    assert found(text, words) == expected


def test_a_flag_says_why_and_what_guides_say_where_they_differ(words: WordList) -> None:
    (flag,) = check_wording("Undocumented workers stayed home.", words, None)
    assert (flag.found, flag.start, flag.kind) == ("Undocumented", 0, WordKind.NOUN)
    assert re.search("AP Stylebook.*Splinter.*Department of Justice", explained(flag))
    assert flag.why in explained(flag)


def test_every_word_of_the_list_is_found_once_it_stands_alone(words: WordList) -> None:
    for entry in words.entries:
        for phrase in entry.words:
            text = f"Then {phrase.replace(' ...', ' it').replace('*', '')} it was."
            assert any(flag.kind is entry.kind for flag in check_wording(text, words, None)), phrase


def test_no_word_stands_in_the_list_twice(words: WordList) -> None:
    phrases = [phrase for entry in words.entries for phrase in entry.words]
    assert sorted(phrases) == sorted(set(phrases))


PIECES = st.sampled_from(
    [
        "“",
        "”",
        '"',
        "‘",
        "’",
        " ",
        "-",
        ". ",
        "DHS said ",
        "refused",
        "illegal aliens",
        "Sanctuary",
        "Act",
        "surge",
        "İ",
        "\n",
    ]
)


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(st.text(), st.lists(PIECES).map("".join)), speaker=st.none() | st.text())
def test_any_text_is_checked_and_what_is_found_stands_there(words: WordList, text: str, speaker: str | None) -> None:
    reached = 0
    for flag in check_wording(text, words, speaker):
        assert flag.found
        assert text[flag.start : flag.start + len(flag.found)] == flag.found
        assert flag.start >= reached
        reached = flag.start + len(flag.found)


# A list is refused that holds what imitates other text, such as "- R".
PHRASES = (
    st.text("aR *.-'([\\\\’é", min_size=1, max_size=9).filter(str.strip).filter(lambda text: not any(imitations(text)))
)


@settings(max_examples=60, deadline=None)
@given(phrase=PHRASES, text=st.text("aR *.-'([\\\\’é"))
def test_any_phrase_of_a_list_is_read(phrase: str, text: str) -> None:
    entry = {"words": ["raid", phrase], "kind": "noun", "why": "why", "exceptions": [phrase], "said": True}
    listed = WordList.model_validate({"names": [phrase], "attribution": [phrase], "entries": [entry]})
    check_wording(f"{text} raid {phrase}", listed, None)


FACT = """\
- id: raid-on-main-street
  topic: jails
  jurisdiction: federal
  kind: event
  statement: >-
    ICE made a raid on
    Main Street in January.
  as_of: 2026-01
  review_by: 2028-01-01
  sources: [{id: memo}]
  phrasings: {plain: [One?, Two?, Three?], colloquial: [four]}
"""
EVENT = "- {id: the-raid, date: 2026-01-01, topic: jails, title: A raid on Main Street, facts: [raid-on-main-street]}\n"
DISPUTE = """\
- id: was-it-a-raid
  topic: jails
  question: Was it a raid?
  sides: [{party: A, facts: [a]}, {party: B, facts: [b]}]
"""
ENTRY = "entries:\n  - {words: [raid], kind: noun, why: Say what was done.}\n"
EXEMPT = "exempt:\n" + "".join(
    f"  - {{id: {name}, words: Raid, why: a name}}\n" for name in ("raid-on-main-street", "the-raid", "was-it-a-raid")
)


def problems(folder: Path, wording: str) -> list[Problem]:
    """What the check of the data folder says of wording."""
    reader = Reader(folder)
    models: dict[str, type[Record]] = {"facts.yaml": Fact, "events.yaml": Event, "disputes.yaml": Dispute}
    for name, content in zip((*models, "wording.yaml"), (FACT, EVENT, DISPUTE, wording), strict=True):
        (folder / name).write_text(content, "utf-8")
    records: dict[type[Record], list[Any]] = {Source: [], County: []}
    records |= {model: list(reader.records(folder / name, model)) for name, model in models.items()}
    pack = Pack.model_construct(topics=())
    words = reader.single("wording.yaml", WordList)
    assert words is not None
    assert not reader.problems
    return Checks(pack, records, reader.where).wording(words)


def test_check_tells_statements_titles_and_questions_with_file_and_line(tmp_path: Path) -> None:
    told = problems(tmp_path, ENTRY)
    assert [(problem.file, problem.line) for problem in told] == [
        ("facts.yaml", 5),
        ("events.yaml", 1),
        ("disputes.yaml", 3),
    ]
    assert told[0].text == "raid-on-main-street: says 'raid' outside quotation marks (noun). Say what was done."


def test_an_exemption_frees_its_words_in_its_record(tmp_path: Path) -> None:
    assert problems(tmp_path, ENTRY + EXEMPT) == []


def test_an_exemption_that_no_longer_matches_is_told_at_its_line(tmp_path: Path) -> None:
    stale = "  - {id: raid-on-main-street, words: surge, why: a name}\n  - {id: gone, words: raid, why: a name}\n"
    told = problems(tmp_path, ENTRY + EXEMPT + stale)
    assert [(problem.file, problem.line) for problem in told] == [("wording.yaml", 7), ("wording.yaml", 8)]
    assert "exempts 'surge' in 'raid-on-main-street'" in told[0].text
