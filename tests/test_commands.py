"""/sanctuary, /detainer, /events, /dispute, /source, /glossary, /help, /about and /privacy."""

import pytest

from bot.catalog import Catalog
from bot.store import running
from tests.conftest import World, labels_of, text_of
from tests.test_counties import whole


@pytest.mark.parametrize(
    ("options", "headings"),
    [
        ({}, ("Law", "Reported practice", "What is said of the rules", "Who calls it")),
        ({"place": "Minneapolis"}, ("Written policy", "Reported practice", "Who calls it")),
    ],
)
async def test_sanctuary_keeps_law_policy_and_practice_apart(
    world: World, options: dict[str, str], headings: tuple[str, ...]
) -> None:
    text = await whole(world, await world.slash("sanctuary", **options))
    order = [text.index(f"### {heading}") for heading in headings]
    assert order == sorted(order)


@pytest.mark.parametrize("place", ["Minneapolis", "mineapolis", "St. Paul", "Hennepin County", "ramsey"])
async def test_sanctuary_tells_who_calls_a_place_so_and_since_when(world: World, place: str) -> None:
    text = await whole(world, await world.slash("sanctuary", place=place))
    assert "Who calls it a sanctuary, and by which criteria" in text
    assert "May 29, 2025" in text
    assert "State and federal rules apply here too" in text


async def test_sanctuary_of_a_place_without_rules_says_so(world: World) -> None:
    assert "The record holds no rule and no listing for Warroad" in text_of(
        await world.slash("sanctuary", place="Warroad")
    )


async def test_sanctuary_of_an_unknown_place_offers_near_ones(world: World) -> None:
    reply = await world.slash("sanctuary", place="Gotham")
    assert reply.content.startswith("There is no county or city of that name in the record.")
    world.expect_failure()
    assert (await world.offered("sanctuary", "place", "minnea"))[0] == "Minneapolis"
    assert (await world.offered("sanctuary", "place", ""))[0] == "Minnesota"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("explain", "I-247A"),
        ("numbers", "1,360"),
        ("law", "8 CFR 287.7"),
        ("cases", "Nobles County"),
    ],
)
async def test_detainer_lists_are_about_what_they_say(world: World, part: str, words: str) -> None:
    assert words in await whole(world, await world.slash(f"detainer {part}"))


async def test_detainer_numbers_shows_every_side(world: World, catalog: Catalog) -> None:
    text = await whole(world, await world.slash("detainer numbers"))
    for dispute in catalog.disputes:
        if dispute.id in catalog.pack.guide("detainer-numbers").disputes:
            assert all(side.party in text for side in dispute.sides)


async def test_events_run_from_oldest_to_newest_within_the_days_asked_for(world: World) -> None:
    text = await whole(world, await world.slash("events", **{"from": "2026-01-07", "to": "2026-01-08"}))
    assert "Renee" in text
    days = [line[4:10] for line in text.splitlines() if line.startswith("### Jan")]
    assert days.index("Jan 8,") > days.index("Jan 7,")
    assert "Jan 7," not in days[days.index("Jan 8,") :]
    # "Jan 2026" is an event of which no source gives the day.
    assert set(days) <= {"Jan 7,", "Jan 8,", "Jan 20"}


async def test_events_of_one_topic(world: World) -> None:
    text = await whole(
        world, await world.slash("events", **{"from": "2026-01", "to": "2026-01", "topic": "Court cases"})
    )
    assert "Events from Jan 2026 to Jan 2026: Court cases" in text
    assert "shot" not in text.lower().split("### ")[1]


async def test_events_of_empty_days_say_so(world: World) -> None:
    assert "The record holds no event in these days." in text_of(await world.slash("events", to="1950"))


@pytest.mark.parametrize("day", ["yesterday", "2026-13", "2026-02-30", "20260101", "2026-1-1", "';--"])
async def test_a_day_that_is_none_is_answered_with_how_to_write_one(world: World, day: str) -> None:
    reply = await world.slash("events", **{"from": day})
    assert reply.content == "“from” must be a date written 2026, 2026-01 or 2026-01-07."
    world.expect_failure()


async def test_days_in_the_wrong_order_are_told(world: World) -> None:
    reply = await world.slash("events", **{"from": "2026-02", "to": "2026-01"})
    assert reply.content == "The first day must not be after the last day."
    world.expect_failure()


@pytest.mark.parametrize(
    "dispute_id",
    [
        "detainers-in-minnesota",
        "released-instead-of-transferred",
        "arrests-in-minnesota",
        "agents-deployed",
        "counties-with-agreements",
        "judicial-warrant-requirement",
    ],
)
async def test_dispute_shows_all_sides_with_what_was_counted_and_when(
    world: World, catalog: Catalog, dispute_id: str
) -> None:
    text = await whole(world, await world.slash("dispute", topic=dispute_id))
    dispute = next(dispute for dispute in catalog.disputes if dispute.id == dispute_id)
    facts = {fact.id: fact for fact in catalog.facts}
    places = [text.index(f". {side.party}") for side in dispute.in_order()]
    assert places == sorted(places)
    for fact_id in dispute.fact_ids():
        assert facts[fact_id].statement in text.replace("\\", "")
        if figure := facts[fact_id].figure:
            assert f"Counted: {figure.counted}" in text.replace("\\", "")


async def test_disputes_are_listed_and_offered(world: World, catalog: Catalog) -> None:
    text = await whole(world, await world.slash("dispute"))
    assert all(dispute.question in text.replace("\\", "") for dispute in catalog.disputes)
    assert any("detainers" in name for name in await world.offered("dispute", "topic", "detainers"))


async def test_source_shows_what_rests_on_it_with_a_link(world: World) -> None:
    [name, *_] = await world.offered("source", "name", "Pioneer Press")
    text = text_of(await world.slash("source", name="Pioneer Press"))
    assert "Pioneer Press" in name
    assert "https://" in text
    assert "What rests on it" in text


async def test_an_unknown_source_or_word_is_answered_with_a_sentence(world: World) -> None:
    assert "no such source" in (await world.slash("source", name="qqqqqqqq")).content
    assert "not in the glossary" in (await world.slash("glossary", term="qqqqqqqq")).content
    world.expect_failure()


async def test_every_term_of_the_glossary_is_explained_with_a_source(world: World, catalog: Catalog) -> None:
    listed = text_of(await world.slash("glossary"))
    for term in catalog.terms:
        assert term.term in listed.replace("\\", "")
        card = await world.bot.builders["term"](term.id)
        assert card.references
    assert "as of" in text_of(await world.slash("glossary", term="detainr"))
    assert "Detainer" in await world.offered("glossary", "term", "detai")


async def test_help_names_every_command(world: World) -> None:
    text = await whole(world, await world.slash("help"))
    for name in world.ana.available_commands(world.channel):
        assert f"/{name}" in text or name == "Find facts about this"
    assert "Find facts about this" in text


async def test_about_counts_the_record(world: World, catalog: Catalog) -> None:
    assert f"{len(catalog.facts)} statements" in text_of(await world.slash("about"))


async def test_privacy_prints_every_table_and_column_of_the_live_database(world: World) -> None:
    await world.bot.database.write(lambda writer: writer.execute("CREATE TABLE surprise (whatever TEXT)"))
    text = (await whole(world, await world.slash("privacy"))).replace("\\", "")
    tables = await running.schema(world.bot.database)
    assert "surprise" in text
    for name, _, columns in tables:
        assert name in text
        assert all(column in text for column in columns)


async def test_every_table_says_what_it_is_for(world: World) -> None:
    assert all(purpose for _, purpose, _ in await running.schema(world.bot.database))


async def test_commands_work_in_servers_and_in_direct_messages_but_for_those_of_moderators(world: World) -> None:
    for command in world.bot.tree.get_commands():
        payload = command.to_dict(world.bot.tree)
        moderators = payload["default_member_permissions"] is not None
        assert payload["contexts"] == ([0] if moderators else [0, 1, 2]), command.name
        assert payload["integration_types"] == ([0] if moderators else [0, 1]), command.name
    reply = await world.ana.user.slash("about")
    assert reply.response
    assert labels_of(reply.response)
