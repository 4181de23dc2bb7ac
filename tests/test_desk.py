"""The parts under the desk: word-level differences, fields as text, the personal-data check, pages."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.diff import worded
from bot.cards.review import PAGE, paged
from bot.catalog import Catalog
from bot.desk.checks import new_id, review_day
from bot.exchange import raw
from bot.fields import PARTS, as_text, as_texts, with_texts
from bot.models import SORTS, Kind, ref_of
from bot.personal import personal_data

words = st.lists(st.sampled_from(["jail", "holds", "12", "people", "née", "may"]), max_size=12)


def side(told: str, gone: str, here: str) -> list[str]:
    """The words of one side of a difference."""
    without = re.sub(rf"{gone}.*?{gone}", "", told)
    return without.replace(here, "").split()


@given(words, words)
def test_a_difference_holds_both_texts_word_by_word(before: list[str], after: list[str]) -> None:
    told = worded(" ".join(before), " ".join(after))
    assert side(told, r"\*\*", "~~") == before
    assert side(told, "~~", "**") == after


def test_a_difference_reads_as_discord_shows_it() -> None:
    assert worded("The jail may hold 12 people.", "The jail must hold 20 people.") == (
        "The jail ~~may~~ **must** hold ~~12~~ **20** people."
    )
    assert worded("the same", "the same") == "the same"
    assert worded("", "all new") == "**all new**"
    assert worded("all old", "") == "~~all old~~"
    # No mark of Discord's in a text does anything.
    assert worded("a <@1> [b](http://c.d)", "a *x*") == r"a ~~\<\@1\> \[b\](http\://c.d)~~ **\*x\***"
    assert worded("one\ntwo", "one\ntwo\nthree") == "one\ntwo\n**three**"
    assert worded("one\ntwo\nthree", "one\nthree") == "one\n~~two~~\nthree"


def test_every_record_is_the_same_after_a_form_that_nobody_changed(catalog: Catalog) -> None:
    for record in catalog.records():
        sort, held = ref_of(record).sort, raw(record)
        for part in PARTS[sort]:
            if any(field.form == "history" for field in part.fields):
                continue
            typed = {field.path: as_text(held, field) for field in part.fields}
            assert SORTS[sort].model_validate(with_texts(held, part.fields, typed)) == record


def test_every_field_of_a_record_is_in_some_part(catalog: Catalog) -> None:
    unread = {"id", "fips", "topic", "aliases", "county"}
    for record in catalog.records():
        held = raw(record)
        shown = {field.path.split(".")[0] for part in PARTS[ref_of(record).sort] for field in part.fields}
        assert set(held) - unread <= shown
        assert as_texts(ref_of(record).sort, held)


def test_every_form_has_room_in_discord() -> None:
    for parts in PARTS.values():
        for part in parts:
            assert len(part.title) <= 45
            assert len(part.fields) <= 4 or part.name in {"agreement"}
            for field in part.fields:
                assert len(field.label) <= 45
                assert len(field.help) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "A123456789",
        "A 123-456-789",
        "A# 12345678",
        "123-45-6789",
        "(612) 555-0199",
        "612-555-0199",
        "+1 612 555 0199",
        "a.b@example.org",
        "1200 Park Avenue",
        "3300 E. 34th St",
        "was born on March 3, 1990",
        "date of birth",
    ],
)
def test_personal_data_is_seen(text: str) -> None:
    [told, *_] = personal_data(f"He, {text}, was held there.")
    assert "please take it out" in told


def test_nothing_in_the_record_looks_like_personal_data(catalog: Catalog) -> None:
    texts: list[Any] = [
        *(text for fact in catalog.facts for text in (fact.statement, *fact.phrasings.all(), fact.speaker or "")),
        *(event.title for event in catalog.events),
        *(source.title for source in catalog.sources),
    ]
    assert [told for text in texts for told in personal_data(text)] == []


@given(st.lists(st.text(min_size=1, max_size=5000), min_size=1, max_size=20))
def test_pages_hold_every_line_and_fit(lines: list[str]) -> None:
    pages = paged(lines)
    assert all(len(page) <= PAGE for page in pages)
    # A backslash more keeps a line that was cut from beginning a heading or a list.
    told, given = ("".join("".join(texts).split()).replace("\\", "") for texts in (pages, lines))
    assert told == given


def test_ids_and_review_dates_are_filled_in() -> None:
    assert new_id("source", {"publisher": "Star Tribune", "title": "The “jail” of Ñandú"}) == "star-tribune-jail-nandu"
    assert new_id("event", {"date": "2026-01-05", "title": "The jail opens"}) == "2026-01-05-jail-opens"
    assert new_id("fact", {"statement": "¿?"}) == "fact"
    assert review_day(Kind.FIGURE, date(2026, 11, 30)) == "2027-02-28"
    assert review_day(Kind.LAW, date(2026, 1, 1)) == "2028-01-01"
