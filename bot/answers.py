"""A question answered: search, then the store, then a card. Used by Discord and the command line alike."""

import functools
from dataclasses import dataclass
from datetime import date

from bot.cards import Card, replies
from bot.catalog import Catalog
from bot.models import Entry, Found, Outcome, Pack
from bot.search import Lexicon, Search
from bot.store import Database, index, records


async def open_search(database: Database, catalog: Catalog) -> Search:
    """A search over what the database holds now."""
    passages = await index.passages(database)
    lexicon = Lexicon(catalog.vocabulary, catalog.counties, passages)
    return Search(functools.partial(index.match, database), lexicon, len(passages))


@dataclass(frozen=True)
class Answer:
    """What a question came to, and the reply."""

    found: Found
    entries: tuple[Entry, ...]
    card: Card


async def answer(question: str, search: Search, database: Database, pack: Pack, today: date) -> Answer:
    """Answer any text whatever. The question is kept nowhere."""
    found = await search.ask(question)
    if found.facts:
        entries = tuple(await records.entries(database, found.facts))
        none = found.outcome is Outcome.RECORD_SAYS_NONE
        return Answer(found, entries, replies.facts(found.facts, entries, pack, today, none=none))
    topics = [topic for name in found.topics for topic in pack.topics if topic.id == name]
    return Answer(found, (), replies.silence(found.outcome, topics, pack))
