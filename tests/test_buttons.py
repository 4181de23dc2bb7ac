"""Sources, Share, Report and page buttons: they work for everybody who may see them, and after a restart."""

import discord
import pytest

from bot import responses
from bot.catalog import Catalog
from tests.conftest import World, answer_of, labels_of, text_of

QUESTION = "can the jail keep him for ICE after he posted bail"


async def rows_of(world: World) -> list[tuple[str, str, str, str]]:
    rows = await world.bot.database.read("SELECT page, reason, text, day FROM report")
    return [tuple(row) for row in rows]


async def test_sources_lists_titles_links_and_places_privately(world: World) -> None:
    reply = await world.slash("ask", question=QUESTION)
    sources = await world.click(reply, "Sources")
    assert sources.ephemeral
    assert "1. " in text_of(sources).replace("\\", "")
    assert "https://" in text_of(sources)
    assert "Share in channel" not in labels_of(sources)


async def test_share_posts_the_same_words_for_everybody(world: World) -> None:
    reply = await world.slash("ask", question=QUESTION)
    shared = await world.click(reply, "Share in channel")
    assert not shared.ephemeral
    assert text_of(shared) == text_of(reply)
    assert labels_of(shared) == ["Sources", "Report a problem"]


async def test_another_member_can_open_the_sources_of_a_shared_reply_privately(world: World) -> None:
    shared = await world.click(await world.slash("ask", question=QUESTION), "Share in channel")
    assert (await world.click(shared, "Sources", by=world.max)).ephemeral


async def test_a_page_of_a_private_reply_is_turned_in_place(world: World) -> None:
    first = await world.slash("county", name="Hennepin")
    second = await world.click(first, "Next")
    assert second.id == first.id
    assert "Page 2 of" in text_of(second)
    again = await world.click(second, "Previous")
    assert "Page 1 of" in text_of(again)


async def test_a_page_of_a_shared_reply_is_turned_for_the_reader_alone(world: World) -> None:
    shared = await world.click(await world.slash("county", name="Hennepin"), "Share in channel")
    before = text_of(shared)
    turned = await world.click(shared, "Next", by=world.max)
    assert turned.ephemeral
    assert turned.id != shared.id
    assert text_of(shared) == before


async def test_every_page_can_be_reached_and_the_last_has_no_next(world: World) -> None:
    page = await world.slash("county", name="Hennepin")
    seen = 1
    while "Next" in labels_of(page):
        page = await world.click(page, "Next")
        seen += 1
        assert f"Page {seen} of" in text_of(page)
    assert f"Page {seen} of {seen}" in text_of(page)


async def test_report_is_kept_without_who_sent_it(world: World) -> None:
    reply = await world.slash("ask", question=QUESTION)
    form = await world.ana.click(reply, label="Report a problem")
    assert form.modal
    assert form.modal["title"] == "Report a problem"
    thanks = answer_of(
        await world.ana.submit_modal(form, {"reason": ["It is out of date"], "words": "the court has ruled since"})
    )
    assert thanks.ephemeral
    assert "Thank you" in thanks.content
    [(page, reason, text, day)] = await rows_of(world)
    assert page.startswith("facts:")
    assert (reason, text) == ("It is out of date", "the court has ruled since")
    assert len(day) == 10
    whole = (world.settings.database_path).read_bytes() + world.settings.database_path.with_name(
        "footnote.sqlite3-wal"
    ).read_bytes()
    for trace in (str(world.ana.id), "ana"):
        assert trace.encode() not in whole.replace(b"Canada", b"")[-40_000:] or trace == "ana"
    assert str(world.ana.id).encode() not in whole


async def test_report_without_words_is_kept_too(world: World) -> None:
    form = await world.ana.click(await world.slash("about"), label="Report a problem")
    await world.ana.submit_modal(form, {"reason": ["Something else"]})
    assert [(page, text) for page, _, text, _ in await rows_of(world)] == [("about:", "")]


async def test_buttons_of_before_a_restart_still_work(world: World) -> None:
    reply = await world.slash("ask", question=QUESTION)
    before = text_of(reply)
    await world.restart()
    assert "https://" in text_of(await world.click(reply, "Sources"))
    assert text_of(await world.click(reply, "Share in channel")) == before
    assert (await world.ana.click(reply, label="Report a problem")).modal


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("ask", {"question": QUESTION}),
        ("ask", {"question": "does Aitkin County have a 287(g) agreement?"}),
        ("ask", {"question": "visiting hours at the Aitkin jail"}),
        ("ask", {"question": "what is the weather"}),
        ("sanctuary", {}),
        ("sanctuary", {"place": "Minneapolis"}),
        ("detainer explain", {}),
        ("county", {"name": "Cass"}),
        ("county", {"name": "Hennepin", "topic": "County jails"}),
        ("counties", {}),
        ("events", {"from": "2026-01", "to": "2026-02"}),
        ("dispute", {}),
        ("dispute", {"topic": "detainers-in-minnesota"}),
        ("source", {"name": "Reuters"}),
        ("glossary", {}),
        ("glossary", {"term": "Detainer"}),
        ("help", {}),
        ("about", {}),
        ("privacy", {}),
    ],
)
async def test_every_reply_can_be_built_again_from_its_buttons(
    world: World, command: str, options: dict[str, str]
) -> None:
    reply = await world.slash(command, **options)
    await world.restart()
    shared = await world.ana.click(reply, label="Share in channel")
    assert text_of(shared.response) == text_of(reply)


async def test_a_form_from_before_a_restart_gives_back_what_was_typed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = await world.ana.click(await world.slash("about"), label="Report a problem")
    await world.restart()
    monkeypatch.setattr(responses, "PATIENCE", 0)
    told = answer_of(await world.ana.submit_modal(form, {"reason": ["Something else"], "words": "otters, ¡otters!"}))
    assert told.ephemeral
    assert told.content.endswith("Please open it again. What you wrote is in the file.")
    [file] = told.attachments
    assert file.filename == "what-you-wrote.txt"
    assert (await file.read()).decode() == "Something else\n\notters, ¡otters!"


async def test_a_shared_dispute_never_stands_with_one_side_alone(world: World, catalog: Catalog) -> None:
    long = next(d for d in catalog.disputes if d.id == "detainers-in-minnesota")
    reply = await world.slash("dispute", topic=long.id)
    assert "Next" in labels_of(reply)
    second = await world.click(reply, "Next")
    assert f"Disputed: {long.question} (continued)" in text_of(second)
    result = await world.ana.click(second, label="Share in channel")
    assert result.response
    shared = "\n".join(text_of(message) for message in (result.response, *result.followups))
    assert not any(message.ephemeral for message in (result.response, *result.followups))
    for side in long.sides:
        assert side.party in shared


async def test_nothing_is_shared_for_somebody_who_may_not_write_here(world: World) -> None:
    silent = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("announcements", overwrites={world.guild.default_role: silent})
    reply = answer_of(await world.ana.slash(quiet, "about"))
    answer = await world.click(reply, "Share in channel")
    assert answer.content == "You may not write in this channel, so nothing was shared."
    assert answer.ephemeral


async def test_a_button_to_what_has_left_the_record_says_so(world: World) -> None:
    reply = await world.slash("ask", question=QUESTION)
    world.bot.builders["facts"] = world.bot.builders["none"]

    async def emptied(_: str) -> object:
        return await world.bot.builders["no-such"]("")

    del world.bot.builders["facts"]
    answer = await world.click(reply, "Sources")
    assert answer.content == "This button is from an older version. Please use the command again."
