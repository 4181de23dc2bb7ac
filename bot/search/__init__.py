"""From a question to ranked facts, or to one of three silences. Knows no Discord and no SQL."""

from bot.search.corpus import Corpus
from bot.search.encoder import Encoder, EncoderError
from bot.search.engine import Index, Knowledge, Search
from bot.search.vectors import Vectors, hashed, read_vectors, write_vectors
from bot.search.words import Lexicon

__all__ = [
    "Corpus",
    "Encoder",
    "EncoderError",
    "Index",
    "Knowledge",
    "Lexicon",
    "Search",
    "Vectors",
    "hashed",
    "read_vectors",
    "write_vectors",
]
