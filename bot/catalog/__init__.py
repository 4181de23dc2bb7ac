"""Read data/*.yaml into records, and find every problem in them with its file and line.

The files are read as text only (YAML's own typing reads `no` as False and `010` as 8) and refused
whole when anything is wrong: a catalog is either complete or a list of problems.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.catalog.checks import Checks
from bot.catalog.problems import CatalogError, Problem
from bot.catalog.reader import Lines, Place, Reader, in_words
from bot.models import (
    SORTS,
    Agreement,
    County,
    Dispute,
    Event,
    Fact,
    FittedWeights,
    Pack,
    Record,
    Ref,
    Source,
    Term,
    Vocabulary,
    WordList,
    ref_of,
)

__all__ = ["Catalog", "CatalogError", "Problem", "in_sentences", "load_catalog", "problems_between"]


@dataclass(frozen=True)
class Catalog:
    """All records of one data folder."""

    pack: Pack
    vocabulary: Vocabulary
    wording: WordList
    weights: FittedWeights
    sources: tuple[Source, ...] = ()
    facts: tuple[Fact, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    events: tuple[Event, ...] = ()
    counties: tuple[County, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    terms: tuple[Term, ...] = ()

    def records(self) -> Iterator[Record]:
        """Everything that the store keeps."""
        return chain(self.sources, self.facts, self.disputes, self.events, self.counties, self.agreements, self.terms)


LISTS: dict[str, type[Record]] = {
    "sources.yaml": Source,
    "facts/*.yaml": Fact,
    "disputes.yaml": Dispute,
    "events.yaml": Event,
    "counties.yaml": County,
    "agreements.yaml": Agreement,
    "terms.yaml": Term,
}


def load_catalog(folder: Path, *, check_words: bool = False) -> Catalog:
    """Read a data folder; `check_words` also flags words that take a side, which never keeps a bot from starting.

    Raises CatalogError with every problem of every file when there is at least one.
    """
    reader = Reader(folder)
    pack = reader.single("pack.yaml", Pack)
    vocabulary = reader.single("search.yaml", Vocabulary)
    wording = reader.single("wording.yaml", WordList)
    weights = reader.single("weights.yaml", FittedWeights)
    records: dict[type[Record], list[Any]] = {
        model: [record for path in reader.paths(pattern) for record in reader.records(path, model)]
        for pattern, model in LISTS.items()
    }
    if pack is not None:
        checks = Checks(pack, records, reader.where)
        reader.problems += checks.problems()
        if check_words and wording is not None:
            reader.problems += checks.wording(wording)
    if reader.problems or pack is None or vocabulary is None or wording is None or weights is None:
        raise CatalogError(reader.problems)
    return Catalog(pack, vocabulary, wording, weights, *(tuple(found) for found in records.values()))


def in_sentences(error: ValidationError, model: type[Record]) -> list[str]:
    """What a record does not fit for, in words for whoever wrote it."""
    details = [(detail, tuple(p for p in detail["loc"] if "-" not in str(p))) for detail in error.errors()]
    return [in_words(detail, place, model) for detail, place in details]


def problems_between(pack: Pack, records: Sequence[Record]) -> list[tuple[Ref, str]]:
    """What does not fit between records wherever they come from, each told at one of them.

    The pack's reading lists are left out: they pass over what has left the record.
    """
    by_model: dict[type[Record], list[Any]] = {model: [] for model in SORTS.values()}
    for record in records:
        by_model[type(record)].append(record)
    where: dict[int, tuple[str, Lines, Place]] = {id(record): (str(ref_of(record)), Lines(), ()) for record in records}
    found = Checks(pack.model_copy(update={"guides": ()}), by_model, where).problems()
    return [(Ref(*problem.file.split(" ", 1)), problem.text) for problem in found]
