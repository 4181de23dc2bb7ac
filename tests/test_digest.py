"""What a summary says: from the record and a day alone, cited, with all sides, and within Discord's limits."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import digest, ui
from bot.cards import Card, pages, plain
from bot.cards.text import Heading, Small, Statement, continued
from bot.catalog import Catalog, load_catalog
from bot.models import (
    Change,
    Cited,
    Claim,
    Day,
    Dispute,
    Disputed,
    Event,
    Fact,
    Language,
    Origin,
    Record,
    Schedule,
    body_of,
    ref_of,
)
from bot.store import Database, changes, files, revisions, summaries
from tests.test_catalog import folder

LOADED = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2026, 1, 5)
SCHEDULE = Schedule(channel=1, guild=1, organizer=1)
OTHER = "The jail administrator said that visits are on Sundays."


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """One record of every sort."""
    return load_catalog(folder(tmp_path_factory.mktemp("small"), {}))


@pytest.fixture
async def kept(small: Catalog, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with the small record."""
    database = await Database.open(tmp_path / "small.sqlite3")
    await files.load(database, small.records(), at=LOADED)
    yield database
    await database.close()


async def publish(database: Database, *records: Record, retire: tuple[Record, ...] = ()) -> None:
    """Versions that moderators published after the files were loaded."""
    made = [Change(ref_of(r), body_of(r)) for r in records] + [Change(ref_of(r), None) for r in retire]
    at = LOADED + timedelta(days=3)
    await database.write(lambda writer: revisions.write(writer, made, Origin.EDIT, at))


async def claim_for(database: Database, day: date = DAY, **chosen: Any) -> Claim:
    """The claim that a day would get."""
    schedule = SCHEDULE.model_copy(update=chosen)
    return await summaries.unclaimed(database, schedule, day, LOADED + timedelta(days=3, hours=1))


async def told(database: Database, day: date = DAY, **chosen: Any) -> Day:
    """What a day's summary tells."""
    return await changes.day(database, await claim_for(database, day, **chosen))


def fact(small: Catalog, name: str, **fields: Any) -> Fact:
    """A fact of the small record, changed."""
    return next(f for f in small.facts if f.id == name).model_copy(update=fields)


def headings(card: Card) -> list[str]:
    return [block.text for section in card.sections for block in section if isinstance(block, Heading)]


def statements(card: Card) -> list[str]:
    return [block.text for section in card.sections for block in section if isinstance(block, Statement)]


async def test_a_quiet_day_says_so_in_one_line(kept: Database) -> None:
    day = await told(kept, date(2026, 2, 10))
    text = plain(digest.summary(day, Language.ENGLISH, "summary:1.2026-02-10"))
    assert text.splitlines()[0] == "Daily summary, Feb 10, 2026"
    assert "Nothing has changed in the record since the last summary." in text
    assert len(text.splitlines()) == 5


async def test_the_first_load_of_the_files_is_no_news(kept: Database) -> None:
    assert (await told(kept)).added == ()


async def test_corrections_come_first_and_each_line_is_cited(kept: Database, small: Catalog) -> None:
    new = fact(small, "count-low", id="new-count", statement="The sheriff counted 14 people in the jail.")
    await publish(kept, new, fact(small, "short-stay", statement=OTHER))
    day = await told(kept, ahead=False)
    card = digest.summary(day, Language.ENGLISH, "summary:1.2026-01-05")
    assert headings(card)[:2] == ["Corrected since the last summary", "New in the record"]
    assert statements(card)[:2] == [OTHER, new.statement]
    for section in card.sections:
        for number, block in enumerate(section):
            if isinstance(block, Statement):
                below = [
                    part.text for b in section[number + 1 : number + 4] if isinstance(b, Small) for part in b.parts
                ]
                assert "Source" in below
                assert any(text.startswith("as of ") for text in below)


async def test_a_newer_source_is_no_correction_and_a_new_question_no_news(kept: Database, small: Catalog) -> None:
    held = fact(small, "short-stay")
    phrasings = held.phrasings.model_copy(update={"spanish": ("Una pregunta",)})
    await publish(kept, held.model_copy(update={"phrasings": phrasings}))
    quiet = await told(kept)
    assert (quiet.corrected, quiet.renewed) == ((), ())
    await publish(kept, fact(small, "short-stay", review_by="2027-01-01"))
    day = await told(kept)
    assert day.corrected == ()
    assert len(day.renewed) == 1


async def test_a_superseded_statement_gives_way_to_its_successor(kept: Database, small: Catalog) -> None:
    new = fact(small, "short-stay", id="longer-stay", statement=OTHER)
    old = fact(small, "short-stay", superseded_by="longer-stay")
    await publish(kept, new, old)
    card = digest.summary(await told(kept, date(2026, 2, 10)), Language.ENGLISH, "summary:1.x")
    assert headings(card) == ["Replaced by newer statements"]
    assert statements(card) == [OTHER]


async def test_a_retired_statement_is_named_by_its_sources_and_not_repeated(kept: Database, small: Catalog) -> None:
    held = fact(small, "short-stay")
    await publish(kept, retire=(held,))
    text = plain(digest.summary(await told(kept), Language.ENGLISH, "summary:1.x"))
    assert "Taken out of the record" in text
    assert "Elm County" in text
    assert "https://example.org/memo" in text
    assert held.statement not in text


async def test_a_changed_side_brings_the_whole_dispute(kept: Database, small: Catalog) -> None:
    await publish(kept, fact(small, "count-high", statement="The agency counted more than 30 people in the jail."))
    card = digest.summary(await told(kept, date(2026, 2, 10)), Language.ENGLISH, "summary:1.x")
    assert headings(card) == [
        "Disputes that moved",
        "Disputed: How many people are in the jail?",
        "1. Agency",
        "2. Attorney General",
    ]
    assert statements(card) == [
        "The agency counted more than 30 people in the jail.",
        fact(small, "no-hold").statement,
    ]


async def test_a_changed_agreement_brings_its_history_and_its_dispute(kept: Database, small: Catalog) -> None:
    [agreement] = small.agreements
    await publish(kept, agreement.model_copy(update={"agency": "Elm County Jail"}))
    day = await told(kept)
    assert [a.agency for a, _ in day.agreements] == ["Elm County Jail"]
    assert [d.dispute.id for d in day.disputes] == ["how-many"]


async def test_a_dispute_that_is_taken_out_is_named(kept: Database, small: Catalog) -> None:
    [dispute] = small.disputes
    [agreement] = small.agreements
    await publish(kept, agreement.model_copy(update={"dispute": None}), retire=(dispute,))
    text = plain(digest.summary(await told(kept), Language.ENGLISH, "summary:1.x"))
    assert "Listed as disputed no more: How many people are in the jail?" in text


async def test_events_of_the_day_and_of_the_next_seven_days(kept: Database, small: Catalog) -> None:
    later = Event(id="later", date="2026-01-14", topic="jails", title="A hearing", facts=("short-stay",))
    vague = Event(id="vague", date="2026-01", topic="jails", title="A month", facts=("short-stay",))
    await publish(kept, later, vague)
    assert [e.id for e, _ in (await told(kept, date(2026, 1, 4))).ahead] == ["opening"]
    middle = await told(kept, date(2026, 1, 7))
    assert ([e.id for e, _ in middle.today], [e.id for e, _ in middle.ahead]) == (["opening"], ["later"])
    assert (await told(kept, date(2026, 1, 7), ahead=False)).ahead == ()
    assert (await told(kept, date(2026, 1, 14))).today[0][0].id == "later"
    assert (await told(kept, date(2026, 1, 6))).ahead == ()


async def test_what_passed_its_review_date_is_told_on_the_day_after_it_once(kept: Database) -> None:
    for day, expected in ((date(2026, 4, 5), []), (date(2026, 4, 6), ["count-low"]), (date(2026, 4, 8), [])):
        found = await told(kept, day)
        assert [e.fact.id for e in found.stale if hasattr(e, "fact")] == expected


async def test_topics_and_counties_narrow_it_down(kept: Database, small: Catalog) -> None:
    await publish(kept, fact(small, "short-stay", statement=OTHER))
    assert len((await told(kept, counties=("elm",))).corrected) == 1
    assert len((await told(kept, topics=("jails",))).corrected) == 1
    assert (await told(kept, topics=("courts",))).corrected == ()
    oak = small.counties[0].model_copy(update={"id": "oak", "name": "Oak County", "fips": "27003", "cities": ()})
    await publish(kept, oak)
    assert (await told(kept, counties=("oak",))).corrected == ()
    await publish(kept, fact(small, "count-low", statement="The sheriff counted 15 people in the jail."))
    assert len((await told(kept, counties=("oak",))).corrected) == 1


async def test_the_same_record_and_day_give_the_same_bytes(kept: Database, small: Catalog) -> None:
    await publish(kept, *(fact(small, name, as_of="2026-02") for name in ("count-low", "short-stay", "count-high")))
    claim = await claim_for(kept)
    first, second = [await changes.day(kept, claim) for _ in range(2)]
    assert first == second
    assert first.data() == second.data()
    cards = [digest.summary(day, Language.ENGLISH, "summary:1.x") for day in (first, second)]
    assert cards[0] == cards[1]
    assert plain(cards[0]).encode() == plain(cards[1]).encode()


async def test_the_headings_are_spanish_and_the_statements_stay_as_they_are(kept: Database, small: Catalog) -> None:
    await publish(kept, fact(small, "short-stay", statement=OTHER))
    card = digest.summary(await told(kept, language=Language.SPANISH), Language.SPANISH, "summary:1.x")
    assert card.title == "Resumen del día, 05/01/2026"
    assert headings(card)[0] == "Corregido desde el último resumen"
    assert statements(card)[0] == OTHER


def test_every_language_has_every_word() -> None:
    english = digest.WORDS[Language.ENGLISH]
    for words in digest.WORDS.values():
        assert words.keys() == english.keys()
        for name, text in words.items():
            assert re.findall(r"\{\w+", text) == re.findall(r"\{\w+", english[name])


async def test_a_dispute_that_does_not_fit_a_page_is_named_without_any_side(small: Catalog) -> None:
    [source] = small.sources
    long = "The speaker said that there were " + "very " * 165 + "many."
    cited = Cited(fact(small, "short-stay", statement=long), (source,))
    dispute = Dispute(id="d", topic="jails", question="Which?", sides=small.disputes[0].sides)
    day = Day(DAY, disputes=(Disputed(dispute, tuple((f"Party {n}", (cited,)) for n in range(5))),))
    card = digest.summary(day, Language.ENGLISH, "summary:1.x")
    assert statements(card) == []
    assert "5 sides. Read them together: /dispute topic:Which?" in plain(card)
    assert not any(continued(page) for page in pages(card))


async def test_a_day_on_which_the_whole_record_is_new_is_paged_whole(database: Database, catalog: Catalog) -> None:
    newest = await summaries.newest(database)
    claim = await claim_for(database, date(2026, 1, 20))
    day = await changes.day(database, replace(claim, since=0, until=newest))
    card = digest.summary(day, Language.ENGLISH, "summary:123456789012345678.2026-01-20")
    shown = statements(card)
    stored = {f.statement for f in catalog.facts}
    assert set(shown) <= stored
    assert len(set(shown)) > 800
    all_pages = pages(card)
    assert not any(continued(page) for page in all_pages)
    whole = {f.id: f.statement for f in catalog.facts}
    for number in (0, len(all_pages) // 2, len(all_pages) - 1):
        view = ui.Reply(card, number, shared=True)
        assert view.content_length() <= 4000
        assert view.total_children_count <= 40
    for page in all_pages:
        on_page = {b.text for section in page for b in section if isinstance(b, Statement)}
        for dispute in catalog.disputes:
            sides = [any(whole[f] in on_page for f in side.facts) for side in dispute.sides]
            assert all(sides) or not any(sides), dispute.id
