"""From a question to ranked facts, or to one of three silences. Knows no Discord and no SQL."""

from bot.search.engine import Index, Search
from bot.search.words import Lexicon

__all__ = ["Index", "Lexicon", "Search"]
