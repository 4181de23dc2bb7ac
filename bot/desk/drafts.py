"""From a form to a draft: checks that speak before anything is kept, and a preview of what members would see."""

import dataclasses
import functools
import unicodedata
from collections.abc import Sequence
from typing import Any

import discord
from discord.ui import LayoutView
from pydantic import ValidationError

from bot import responses
from bot.cards.review import proposal_lines, raw_of
from bot.cards.text import escape
from bot.catalog import in_sentences
from bot.desk import reviews
from bot.desk.access import Right, desk_of, moderation
from bot.desk.cards import card_of
from bot.desk.checks import new_id, objections, wording
from bot.desk.forms import Draft, record_form
from bot.desk.views import DeskButton, Preview, Sheet, tell
from bot.errors import UserError
from bot.fields import PARTS, as_text, part_of, with_texts
from bot.models import SORTS, Change, Proposal, Purpose, Ref, State, body_of
from bot.personal import personal_data
from bot.store import proposals, revisions
from bot.store.hypothetical import as_if

CONFIRM = (
    "Only you see this draft. By sending it you confirm that it names nobody, or only people in a public role or whom "
    "a cited public event is about."
)
MOST_UNSENT = 200


async def head_of(interaction: discord.Interaction[Any], ref: Ref) -> revisions.Head:
    """The newest version of a record. Raises UserError when there never was one."""
    found = await revisions.heads(desk_of(interaction).database.read, [ref])
    if ref not in found:
        raise UserError(f"There is no {ref.sort} of that name in the record. Please choose one that is offered.")
    return found[ref]


async def edit(interaction: discord.Interaction[Any], ref: Ref, part: str) -> None:
    """Open the form for a part of a record. Raises UserError when the person may not, or it is not shown."""
    await moderation(interaction, Right.PROPOSE)
    head = await head_of(interaction, ref)
    if head.body is None:
        raise UserError(f"This {ref.sort} is retired: restore it first.")
    await open_form(interaction, Draft(ref, part, raw_of(head.body), head.number))


async def retire(interaction: discord.Interaction[Any], ref: Ref, why: str, more: Sequence[Change] = ()) -> None:
    """Propose that a record is shown no more, with what else that changes.

    Raises UserError when the person may not, or it is so already.
    """
    await moderation(interaction, Right.PROPOSE)
    head = await head_of(interaction, ref)
    if head.body is None:
        raise UserError(f"This {ref.sort} is retired already: /revert record brings an earlier version back.")
    await save(interaction, [Change(ref, None, head.number), *more], why)


async def open_form(interaction: discord.Interaction[Any], draft: Draft) -> None:
    """Open a form; what comes back is checked and kept as a draft."""
    bot = desk_of(interaction)
    # Counted before the form opens, so that nothing is typed in vain.
    bot.limits.spend(interaction.user.id, "proposal")
    form = record_form(draft, bot.catalog.pack, functools.partial(keep, draft))
    try:
        await responses.open_form(interaction, form)
    except responses.TooLateError:
        await offer(interaction, draft, ["That took a while. Nothing of what you chose is lost."], "Open the form")


async def keep(draft: Draft, interaction: discord.Interaction[Any], texts: dict[str, str]) -> None:
    """Keep what a form brought as a draft, or say why not and let it be corrected."""
    await moderation(interaction, Right.PROPOSE)
    # Nobody sees how a keyboard or a PDF stores an accented letter.
    texts = {path: unicodedata.normalize("NFC", text) for path, text in texts.items()}
    typed = dataclasses.replace(draft, texts=texts, why=texts["why"])
    sort = draft.ref.sort
    raw = with_texts(draft.raw, part_of(sort, draft.part).fields, texts)
    if "id" not in raw:
        raw["id"] = await free_id(interaction, sort, raw)
    problems = [problem for path, text in texts.items() for problem in personal_data(text) if path != "why"]
    problems += objections("why", typed.why)
    try:
        record = SORTS[sort].model_validate(raw)
    except ValidationError as error:
        problems += in_sentences(error, SORTS[sort])
    if problems:
        await refuse(interaction, typed, problems)
        return
    change = Change(Ref(sort, raw["id"]), body_of(record), draft.base)
    await save(interaction, [change], typed.why, again=typed)


async def free_id(interaction: discord.Interaction[Any], sort: str, raw: dict[str, Any]) -> str:
    """An id for a new record that no record has or ever had."""
    wanted = new_id(sort, raw)
    taken = {ref.id for ref in await revisions.heads(desk_of(interaction).database.read)}
    return next(name for n in range(1, 10_000) if (name := wanted if n == 1 else f"{wanted}-{n}") not in taken)


def body_from(sort: str, raw: dict[str, Any]) -> str:
    """A record's text from its fields. Raises UserError with what does not fit."""
    try:
        return body_of(SORTS[sort].model_validate(raw))
    except ValidationError as error:
        raise UserError("That cannot be kept:\n" + "\n".join(map(escape, in_sentences(error, SORTS[sort])))) from None


def with_successor(body: str, successor: str) -> str:
    """A fact that another one has taken the place of."""
    return body_from("fact", raw_of(body) | {"superseded_by": successor})


async def refuse(interaction: discord.Interaction[Any], typed: Draft, problems: Sequence[str]) -> None:
    """Say what is wrong, and offer the form again with what was typed."""
    lines = ["**Nothing was kept yet.** Please correct:", *(f"- {escape(problem)}" for problem in problems[:15])]
    await offer(interaction, typed, lines, "Correct it")


async def offer(interaction: discord.Interaction[Any], draft: Draft, lines: Sequence[str], label: str) -> None:
    """Offer a form with what was chosen or typed so far: nobody should do that twice."""
    unsent = desk_of(interaction).unsent
    while len(unsent) >= MOST_UNSENT:
        del unsent[next(iter(unsent))]
    unsent[interaction.id] = (interaction.user.id, draft)
    await tell(interaction, Sheet(lines, [DeskButton("again", label, interaction.id)]))


async def save(
    interaction: discord.Interaction[Any],
    changes: Sequence[Change],
    why: str,
    purpose: Purpose = Purpose.EDIT,
    again: Draft | None = None,
) -> None:
    """Keep changes as a draft and show it, or say what in the record they would break.

    Raises UserError when they would change nothing, or what is wrong and there is no form to correct it in.
    """
    bot = desk_of(interaction)
    if again is None:
        bot.limits.spend(interaction.user.id, "proposal")
    held = await revisions.heads(bot.database.read, [change.ref for change in changes])
    if purpose is not Purpose.REDACTION and all(c.ref in held and held[c.ref].body == c.body for c in changes):
        raise UserError("That would change nothing: the record says exactly this.")
    problems = await revisions.flaws(bot.database.read, changes, bot.flaws)
    problems += objections("why", why) if again is None else []
    if problems and again:
        await refuse(interaction, again, problems)
        return
    if problems:
        raise UserError(
            "This does not fit to the rest of the record:\n" + "\n".join(f"- {escape(p)}" for p in problems[:10])
        )
    if again and again.proposal:
        try:
            found = await proposals.revise(bot.database, again.proposal, changes, why, interaction.user.id)
        except LookupError:
            raise UserError("That proposal has been decided meanwhile. Please start again.") from None
        await reviews.refresh(bot, found)
    else:
        found = await proposals.add(
            bot.database,
            purpose,
            changes,
            why,
            interaction.user.id,
            interaction.id,
            discord.utils.utcnow(),
            draft=True,
        )
    await show(interaction, found)


async def show(interaction: discord.Interaction[Any], found: Proposal) -> None:
    """Show a draft to its author, and what the wording check says of it."""
    bot = desk_of(interaction)
    await tell(interaction, await preview(interaction, found))
    if flags := [flag for c in found.changes for flag in wording(c, bot.catalog.wording)]:
        lines = ["**The wording check speaks.** You may send it all the same; reviewers see the words too."]
        await tell(interaction, Sheet([*lines, *(f"- {escape(flag)}" for flag in flags[:10])]))


async def preview(interaction: discord.Interaction[Any], found: Proposal, page: int = 0) -> LayoutView:
    """What would change: one record as members would see it, several as a list. Its author can send a draft from it."""
    bot = desk_of(interaction)
    about = (found.id, found.version)
    draft = found.state is State.DRAFT and found.proposer == interaction.user.id
    buttons = [DeskButton("send", "Send for review", *about)] if draft else []
    [change, *more] = found.changes
    card = None
    if not more and change.body and found.purpose is not Purpose.REDACTION:
        card = await as_if(
            bot.database, found.changes, lambda inside: card_of(inside, change.ref, bot.catalog.pack, bot.today)
        )
        buttons += [DeskButton("change", "Change it", *about)] if draft else []
    buttons += [DeskButton("drop", "Discard", *about)] if draft else []
    note = f"-# {CONFIRM if draft else f'Proposal {found.id}, which is not published.'}"
    if card:
        return Preview(card, note, buttons, DeskButton("leaf", "", *about), page)
    held = await revisions.heads(bot.database.read, [c.ref for c in found.changes])
    lines = proposal_lines(found, {ref: head.body for ref, head in held.items()})
    return Sheet([*lines, note], buttons, page=page, turn=DeskButton("leaf", "", *about))


async def reopen(interaction: discord.Interaction[Any], found: Proposal) -> None:
    """Open the form again for a proposal, at the part that it changes. Raises UserError when there is none."""
    [change, *more] = found.changes
    if found.proposer != interaction.user.id:
        raise UserError("Only whoever made this proposal can change it.")
    if more or not change.body or found.purpose is Purpose.REDACTION:
        raise UserError("There is no form for this proposal. Discard it and start again.")
    head = (await revisions.heads(desk_of(interaction).database.read, [change.ref])).get(change.ref)
    before, raw = raw_of(head.body if head else None), raw_of(change.body)
    parts = [
        part
        for part in PARTS[change.ref.sort]
        if any(as_text(before, field) != as_text(raw, field) for field in part.fields)
        and (part.name != "new" or not head)
    ]
    if not parts:
        raise UserError("There is no form for this proposal. Discard it and start again.")
    base = head.number if head else 0
    await open_form(interaction, Draft(change.ref, parts[0].name, raw, base, why=found.why, proposal=found.id))
