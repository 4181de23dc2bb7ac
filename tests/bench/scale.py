"""Search alone at 500, 5,000 and 50,000 facts: the record's own facts again and again, their vectors nudged apart."""

import functools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bot.models import Fact, Phrasings
from bot.search import Corpus, Knowledge, Search, hashed
from bot.store import Database, files, index
from bot.store.vectors import vectors
from tests.bench import questions
from tests.bench.world import World

SIZES = (500, 5_000, 50_000)
ROUNDS = 60
# How far each number of a copy's vector is moved, of 127 at most.
NUDGE = 12


def many(facts: list[Fact], size: int, known: dict[bytes, bytes]) -> tuple[list[Fact], dict[bytes, bytes]]:
    """So many facts, no two the same, and the vectors of all their texts."""
    random = np.random.default_rng(7)
    found, rows = [], {}
    for number in range(size):
        fact = facts[number % len(facts)]

        def marked(text: str, mark: str = f"({number})") -> str:
            row = np.frombuffer(known[hashed(text)], np.int8).astype(np.int16)
            moved = np.clip(row + random.integers(-NUDGE, NUDGE + 1, len(row)), -127, 127).astype(np.int8)
            sentence = text.endswith((".", ".”"))
            new = f"{text[:270]} {mark}" + "." * sentence
            rows[hashed(new)] = moved.tobytes()
            return new

        phrasings: dict[str, Any] = {
            name: tuple(map(marked, texts)) for name, texts in fact.phrasings.model_dump().items()
        }
        changes = {"id": f"f{number}", "statement": marked(fact.statement), "superseded_by": None}
        found.append(fact.model_copy(update=changes | {"phrasings": Phrasings.model_construct(**phrasings)}))
    return found, rows


async def run(world: World) -> None:
    """Print the time of a search, encoding included, at each size."""
    search = await world.search()
    known = await vectors(world.database, world.encoder.version)
    asked = [question.text for question in questions.read("tuned", world.catalog)][:ROUNDS]
    own = [fact for fact in world.catalog.facts if not fact.superseded_by]
    for size in SIZES:
        facts, rows = many(own, size, known)
        with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
            database = await Database.open(Path(folder) / "scale.sqlite3")
            try:
                await files.load(database, [*world.catalog.sources, *facts])
                lexicon = search.knowledge.lexicon
                corpus = Corpus(await index.documents(database), rows, lexicon)
                knowledge = Knowledge(lexicon, corpus, search.knowledge.examples)
                match = functools.partial(index.match, database)
                larger = Search(match, world.encoder, world.catalog.weights, knowledge)
                seconds = []
                for text in asked:
                    start = time.perf_counter()
                    await larger.ask(text)
                    seconds.append(time.perf_counter() - start)
            finally:
                await database.close()
        middle, most = statistics.median(seconds) * 1000, max(seconds) * 1000
        print(f"{size:7,} facts: {middle:6.1f} ms median, {most:6.1f} ms at most", flush=True)
