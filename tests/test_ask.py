"""/ask and the message menu, as a member meets them."""

from tests.conftest import World, labels_of, text_of


async def test_bail_question_is_answered_with_source_and_date(world: World) -> None:
    reply = await world.ana.slash(
        world.channel, "ask", question="my uncle posted bail, can the jail still keep him for ICE?"
    )
    text = text_of(reply.response)
    assert reply.response.ephemeral
    assert "bail" in text
    assert "as of" in text
    assert "Source" in text
    assert labels_of(reply.response) == ["Sources", "Share in channel", "Report a problem"]
