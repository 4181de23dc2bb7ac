"""Everything that can be found, in memory: the facts, which words each holds, and the vectors of its passages."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.models import Document
from bot.search.vectors import Floats, Space, Vectors
from bot.search.words import Lexicon, split, stem

# A question is compared with this many of a fact's phrasings, the nearest ones.
NEAREST = 3


@dataclass(frozen=True)
class Likeness:
    """How near a question's vector is to each document: a cosine for each, by number.

    To the statement, to the phrasing that is nearest, to the nearest few on average, and to the nearest phrasing that
    is the same sort of question.
    """

    statement: Floats
    phrasing: Floats
    phrasings: Floats
    same_sort: Floats


class Corpus:
    """The documents of a search, by number. It never changes: an edit makes a new one, which takes its place.

    A set of documents is an integer whose bit n says whether document n is in it, so that sets meet in one operation.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        vectors: Mapping[bytes, bytes],
        lexicon: Lexicon,
        earlier: "Corpus | None" = None,
    ) -> None:
        self.documents = tuple(documents)
        self.numbers = {document.id: number for number, document in enumerate(self.documents)}
        # What has not changed since the earlier corpus is not analysed again: after an edit, that is all but one.
        known: dict[Document, _Analysed] = earlier._analysed if earlier else {}
        reader = _Reader(lexicon)
        self._analysed: dict[Document, _Analysed] = {
            document: known.get(document) or reader.analysed(document) for document in self.documents
        }
        self.in_statement = _postings(self._analysed[document].stated for document in self.documents)
        self.anywhere = _postings(self._analysed[document].anywhere for document in self.documents)
        found = Vectors((text for document in documents for text in document.passages()), vectors)
        # An edit moves nothing else: the space is made once, when every text has its vector.
        made = earlier is not None and not earlier.unread
        self.space: Space = (
            earlier.space if earlier and made else found.space([len(d.phrasings) + 1 for d in documents])
        )
        self._vectors = found.within(self.space)
        # Row n: where document n's phrasings stand among the passages. The shorter rows end in -1, the last cosine.
        sizes = [len(document.phrasings) for document in documents]
        self._statements = np.cumsum([0, *(size + 1 for size in sizes)])[:-1]
        self._phrasings = np.full((len(sizes), max([NEAREST, *sizes])), -1)
        for row, first, size in zip(self._phrasings, self._statements, sizes, strict=True):
            row[:size] = np.arange(first + 1, first + 1 + size)
        sorts = [sort for document in self.documents for sort in self._analysed[document].sorts]
        self._sorts = np.array([*sorts, -2])[self._phrasings]

    @property
    def unread(self) -> int:
        """How many passages have no vector yet."""
        return self._vectors.missing

    def likeness(self, query: Floats, sort: int) -> Likeness:
        """How near a question's vector is to each document; `sort` is the question's sort."""
        cosines = np.append(self._vectors.cosines(query), np.float32(-1))
        phrasings = cosines[self._phrasings]
        same_sort = np.where(self._sorts == sort, phrasings, np.float32(0)).max(axis=1)
        phrasings = np.sort(phrasings, axis=1)
        nearest = phrasings[:, -NEAREST:].mean(axis=1)
        return Likeness(cosines[self._statements], phrasings[:, -1], nearest, same_sort)


def holding(postings: Mapping[str, int], group: Iterable[Sequence[str]]) -> int:
    """The documents that hold all stems of at least one of a group's phrases."""
    found = 0
    for phrase in group:
        documents = -1
        for part in phrase:
            documents &= postings.get(part, 0)
        found |= documents if phrase else 0
    return found


@dataclass(frozen=True)
class _Analysed:
    """The stems of a document, in its statement and in all of it, and the sort of question that each passage is."""

    stated: frozenset[str]
    anywhere: frozenset[str]
    sorts: tuple[int, ...]


class _Reader:
    """Analyses documents; a word stands in many passages, and finding its stem once is ten times faster."""

    def __init__(self, lexicon: Lexicon) -> None:
        stem_once = functools.cache(stem)
        self._sort = lexicon.sort
        self._stems = functools.cache(lambda word: frozenset(map(stem_once, split(word))))

    def analysed(self, document: Document) -> _Analysed:
        """What a corpus must know of a document's words."""
        stated = self._stems_of((document.statement, *document.places))
        sorts = tuple(self._sort(split(text)) for text in document.passages())
        return _Analysed(stated, stated | self._stems_of(document.phrasings), sorts)

    def _stems_of(self, texts: Iterable[str]) -> frozenset[str]:
        return frozenset(found for text in texts for word in text.split() for found in self._stems(word))


def _postings(stems_of: Iterable[frozenset[str]]) -> dict[str, int]:
    """For each stem, the documents that hold it."""
    numbers: dict[str, list[int]] = {}
    for number, found in enumerate(stems_of):
        for part in found:
            numbers.setdefault(part, []).append(number)
    postings = {}
    for part, holders in numbers.items():
        bits = bytearray(holders[-1] // 8 + 1)
        for number in holders:
            bits[number // 8] |= 1 << number % 8
        postings[part] = int.from_bytes(bits, "little")
    return postings
