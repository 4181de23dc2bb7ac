"""What else moderators do: add, retire, restore, go back, wipe, look again, read the queue, and look into the past."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from discord.utils import utcnow

from bot.app import Footnote
from bot.models import Change, Origin, Ref, Report
from bot.store import revisions, running
from tests.conftest import answer_of, labels_of, parts_of, text_of
from tests.test_journeys import FACT, Court, court, filled, folder, restart, simcord_bot
from tests.test_proposals import bytes_of

__all__ = ["court", "folder", "simcord_bot"]  # fixtures

QUESTIONS = {
    "phrasings.plain": "Who counts the people?\nHow many people are counted?\nCount of people",
    "phrasings.colloquial": "who counts em",
}


async def sent(court: Court, opened: Any, **typed: Any) -> Any:
    """Fill a form or take a preview, and send it for review; the review card."""
    preview = await court.form(court.pia, opened, **typed) if opened.modal else opened.response
    await court.pia.click(preview, label="Send for review")
    return court.card()


async def published(court: Court, opened: Any, **typed: Any) -> None:
    """The same, and approve it."""
    await court.abe.click(await sent(court, opened, **typed), label="Approve")
    assert "published" in text_of(court.card()), text_of(court.card())


async def pia(court: Court, name: str, /, **options: Any) -> Any:
    return await court.pia.slash(court.channel, name, **options)


async def served(court: Court, question: str) -> str:
    return text_of(await court.slash(court.ana, "ask", question=question))


# Adding


async def test_a_new_fact_has_its_source_date_speaker_and_kind_and_is_found(court: Court) -> None:
    assert "memo" in (await court.pia.autocomplete(court.channel, "fact add", "source", "sheriff"))[0]["value"]
    opened = await pia(court, "fact add", kind="law", topic="Jails", source="memo", as_of="2026-02", place="Elm County")
    assert [label["label"] for label in (opened.modal or {})["components"]][-1] == "Why"
    card = await sent(
        court,
        opened,
        statement="The zoning board counts every otter in Elm County.",
        speaker="Zoning Board",
        why="New ordinance.",
        **QUESTIONS,
    )
    assert "new, or shown again" in text_of(card)
    assert "otter" not in await served(court, "Who counts the people in the zoning board?")
    await court.abe.click(card, label="Approve")
    assert "counts every otter in Elm County" in await served(court, "who counts otters for the zoning board?")
    [row] = await court.bot.database.read("SELECT id, body FROM fact WHERE statement LIKE '%otter%'")
    assert row["id"].startswith("zoning-board-counts-every-otter")
    assert '"review_by":"2028-01-01"' in row["body"]
    assert '"jurisdiction":"county"' in row["body"]


async def test_a_figure_needs_what_was_counted(court: Court) -> None:
    options = {"kind": "figure", "topic": "Jails", "source": "memo", "as_of": "2026"}
    told = await court.slash(court.pia, "fact add", **options)
    assert told.content == "A figure needs counted, value and unit; other kinds have none of them."
    assert (
        "no such source"
        in (
            await court.slash(
                court.pia, "fact add", **(options | {"source": "qqq", "counted": "a", "value": "1", "unit": "b"})
            )
        ).content
    )
    court.errors_were_answers()
    opened = await pia(court, "fact add", **options, counted="otters in the jail", value="7", unit="otters")
    await published(
        court, opened, statement="The sheriff counted 7 otters in the jail.", speaker="Sheriff", why="New.", **QUESTIONS
    )
    assert "Counted: otters in the jail" in await served(court, "how many otters were counted in the jail?")


async def test_sources_events_disputes_and_agreements_are_added_and_edited(court: Court) -> None:
    await published(
        court,
        await pia(court, "sources add", kind="news"),
        title="Otters counted",
        publisher="Elm Times",
        published="2026-02-03",
        why="New.",
    )
    opened = await pia(court, "sources edit", source="elm-times-otters-counted", part="kind")
    await published(court, opened, kind=["court"], note="Seen as a copy.", why="It is a ruling.")
    [row] = await court.bot.database.read("SELECT body FROM source WHERE id = 'elm-times-otters-counted'")
    assert '"kind":"court"' in row["body"]
    await published(
        court,
        await pia(court, "event add", topic="Jails", fact=FACT),
        date="2026-02-03",
        title="The otters are counted",
        why="New.",
    )
    assert "The otters are counted" in text_of(await court.slash(court.ana, "events"))
    opened = await pia(court, "event edit", event="2026-02-03-otters-are-counted")
    await published(court, opened, title="The otters are counted again", why="Twice.")
    opened = await pia(court, "disputes edit", dispute="how-many")
    assert filled(opened)["sides"] == f"Attorney General: {FACT}\nAgency: count-high"
    await published(
        court, opened, sides=f"Attorney General: {FACT}\nAgency: count-high\nSheriff: count-low", why="A third side."
    )
    assert "Sheriff" in text_of(await court.slash(court.ana, "dispute", topic="how-many"))
    opened = await pia(court, "disputes add", topic="Jails")
    told = await court.form(court.pia, opened, question="Which of them?", sides="A: short-stay", why="New.")
    assert "needs at least 2 entries" in text_of(told)
    await published(
        court,
        await pia(
            court,
            "agreement set",
            agreement="Elm Police",
            county="Elm County",
            model="task-force",
            status="signed",
            date="2026-01-02",
            source="memo",
            why="New.",
        ),
    )
    await published(
        court,
        await pia(
            court,
            "agreement set",
            agreement="elm-police",
            status="ended",
            date="2026-03",
            source="memo",
            why="It ended.",
        ),
    )
    assert "ended" in text_of(await court.slash(court.ana, "counties", filter="former"))
    wrong = await court.slash(
        court.pia, "agreement set", agreement="Oak Police", status="signed", date="2026", source="memo", why="x"
    )
    assert "For a new one, choose its county and model too." in wrong.content
    court.errors_were_answers()


# Retiring, restoring, going back, wiping


async def test_a_fact_is_retired_restored_and_replaced(court: Court) -> None:
    told = await court.slash(court.pia, "fact retire", fact=FACT, why="Repealed.")
    assert "how-many: there is no fact 'no-hold'" in told.content
    court.errors_were_answers()
    await published(court, await pia(court, "fact retire", fact="short-stay", why="Repealed."))
    assert "most stays are short" not in await served(court, "are most stays short?")
    assert (await court.slash(court.pia, "fact edit", fact="short-stay")).content.startswith("This fact is retired")
    court.errors_were_answers()
    [offered] = await court.pia.autocomplete(court.channel, "fact restore", "fact", "stays")
    assert offered["value"] == "short-stay"
    await published(court, await pia(court, "fact restore", fact="short-stay", why="In force again."))
    assert "most stays are short" in await served(court, "are most stays short?")
    await published(court, await pia(court, "fact retire", fact="short-stay", replaced_by="count-low", why="Newer."))
    assert "most stays are short" not in await served(court, "are most stays short?")


async def test_a_side_of_a_dispute_is_retired_after_the_dispute(court: Court) -> None:
    await published(court, await pia(court, "disputes retire", dispute="how-many", why="Settled."))
    assert "count-high" not in text_of(await court.slash(court.ana, "dispute"))
    await published(court, await pia(court, "fact retire", fact="count-high", why="Withdrawn."))
    await published(court, await pia(court, "event retire", event="opening", why="Never happened."))
    assert "no event" in text_of(await court.slash(court.ana, "events"))
    told = await court.slash(court.pia, "sources retire", source="memo", why="Gone.")
    assert "there is no source 'memo'" in told.content
    versions = await revisions.history(court.bot.database, Ref("event", "opening"))
    opened = await pia(court, "revert record", record="event opening", version=versions[0].number, why="It did.")
    await published(court, opened)
    assert "The jail opens" in text_of(await court.slash(court.ana, "events"))
    court.errors_were_answers()


async def test_a_long_preview_and_a_long_review_have_all_their_pages(court: Court) -> None:
    [row] = await court.bot.database.read("SELECT body FROM fact WHERE id = ?", (FACT,))
    made = [
        json.loads(row["body"])
        | {
            "id": f"part-{n}",
            "statement": f"The sheriff of part {n} wrote *this*: " + f"{n} _words_ of it, " * 45 + "and the end.",
        }
        for n in range(8)
    ]
    changes = [Change(Ref("fact", fact["id"]), json.dumps(fact)) for fact in made]
    await court.bot.database.write(lambda writer: revisions.write(writer, changes, Origin.EDIT, utcnow()))
    opened = await pia(court, "event edit", event="opening")
    facts = "\n".join([FACT, *(change.ref.id for change in changes)])
    page = await court.form(court.pia, opened, facts=facts, why="Told by all of them.")
    seen = text_of(page)
    while "Next" in labels_of(page):
        page = answer_of(await court.pia.click(page, label="Next"))
        assert "Send for review" in labels_of(page)
        seen += text_of(page)
    assert all(f"of part {n} wrote" in seen for n in range(8))
    assert len(seen) > 6000


async def test_an_event_goes_on_without_a_retired_fact_or_ends_with_it(court: Court) -> None:
    await published(
        court, await pia(court, "event edit", event="opening"), facts=f"{FACT}\nshort-stay", why="Told by both."
    )
    await published(court, await pia(court, "fact retire", fact="short-stay", why="Wrong."))
    [row] = await court.bot.database.read("SELECT body FROM event WHERE id = 'opening'")
    assert '"facts":["no-hold"]' in row["body"]


async def test_history_tells_who_to_moderators_alone_and_all_sides_of_a_dispute(court: Court) -> None:
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    told = text_of(await court.slash(court.abi, "history", record=f"fact {FACT}"))
    assert f"by <@{court.pia.id}>, approved by <@{court.abe.id}>" in told
    assert "The sheriff said so." in told
    assert "~~not~~" in told
    assert "dispute `how-many` with all its sides" in told
    assert "fact count-high" in told
    public = text_of(await court.slash(court.ana, "history", record=f"fact {FACT}"))
    assert "by one moderator, approved by another" in public
    assert str(court.pia.id) not in public
    await court.slash(court.pia, "forget-me")
    told = text_of(await court.slash(court.abi, "history", record=f"fact {FACT}"))
    assert f"by somebody whose name was removed, approved by <@{court.abe.id}>" in told
    assert "no such record" in (await court.slash(court.ana, "history", record="fact qqq")).content
    court.errors_were_answers()


async def test_an_earlier_version_comes_back_and_so_does_all_that_one_person_changed(court: Court) -> None:
    first = await court.statement()
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    versions = await revisions.history(court.bot.database, Ref("fact", FACT))
    opened = await court.abi.slash(
        court.channel, "revert record", record=f"fact {FACT}", version=versions[0].number, why="Wrong."
    )
    await court.abi.click(answer_of(opened), label="Send for review")
    assert "Going back to an earlier version" in text_of(court.card())
    await court.abe.click(court.card(), label="Approve")
    assert await court.statement() == first
    for text in ("The jail may hold one person past release.", "The jail may hold two people past release."):
        await court.abe.click(await court.edited(text), label="Approve")
    undo = await court.abi.slash(court.channel, "revert person", person=court.pia, since="2026-01-01", why="Vandalism.")
    await court.abi.click(answer_of(undo), label="Send for review")
    await court.abe.click(court.card(), label="Approve")
    assert await court.statement() == first
    nothing = await court.slash(court.abi, "revert person", person=court.pia, since="2026-01-01", why="Again.")
    assert "There is nothing of theirs to undo" in nothing.content
    court.errors_were_answers()


async def test_versions_to_go_back_to_are_offered_without_the_newest(court: Court) -> None:
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    versions = await revisions.history(court.bot.database, Ref("fact", FACT))
    offered = await court.pia.autocomplete(
        court.channel, "revert record", "version", "", record=f"fact {FACT}", why="Wrong."
    )
    assert [choice["value"] for choice in offered] == [versions[0].number]


@pytest.mark.parametrize("heard", [True, False])
async def test_personal_data_that_slipped_in_is_wiped_also_from_the_review_cards(court: Court, heard: bool) -> None:
    sentinel = "Quokkafjordzebra"
    await court.abe.click(await court.edited(f"The jail may not hold {sentinel} past release."), label="Approve")
    slipped = court.card()
    assert sentinel in text_of(slipped)
    await court.abe.click(await court.edited("The jail may not hold anybody past release."), label="Approve")
    assert sentinel.encode() in bytes_of(court.bot.settings.database_path)
    opened = await pia(court, "redact", record=f"fact {FACT}", keep_newest=True, why="A name.")
    if not heard:  # whoever approves it is gone when the answer comes
        court.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10062)
    await published(court, opened)
    assert sentinel.encode() not in bytes_of(court.bot.settings.database_path)
    assert all(sentinel not in text_of(message) for message in court.reviews.history())
    told = text_of(await court.slash(court.abi, "history", record=f"fact {FACT}"))
    assert "The text of this version was wiped" in told
    assert await court.statement() == "The jail may not hold anybody past release."


# The queue, freshness, the past


async def test_the_queue_shows_what_waits_for_how_long_and_alerts_once_after_48_hours(court: Court) -> None:
    await court.edited("The jail may hold nobody past release.")
    await court.env.advance_time(47 * 3600)
    assert len(court.reviews.history()) == 1
    assert "waits 47 hours" in text_of(await court.slash(court.abe, "queue"))
    await court.env.advance_time(2 * 3600)
    assert "Waiting for more than 48 hours" in text_of(court.card())
    assert "**more than 48 hours**" in text_of(await court.slash(court.abe, "queue"))
    await court.env.advance_time(24 * 3600)
    assert len(court.reviews.history()) == 2


async def test_reports_wait_in_the_queue_and_answering_names_nobody(court: Court) -> None:
    reply = await court.slash(court.ana, "about")
    opened = await court.ana.click(reply, label="Report a problem")
    await court.ana.submit_modal(opened, {"reason": ["It is out of date"], "words": "The court has ruled."})
    queue = await court.slash(court.abe, "queue")
    assert "Reports from members: 1" in text_of(queue)
    report = (await court.abe.select(queue, ["1"], custom_id="fm:report:1")).response
    assert report
    assert "The court has ruled." in text_of(report)
    assert labels_of(report) == ["It is dealt with"]
    await court.abe.click(report, label="It is dealt with")
    assert "Reports from members: 0" in text_of(await court.slash(court.abe, "queue"))
    columns = [row["name"] for row in await court.bot.database.read("SELECT name FROM pragma_table_info('report')")]
    assert columns == ["id", "page", "reason", "text", "day", "answered"]
    assert str(court.abe.id) not in str([tuple(r) for r in await court.bot.database.read("SELECT * FROM report")])


async def test_what_is_past_review_is_still_true_in_one_click(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Footnote, "today", property(lambda _: date(2026, 5, 1)))
    listed = await court.slash(court.pia, "stale")
    assert "Past review: 2" in text_of(listed)
    assert text_of(listed).index("count-low") < text_of(listed).index("count-high")
    # One side of a dispute is not shown alone, also not to moderators.
    assert "One side of: How many people are in the jail?" in text_of(listed)
    opened = await court.pia.select(listed, ["count-low"])
    assert filled(opened) == {
        "as_of": "2026-05-01",
        "source": "memo",
        "review_by": "2026-08-01",
        "why": "Looked at again: still true.",
    }
    told = await court.form(court.pia, opened)
    assert "`count-low` is still true" in text_of(told)
    await court.abe.click(court.card(), label="Approve")
    assert "Past review: 1" in text_of(await court.slash(court.pia, "stale"))


async def test_the_record_as_it_was_on_a_day_and_the_changes_since(court: Court) -> None:
    before = await court.statement()
    await court.env.advance_time(86400)
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    then = await court.ana.slash(court.channel, "asof", date="2026-01-01", question="May a jail hold a person?")
    shown = then.response
    assert "as the record stood on Jan 1, 2026" in text_of(shown)
    assert before in text_of(shown)
    assert "hold nobody" not in text_of(shown)
    assert "Agency" in text_of(shown)  # all sides of the dispute, then as now
    assert "Memo on holds" in text_of(await _clicked(court, shown, "Sources"))
    shared = await _clicked(court, shown, "Share in channel")
    assert before in text_of(shared)
    now = (
        await court.ana.slash(court.channel, "asof", date="2026-01-02", question="May a jail hold a person?")
    ).response
    assert "hold nobody" in text_of(now)
    assert (
        "The history begins on Jan 1, 2026."
        in (await court.slash(court.ana, "asof", date="2025-12-31", question="?")).content
    )
    assert "still to come" in (await court.slash(court.ana, "asof", date="2026-12-31", question="?")).content
    listed = text_of(await court.slash(court.ana, "changes", since="2026-01-02"))
    assert "Changes since Jan 2, 2026: 1" in listed
    assert f"fact `{FACT}` · changed: Statement" in listed
    await published(court, await pia(court, "sources add", kind="news"), title="Otters", publisher="Times", why="New.")
    listed = text_of(await court.slash(court.ana, "changes", since="2026-01-01"))
    assert "Changes since Jan 1, 2026: 2" in listed
    assert "source `times-otters` · Otters · added" in listed
    court.errors_were_answers()


async def _clicked(court: Court, message: Any, label: str) -> Any:
    return (await court.ana.click(message, label=label)).response


# Files and edits


async def test_files_that_differ_from_an_edit_wait_in_the_queue_with_both_texts(court: Court, folder: Path) -> None:
    await court.abe.click(await court.edited("The jail may hold nobody past release."), label="Approve")
    path = folder / "facts/jails.yaml"
    path.write_text(
        path.read_text("utf-8").replace("may not hold a person past", "must not hold a person past"), "utf-8"
    )
    await restart(court)
    assert await court.statement() == "The jail may hold nobody past release."
    queue = await court.slash(court.abe, "queue")
    assert "The files differ from the last edit · fact no-hold" in text_of(queue)
    card = (await court.abe.select(queue, ["2"], custom_id="fm:look:0")).response
    assert card
    assert "~~may~~ **must not** hold ~~nobody~~ **a person**" in text_of(card)
    assert labels_of(card) == ["Approve", "Reject", "As members would see it"]
    await court.abe.click(card, label="Approve")
    assert await court.statement() == "The jail must not hold a person past release."


async def test_every_view_of_the_desk_holds_dynamic_items_alone_and_never_ends(court: Court) -> None:
    await court.edited("The jail may hold nobody past release.")
    await running.add_report(court.bot.database, Report(page="about:", reason="x", text=""), court.bot.today)
    await court.slash(court.abe, "queue")
    await court.slash(court.pia, "stale")
    for view in court.bot.persistent_views:
        assert view.timeout is None
    sent_ids = [
        custom_id
        for request in court.env.http_requests
        if isinstance(request.json, dict)
        for custom_id in parts_of((request.json.get("data") or request.json).get("components") or [], "custom_id")
        if (request.json.get("type") != 9)
    ]
    assert sent_ids
    assert all(custom_id.startswith(("fn:", "fk:", "fm:")) for custom_id in sent_ids)
