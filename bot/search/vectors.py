"""Vectors of many passages, a byte a number, and how near each is to a question's."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

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


def hashed(text: str) -> bytes:
    """What a text's vector is kept under, so that an edited text never meets its old vector."""
    return sha256(text.encode("utf-8", "replace")).digest()[:HASH]


def quantized(vectors: Floats) -> Bytes:
    """Each row of length 1 as bytes: its largest number becomes 127. Cosines change by less than 0.001."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.asarray(np.rint(vectors / np.maximum(largest, 1e-9) * 127), np.int8)


class Vectors:
    """The vectors of a list of texts, in its order; a text that has none yet is as far as can be from everything."""

    def __init__(self, texts: Iterable[str], known: Mapping[bytes, bytes]) -> None:
        rows = [known.get(hashed(text)) for text in texts]
        self.missing = sum(row is None for row in rows)
        empty = bytes(SIZE)
        self._rows = np.frombuffer(b"".join(row or empty for row in rows), np.int8).reshape(len(rows), SIZE)
        # A row had length 1 before it was quantized, so its length now is its scale.
        self._lengths = np.array([np.linalg.norm(block.astype(np.float32)) for block in self._rows], np.float32)

    def cosines(self, query: Floats) -> Floats:
        """How near each text is to a query: 1 for the same direction, -1 for a text that has no vector."""
        found = np.full(len(self._rows), -1, np.float32)
        for start in range(0, len(self._rows), BLOCK):
            block = slice(start, start + BLOCK)
            found[block] = self._rows[block].astype(np.float32) @ query
        return np.where(self._lengths > 0, found / np.maximum(self._lengths, 1), -1)


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
