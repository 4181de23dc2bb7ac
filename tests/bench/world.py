"""The real record in a database of its own, and searches over it."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from bot import answers
from bot.catalog import Catalog, load_catalog
from bot.config import ROOT
from bot.search import Encoder, Search
from bot.store import Database, files

DATA = ROOT / "data"


@dataclass(frozen=True)
class World:
    """What a measurement needs."""

    catalog: Catalog
    database: Database
    encoder: Encoder

    async def search(self, *, by_meaning: bool = True) -> Search:
        """A search that is ready: every text read."""
        encoder = self.encoder if by_meaning else None
        search = await answers.open_search(self.database, self.catalog, encoder, DATA)
        await answers.refresh(search, self.database, self.catalog, DATA)
        return search


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[World]:
    """The record loaded, and the model. Raises EncoderError on a machine that cannot run the model."""
    catalog = load_catalog(DATA)
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        database = await Database.open(Path(folder) / "bench.sqlite3")
        encoder = Encoder.load()
        try:
            await files.load(database, catalog.records())
            yield World(catalog, database, encoder)
        finally:
            encoder.close()
            await database.close()
