"""Whatever is typed into the search is a question and nothing more: it breaks nothing and reaches nothing private."""

import os
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answers import open_search
from bot.catalog import Catalog
from bot.models import Change, Outcome, Purpose, Ref, Report
from bot.store import Database, index, proposals, running
from tests.conftest import DATA
from tests.test_search import AWKWARD

LONG = bool(os.environ.get("FOOTNOTE_CAMPAIGN"))

# Stands in a draft, a waiting proposal, a report, a reason and a setting, and in no statement.
PRIVATE = "zebrafjord"
# With those of the search's own tests: 85 inputs, most of which break FTS5's query language.
LISTED = (
    *AWKWARD,
    *("jail:", ":jail", "jail:ice:dhs", "why:zebrafjord", "body:zebrafjord", "passage.text:jail", "-jail", "+jail"),
    *("jail OR", "AND", "NOT", "OR jail", "jail NOT NOT ice", "NEAR", "NEAR()", "NEAR(jail)", "NEAR(jail ice, -1)"),
    *('"jail', 'jail"', '"""', '"jail" "', "'jail' OR 1=1", "jail'--", "{", "}", "{jail}", "{text fact_id}: jail"),
    *(
        "text MATCH 'jail'",
        "a*b",
        "jail**",
        "^",
        "^^jail",
        "jail^2",
        ",",
        "jail,ice",
        "jail;ice",
        "jail/ice",
        "jail\\ice",
    ),
    *(
        "(" * 2000,
        ")" * 2000,
        "jail OR " * 2500,
        "\ufeffjail",
        "j\u0301\u0301\u0301\u0301\u0301ail",
        "\n\n\n",
        "1e999 0x1F -0",
    ),
)


async def test_listed_input_gets_an_outcome_and_current_facts_alone(database: Database, catalog: Catalog) -> None:
    assert len(set(LISTED)) >= 85
    search = await open_search(database, catalog, None, DATA)  # the model reads no query language
    current = {fact.id for fact in catalog.facts if not fact.superseded_by}
    for typed in LISTED:
        found = await search.ask(typed)
        assert found.outcome in Outcome, typed
        assert current >= {*found.facts, *found.related}, typed


OPERATORS = ["AND", "OR", "NOT", "NEAR", "text", "text:", "fact_id:", "why:", "jail", "é"]
PIECES = st.sampled_from([*"\"'(){}*:^-+,. \\\0", *OPERATORS, PRIVATE])


@pytest.mark.campaign
@settings(
    max_examples=20_000 if LONG else 200,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=st.lists(PIECES, max_size=12).map("".join), after=st.lists(PIECES, max_size=12).map("".join))
async def test_no_input_finds_what_is_private(kept: Database, before: str, after: str) -> None:
    assert await index.match(kept, [[before + PRIVATE + after]]) == {}


async def test_the_same_search_finds_what_is_public(kept: Database) -> None:
    assert await index.match(kept, [["detainer"]])


@pytest.fixture
async def kept(database: Database) -> Database:
    """A database in which a word stands in all that is not public."""
    body = '{"statement": "The zebrafjord is not for everybody."}'
    for number, draft in enumerate((True, False)):
        at = datetime(2026, 1, 5, tzinfo=UTC)
        change = Change(Ref("fact", PRIVATE), body)
        await proposals.add(database, Purpose.EDIT, [change], PRIVATE, 1, number, at, draft=draft)
    report = Report(page=PRIVATE, reason=PRIVATE, text=PRIVATE)
    await running.add_report(database, report, datetime(2026, 1, 5, tzinfo=UTC).date())
    await running.remember(database, PRIVATE, PRIVATE)
    return database
