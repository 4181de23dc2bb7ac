"""Who may do what, asked at the moment of the act; what is not for everybody is answered as if it were not there."""

import itertools
from typing import Any

import discord
from discord import app_commands

from bot.store import proposals
from tests.conftest import answer_of, text_of
from tests.test_journeys import FACT, Court, court, folder, simcord_bot
from tests.test_keeping import pia, published

__all__ = ["court", "folder", "simcord_bot"]  # fixtures

# Every command that changes something or shows what is not public, with what it needs to be sent at all.
WHY = {"why": "Because."}
COMMANDS: dict[str, dict[str, Any]] = {
    "agreement set": {"agreement": "elm-jail", "status": "ended", "date": "2026", "source": "memo", **WHY},
    "disputes add": {"topic": "Jails"},
    "disputes edit": {"dispute": "how-many"},
    "disputes retire": {"dispute": "how-many", **WHY},
    "event add": {"topic": "Jails", "fact": FACT},
    "event edit": {"event": "opening"},
    "event retire": {"event": "opening", **WHY},
    "fact add": {"kind": "law", "topic": "Jails", "source": "memo", "as_of": "2026"},
    "fact edit": {"fact": FACT},
    "fact restore": {"fact": FACT, **WHY},
    "fact retire": {"fact": FACT, **WHY},
    "import": {"file": ("a.yaml", b"- id: a\n"), "sort": "fact", **WHY},
    "permissions allow": {"role": "proposers", "right": "approve"},
    "permissions alone": {"allowed": True},
    "permissions channel": {"channel": "reviews"},
    "permissions deny": {"role": "approvers", "right": "approve"},
    "permissions show": {},
    "queue": {},
    "redact": {"record": f"fact {FACT}", "keep_newest": True, **WHY},
    "revert person": {"person": "abe", "since": "2026-01-01", **WHY},
    "revert record": {"record": f"fact {FACT}", "version": 1, **WHY},
    "sources add": {"kind": "law"},
    "sources edit": {"source": "memo"},
    "sources retire": {"source": "memo", **WHY},
    "stale": {},
    "summary pause": {},
    "summary post": {},
    "summary preview": {},
    "summary schedule": {"time": "09:00"},
    "summary skip": {},
    "summary status": {},
}
REFUSALS = {
    "permissions": "Only an administrator of this server can do this.",
    "summary": "Only members who may manage this server, or have a role for summaries, can do this.",
}
NO_ROLE = "You do not have a role that may {} here. Nothing was changed."
# What everybody may press: both show what /history and /changes show.
PUBLIC = {"history", "changes"}
APPROVERS = {"approve", "ask", "reject"}
MENUS = {"look", "report", "still"}


async def everything(court: Court) -> list[Any]:
    """All rows of all tables."""
    tables = await court.bot.database.read("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return [tuple(row) for [name] in tables for row in await court.bot.database.read(f'SELECT * FROM "{name}"')]


async def crafted(court: Court, who: Any, custom_id: str, value: str = "", channel: Any = None) -> str:
    """What somebody is told who makes up a button, or with a value a menu, under any message."""
    channel = channel or court.channel
    message = await who.send(channel, "anything")
    item = {"type": 2, "style": 2, "label": "x", "custom_id": custom_id}
    if value:
        item = {"type": 3, "custom_id": custom_id, "options": [{"label": "x", "value": value}]}
    court.env.backend.get_message(channel.id, message.id).components = [{"type": 1, "components": [item]}]
    result = await (who.select(message, [value]) if value else who.click(message, custom_id=custom_id))
    assert result.modal is None, custom_id
    told = [*result.followups] if not result.response else [result.response, *result.followups]
    assert all(each.ephemeral for each in told), custom_id
    return "\n".join(text_of(each) for each in told)


async def pressed(court: Court, who: Any, action: str, number: int) -> str:
    """What somebody is told who makes up a button or a menu of the desk."""
    if action in MENUS:
        return await crafted(court, who, f"fm:{action}:0", str(number))
    return await crafted(court, who, f"fk:{action}:{number}:1:0")


async def drafted(court: Court, text: str) -> int:
    """A draft of Pia's that she has not sent."""
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    await court.form(court.pia, opened, statement=text, why="Because.")
    [row] = await court.bot.database.read("SELECT max(id) AS id FROM proposal")
    return int(row["id"])


async def demoted(court: Court) -> None:
    """Pia has lost her role; she still sees the moderators' commands."""
    await court.bot.http.add_role(court.guild.id, court.pia.id, court.roles["helpers"].id)
    await court.take_role(court.pia, court.roles["proposers"])


async def test_whoever_has_lost_the_role_is_refused_at_every_command(court: Court) -> None:
    asked = {
        command.qualified_name
        for command in court.bot.tree.walk_commands()
        if isinstance(command, app_commands.Command) and (command.root_parent or command).default_permissions
    }
    assert asked == set(COMMANDS)
    await demoted(court)
    for name in ("permissions", "summary"):
        root = court.env.backend.find_command(name, None, type=1)
        assert root
        court.guild.set_command_permissions(int(root["id"]), {court.roles["helpers"]: True})
    handles = {"proposers": court.roles["proposers"], "approvers": court.roles["approvers"], "reviews": court.reviews}
    before = await everything(court)
    for name, options in COMMANDS.items():
        filled = {key: handles.get(value, value) if isinstance(value, str) else value for key, value in options.items()}
        if "person" in filled:
            filled["person"] = court.abe
        result = await court.pia.slash(court.channel, name, **filled)
        assert result.modal is None, name
        told = answer_of(result)
        assert told.content == REFUSALS.get(name.split()[0], NO_ROLE.format("propose")), name
        assert told.ephemeral
    court.errors_were_answers()
    assert await everything(court) == before


async def test_whoever_has_no_role_is_refused_at_every_button_alike_whether_there_is_something_or_not(
    court: Court,
) -> None:
    await court.edited("The jail may hold nobody past release.")
    draft = await drafted(court, "The jail may hold somebody past release.")
    await demoted(court)
    before = await everything(court)
    for action in sorted(court.bot.desk.keys() - PUBLIC):
        right = "approve" if action in APPROVERS else "propose"
        for who, number in itertools.product((court.ana, court.pia), (1, draft, 999)):
            assert await pressed(court, who, action, number) == NO_ROLE.format(right), (action, number)
    assert await everything(court) == before


async def test_somebody_elses_draft_is_for_moderators_too_as_if_there_were_none(court: Court) -> None:
    draft = await drafted(court, "The jail may hold somebody past release.")
    before = await everything(court)
    for action in sorted(court.bot.desk.keys() - PUBLIC - {"stale", "still", "report", "answered"}):
        told = await pressed(court, court.abe, action, draft)
        assert told == await pressed(court, court.abe, action, 999), action
        assert told
        assert "somebody past" not in told
    # What was typed and could not be kept is for whoever typed it.
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    await court.form(court.pia, opened, statement="No full stop at the end of this", why="Because.")
    [unsent] = court.bot.unsent
    assert await pressed(court, court.abe, "again", unsent) == await pressed(court, court.abe, "again", 999)
    assert await everything(court) == before
    # What is decided or withdrawn has no preview.
    card = await court.edited("The jail may hold nobody past release.")
    await court.form(court.abi, await court.abi.click(card, label="Ask for changes"), reason="Name the county.")
    await court.pia.click(court.card(), label="Discard")
    for action in ("peek", "leaf"):
        told = await pressed(court, court.abe, action, draft + 1)
        assert told == "There is no preview of it: this proposal is withdrawn."
    assert not court.env.errors


async def test_a_summary_is_only_for_where_it_stands_and_a_preview_for_who_may_run_it(court: Court) -> None:
    await court.slash(court.ada, "summary post")
    [row] = await court.bot.database.read("SELECT channel, day FROM summary_claim")
    assert row["channel"] == court.channel.id
    posted = f"fn:page:0:summary:{row['channel']}.{row['day']}"
    absent = f"fn:page:0:summary:{row['channel'] + 1}.{row['day']}"
    gone = "That summary is no longer kept. Please look at a newer one."
    assert await crafted(court, court.ana, posted) != gone
    for custom_id in (posted, absent):
        assert await crafted(court, court.ana, custom_id, channel=court.reviews) == gone
    elsewhere = court.env.create_guild("Elsewhere")
    room = elsewhere.create_text_channel("general")
    admin = elsewhere.create_role("admins", permissions=discord.Permissions(administrator=True))
    eve = elsewhere.add_member(court.env.create_user("eve"), roles=[admin])
    for who, channel in ((court.ana, court.channel), (eve, room)):
        for place in (court.channel.id, 1, "x"):
            for action in ("page", "sources", "share", "report"):
                told = await crafted(court, who, f"fn:{action}:0:preview:{place}", channel=channel)
                assert told == gone, (action, place)
    assert await crafted(court, court.ada, f"fn:page:0:preview:{court.channel.id}") != gone
    assert await crafted(court, court.ana, "fn:report:0:nothing:at all") == (
        "This button is from an older version. Please use the command again."
    )


# What is not, or no longer, in the record

PROPOSED, DRAFTED, RETIRED, WIPED = "wolverine", "pangolin", "capybara", "quokka"
HIDDEN = (PROPOSED, DRAFTED, RETIRED, WIPED)
SUPERSEDED = "for a day"


async def hide(court: Court) -> None:
    """Let the words stand in what waits, in a draft, in what was retired and in what was wiped."""
    for animal, name in ((RETIRED, "short-stay"), (WIPED, FACT)):
        opened = await pia(court, "fact edit", fact=name)
        await published(court, opened, statement=f"The jail may hold a {animal} past release.", why="New.")
    await published(court, await pia(court, "fact retire", fact="short-stay", why="Wrong."))
    opened = await pia(court, "fact edit", fact=FACT)
    await published(court, opened, statement="The jail may hold nobody past release.", why="A name.")
    await published(court, await pia(court, "redact", record=f"fact {FACT}", keep_newest=True, why="A name."))
    await court.edited(f"The jail may hold a {PROPOSED} past release.")
    await drafted(court, f"The jail may hold a {DRAFTED} past release.")


async def test_hidden_statements_are_in_no_search_no_offer_no_summary_and_no_export(court: Court) -> None:
    await hide(court)
    await court.slash(court.ada, "summary post")
    told: dict[str, str] = {"summary": "\n".join(text_of(message) for message in court.channel.history())}
    for animal in HIDDEN:
        question = f"May the jail hold a {animal} past release?"
        told[f"ask {animal}"] = text_of(await court.slash(court.ana, "ask", question=question))
        message = await court.abe.send(court.channel, question)
        menu = await court.ana.context_menu(court.channel, "Find facts about this", message)
        told[f"menu {animal}"] = text_of(answer_of(menu))
    for name, options in {
        "events": {},
        "dispute": {"topic": "how-many"},
        "glossary": {"term": "Hold"},
        "county": {"name": "Elm"},
        "counties": {"filter": "all"},
        "source": {"name": "memo"},
        "sanctuary": {"place": "Elm County"},
        "changes": {"since": "2026-01-01"},
    }.items():
        told[name] = text_of(await court.slash(court.ana, name, **options))
    for name, text in told.items():
        assert not any(animal in text for animal in HIDDEN), (name, text)
        assert SUPERSEDED not in text, name
    for form in ("yaml", "json", "csv", "claimreview"):
        reply = answer_of(await court.ana.slash(court.channel, "export", form=form))
        text = b"".join([await file.read() for file in reply.attachments]).decode()
        assert "nobody past release" in text
        assert not any(animal in text for animal in HIDDEN), form
        # Kept with the name of what took its place, but no claim of today's.
        assert (SUPERSEDED in text) == (form != "claimreview")
    # Nor is it offered while somebody types.
    offers = [
        (command.qualified_name, parameter.display_name)
        for command in court.bot.tree.walk_commands()
        if isinstance(command, app_commands.Command)
        for parameter in command.parameters
        if parameter.autocomplete
    ]
    assert len(offers) > 20
    seen = 0
    for who in (court.ana, court.mo):
        visible = set(who.available_commands(court.channel))
        for name, option in offers:
            if name.split()[0] not in {shown.split()[0] for shown in visible}:
                continue
            for typed in ("", "the jail may hold", RETIRED):
                offered = await who.autocomplete(court.channel, name, option, typed)
                assert not any(animal in str(offered) for animal in HIDDEN), (name, option, typed)
                seen += len(offered)
    assert seen
    assert await court.mo.autocomplete(court.channel, "fact restore", "fact", "") == []
    [retired] = await court.pia.autocomplete(court.channel, "fact restore", "fact", RETIRED)
    assert retired["value"] == "short-stay"


async def test_a_record_that_waits_and_one_that_never_was_have_the_same_history(court: Court) -> None:
    opened = await pia(court, "sources add", kind="news")
    preview = await court.form(court.pia, opened, title="Otters", publisher="Times", why="New.")
    await court.pia.click(preview, label="Send for review")
    [waiting] = (await proposals.waiting(court.bot.database))[0].changes
    told = {
        (await court.slash(court.ana, "history", record=name)).content
        for name in (str(waiting.ref), "fact not-there", "sort x", "<@1> y")
    }
    assert len(told) == 1
    court.errors_were_answers()
