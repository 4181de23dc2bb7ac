"""A question answered: search, then the store, then a card. Used by Discord and the command line alike."""

import asyncio
import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.cards import Card, replies
from bot.catalog import Catalog
from bot.models import Document, Entry, Found, Outcome, Pack
from bot.search import Corpus, Encoder, EncoderError, Knowledge, Lexicon, Search, Vectors, hashed, read_vectors
from bot.store import Database, index, records
from bot.store.vectors import keep_vectors, vectors

log = logging.getLogger("footnote")

# The vectors of the texts of a data folder, so that a first start need not spend minutes on making them.
VECTORS = "vectors.npz"


def load_encoder() -> Encoder | None:
    """The model of meaning; without one, said once in the log, the search goes by words alone."""
    try:
        return Encoder.load()
    except EncoderError as error:
        log.warning("search: by words alone, because %s", error)
        return None


async def open_search(database: Database, catalog: Catalog, encoder: Encoder | None, folder: Path) -> Search:
    """A search over what the database holds now; `refresh` adds what has no vector yet."""
    documents = await index.documents(database)
    known = await vectors(database, encoder.version) if encoder else {}
    texts = _texts(documents, catalog).keys() if encoder else known.keys()
    complete = texts == known.keys()
    if encoder and not texts <= known.keys():
        known = await asyncio.to_thread(read_vectors, folder / VECTORS, encoder.version) | known
    match = functools.partial(index.match, database)
    knowledge = await asyncio.to_thread(know, documents, catalog, known)
    return Search(match, encoder, catalog.weights, knowledge, complete=complete)


async def refresh(search: Search, database: Database, catalog: Catalog, folder: Path) -> None:
    """Take up what the database holds now: texts that are new are read by the model, some forty a second."""
    documents = await index.documents(database)
    known: dict[bytes, bytes] = {}
    if search.encoder is not None:
        texts = _texts(documents, catalog)
        kept = await vectors(database, search.encoder.version)
        if texts.keys() == kept.keys() and tuple(documents) == search.knowledge.corpus.documents:
            return
        known = {**kept}
        if not texts.keys() <= known.keys():
            known |= await asyncio.to_thread(read_vectors, folder / VECTORS, search.encoder.version)
        missing = [name for name in texts if name not in known]
        if missing:
            made = await search.encoder.passages([texts[name] for name in missing])
            known |= {name: row.tobytes() for name, row in zip(missing, made, strict=True)}
        if texts.keys() != kept.keys():
            new = {name: known[name] for name in texts if name not in kept}
            await keep_vectors(database, search.encoder.version, new, texts.keys())
    search.knowledge = await asyncio.to_thread(know, documents, catalog, known, search.knowledge.corpus)


def _texts(documents: Sequence[Document], catalog: Catalog) -> dict[bytes, str]:
    """All that needs a vector, by its hash."""
    passages = (text for document in documents for text in document.passages())
    return {
        hashed(text): text for text in (*passages, *_examples(catalog)["unrecorded"], *_examples(catalog)["outside"])
    }


def _examples(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    vocabulary = catalog.vocabulary
    return {"unrecorded": vocabulary.unrecorded_examples, "outside": vocabulary.outside_examples}


def know(
    documents: Sequence[Document], catalog: Catalog, known: Mapping[bytes, bytes], earlier: Corpus | None = None
) -> Knowledge:
    """All that an answer is drawn from; takes a second of processor time for a thousand facts that are all new."""
    lexicon = Lexicon(catalog.vocabulary, catalog.counties, documents)
    corpus = Corpus(documents, known, lexicon, earlier)
    examples = {f"like_{n}": Vectors(texts, known).within(corpus.space) for n, texts in _examples(catalog).items()}
    return Knowledge(lexicon, corpus, examples)


@dataclass(frozen=True)
class Answer:
    """What a question came to, and the reply."""

    found: Found
    entries: tuple[Entry, ...]
    card: Card


async def answer(question: str, search: Search, database: Database, pack: Pack, today: date) -> Answer:
    """Answer any text whatever. The question is kept nowhere."""
    found = await search.ask(question)
    entries = tuple(await records.entries(database, found.facts))
    county = await county_card(f"{found.county}.", database, pack, today) if found.county else None
    if county:
        return Answer(found, entries, county)
    if entries:
        none = found.outcome is Outcome.RECORD_SAYS_NONE
        card = replies.facts(found.facts, entries, pack, today, none=none, personal=found.personal)
        return Answer(found, entries, card)
    topics = [topic for name in found.topics for topic in pack.topics if topic.id == name]
    return Answer(found, (), replies.silence(found.outcome, topics, pack, personal=found.personal))


async def county_card(argument: str, database: Database, pack: Pack, today: date) -> Card | None:
    """The card of a county, all of it ("cass.") or one topic ("cass.jails"); None for a county that there is not."""
    county_id, _, topic_id = argument.partition(".")
    topics = [topic for topic in pack.topics if topic_id in {"", topic.id}]
    found = next((county for county in await records.counties(database) if county.id == county_id), None)
    if found is None:
        return None
    agreements = await records.agreements(database, county_id)
    items = await records.entries_about(database, [found.name])
    for agreement, _ in agreements:
        dispute = await records.dispute(database, agreement.dispute) if agreement.dispute else None
        items += [dispute] if dispute and dispute not in items else []
    return replies.county(found, agreements, items, topics, argument, today)
