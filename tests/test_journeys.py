"""Moderators keep the record: as proposer, approver, member without a role, and moderator who has lost it meanwhile."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot import app
from bot.app import Footnote
from bot.catalog import load_catalog
from bot.config import Settings
from bot.models import Origin, Ref
from bot.store import proposals, revisions
from tests.conftest import answer_of, labels_of, made, quicken, text_of
from tests.test_catalog import GOOD

FACT = "no-hold"


@dataclass
class Court:
    """The home server with a proposer, two approvers, a moderator without a role, and a member."""

    env: simcord.Env
    bot: Footnote
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    reviews: simcord.ChannelHandle
    pia: simcord.MemberActor
    abe: simcord.MemberActor
    abi: simcord.MemberActor
    mo: simcord.MemberActor
    ana: simcord.MemberActor
    ada: simcord.MemberActor
    roles: dict[str, Any]

    async def slash(self, who: simcord.MemberActor, name: str, /, **options: Any) -> Any:
        return answer_of(await who.slash(self.channel, name, **options))

    async def form(self, who: simcord.MemberActor, opened: Any, **typed: Any) -> Any:
        """Fill a form, the fields that are not named as they are, and send it."""
        values = {name.replace("__", "."): value for name, value in typed.items()}
        return answer_of(await who.submit_modal(opened, filled(opened) | values))

    async def edited(self, text: str, who: simcord.MemberActor | None = None, why: str = "The sheriff said so.") -> Any:
        """The proposer edits the statement and sends it for review; the review card."""
        who = who or self.pia
        opened = await who.slash(self.channel, "fact edit", fact=FACT)
        preview = await self.form(who, opened, statement=text, why=why)
        await who.click(preview, label="Send for review")
        return self.card()

    def card(self) -> Any:
        """The newest review card."""
        return self.reviews.history()[-1]

    async def statement(self) -> str:
        rows = await self.bot.database.read("SELECT statement FROM fact WHERE id = ?", (FACT,))
        return str(rows[0]["statement"])

    async def take_role(self, who: simcord.MemberActor, role: Any) -> None:
        """Take a role away from somebody."""
        await self.bot.http.remove_role(self.guild.id, who.id, role.id)

    def errors_were_answers(self) -> None:
        """SimCord counts what the bot answered in words as errors too."""
        assert self.env.errors


def filled(opened: Any) -> dict[str, Any]:
    """What a form shows before anybody types."""
    found: dict[str, Any] = {}
    for label in opened.modal["components"]:
        item = label["component"]
        if item["type"] == 3:
            chosen = [option["value"] for option in item["options"] if option.get("default")]
            found[item["custom_id"]] = chosen or [item["options"][0]["value"]]
        else:
            found[item["custom_id"]] = item.get("value") or ""
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small data folder."""
    for name, text in GOOD.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "data"


@pytest.fixture
def simcord_bot(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Footnote:
    """The bot that SimCord starts, on the small record."""
    monkeypatch.setattr(app, "load_catalog", load_catalog)
    return made(Settings(data_path=folder, database_path=tmp_path / "small.sqlite3"))


@pytest.fixture
async def court(simcord_bot: Footnote, simcord_env: simcord.Env) -> AsyncIterator[Court]:
    """The real bot in the home server, its permissions set by its administrator."""
    quicken(simcord_env)
    guild = simcord_env.create_guild("Home")
    simcord_bot.settings = simcord_bot.settings.model_copy(update={"home_server": guild.id})
    channel, reviews = guild.create_text_channel("general"), guild.create_text_channel("reviews")
    manage = discord.Permissions(manage_messages=True)
    roles = {
        name: guild.create_role(name, permissions=permissions)
        for name, permissions in {
            "proposers": manage,
            "approvers": manage,
            "helpers": manage,
            "admins": discord.Permissions(administrator=True),
        }.items()
    }
    people = {
        name: guild.add_member(simcord_env.create_user(name), roles=[roles[role]] if role else [])
        for name, role in {
            "pia": "proposers",
            "abe": "approvers",
            "abi": "approvers",
            "mo": "helpers",
            "ana": "",
            "ada": "admins",
        }.items()
    }
    court = Court(simcord_env, simcord_bot, guild, channel, reviews, **people, roles=roles)
    try:
        for role, right in (("proposers", "propose"), ("approvers", "approve")):
            await court.slash(people["ada"], "permissions allow", role=roles[role], right=right)
        await court.slash(people["ada"], "permissions channel", channel=reviews)
        yield court
    finally:
        await court.bot.close()


async def test_an_edit_goes_from_the_form_over_the_review_to_the_members(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    before = filled(opened)
    assert before["statement"] == await court.statement()
    new = before["statement"].replace("not hold", "never hold")
    preview = await court.form(court.pia, opened, statement=new, why="The sheriff said so.")
    assert preview.ephemeral
    assert new in text_of(preview)
    assert "names nobody" in text_of(preview)
    assert labels_of(preview) == ["Send for review", "Change it", "Discard"]
    assert court.reviews.history() == []
    sent = answer_of(await court.pia.click(preview, label="Send for review"))
    assert "Sent for review as proposal 1." in text_of(sent)
    card = court.card()
    assert "~~not~~ **never**" in text_of(card)
    assert "**Why:** The sheriff said so." in text_of(card)
    assert labels_of(card) == ["Approve", "Ask for changes", "Reject", "As members would see it"]
    seen = answer_of(await court.abe.click(card, label="As members would see it"))
    assert seen.ephemeral
    assert new in text_of(seen)
    assert labels_of(seen) == []
    # Nobody is served what waits, or offered it.
    for name, option in (("history", "record"), ("dispute", "topic")):
        assert "never" not in str(await court.ana.autocomplete(court.channel, name, option, "jail"))
    assert new not in text_of(await court.slash(court.ana, "ask", question="May a jail hold a person?"))
    await court.abe.click(card, label="Approve")
    assert "published" in text_of(court.card())
    assert labels_of(court.card()) == []
    assert await court.statement() == new
    assert new in text_of(await court.slash(court.ana, "ask", question="May a jail hold a person?"))


# Who may not


async def test_a_member_neither_sees_the_commands_nor_gets_past_the_buttons(court: Court) -> None:
    offered = court.ana.available_commands(court.channel)
    assert {"history", "asof", "changes"} <= set(offered)
    assert not {"fact", "queue", "redact", "permissions", "stale"} & set(offered)
    with pytest.raises(simcord.SetupError):
        await court.ana.slash(court.channel, "fact edit", fact=FACT)
    card = await court.edited("The jail may hold nobody past release.")
    for label in ("Approve", "Reject", "Ask for changes"):
        told = answer_of(await court.ana.click(card, label=label))
        assert told.content == "You do not have a role that may approve here. Nothing was changed."
        assert told.ephemeral
    assert (await proposals.get(court.bot.database, 1)).state == "waiting"


async def test_a_role_that_was_taken_away_while_the_form_was_open_counts_no_more(court: Court) -> None:
    before = await court.statement()
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    await court.take_role(court.pia, court.roles["proposers"])
    told = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why="Because.")
    assert told.content == "You do not have a role that may propose here. Nothing was changed."
    court.errors_were_answers()
    assert await court.bot.database.read("SELECT * FROM proposal") == []
    assert await court.statement() == before


async def test_an_approvers_role_that_was_taken_away_while_the_form_was_open_counts_no_more(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    opened = await court.abe.click(card, label="Reject")
    await court.take_role(court.abe, court.roles["approvers"])
    told = await court.form(court.abe, opened, reason="No.")
    assert "You do not have a role that may approve here." in told.content
    assert "may approve" in answer_of(await court.abe.click(card, label="Approve")).content
    court.errors_were_answers()
    assert (await proposals.get(court.bot.database, 1)).state == "waiting"


async def test_a_draft_is_sent_only_by_its_author_who_still_has_the_role(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    preview = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why="Because.")
    await court.take_role(court.pia, court.roles["proposers"])
    assert "may propose" in answer_of(await court.pia.click(preview, label="Send for review")).content
    assert court.reviews.history() == []


async def test_another_server_edits_nothing_and_its_administrator_chooses_no_editors(court: Court) -> None:
    elsewhere = court.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("general")
    admin = elsewhere.create_role("admins", permissions=discord.Permissions(administrator=True))
    eve = elsewhere.add_member(court.env.create_user("eve"), roles=[admin])
    told = answer_of(await eve.slash(channel, "fact edit", fact=FACT))
    assert told.content == "The record is kept in another server: nothing can be edited from here."
    told = answer_of(await eve.slash(channel, "permissions allow", role=admin, right="approve"))
    assert told.content.startswith("The record is kept in another server.")
    told = answer_of(await eve.slash(channel, "permissions allow", role=admin, right="summarize"))
    assert f"**summarize:** <@&{admin.id}>" in text_of(told)
    court.bot.settings = court.bot.settings.model_copy(update={"home_server": None})
    told = await court.slash(court.pia, "fact edit", fact=FACT)
    assert told.content.startswith("No server is trusted to edit yet")
    court.errors_were_answers()


async def test_nobody_approves_their_own_unless_there_is_one_moderator_and_about_says_so(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.", who=court.abe)
    told = await court.abe.click(card, label="Approve")
    assert told.followups[0].content == "You proposed this: somebody else has to approve it."
    assert "a second moderator" in text_of(await court.slash(court.ana, "about"))
    await court.slash(court.ada, "permissions alone", allowed=True)
    assert "One moderator keeps this record alone" in text_of(await court.slash(court.ana, "about"))
    await court.abe.click(court.card(), label="Approve")
    assert await court.statement() == "The jail may hold nobody past release."


# Deciding


async def test_asked_for_changes_the_proposer_mends_it_on_the_same_card(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    opened = await court.abe.click(card, label="Ask for changes")
    await court.form(court.abe, opened, reason="Name the county.")
    assert "Name the county." in text_of(court.card())
    assert labels_of(court.card()) == ["Change it", "Discard"]
    assert "Only whoever made this" in answer_of(await court.abe.click(court.card(), label="Change it")).content
    opened = await court.pia.click(court.card(), label="Change it")
    assert filled(opened)["statement"] == "The jail may hold nobody past release."
    preview = await court.form(court.pia, opened, statement="The Elm County jail may hold nobody past release.")
    await court.pia.click(preview, label="Send for review")
    assert len(court.reviews.history()) == 1
    await court.abi.click(court.card(), label="Approve")
    assert await court.statement() == "The Elm County jail may hold nobody past release."


async def test_what_needs_changes_can_be_discarded_by_its_author_alone(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    await court.form(court.abe, await court.abe.click(card, label="Ask for changes"), reason="Name the county.")
    assert "somebody else's" in answer_of(await court.abe.click(court.card(), label="Discard")).content
    await court.pia.click(court.card(), label="Discard")
    assert "withdrawn" in text_of(court.card())
    assert "nobody past release" not in text_of(court.card())
    assert labels_of(court.card()) == []


async def test_rejected_with_a_reason_nothing_changes(court: Court) -> None:
    before = await court.statement()
    card = await court.edited("The jail may hold nobody past release.")
    opened = await court.abe.click(card, label="Reject")
    assert (opened.modal or {})["title"] == "Reject: proposal 1"
    await court.form(court.abe, opened, reason="The memo does not say so.")
    assert "rejected" in text_of(court.card())
    assert "The memo does not say so." in text_of(court.card())
    assert labels_of(court.card()) == []
    assert await court.statement() == before


async def test_whoever_presses_after_another_is_told_and_publishes_nothing_twice(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    queue = await court.slash(court.abi, "queue")
    second = answer_of(await court.abi.select(queue, ["1"]))
    await court.abe.click(card, label="Approve")
    told = await court.abi.click(second, label="Approve")
    assert told.followups[0].content == "Nothing was done: this proposal is published already."
    assert len(await revisions.history(court.bot.database, Ref("fact", FACT))) == 2


async def test_an_interaction_that_is_delivered_twice_proposes_and_publishes_once(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = court.env.backend.emit
    heard: list[Mapping[str, Any]] = []

    def emit(event: str, payload: Mapping[str, Any]) -> None:
        if event == "INTERACTION_CREATE":
            heard.append(payload)
        deliver(event, payload)

    monkeypatch.setattr(court.env.backend, "emit", emit)
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    preview = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why="Because.")
    await court.pia.click(preview, label="Send for review")
    await court.abe.click(court.card(), label="Approve")
    # A RESUME of the gateway replays what came before it.
    for payload in heard:
        deliver("INTERACTION_CREATE", payload)
        await court.env.settle()
    assert len(heard) == 4
    counts = await court.bot.database.read(
        "SELECT (SELECT count(*) FROM proposal), (SELECT count(*) FROM revision WHERE origin = 'edit')"
    )
    assert tuple(counts[0]) == (1, 1)
    assert "published" in text_of(court.card())
    assert await court.statement() == "The jail may hold nobody past release."


async def published(court: Court) -> int:
    """How often the fact has been changed by an edit."""
    versions = await revisions.history(court.bot.database, Ref("fact", FACT))
    return sum(version.origin is Origin.EDIT for version in versions)


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)])
async def test_an_approval_whose_answer_discord_refuses_is_done_once_and_the_next_press_says_so(
    court: Court, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], status: int, code: int
) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    court.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=status, code=code)
    caplog.clear()
    await court.abe.click(card, label="Approve")
    assert await published(court) == 1
    assert await court.statement() == "The jail may hold nobody past release."
    [line] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert f" {status}/{code} at " in line.getMessage()
    assert "Approve" in labels_of(court.card())  # a control: the moderator sees nothing of it
    told = await court.abe.click(court.card(), label="Approve")
    assert told.followups[0].content == "Nothing was done: this proposal is published already."
    assert "published" in text_of(court.card())
    assert labels_of(court.card()) == []
    assert await published(court) == 1
    assert "Traceback" not in caplog.text + "".join(capfd.readouterr())


async def test_an_approval_that_discord_has_given_up_before_it_is_begun_is_not_done(court: Court) -> None:
    card = await court.edited("The jail may hold nobody past release.")
    court.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)
    await court.abe.click(card, label="Approve")
    assert await published(court) == 0
    await court.abe.click(court.card(), label="Approve")
    assert await published(court) == 1


async def test_a_proposal_whose_base_has_changed_is_looked_at_again(court: Court) -> None:
    first = await court.edited("The jail may hold nobody past release.")
    second = await court.edited("The jail may hold somebody past release.", who=court.abi)
    assert first.id != second.id
    await court.abe.click(first, label="Approve")
    assert "~~not~~" in text_of(second)
    told = await court.abe.click(second, label="Approve")
    assert "look at it again" in told.followups[0].content
    assert "~~nobody~~ **somebody**" in text_of(court.card())
    assert await court.statement() == "The jail may hold nobody past release."
    await court.abe.click(court.card(), label="Approve")
    assert await court.statement() == "The jail may hold somebody past release."


async def test_cards_and_drafts_of_before_a_restart_still_work(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    preview = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why="Because.")
    await restart(court)
    await court.pia.click(preview, label="Send for review")
    await restart(court)
    await court.abe.click(court.card(), label="Approve")
    assert await court.statement() == "The jail may hold nobody past release."


async def restart(court: Court) -> None:
    """Stop the bot and start another on the same files and database."""
    settings = court.bot.settings
    await court.bot.close()
    court.bot = made(settings)
    await court.env.restart_bot(court.bot)
    quicken(court.env)


async def test_without_a_review_channel_it_waits_in_the_queue(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    preview = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why="Because.")
    court.env.inject_error("POST", "/channels/*/messages", status=403, times=1)
    sent = answer_of(await court.pia.click(preview, label="Send for review"))
    assert "It waits in /queue; its card could not be posted" in text_of(sent)
    assert "**1** · An edit · fact no-hold" in text_of(await court.slash(court.abe, "queue"))


# What is typed


async def test_what_does_not_fit_is_told_and_the_form_comes_back_as_it_was_typed(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    told = await court.form(
        court.pia, opened, statement="No full stop at the end of this", as_of="last May", why="Because."
    )
    assert "Nothing was kept yet." in text_of(told)
    assert "must end with a full stop" in text_of(told)
    assert "must be a date written YYYY, YYYY-MM or YYYY-MM-DD" in text_of(told)
    assert await court.bot.database.read("SELECT * FROM proposal") == []
    again = await court.pia.click(told, label="Correct it")
    assert filled(again)["statement"] == "No full stop at the end of this"
    assert filled(again)["why"] == "Because."
    preview = await court.form(court.pia, again, statement="There is a full stop at its end.", as_of="2026-05")
    assert "There is a full stop at its end." in text_of(preview)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The man with A 123-456-789 was held past release.", "an A-number"),
        ("Call (612) 555-0199 to ask about the person held.", "a phone number"),
        ("The man of 1200 Park Avenue was held past release.", "a street address"),
        ("Write to somebody@example.org about the person held.", "an e-mail address"),
        ("The man, born March 3, 1990, was held past release.", "a date of birth"),
    ],
)
async def test_personal_data_is_stopped_and_kept_nowhere(court: Court, text: str, told: str) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    answer = await court.form(court.pia, opened, statement=text, why="Because.")
    assert f"looks like {told}" in text_of(answer)
    for [table] in await court.bot.database.read("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        rows = await court.bot.database.read(f'SELECT * FROM "{table}"')
        assert not any(text in str(tuple(row)) for row in rows)


async def test_the_wording_check_speaks_to_the_author_and_to_the_reviewers(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    result = await court.pia.submit_modal(
        opened, filled(opened) | {"statement": "The jail may not kidnap a person at release.", "why": "Because."}
    )
    [spoken] = result.followups
    assert result.response
    assert "The wording check speaks." in text_of(spoken)
    assert "It says that a crime was done." in text_of(spoken)
    await court.pia.click(result.response, label="Send for review")
    assert "-# Wording: says 'kidnap'" in text_of(court.card())


async def test_a_draft_can_be_changed_and_discarded(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    preview = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why="Because.")
    opened = await court.pia.click(preview, label="Change it")
    newer = await court.form(court.pia, opened, statement="The jail may hold somebody past release.")
    told = answer_of(await court.pia.click(preview, label="Send for review"))
    assert "changed this draft since" in told.content
    await court.pia.click(newer, label="Discard")
    assert (await proposals.get(court.bot.database, 1)).state == "withdrawn"
    assert court.reviews.history() == []


async def test_an_edit_that_changes_nothing_is_told(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    told = await court.form(court.pia, opened, why="Because.")
    assert told.content == "That would change nothing: the record says exactly this."
    court.errors_were_answers()
