"""Proposals and versions: published once, whole or not at all, never before, and never lost once acknowledged."""

import asyncio
import gc
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bot.catalog import Catalog, problems_between
from bot.config import ROOT
from bot.models import Change, Decision, Proposal, Purpose, Record, Ref, State, Verdict, body_of, ref_of
from bot.store import Database, files, proposals, records, revisions
from bot.store.database import MIGRATIONS, migrate
from bot.store.hypothetical import as_of
from tests.test_store import assert_whole, dispute, event, fact, search, source

LONG = bool(os.environ.get("FOOTNOTE_CAMPAIGN"))
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MAX, ZOE = 111, 222
SMALL = [source(0), source(1), *(fact(name) for name in "abc"), dispute("d", "b", "c"), event("e", "2026", facts=["a"])]
interactions = iter(range(1000, 10**9))


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Database]:
    """A database that holds a small record."""
    opened = await Database.open(tmp_path / "kept.sqlite3")
    await files.load(opened, SMALL, at=NOW - timedelta(days=30))
    yield opened
    await opened.close()


@pytest.fixture
def check(catalog: Catalog) -> revisions.Check:
    """What must hold between records, by the rules of the real pack."""
    return lambda held: [flaw for flaw in problems_between(catalog.pack, held) if "counties.yaml" not in flaw[1]]


def nothing(_: Any) -> list[tuple[Ref, str]]:
    return []


async def changed(database: Database, record: Record) -> Change:
    ref = ref_of(record)
    found = await revisions.heads(database.read, [ref])
    return Change(ref, body_of(record), found[ref].number if ref in found else 0)


async def propose(database: Database, *wanted: Record, by: int = MAX, at: datetime = NOW, **more: Any) -> Proposal:
    changes = [await changed(database, record) for record in wanted]
    return await proposals.add(database, Purpose.EDIT, changes, "It was amended.", by, next(interactions), at, **more)


async def approve(
    database: Database, found: Proposal, by: int = ZOE, check: revisions.Check = nothing, **more: Any
) -> Decision:
    return await proposals.publish(
        database, found.id, found.version, by, more.pop("interaction", next(interactions)), NOW, check, **more
    )


async def retire(database: Database, name: str) -> Proposal:
    ref = Ref("fact", name)
    number = (await revisions.heads(database.read, [ref]))[ref].number
    change = Change(ref, None, number)
    return await proposals.add(database, Purpose.EDIT, [change], "Withdrawn.", MAX, next(interactions), NOW)


async def statement(database: Database, name: str) -> str | None:
    rows = await database.read("SELECT statement FROM fact WHERE id = ?", (name,))
    return rows[0]["statement"] if rows else None


# Publishing


async def test_approved_proposal_is_served_found_and_in_the_history(kept: Database, check: revisions.Check) -> None:
    found = await propose(kept, fact("a", "The jail keeps a list of otters."))
    done = await approve(kept, found, check=check)
    assert (done.verdict, done.proposal.state, done.proposal.decided_by) == (Verdict.DONE, State.PUBLISHED, ZOE)
    assert await statement(kept, "a") == "The jail keeps a list of otters."
    assert await search(kept, "otters") == {"a"}
    first, second = await revisions.history(kept, Ref("fact", "a"))
    assert (first.origin, first.editor, first.approver) == ("file", None, None)
    assert (second.origin, second.editor, second.approver, second.why) == ("edit", MAX, ZOE, "It was amended.")
    assert (second.at, second.proposal) == ("2026-11-25T12:00:00Z", found.id)
    await assert_whole(kept)


@pytest.mark.parametrize("state", ["draft", "waiting", "declined", "withdrawn"])
async def test_what_is_not_published_is_in_no_table_but_the_proposals(kept: Database, state: str) -> None:
    found = await propose(
        kept, fact("a", "The jail keeps quokkas."), fact("z", "One quokka is kept there."), draft=True
    )
    if state != "draft":
        await proposals.send(kept, found.id, found.version, MAX, NOW)
    if state == "declined":
        await proposals.decline(kept, found.id, 1, State.REJECTED, ZOE, next(interactions), "No.", NOW)
    if state == "withdrawn":
        await proposals.withdraw(kept, found.id, 1, MAX)
    assert await search(kept, "quokkas", "quokka") == set()
    for [table] in await kept.read("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        rows = await kept.read(f'SELECT * FROM "{table}"')
        assert any("quokka" in str(tuple(row)) for row in rows) == (table == "proposal_change"), table


async def test_nobody_approves_what_they_propose_unless_they_are_alone(kept: Database) -> None:
    found = await propose(kept, fact("a", "The jail keeps a list of otters."))
    assert (await approve(kept, found, by=MAX)).verdict is Verdict.OWN
    assert await statement(kept, "a") == "The jail keeps one list of them."
    assert (await approve(kept, found, by=MAX, alone=True)).verdict is Verdict.DONE


@pytest.mark.campaign
async def test_five_simultaneous_approvals_of_each_of_500_proposals_publish_500_times(kept: Database) -> None:
    count = 500 if LONG else 50
    for n in range(count):
        found = await propose(kept, fact("a" if n % 2 else f"n{n}", f"The jail keeps list {n}."))
        done = await asyncio.gather(*(approve(kept, found, by=ZOE + k) for k in range(5)))
        assert sorted(decision.verdict for decision in done) == ["closed"] * 4 + ["done"]
    [edits] = await kept.read(
        "SELECT count(*) AS n, count(DISTINCT proposal_id) AS p FROM revision WHERE origin = 'edit'"
    )
    assert (edits["n"], edits["p"]) == (count, count)
    assert {found.state for found in [await proposals.get(kept, n) for n in range(1, count + 1)]} == {State.PUBLISHED}
    await assert_whole(kept)


async def test_the_five_would_publish_more_than_once_without_the_guard(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unguarded(*_: Any) -> None:
        return None

    monkeypatch.setattr(proposals, "_early", unguarded)
    monkeypatch.setattr(proposals, "heads", lambda *_: asyncio.sleep(0, {}))
    found = await propose(kept, fact("new"))
    done = await asyncio.gather(*(approve(kept, found, by=ZOE + n) for n in range(5)))
    assert [decision.verdict for decision in done].count(Verdict.DONE) > 1


async def test_same_interaction_delivered_twice_makes_one_proposal_and_one_version(kept: Database) -> None:
    change = await changed(kept, fact("a", "The jail keeps a list of otters."))
    twice = [await proposals.add(kept, Purpose.EDIT, [change], "Why.", MAX, 5, NOW) for _ in range(2)]
    assert twice[0] == twice[1]
    done = await asyncio.gather(*(approve(kept, twice[0], interaction=6) for _ in range(2)))
    assert [decision.verdict for decision in done] == [Verdict.DONE, Verdict.DONE]
    assert len(await revisions.history(kept, Ref("fact", "a"))) == 2
    assert (await approve(kept, twice[0], interaction=7)).verdict is Verdict.CLOSED


async def test_proposal_whose_base_has_changed_must_be_looked_at_again(kept: Database) -> None:
    first = await propose(kept, fact("a", "The jail keeps a list of otters."))
    second = await propose(kept, fact("a", "The jail keeps a list of badgers."))
    assert (await approve(kept, first)).verdict is Verdict.DONE
    stale = await approve(kept, second)
    assert (stale.verdict, stale.proposal.state) == (Verdict.STALE, State.WAITING)
    assert await statement(kept, "a") == "The jail keeps a list of otters."
    # Whoever pressed on the old card is told the same; only the new card publishes.
    assert (await approve(kept, second)).verdict is Verdict.STALE
    assert (await approve(kept, stale.proposal)).verdict is Verdict.DONE
    assert await statement(kept, "a") == "The jail keeps a list of badgers."


async def test_what_two_people_changed_in_different_fields_is_kept_of_both(kept: Database) -> None:
    words = await propose(kept, fact("a", "The jail keeps a list of otters."))
    date = await propose(kept, fact("a", as_of="2026-03"), by=333)
    await approve(kept, words)
    stale = await approve(kept, date)
    assert (await approve(kept, stale.proposal)).verdict is Verdict.DONE
    [row] = await kept.read("SELECT statement, as_of FROM fact WHERE id = 'a'")
    assert tuple(row) == ("The jail keeps a list of otters.", "2026-03")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ([fact("new", sources=[{"id": "gone"}])], "there is no source 'gone'"),
        ([dispute("second", "a", "b")], "is in two disputes"),
        ([event("e", "2026", facts=["gone"])], "there is no fact 'gone'"),
        ([fact("b", superseded_by="a")], "is superseded: name 'a' instead"),
        ([fact("b", speaker=None)], "needs a speaker"),
        ([fact("new"), fact("newer", superseded_by="gone")], "there is no fact 'gone'"),
    ],
)
async def test_what_would_not_fit_is_refused_in_words_and_changes_nothing(
    kept: Database, check: revisions.Check, wanted: list[Record], told: str
) -> None:
    before = await kept.read("SELECT count(*) AS n FROM revision")
    done = await approve(kept, await propose(kept, *wanted), check=check)
    assert done.verdict is Verdict.BROKEN
    assert told in " ".join(done.problems)
    assert done.proposal.state is State.WAITING
    assert tuple(before[0]) == tuple((await kept.read("SELECT count(*) AS n FROM revision"))[0])
    # Without that check the database itself would have refused what leads nowhere.
    await assert_whole(kept)


async def test_flaw_of_before_does_not_keep_other_edits_from_being_published(kept: Database) -> None:
    def always(held: Any) -> list[tuple[Ref, str]]:
        return [(Ref("fact", "b"), "has been like that for long")]

    done = await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters.")), check=always)
    assert done.verdict is Verdict.DONE


async def test_several_changes_are_published_together_or_not_at_all(kept: Database) -> None:
    found = await propose(
        kept, fact("a", "The jail keeps a list of otters."), fact("z"), event("f", "2026", facts=["z"])
    )
    assert (await approve(kept, found)).verdict is Verdict.DONE
    assert (await kept.read("SELECT count(*) AS n FROM revision WHERE proposal_id = ?", (found.id,)))[0]["n"] == 3
    broken = await propose(kept, fact("y", "The jail keeps a list of badgers."), event("f", "2026", facts=["gone"]))
    with pytest.raises(sqlite3.IntegrityError):
        await approve(kept, broken)
    assert await statement(kept, "y") is None
    assert (await proposals.get(kept, broken.id)).state is State.WAITING


async def test_draft_is_the_proposers_alone(kept: Database) -> None:
    found = await propose(kept, fact("a", "The jail keeps a list of otters."), draft=True)
    assert await proposals.waiting(kept) == []
    assert (await approve(kept, found)).verdict is Verdict.CLOSED
    assert (await proposals.send(kept, found.id, found.version, ZOE, NOW)).verdict is Verdict.CLOSED
    revised = await proposals.revise(kept, found.id, found.changes, "A better reason.", MAX)
    assert (await proposals.send(kept, found.id, found.version, MAX, NOW)).verdict is Verdict.STALE
    assert (await proposals.send(kept, found.id, revised.version, MAX, NOW)).verdict is Verdict.DONE
    assert [p.id for p in await proposals.waiting(kept)] == [found.id]
    with pytest.raises(LookupError):
        await proposals.revise(kept, found.id, found.changes, "Mine now.", ZOE)
    with pytest.raises(LookupError):
        await proposals.get(kept, 999)


async def test_proposal_that_was_changed_after_it_was_looked_at_is_not_published_unseen(kept: Database) -> None:
    found = await propose(kept, fact("a", "The jail keeps a list of otters."))
    newer = await proposals.revise(
        kept, found.id, [await changed(kept, fact("a", "The jail keeps nothing at all."))], "Why.", MAX
    )
    await proposals.send(kept, found.id, newer.version, MAX, NOW)
    assert (await approve(kept, found)).verdict is Verdict.STALE
    assert await statement(kept, "a") == "The jail keeps one list of them."


async def test_declined_proposal_keeps_its_reason_and_can_be_taken_up_again(kept: Database) -> None:
    found = await propose(kept, fact("a", "The jail keeps a list of otters."))
    asked = await proposals.decline(
        kept, found.id, 1, State.CHANGES_ASKED, ZOE, next(interactions), "Name the sheriff.", NOW
    )
    assert (asked.proposal.state, asked.proposal.reason) == (State.CHANGES_ASKED, "Name the sheriff.")
    assert (await approve(kept, found)).verdict is Verdict.CLOSED
    again = await proposals.revise(kept, found.id, found.changes, "Why.", MAX)
    await proposals.send(kept, again.id, again.version, MAX, NOW)
    rejected = await proposals.decline(kept, found.id, again.version, State.REJECTED, ZOE, 77, "No.", NOW)
    assert (rejected.verdict, rejected.proposal.state) == (Verdict.DONE, State.REJECTED)
    twice = await proposals.decline(kept, found.id, again.version, State.REJECTED, ZOE, 77, "No.", NOW)
    assert twice.verdict is Verdict.DONE
    with pytest.raises(LookupError):
        await proposals.revise(kept, found.id, found.changes, "Why.", MAX)


async def test_what_waits_for_two_days_is_told_once(kept: Database) -> None:
    old = await propose(kept, fact("a", "The jail keeps a list of otters."), at=NOW - timedelta(hours=49))
    await propose(kept, fact("b", "The jail keeps a list of badgers."), at=NOW - timedelta(hours=47))
    due = await proposals.overdue(kept, NOW - timedelta(hours=48))
    assert [found.id for found in due] == [old.id]
    await proposals.set_alerted(kept, due, NOW)
    assert await proposals.overdue(kept, NOW - timedelta(hours=48)) == []
    # Sent anew, it waits anew.
    again = await proposals.revise(kept, old.id, old.changes, "Why.", MAX)
    await proposals.send(kept, old.id, again.version, MAX, NOW)
    assert await proposals.overdue(kept, NOW - timedelta(hours=1)) != due
    assert old.id in {found.id for found in await proposals.overdue(kept, NOW)}


# Retiring and going back


async def test_retired_fact_is_neither_served_nor_found_and_can_be_restored(
    kept: Database, check: revisions.Check
) -> None:
    refused = await approve(kept, await retire(kept, "a"), check=check)
    assert "e: there is no fact 'a'" in refused.problems
    await approve(kept, await propose(kept, fact("z", "A list of badgers is kept."), event("e", "2026", facts=["z"])))
    assert (await approve(kept, await retire(kept, "a"), check=check)).verdict is Verdict.DONE
    assert await records.entries(kept, ["a"]) == []
    assert await search(kept, "a one") == set()
    *_, before, gone = await revisions.history(kept, Ref("fact", "a"))
    assert (gone.body, gone.redacted) == (None, None)
    back = Change(Ref("fact", "a"), before.body, gone.number)
    found = await proposals.add(kept, Purpose.REVERT, [back], "It holds again.", MAX, next(interactions), NOW)
    assert (await approve(kept, found, check=check)).verdict is Verdict.DONE
    assert await statement(kept, "a") == "The jail keeps one list of them."
    await assert_whole(kept)


async def test_all_edits_of_one_person_since_a_moment_are_undone_but_for_what_others_edited_after_them(
    kept: Database,
) -> None:
    for name in ("a", "b", "new"):
        await approve(kept, await propose(kept, fact(name, "The jail keeps a list of otters.")))
        await approve(kept, await propose(kept, fact(name, "The jail keeps a list of badgers.")))
    await approve(kept, await propose(kept, fact("b", "The jail keeps a list of foxes."), by=ZOE), by=MAX)
    await approve(kept, await propose(kept, fact("c", "The jail keeps a list of foxes."), by=ZOE), by=MAX)
    undo, left = await revisions.edits_by(kept, MAX, "2026-11-25")
    assert left == [Ref("fact", "b")]
    assert {change.ref.id: change.body is None for change in undo} == {"a": False, "new": True}
    found = await proposals.add(kept, Purpose.REVERT, undo, "Undone.", ZOE, next(interactions), NOW)
    assert (await approve(kept, found, by=333)).verdict is Verdict.DONE
    assert await statement(kept, "a") == "The jail keeps one list of them."
    assert await statement(kept, "new") is None
    assert await revisions.edits_by(kept, MAX, "2026-11-26") == ([], [])


async def test_the_record_of_a_past_day_and_the_changes_since(kept: Database) -> None:
    await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters."), fact("new")))
    then = dict(await revisions.bodies_as_of(kept, "2026-11-24"))
    assert {ref.id for ref in then} == {"s0", "s1", "a", "b", "c", "d", "e"}
    assert json.loads(then[Ref("fact", "a")])["statement"] == "The jail keeps one list of them."
    assert Ref("fact", "new") in dict(await revisions.bodies_as_of(kept, "2026-11-25"))
    assert await revisions.bodies_as_of(kept, "2026-10-01") == []
    assert await revisions.first_day(kept) == "2026-10-26"
    found, total = await revisions.changes_since(kept, "2026-11-01")
    assert [(each.ref.id, is_new) for each, is_new in found] == [("new", True), ("a", False)]
    assert total == 2
    # What filled the record at first is no change.
    assert (await revisions.changes_since(kept, "2026-10-01", 1))[1] == 2


# The history cannot be changed


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM revision",
        "UPDATE revision SET body = '{}'",
        "UPDATE revision SET body = NULL",
        "UPDATE revision SET why = ''",
        "UPDATE revision SET at = '2020'",
        "UPDATE revision SET editor = 333",
        "UPDATE revision SET approver = editor",
        "UPDATE revision SET number = number + 100",
        "UPDATE revision SET redacted = '2026', body = '{}'",
        "INSERT OR REPLACE INTO revision SELECT number, sort, record_id, '{}', origin, at, why, 1, 2, NULL, NULL "
        "FROM revision",
    ],
)
async def test_history_is_append_only(kept: Database, sql: str) -> None:
    await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters.")))
    before = [tuple(row) for row in await kept.read("SELECT * FROM revision")]
    with pytest.raises(sqlite3.IntegrityError, match="a revision is never"):
        await kept.write(lambda writer: writer.execute(sql))
    assert [tuple(row) for row in await kept.read("SELECT * FROM revision")] == before


async def test_name_is_removed_from_the_history_and_the_history_stays(kept: Database) -> None:
    done = await propose(kept, fact("a", "The jail keeps a list of otters."))
    await approve(kept, done)
    open_ = await propose(kept, fact("b", "The jail keeps a list of otters."))
    assert await revisions.forget(kept, MAX) == 1
    assert await revisions.forget(kept, ZOE) == 1
    newest = (await revisions.history(kept, Ref("fact", "a")))[-1]
    assert (newest.editor, newest.approver, newest.why) == (None, None, "It was amended.")
    closed = await proposals.get(kept, done.id)
    assert (closed.proposer, closed.decided_by) == (None, None)
    # What waits keeps its proposer, who could approve it otherwise.
    assert (await approve(kept, open_, by=MAX)).verdict is Verdict.OWN


# Redaction


def bytes_of(path: Path) -> bytes:
    """All that is on disk of a database: the file, its write-ahead file, and a backup made now."""
    backup = path.with_name("backup.sqlite3")
    backup.unlink(missing_ok=True)
    with sqlite3.connect(path) as raw:
        raw.execute("VACUUM INTO ?", (str(backup),))
    raw.close()
    return b"".join(p.read_bytes() for p in path.parent.iterdir() if p.name.startswith((path.name, backup.name)))


@pytest.mark.parametrize("keep", [False, True])
async def test_redacted_text_is_in_no_byte_and_leaves_a_tombstone(kept: Database, keep: bool) -> None:
    sentinel = "Quokkafjordzebra"
    for n in range(3):
        slipped = fact("z", f"The person {sentinel} is kept, version {n}.", phrasings=fact("z").phrasings.model_dump())
        await approve(kept, await propose(kept, slipped))
    waiting = await propose(kept, fact("z", f"The person {sentinel} is not kept."))
    declined = await propose(kept, fact("z", f"The jail knows {sentinel}."))
    await proposals.decline(kept, declined.id, 1, State.REJECTED, ZOE, next(interactions), f"No {sentinel}.", NOW)
    if keep:
        await approve(kept, await propose(kept, fact("z", "The jail keeps a list of otters.")))
    needles = [sentinel.encode(), sentinel.lower().encode(), b"quokka"]
    assert all(needle in bytes_of(kept.path) for needle in needles[:2])
    newest = (await revisions.history(kept, Ref("fact", "z")))[-1]
    change = Change(Ref("fact", "z"), newest.body if keep else None, newest.number)
    found = await proposals.add(kept, Purpose.REDACTION, [change], "A name slipped in.", MAX, next(interactions), NOW)
    assert (await approve(kept, found)).verdict is Verdict.DONE
    left = bytes_of(kept.path)
    assert not any(needle in left for needle in needles)
    history = await revisions.history(kept, Ref("fact", "z"))
    assert [bool(version.redacted) for version in history] == [True] * 3 + ([False] * 2 if keep else [True])
    assert all(version.editor == MAX for version in history)
    assert (await proposals.get(kept, waiting.id)).state is State.WITHDRAWN
    assert await statement(kept, "z") == ("The jail keeps a list of otters." if keep else None)
    assert await search(kept, "quokkafjordzebra") == set()
    await assert_whole(kept)


async def test_redacted_text_would_stay_without_emptying_the_write_ahead_file(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def skipped(_: Database) -> bool:
        return True

    monkeypatch.setattr(Database, "empty_log", skipped)
    await approve(kept, await propose(kept, fact("z", "The person Quokkafjordzebra is kept.")))
    newest = (await revisions.history(kept, Ref("fact", "z")))[-1]
    change = Change(Ref("fact", "z"), None, newest.number)
    found = await proposals.add(kept, Purpose.REDACTION, [change], "A name.", MAX, next(interactions), NOW)
    await approve(kept, found)
    assert b"Quokkafjordzebra" in bytes_of(kept.path)


async def test_files_do_not_bring_back_what_was_redacted(kept: Database) -> None:
    newest = (await revisions.history(kept, Ref("fact", "a")))[-1]
    await approve(kept, await propose(kept, event("e", "2026", facts=["b"])))
    change = Change(Ref("fact", "a"), None, newest.number)
    found = await proposals.add(kept, Purpose.REDACTION, [change], "A name.", MAX, next(interactions), NOW)
    assert (await approve(kept, found)).verdict is Verdict.DONE
    loaded = await files.load(kept, SMALL)
    assert (loaded.withheld, loaded.conflicts) == (1, 0)
    assert await statement(kept, "a") is None
    mended = [record for record in SMALL if ref_of(record) not in {Ref("fact", "a"), Ref("event", "e")}]
    assert (await files.load(kept, mended)).withheld == 0


async def test_a_look_at_the_past_that_is_given_up_leaves_no_trace(kept: Database) -> None:
    noted: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, found: noted.append(found))
    looking = asyncio.Event()

    async def look(then: Database) -> list[Any]:
        looking.set()
        return list(await records.entries(then, ["a"]))

    await approve(kept, await propose(kept, fact("a", "The jail keeps two lists of them.")))
    given_up = asyncio.create_task(as_of(kept, "2026-11-24", look))
    await looking.wait()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await statement(kept, "a") == "The jail keeps two lists of them."
    await kept.close()
    del given_up
    gc.collect()
    assert noted == []


async def test_what_named_a_redacted_record_is_left_out_of_the_past_whole(kept: Database) -> None:
    day = "2026-11-24"
    assert await as_of(kept, day, lambda then: records.entries(then, ["a", "b", "c"])) != []
    await approve(kept, await propose(kept, fact("z", "A list of badgers is kept."), event("e", "2026", facts=["z"])))
    sides = dispute("d", "c", "z")
    await approve(kept, await propose(kept, sides))
    for name in "ab":
        newest = (await revisions.history(kept, Ref("fact", name)))[-1]
        change = Change(Ref("fact", name), None, newest.number)
        found = await proposals.add(kept, Purpose.REDACTION, [change], "A name.", MAX, next(interactions), NOW)
        assert (await approve(kept, found)).verdict is Verdict.DONE
    # The dispute of then had a side that is wiped now, so its other side does not stand there alone.
    assert await as_of(kept, day, lambda then: records.entries(then, ["a", "b", "c"])) == []
    assert await as_of(kept, day, lambda then: records.events(then, "1900", "2999", None)) == []
    assert len(await as_of(kept, "2026-11-25", lambda then: records.entries(then, ["c", "z"]))) == 1
    await assert_whole(kept)


# The files beside the edits


FACT_A = "The jail keeps one list of them."


async def with_file(database: Database, *wanted: Record, without: str = "") -> files.Loaded:
    """Load the small record with some of it replaced."""
    held = {ref_of(record): record for record in SMALL} | {ref_of(record): record for record in wanted}
    return await files.load(database, [record for ref, record in held.items() if ref.id != without])


async def test_files_change_what_only_files_have_changed(kept: Database) -> None:
    assert (await with_file(kept, fact("a", "The jail keeps a list of otters."))).changed == 1
    assert await statement(kept, "a") == "The jail keeps a list of otters."
    assert [version.origin for version in await revisions.history(kept, Ref("fact", "a"))] == ["file", "file"]
    assert (await with_file(kept, fact("new"))).added == 1
    assert (await with_file(kept)).removed == 1
    assert [version.body is None for version in await revisions.history(kept, Ref("fact", "new"))] == [False, True]


async def test_edit_stays_while_the_files_say_what_they_said(kept: Database) -> None:
    await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters."), fact("new")))
    for _ in range(2):
        loaded = await with_file(kept)
        assert (loaded.changed, loaded.removed, loaded.conflicts) == (0, 0, 0)
    assert await statement(kept, "a") == "The jail keeps a list of otters."
    assert await statement(kept, "new")


@pytest.mark.parametrize("decision", ["publish", "reject"])
async def test_files_and_edit_that_differ_wait_as_a_conflict_with_both_texts(kept: Database, decision: str) -> None:
    edited, filed = "The jail keeps a list of otters.", "The jail keeps a list of badgers."
    await approve(kept, await propose(kept, fact("a", edited)))
    assert (await with_file(kept, fact("a", filed))).conflicts == 1
    assert (await with_file(kept, fact("a", filed))).conflicts == 0
    assert await statement(kept, "a") == edited
    [found] = await proposals.waiting(kept)
    assert (found.purpose, found.proposer) == (Purpose.FILES, None)
    assert json.loads(found.changes[0].body or "")["statement"] == filed
    if decision == "publish":
        assert (await approve(kept, found)).verdict is Verdict.DONE
        assert await statement(kept, "a") == filed
        # The files and the record agree again, so that the files go on changing it.
        assert (await with_file(kept, fact("a", "The jail keeps a list of foxes."))).changed == 1
        return
    await proposals.decline(kept, found.id, 1, State.REJECTED, ZOE, next(interactions), "The edit is right.", NOW)
    assert (await with_file(kept, fact("a", filed))).conflicts == 0
    assert (await with_file(kept, fact("a", "The jail keeps a list of foxes."))).conflicts == 1
    assert await statement(kept, "a") == edited


async def test_newer_text_of_the_files_takes_the_place_of_an_older_conflict(kept: Database) -> None:
    await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters.")))
    for text in ("The jail keeps a list of badgers.", "The jail keeps a list of foxes."):
        assert (await with_file(kept, fact("a", text))).conflicts == 1
    [found] = await proposals.waiting(kept)
    assert "foxes" in (found.changes[0].body or "")
    # Files that took the edit over end the conflict, and may change the record from there.
    assert (await with_file(kept, fact("a", "The jail keeps a list of otters."))).conflicts == 0
    assert await proposals.waiting(kept) == []
    assert (await with_file(kept, fact("a", "The jail keeps a list of foxes."))).changed == 1


async def test_edit_that_goes_back_to_the_files_text_is_still_an_edit(kept: Database) -> None:
    await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters.")))
    await approve(kept, await propose(kept, fact("a")))
    assert (await files.load(kept, SMALL)).conflicts == 0
    # The last start saw files and record agree, so a later change of the files is taken.
    assert (await with_file(kept, fact("a", "The jail keeps a list of foxes."))).changed == 1
    await approve(kept, await propose(kept, fact("b", "The jail keeps a list of otters.")))
    await approve(kept, await propose(kept, fact("b")))
    assert (await with_file(kept, fact("b", "The jail keeps a list of foxes."))).conflicts == 1


async def test_files_that_remove_what_was_edited_are_a_conflict(kept: Database, check: revisions.Check) -> None:
    await approve(kept, await propose(kept, fact("a", "The jail keeps a list of otters.")))
    rest = [record for record in SMALL if record.id not in {"a", "e"}]  # type: ignore[attr-defined]
    loaded = await files.load(kept, rest, check)
    assert (loaded.removed, loaded.conflicts) == (1, 1)
    assert await statement(kept, "a") == "The jail keeps a list of otters."
    [found] = await proposals.waiting(kept)
    assert found.changes[0].body is None
    assert (await approve(kept, found, check=check)).verdict is Verdict.DONE
    assert await statement(kept, "a") is None


async def test_files_that_do_not_fit_to_an_edit_wait_and_the_bot_still_starts(
    kept: Database, check: revisions.Check
) -> None:
    # A moderator retires a fact; the files go on to name it, and to drop a source that another edit needs.
    await approve(kept, await propose(kept, event("e", "2026", facts=["b"]), fact("b", sources=[{"id": "s1"}])))
    await approve(kept, await retire(kept, "a"))
    now_in_files = [*SMALL[:1], *SMALL[2:], event("later", "2026-02", facts=["a"]), fact("fine")]
    loaded = await files.load(kept, now_in_files, check)
    assert (loaded.added, loaded.conflicts, loaded.removed) == (1, 2, 0)
    assert {str(found.changes[0].ref) for found in await proposals.waiting(kept)} == {"event later", "source s1"}
    await assert_whole(kept)
    again = await files.load(
        kept, [*SMALL[:1], *SMALL[2:], event("later", "2026-02", facts=["a"]), fact("fine")], check
    )
    assert (again.added, again.changed, again.conflicts, again.removed) == (0, 0, 0, 0)


async def test_database_of_before_gets_a_history_and_the_files_go_on_changing_it(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    async with aiosqlite.connect(path, isolation_level=None) as writer:
        writer.row_factory = sqlite3.Row
        await migrate(writer, {number: step for number, step in MIGRATIONS.items() if number <= 3})
        for record in (source(0), fact("a"), fact("b")):
            ref = ref_of(record)
            columns, more = ("id, body, key", (ref.id,)) if ref.sort == "fact" else ("id, body", ())
            await writer.execute(
                f"INSERT INTO {ref.sort} ({columns}) VALUES (?, ?{', ?' * len(more)})", (ref.id, body_of(record), *more)
            )
    database = await Database.open(path)
    assert len(await revisions.history(database, Ref("fact", "a"))) == 1
    loaded = await files.load(database, [source(0), fact("a", "The jail keeps a list of otters.")])
    assert (loaded.changed, loaded.removed, loaded.kept, loaded.conflicts) == (1, 1, 1, 0)
    await database.close()


async def test_no_row_of_loads_overwrites_an_edit(kept: Database) -> None:
    chance = random.Random(11)
    texts = dict.fromkeys("abc", "The jail keeps one list of them.")
    for _ in range(60):
        name, text = chance.choice("abc"), f"The jail keeps list {chance.randrange(5)}."
        if chance.random() < 0.4:
            await approve(kept, await propose(kept, fact(name, text)))
        else:
            texts[name] = text
        before = await revisions.heads(kept.read)
        agreed = {row["record_id"]: row["revision"] for row in await kept.read("SELECT * FROM file_version")}
        waiting = {found.changes[0].ref.id for found in await proposals.waiting(kept)}
        await with_file(kept, *(fact(each, words) for each, words in texts.items()))
        after = await revisions.heads(kept.read)
        still = {found.changes[0].ref.id: found for found in await proposals.waiting(kept)}
        for each, words in texts.items():
            ref = Ref("fact", each)
            if before[ref].origin == "edit" and agreed[each] != before[ref].number:
                assert after[ref] == before[ref], "an edit was overwritten"
                same = json.loads(after[ref].body or "")["statement"] == words
                assert not same or each not in still
            else:
                assert json.loads(after[ref].body or "")["statement"] == words
        if still and chance.random() < 0.3:
            found = chance.choice(list(still.values()))
            await proposals.decline(kept, found.id, 1, State.REJECTED, ZOE, next(interactions), "No.", NOW)
        assert len(still) <= 3
        assert waiting <= set("abc")
    await assert_whole(kept)


# Cancelled and killed


@pytest.mark.campaign
async def test_a_thousand_cancelled_edits_leave_no_transaction_open_and_none_half_written(kept: Database) -> None:
    chance, count = random.Random(5), 1000 if LONG else 60
    made = [await propose(kept, fact(f"n{n}"), event(f"v{n}", "2026", facts=[f"n{n}"])) for n in range(count)]
    cancelled = 0
    for found in made:
        task = asyncio.create_task(approve(kept, found))
        for _ in range(chance.randrange(9)):
            await asyncio.sleep(chance.choice((0, 0, 0.0002, 0.001)))
        task.cancel()
        cancelled += isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    await propose(kept, fact("a"))  # a write waits for those that went on
    with sqlite3.connect(kept.path, timeout=0.3, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()
    rows = await kept.read(
        "SELECT p.state, (SELECT count(*) FROM revision AS r WHERE r.proposal_id = p.id) AS versions, "
        "(SELECT count(*) FROM proposal_change AS c JOIN fact ON fact.id = c.record_id WHERE c.proposal_id = p.id) + "
        "(SELECT count(*) FROM proposal_change AS c JOIN event ON event.id = c.record_id WHERE c.proposal_id = p.id) "
        "AS shown FROM proposal AS p WHERE p.id <= ?",
        (count,),
    )
    assert {tuple(row) for row in rows} <= {("published", 2, 2), ("waiting", 0, 0)}
    assert len({row["state"] for row in rows}) == 2
    assert cancelled > count // 2
    await assert_whole(kept)


def killed(folder: Path, rounds: int, *more: str) -> dict[str, int]:
    """Run tests/killing.py: what it counted over rounds of kill -9."""
    command = [sys.executable, "-m", "tests.killing", str(folder), str(rounds), *more]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    counted: dict[str, int] = json.loads(ended.stdout)
    return counted


@pytest.mark.campaign
def test_no_acknowledged_edit_is_lost_to_kill_9(tmp_path: Path) -> None:
    rounds = 200 if LONG else 12
    counted = killed(tmp_path, rounds)
    assert counted["rounds"] == rounds
    assert counted["acknowledged"] > rounds
    assert (counted["lost"], counted["torn"], counted["unsound"]) == (0, 0, 0)


@pytest.mark.campaign
def test_edits_acknowledged_too_early_are_lost_to_kill_9(tmp_path: Path) -> None:
    assert killed(tmp_path, 200 if LONG else 12, "early")["lost"] > 0
