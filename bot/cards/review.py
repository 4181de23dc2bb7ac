"""What reviewers read: proposals and versions as Discord text, cut into pages."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.cards.diff import worded
from bot.cards.text import MOST_BYTES, code, escape, guard, shorten, units
from bot.fields import as_texts
from bot.models import Proposal, Purpose, Ref, Revision, State

# Room on a message of 4,000 characters for its buttons' labels and the page line.
PAGE = 3400
PURPOSES = {
    Purpose.EDIT: "An edit",
    Purpose.REVERT: "Going back to an earlier version",
    Purpose.IMPORT: "An imported file",
    Purpose.FILES: "The files differ from the last edit",
    Purpose.REDACTION: "A redaction: older versions would be wiped for good",
}


def raw_of(body: str | None) -> dict[str, Any]:
    """A stored record as its fields; of nothing, no fields."""
    return json.loads(body) if body else {}


def name_of(sort: str, raw: Mapping[str, Any]) -> str:
    """What a person knows a record by: its statement, title, question, agency, name or term."""
    names = ("statement", "title", "question", "agency", "name", "term", "id")
    return str(next((raw[name] for name in names if raw.get(name)), sort))


def changed_fields(ref: Ref, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """One line for each field that differs, word by word."""
    old, new = as_texts(ref.sort, before), as_texts(ref.sort, after)
    for label in changed_labels(ref, before, after):
        was, is_ = old.get(label, ""), new.get(label, "")
        separator = "\n" if "\n" in was + is_ else " "
        told = worded(was, is_) if was else escape(is_)
        yield f"**{label}:**{separator}{told}"


def changed_labels(ref: Ref, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the fields that differ."""
    old, new = as_texts(ref.sort, before), as_texts(ref.sort, after)
    return [label for label in dict.fromkeys([*new, *old]) if old.get(label) != new.get(label)]


def change_lines(ref: Ref, before: str | None, after: str | None) -> list[str]:
    """What a change does to one record."""
    old, new = raw_of(before), raw_of(after)
    if after is None:
        what = "no longer shown" if before else "stays away"
        return [f"### {ref.sort} {code(ref.id)}: {what}", escape(name_of(ref.sort, old)) if old else ""]
    fields = list(changed_fields(ref, old, new))
    what = "changed" if before else "new, or shown again"
    return [f"### {ref.sort} {code(ref.id)}: {what}", *(fields or ["Nothing differs."])]


def who(person: int | None) -> str:
    """A person as Discord shows them, without calling them."""
    return f"<@{person}>" if person else "somebody whose name was removed"


def proposal_lines(found: Proposal, before: Mapping[Ref, str | None]) -> list[str]:
    """A proposal for those who decide on it."""
    by = "from the files in data/" if found.purpose is Purpose.FILES else f"by {who(found.proposer)}"
    lines = [f"## Proposal {found.id}: {found.state}", f"-# {PURPOSES[found.purpose]} · {by} · {found.made_at[:10]}"]
    lines += [f"**Why:** {escape(found.why)}"] if found.why else []
    if found.decided_by and found.state in {State.PUBLISHED, State.REJECTED, State.CHANGES_ASKED}:
        lines.append(f"-# {found.state.capitalize()} by {who(found.decided_by)} · {(found.decided_at or '')[:10]}")
    lines += [f"**Reason:** {escape(found.reason)}"] if found.reason else []
    for change in found.changes:
        if found.purpose is Purpose.REDACTION:
            kept = "its newest version stays" if change.body else "nothing of it stays"
            lines.append(f"### {change.ref.sort} {code(change.ref.id)}: every older version is wiped, {kept}")
        else:
            lines += change_lines(change.ref, before.get(change.ref), change.body)
    return [line for line in lines if line]


def closed_lines(found: Proposal) -> list[str]:
    """A proposal that is decided, without what it said: the history holds that."""
    return [
        f"## Proposal {found.id}: {found.state}",
        *(f"-# {escape(str(change.ref))}" for change in found.changes[:20]),
    ]


def revision_lines(found: Revision, before: str | None, *, named: bool) -> list[str]:
    """One version in a record's history; `named` also tells who made it."""
    day = found.at[:16].replace("T", " ")
    if found.origin == "file":
        by = "from the files"
    elif named:
        by = f"by {who(found.editor)}, approved by {who(found.approver)}"
    else:
        by = "by one moderator, approved by another" if found.editor != found.approver else "by the one moderator"
    lines = [f"### Version {found.number}", f"-# {day} UTC · {by}"]
    lines += [f"**Why:** {escape(found.why)}"] if found.why else []
    if found.redacted:
        return [*lines, f"The text of this version was wiped on {found.redacted[:10]}: it held what must not be kept."]
    return [*lines, *change_lines(found.ref, before, found.body)[1:], *([] if found.body else ["No longer shown."])]


def waiting_time(made_at: str, now: datetime) -> str:
    """How long something has waited."""
    hours = int((now - datetime.fromisoformat(made_at).astimezone(UTC)).total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 72 else "1 hour" if hours == 1 else f"{hours} hours"


def queue_line(found: Proposal, now: datetime) -> str:
    """A proposal in the queue."""
    refs = ", ".join(escape(str(change.ref)) for change in found.changes[:3])
    more = f" and {len(found.changes) - 3} more" if len(found.changes) > 3 else ""
    late = " · **more than 48 hours**" if waiting_since(found.made_at, now) > 48 else ""
    waits = f"waits {waiting_time(found.made_at, now)}" if found.state is State.WAITING else found.state
    return shorten(f"**{found.id}** · {PURPOSES[found.purpose]} · {refs}{more} · {waits}{late}", 400)


def waiting_since(made_at: str, now: datetime) -> float:
    """How many hours something has waited."""
    return (now - datetime.fromisoformat(made_at).astimezone(UTC)).total_seconds() / 3600


def paged(lines: Iterable[str], room: int = PAGE) -> list[str]:
    """Lines as pages that fit a message; a line that is longer than a page is cut between words."""
    pages: list[str] = [""]
    for line in (piece for whole in lines for piece in _cut(whole, room)):
        if pages[-1] and _weight(pages[-1]) + _weight(line) + 1 > room:
            pages.append("")
        pages[-1] += ("\n" if pages[-1] else "") + line
    return pages


def _weight(text: str) -> int:
    """Characters or, where that limit is nearer, as many characters as the bytes would be."""
    return max(units(text), len(text.encode("utf-8", "replace")) * PAGE // MOST_BYTES)


def _cut(line: str, room: int) -> Sequence[str]:
    pieces = []
    while _weight(line) > room:
        most = room if line.isascii() else room // 2  # one letter weighs two at most
        at = line.rfind(" ", most // 2, most) + 1 or most
        # What is escaped stays with its backslash, and what now begins a line must not become a heading there.
        at -= (at - len(line[:at].rstrip("\\"))) % 2
        pieces.append(line[:at])
        line = guard(line[at:])
    return [*pieces, line]
