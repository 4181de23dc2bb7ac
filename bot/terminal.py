"""`python -m bot ask`: the same answers without Discord, for people and for programs."""

import asyncio
import contextlib
import functools
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.answers import VECTORS, Answer, answer, load_encoder, open_search, refresh
from bot.backups import open_database
from bot.cards import plain
from bot.catalog import Catalog, load_catalog, problems_between
from bot.config import Settings
from bot.models import Cited, Disputed, facts_of, to_json, visible
from bot.search import write_vectors
from bot.store import Database, DatabaseError, DatabaseInUseError, files, running
from bot.store.vectors import vectors


async def ask(settings: Settings, question: str, *, jsonl: bool) -> int:
    """Answer one question, or each line of standard input, on standard output. Returns the exit code."""
    catalog = load_catalog(settings.data_path)
    database = await _open(settings, catalog)
    search = None
    try:
        search = await open_search(database, catalog, load_encoder(), settings.data_path)
        if database.writable and not search.complete:
            await refresh(search, database, catalog, settings.data_path)
        today = datetime.now(UTC).date()
        if question:
            lines: Any = [question]
        else:
            # Text in any encoding is a question: what cannot be decoded is replaced, never refused.
            lines = (line.decode("utf-8", "replace").rstrip("\r\n") for line in sys.stdin.buffer)
        for line in lines:
            found = await answer(line, search, database, catalog.pack, today)
            text = to_json(as_json(line, found)) if jsonl else plain(found.card)
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    finally:
        if search is not None:
            search.close()
        await database.close()
    return 0


async def make_vectors(settings: Settings) -> int:
    """Write the vectors of all texts in the data folder into it, so that a first start need not make them."""
    catalog = load_catalog(settings.data_path)
    encoder = load_encoder()
    if encoder is None:
        return 1
    folder = settings.data_path
    # A database of its own: what moderators edited is not in the folder, so its vectors do not belong there.
    with tempfile.TemporaryDirectory(prefix="footnote-vectors-") as scratch:
        database = await Database.open(Path(scratch) / "vectors.sqlite3")
        try:
            await files.load(database, catalog.records())
            await refresh(await open_search(database, catalog, encoder, folder), database, catalog, folder)
            known = await vectors(database, encoder.version)
        finally:
            encoder.close()
            await database.close()
    write_vectors(folder / VECTORS, encoder.version, known)
    print(f"{len(known)} vectors")
    return 0


async def _open(settings: Settings, catalog: Catalog) -> Database:
    """The database with the files loaded; beside a running bot, which has loaded them, only to read."""
    try:
        database = await open_database(settings)
    except DatabaseInUseError:
        for _ in range(20):
            # The owner may have started a moment ago.
            with contextlib.suppress(DatabaseError):
                return await Database.open_read_only(settings.database_path)
            await asyncio.sleep(0.25)
        return await Database.open_read_only(settings.database_path)
    try:
        await files.load(database, catalog.records(), functools.partial(problems_between, catalog.pack))
    except BaseException:
        await database.close()
        raise
    return database


async def reports(settings: Settings) -> int:
    """Print what members reported, oldest first. Nobody's name is kept."""
    database = await Database.open_read_only(settings.database_path)
    try:
        found = await running.reports(database)
    finally:
        await database.close()
    for day, report in found:
        text = f": {report.text}" if report.text else ""
        print(visible(f"{day}  {report.page}  {report.reason}{text}").replace("\n", "\n    "))
    print(f"{len(found)} reports")
    return 0


def as_json(question: str, answered: Answer) -> dict[str, Any]:
    """One answer as README.md describes it."""
    dispute_of = {
        cited.fact.id: item.dispute.id
        for item in answered.entries
        if isinstance(item, Disputed)
        for cited in facts_of([item])
    }
    return {
        "question": question,
        "outcome": answered.found.outcome.value,
        "facts": [_fact(cited, dispute_of.get(cited.fact.id)) for cited in _best_first(answered)],
        "related": list(answered.found.related),
        "reply": plain(answered.card),
    }


def _best_first(answered: Answer) -> list[Cited]:
    """The facts of the answer in the order the search ranked them, then the other sides of their disputes."""
    order = {fact_id: number for number, fact_id in enumerate(answered.found.facts)}
    return sorted(facts_of(answered.entries), key=lambda cited: order.get(cited.fact.id, len(order)))


def _fact(cited: Cited, dispute: str | None) -> dict[str, Any]:
    return {
        "id": cited.fact.id,
        "statement": cited.fact.statement,
        "kind": cited.fact.kind.value,
        "as_of": cited.fact.as_of,
        "attributed_to": cited.fact.speaker,
        "dispute": dispute,
        "sources": [
            {"title": source.title, "publisher": source.publisher, "published": source.published, "url": source.url}
            for source in cited.sources
        ],
    }
