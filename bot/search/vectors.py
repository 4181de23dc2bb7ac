"""Vectors of many passages, a byte a number, and how near each is to a question's."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]
# Numbers in a vector.
SIZE = 384
# Bytes of a text's hash.
HASH = 16
# Rows that are multiplied at a time: small enough for the processor's cache.
BLOCK = 1024
# How much a direction counts in which texts of one meaning never differ: what is measured, and this often the average.
SMOOTHING = 3.0
# From so many groups of texts the directions are known well enough.
MOST_GROUPS = 2000
ENOUGH_GROUPS = 100
# Groups that are added up at a time.
BATCH = 50


def hashed(text: str) -> bytes:
    """What a text's vector is kept under, so that an edited text never meets its old vector."""
    return sha256(text.encode("utf-8", "replace")).digest()[:HASH]


def quantized(vectors: Floats) -> Bytes:
    """Each row of length 1 as bytes: its largest number becomes 127. Cosines change by less than 0.001."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.asarray(np.rint(vectors / np.maximum(largest, 1e-9) * 127), np.int8)


@dataclass(frozen=True)
class Space:
    """How near vectors are: the cosine between them as seen from a centre, by a metric of 384 x 384 numbers."""

    centre: Floats
    metric: Floats

    @classmethod
    def plain(cls) -> Self:
        """The space of the usual cosine."""
        return cls(np.zeros(SIZE, np.float32), np.eye(SIZE, dtype=np.float32))

    def of(self, vectors: Floats) -> tuple[Floats, Floats]:
        """Vectors, a row each, from the centre, and how long each is by the metric."""
        away = vectors - self.centre
        return away, np.sqrt(np.maximum(((away @ self.metric) * away).sum(axis=1), 1e-12))


class Vectors:
    """The vectors of a list of texts, in its order; a text that has none yet is as far as can be from everything."""

    def __init__(self, texts: Iterable[str], known: Mapping[bytes, bytes]) -> None:
        rows = [known.get(hashed(text)) for text in texts]
        self.missing = sum(row is None for row in rows)
        empty = bytes(SIZE)
        self._rows = np.frombuffer(b"".join(row or empty for row in rows), np.int8).reshape(len(rows), SIZE)
        # A row had length 1 before it was quantized, so its length now is its scale.
        self._lengths = np.array([np.linalg.norm(block.astype(np.float32)) for block in self._rows], np.float32)
        self._space = Space.plain()
        self._sizes: Floats = np.ones(len(rows), np.float32)

    def within(self, space: Space) -> "Vectors":
        """The same vectors, compared in another space."""
        found = copy.copy(self)
        found._space = space
        sizes = [space.of(self._units(block))[1] for block in self._blocks()]
        found._sizes = np.asarray(np.concatenate([*sizes, np.zeros(0)]), np.float32)
        return found

    def cosines(self, query: Floats) -> Floats:
        """How near each text is to a query: 1 for the same direction, -1 for a text that has no vector."""
        away, size = self._space.of(query[None])
        aim = np.asarray(self._space.metric @ (away[0] / size[0]), np.float32)
        products = np.empty(len(self._rows), np.float32)
        for block in self._blocks():
            products[block] = self._rows[block].astype(np.float32) @ aim
        found = (products / np.maximum(self._lengths, 1) - self._space.centre @ aim) / self._sizes
        return np.asarray(np.where(self._lengths > 0, found, -1), np.float32)

    def space(self, groups: Sequence[int]) -> Space:
        """The space in which texts of one meaning lie together; `groups` says how many texts, in order, each one has.

        Directions in which such texts differ (register, language, length) count less: within-class covariance
        normalization, Hatch, Kajarekar and Stolcke 2006, https://www.isca-archive.org/interspeech_2006/hatch06_interspeech.html
        """
        starts = np.cumsum([0, *groups])
        chosen = range(0, len(groups), len(groups) // MOST_GROUPS + 1)
        total, within, count = np.zeros(SIZE), np.zeros((SIZE, SIZE)), 0
        for first in range(0, len(chosen), BATCH):
            # One product of many rows takes a tenth of the time of many products of few.
            away = []
            for number in chosen[first : first + BATCH]:
                group = slice(starts[number], starts[number + 1])
                vectors = self._units(group)[self._lengths[group] > 0]
                if len(vectors):
                    total, count = total + vectors.sum(axis=0), count + len(vectors)
                    away.append(vectors - vectors.mean(axis=0))
            table = np.concatenate([*away, np.zeros((0, SIZE), np.float32)])
            within += table.T @ table
        usual = np.trace(within) / SIZE
        if usual < 1e-6:  # no meaning is put in two ways
            return Space.plain()
        metric = np.linalg.inv(within / usual + SMOOTHING * np.eye(SIZE))
        # The middle of a few meanings is a meaning itself: only that of many is what all texts have in common.
        centre = total / count * min(1.0, len(chosen) / ENOUGH_GROUPS)
        return Space(centre.astype(np.float32), metric.astype(np.float32))

    def _blocks(self) -> Iterator[slice]:
        return (slice(start, start + BLOCK) for start in range(0, len(self._rows), BLOCK))

    def _units(self, block: slice) -> Floats:
        """Those vectors as they were before they were quantized, nearly."""
        return np.asarray(self._rows[block] / np.maximum(self._lengths[block], 1)[:, None], np.float32)


def read_vectors(path: Path, engine: str) -> dict[bytes, bytes]:
    """The vectors in a file that `write_vectors` wrote, if they are this engine's."""
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        if str(file["engine"]) != engine:
            return {}
        hashes, rows = file["hashes"], file["vectors"]
    return {bytes(name): row.tobytes() for name, row in zip(hashes, rows, strict=True)}


def write_vectors(path: Path, engine: str, vectors: Mapping[bytes, bytes]) -> None:
    """Keep vectors in a file, in an order that changes little when few texts do."""
    names = sorted(vectors)
    rows = np.frombuffer(b"".join(vectors[name] for name in names), np.int8).reshape(len(names), SIZE)
    hashes = np.frombuffer(b"".join(names), np.uint8).reshape(len(names), HASH)
    np.savez(path, engine=np.array(engine), hashes=hashes, vectors=rows)
