"""Every sentence about the world in every reply is a stored statement, byte for byte, and every page fits Discord."""

import pytest

from bot import ui
from bot.cards import Card, pages, plain, replies
from bot.cards.text import Heading, Note, Small, Statement
from bot.catalog import Catalog
from bot.models import Cited, Kind, key
from bot.store import records
from cogs.counties import FILTERS
from tests.conftest import World

# Headings of the bot's own; every other heading is a stored name, title or question.
OWN_HEADINGS = {
    "287(g) agreements with ICE",
    "Statements in the record, by county",
    "More counties",
    "Law",
    "Written policy",
    "Reported practice",
    "What the record says there is none of",
    "What is said of the rules",
    "Also recorded",
    "Who calls it a sanctuary, and by which criteria",
    "What rests on it",
    "Nearest topics, and an office to ask",
    "Topics it covers, and an office to ask",
    "Questions it can answer",
    "Commands",
    "What to expect",
    "All that the database holds",
    "For moderators",
}
# Notes stand where the bot speaks of itself or the record: these replies, and these openings in all others.
OWN_REPLIES = {"none", "help", "about", "privacy", "no-record", "out-of-scope", "disputes", "terms", "counties"}
OWN_NOTES = ("The record holds no ", "This reply holds no statement")


def addresses(catalog: Catalog) -> list[str]:
    """Every reply that a command can give, but for the combinations of an answer's facts."""
    pack = catalog.pack
    cities = sorted({city for county in catalog.counties for city in county.cities})
    return [
        *(f"facts:{key(fact.id)}" for fact in catalog.facts if not fact.superseded_by),
        *(f"none:{key(fact.id)}" for fact in catalog.facts if fact.kind is Kind.NONE),
        *(f"county:{county.id}." for county in catalog.counties),
        *(f"county:hennepin.{topic.id}" for topic in pack.topics),
        *(f"sanctuary:{place}" for place in [pack.state, *(c.name for c in catalog.counties), *cities]),
        *(f"guide:{guide.id}" for guide in pack.guides),
        *(f"counties:{name}" for name in FILTERS),
        *(f"dispute:{dispute.id}" for dispute in catalog.disputes),
        *(f"term:{term.id}" for term in catalog.terms),
        "disputes:",
        "terms:",
        "events:..",
        *(f"events:..{topic.id}" for topic in pack.topics),
        "help:",
        "about:",
        "privacy:",
        "no-record:jails.prisons",
        "out-of-scope:",
    ]


built: list[Card] = []


@pytest.fixture
async def cards(world: World, catalog: Catalog) -> list[Card]:
    """All cards, built once: they are values, and the record does not change between tests."""
    if not built:
        sources = (await records.sources(world.bot.database))[::10]
        for address in [*addresses(catalog), *(f"source:{source.id}" for source in sources)]:
            built.append(await ui.build(world.bot, address))  # noqa: PERF401 - one at a time, as in use
    return built


async def test_every_reply_of_every_command(world: World, catalog: Catalog, cards: list[Card]) -> None:
    stored = {row["statement"] for row in await world.bot.database.read("SELECT statement FROM fact")}
    assert stored == {fact.statement for fact in catalog.facts}
    names = {
        *(dispute.question for dispute in catalog.disputes),
        *(side.party for dispute in catalog.disputes for side in dispute.sides),
        *(agreement.agency for agreement in catalog.agreements),
        *(source.title for source in catalog.sources),
        *(event.title for event in catalog.events),
        *(topic.title for topic in catalog.pack.topics),
    }
    speaking = {fact.statement for fact in catalog.facts if fact.speaker}
    shown = 0
    for card in cards:
        name = card.address.split(":")[0]
        for section in card.sections:
            for number, block in enumerate(section):
                match block:
                    case Statement(text):
                        assert text in stored
                        shown += 1
                        # Its citation stands right under it: sort, speaker where there is one, date, and source.
                        small = " · ".join(
                            part.text
                            for below in section[number + 1 : number + 4]
                            if isinstance(below, Small)
                            for part in below.parts
                        )
                        assert " · as of " in small
                        assert "Source" in small
                        assert ("according to " in small) == (text in speaking)
                    case Heading(text):
                        bare = text.removeprefix("Disputed: ")
                        tail = bare.partition(". ")[2] or bare.partition(": ")[2]
                        assert {bare, tail, bare.partition(": ")[2]} & (names | OWN_HEADINGS), text
                    case Note(text):
                        assert name in OWN_REPLIES or text.startswith(OWN_NOTES), text
    assert shown > len(catalog.facts)


# The replies with the longest lists of sources.
LONG = ("county:", "sanctuary:", "dispute:", "guide:", "events:")


async def test_every_page_of_every_reply_fits_discord(cards: list[Card]) -> None:
    for card in cards:
        for shown in (card, replies.sources(card)) if card.address.startswith(LONG) else (card,):
            last = len(pages(shown)) - 1
            # Building each page of the longest replies costs more than it shows: pages in between hold what these do.
            for number in sorted({0, last // 2, last}):
                view = ui.Reply(shown, number, sources=shown is not card)
                assert view.content_length() <= 4000, card.address
                assert view.total_children_count <= 40, card.address
                custom_ids = [item.custom_id for item in view.walk_children() if isinstance(item, ui.CardButton)]
                assert all(len(custom_id) <= 100 for custom_id in custom_ids)
                assert len(set(custom_ids)) == len(custom_ids)


async def test_every_statement_is_on_some_page_and_in_the_plain_text(cards: list[Card]) -> None:
    for card in cards:
        told = [block.text for section in card.sections for block in section if isinstance(block, Statement)]
        paged = [
            block.text for page in pages(card) for section in page for block in section if isinstance(block, Statement)
        ]
        assert "".join(paged) == "".join(told)
        text = plain(card)
        assert all(statement in text for statement in told)


async def test_no_reply_shows_one_side_of_a_dispute_alone(catalog: Catalog, cards: list[Card]) -> None:
    statements = {fact.id: fact.statement for fact in catalog.facts}
    for card in cards:
        told = {block.text for section in card.sections for block in section if isinstance(block, Statement)}
        for dispute in catalog.disputes:
            shown = [any(statements[fact] in told for fact in side.facts) for side in dispute.sides]
            assert all(shown) or not any(shown), (card.address, dispute.id)


async def test_a_superseded_statement_is_in_no_reply(catalog: Catalog, cards: list[Card]) -> None:
    old = {fact.statement for fact in catalog.facts if fact.superseded_by}
    for card in cards:
        assert not old & {block.text for section in card.sections for block in section if isinstance(block, Statement)}


async def test_entries_of_places_are_whole(world: World, catalog: Catalog) -> None:
    disputed = {fact_id for dispute in catalog.disputes for fact_id in dispute.fact_ids()}
    for county in catalog.counties:
        for item in await records.entries_about(world.bot.database, [county.name]):
            assert not isinstance(item, Cited) or item.fact.id not in disputed
