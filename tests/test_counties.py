"""/county and /counties, as a member meets them."""

import pytest

from bot.catalog import Catalog
from tests.conftest import World, labels_of, text_of


async def whole(world: World, reply: object) -> str:
    """All pages of a reply."""
    text = text_of(reply)
    while "Next" in labels_of(reply):
        reply = await world.click(reply, "Next")
        text += "\n" + text_of(reply)
    return text


async def test_all_87_counties_have_a_card_with_a_cited_fact(world: World, catalog: Catalog) -> None:
    assert len(catalog.counties) == 87
    for county in catalog.counties:
        card = await world.bot.builders["county"](f"{county.id}.")
        assert card.references, county.name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Hennepin", "Hennepin County"),
        ("henepin", "Hennepin County"),
        ("hennepin county", "Hennepin County"),
        ("St Louis", "St. Louis County"),
        ("saint louis", "St. Louis County"),
        ("lac qui parle", "Lac qui Parle County"),
        ("Kandyohi", "Kandiyohi County"),
        ("Duluth", "St. Louis County"),
        ("Minneapolis", "Hennepin County"),
        ("lake of the woods", "Lake of the Woods County"),
        ("  cass  ", "Cass County"),
    ],
)
async def test_a_county_is_found_by_any_spelling_or_city(world: World, typed: str, name: str) -> None:
    assert f"## {name}" in text_of(await world.slash("county", name=typed))


async def test_an_unknown_county_is_answered_with_a_sentence(world: World) -> None:
    reply = await world.slash("county", name="Los Angeles")
    assert reply.content.startswith("There is no county of that name in the record.")
    world.expect_failure()


async def test_autocomplete_offers_counties_while_typing(world: World) -> None:
    assert (await world.offered("county", "name", "henep"))[0] == "Hennepin County"
    assert len(await world.offered("county", "name", "")) == 25
    assert await world.offered("county", "name", "qqqqqqqqq") == []
    assert "County jails" in await world.offered("county", "topic", "jail")


async def test_crow_wing_shows_both_agreements_with_model_date_status_and_source(world: World) -> None:
    text = await whole(world, await world.slash("county", name="Crow Wing", topic="287(g) agreements"))
    assert text.count("Crow Wing County Sheriff's Office") >= 2
    assert "task force model" in text
    assert "warrant service officer model" in text
    assert "signed Mar" in text
    assert "on ICE's list" in text


async def test_cass_shows_who_calls_the_agreement_void_beside_ices_list(world: World, catalog: Catalog) -> None:
    text = await whole(world, await world.slash("county", name="Cass", topic="287(g) agreements"))
    assert "called void, by" in text
    assert "on ICE's list" in text
    dispute = next(dispute for dispute in catalog.disputes if dispute.id == "cass-agreement-void")
    for side in dispute.sides:
        assert side.party in text


async def test_one_topic_shows_nothing_of_the_others(world: World) -> None:
    text = await whole(world, await world.slash("county", name="Hennepin", topic="County jails"))
    assert "### County jails" in text
    assert "### Court cases" not in text


async def test_an_unknown_topic_is_answered_with_a_sentence(world: World) -> None:
    reply = await world.slash("county", name="Cass", topic="soup")
    assert "There is no such topic" in reply.content
    world.expect_failure()


async def test_counties_lists_agreements_on_ices_list(world: World, catalog: Catalog) -> None:
    text = await whole(world, await world.slash("counties"))
    for agency in ("Cass", "Crow Wing", "Freeborn", "Itasca", "Kandiyohi", "Mille Lacs", "Sherburne"):
        assert f"{agency} County Sheriff's Office" in text
    assert "International Falls Police Department" in text
    assert "Jackson County" not in text.split("Disputed:")[0]


async def test_counties_lists_former_agreements_apart(world: World) -> None:
    assert "Jackson County" in await whole(world, await world.slash("counties", filter="former"))


@pytest.mark.parametrize("chosen", ["jails", "listings", "officials", "all"])
async def test_counties_counts_statements_by_county(world: World, chosen: str) -> None:
    text = await whole(world, await world.slash("counties", filter=chosen))
    assert "Hennepin County: " in text
