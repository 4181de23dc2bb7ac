"""Names of records to choose from, also of those that are not shown."""

from discord import app_commands

from bot import lookup
from bot.cards.review import name_of, raw_of
from bot.cards.text import shorten
from bot.models import SORTS, Ref
from bot.store import Database, revisions


async def names(database: Database, sort: str, *, retired: bool = False) -> dict[str, str]:
    """What people may type for each record of a sort, and its id; of those that are shown, or of the retired ones."""
    found = {}
    for ref, head in (await revisions.heads(database.read)).items():
        if ref.sort != sort or (head.body is None) != retired:
            continue
        raw = raw_of(head.body)
        if retired:
            raw = next((raw_of(v.body) for v in reversed(await revisions.history(database, ref)) if v.body), {})
        published = f"{raw.get('publisher')}, {raw.get('published', 'undated')}: " if sort == "source" else ""
        found[f"{published}{name_of(sort, raw)} ({ref.id})"] = ref.id
    return found


async def all_names(database: Database) -> dict[str, str]:
    """What people may type for any record that there is or was, and "sort id"."""
    held = await revisions.heads(database.read)
    return {f"{ref.sort}: {name_of(ref.sort, raw_of(head.body))} ({ref.id})": str(ref) for ref, head in held.items()}


def choices(typed: str, known: dict[str, str]) -> list[app_commands.Choice[str]]:
    """What to offer to somebody who is typing a record's name or id."""
    labels = {value: label for label, value in known.items()}
    return [
        app_commands.Choice(name=shorten(labels[value], 100), value=value)
        for value in lookup.closest(typed, known)
        if len(value) <= 100
    ]


async def sources_offered(database: Database, typed: str) -> list[app_commands.Choice[str]]:
    """The sources to offer, by publisher, date and title."""
    return choices(typed, await names(database, "source"))


def ref_from(text: str) -> Ref:
    """A record from "sort id"; whatever else people type names none."""
    sort, _, name = text.partition(" ")
    return Ref(sort if sort in SORTS else "record", name)
