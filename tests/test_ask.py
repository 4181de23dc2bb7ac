"""/ask and the message menu, as a member meets them."""

import pytest

from bot.catalog import Catalog
from bot.models import Kind
from tests.conftest import World, answer_of, labels_of, text_of

BAIL = "my uncle posted bail, can the jail still keep him for ICE?"


async def test_bail_question_is_answered_with_source_and_date(world: World) -> None:
    reply = await world.slash("ask", question=BAIL)
    assert reply.ephemeral
    assert "bail" in text_of(reply)
    assert "as of" in text_of(reply)
    assert "Source" in text_of(reply)
    assert labels_of(reply) == ["Sources", "Share in channel", "Report a problem"]


async def test_disputed_figure_is_answered_with_every_side(world: World, catalog: Catalog) -> None:
    reply = await world.slash("ask", question="how many people does ICE have detainers on in Minnesota")
    dispute = next(dispute for dispute in catalog.disputes if dispute.id == "detainers-in-minnesota")
    shown = text_of(reply)
    while "Next" in labels_of(reply):
        reply = await world.click(reply, "Next")
        shown += text_of(reply)
    for side in dispute.sides:
        assert side.party in shown


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("does Aitkin County have a 287(g) agreement?", "The record says there is none"),
        ("what are the visiting hours of the Aitkin County jail", "No record on that"),
        ("what is the weather today", "Outside what this bot covers"),
        ("where is ICE right now", "Outside what this bot covers"),
        ("should I sign the form that ICE gave me", "Outside what this bot covers"),
        ("<@1> @everyone !!", "Outside what this bot covers"),
    ],
)
async def test_the_silences_are_three_different_replies(world: World, question: str, title: str) -> None:
    reply = await world.slash("ask", question=question)
    assert reply.ephemeral
    assert title in text_of(reply)


async def test_a_silence_names_topics_an_office_and_questions_to_ask(world: World) -> None:
    text = text_of(await world.slash("ask", question="what are the visiting hours of the Anoka county jail"))
    assert "sheriff's office" in text
    assert "Questions it can answer" in text


async def test_question_text_is_never_repeated(world: World) -> None:
    reply = await world.slash("ask", question="is zanzibarquux county a sanctuary")
    assert "zanzibarquux" not in text_of(reply).lower()


async def test_menu_finds_the_facts_that_a_message_is_about(world: World) -> None:
    message = await world.max.send(world.channel, "I heard that if you post bail the jail still keeps you for ICE!")
    reply = answer_of(await world.ana.context_menu(world.channel, "Find facts about this", message))
    assert reply.ephemeral
    assert "bail" in text_of(reply)


async def test_menu_on_a_message_without_text_says_so(world: World) -> None:
    message = await world.max.send(world.channel, " ", attachments=[("a.txt", b"x")])
    reply = answer_of(await world.ana.context_menu(world.channel, "Find facts about this", message))
    assert reply.content == "That message has no text to look up."
    world.expect_failure()


async def test_menu_works_on_the_longest_message(world: World) -> None:
    message = await world.max.send(world.channel, ("bail jail ICE detainer " * 100)[:2000])
    reply = answer_of(await world.ana.context_menu(world.channel, "Find facts about this", message))
    assert "What the record says" in text_of(reply)


async def test_menu_finds_what_an_ordinary_long_message_is_about(world: World) -> None:
    message = await world.max.send(
        world.channel,
        "Hey everyone, so I was at the meeting last night and somebody stood up and said that 3000 federal agents were "
        "sent to Minnesota, and then another person said no it was 2000, honestly I do not know who to believe and my "
        "neighbor is worried. Can somebody check this before Saturday when we print the flyers for the church dinner?",
    )
    reply = answer_of(await world.ana.context_menu(world.channel, "Find facts about this", message))
    assert "How many federal agents were sent to Minnesota" in text_of(reply)


async def test_menu_on_a_long_message_about_something_else_finds_nothing(world: World) -> None:
    recipe = "Brown the beef, add the soup and beans, cover it with tots, bake it for an hour at a medium heat. " * 4
    message = await world.max.send(world.channel, recipe)
    reply = answer_of(await world.ana.context_menu(world.channel, "Find facts about this", message))
    assert "Outside what this bot covers" in text_of(reply)


async def test_absence_is_told_only_of_the_county_asked_about(world: World, catalog: Catalog) -> None:
    text = text_of(await world.slash("ask", question="which counties have agreements with ICE"))
    absences = [fact.statement for fact in catalog.facts if fact.kind is Kind.NONE and len(fact.places) == 1]
    assert not any(statement in text for statement in absences)
