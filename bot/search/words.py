"""From what people type to groups of words to look for: stop words, synonyms, places, misspellings."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.models import County, Vocabulary

# A Discord message has 2,000 characters at most; what is longer than that is no question.
LONGEST_TEXT = 2000
MOST_WORDS = 120
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def split(text: str) -> list[str]:
    """The words of a text in lower case, without accents' two-part spellings or signs."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold().replace("\u2019", "'")
    return [_singular(word) for word in _WORD.findall(folded)][:MOST_WORDS]


def _singular(word: str) -> str:
    """Drop an English possessive or plural s, so that "sheriffs" and "sheriff's" meet "sheriff"."""
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@dataclass(frozen=True)
class Query:
    """A question as groups of words, any word of a group standing for all of it, and the places it names.

    `places` are the counties and cities meant; `place_numbers` are the groups that name them.
    """

    groups: tuple[tuple[str, ...], ...]
    places: frozenset[str]
    place_numbers: frozenset[int]
    words: tuple[str, ...]


class Phrases(frozenset[tuple[str, ...]]):
    """Words and phrases of a list."""

    def __new__(cls, texts: Iterable[str]) -> Self:
        """Split each text as questions are split."""
        return super().__new__(cls, (tuple(split(text)) for text in texts))

    def within(self, words: Sequence[str]) -> bool:
        """Whether one of the phrases stands in the words."""
        return any(
            tuple(words[start : start + length]) in self
            for length in {len(phrase) for phrase in self}
            for start in range(len(words) - length + 1)
        )


class Lexicon:
    """What is known about words: built once from the vocabulary, the counties and the record's own words."""

    def __init__(self, vocabulary: Vocabulary, counties: Sequence[County], passages: Iterable[str]) -> None:
        self.stop_words = {word for text in vocabulary.stop_words for word in split(text)}
        self.subject = Phrases(vocabulary.subject)
        self.outside = Phrases(vocabulary.outside)
        self.elsewhere = Phrases(vocabulary.elsewhere)
        self.seldom = Phrases(vocabulary.seldom)
        self.synonyms: dict[tuple[str, ...], tuple[str, ...]] = {}
        for group in vocabulary.synonyms:
            for text in group:
                words = tuple(split(text))
                self.synonyms[words] = tuple(dict.fromkeys((*self.synonyms.get(words, ()), *group)))
        common = {tuple(split(name)) for name in vocabulary.common_names}
        self.places: dict[tuple[str, ...], tuple[str, frozenset[str]]] = {}
        for county in counties:
            area = frozenset({county.name, *county.cities})
            for name in (county.name, *county.aliases):
                bare = name.removesuffix(" County")
                for spelling in {
                    bare + " County",
                    bare + " Co",
                    *({bare} if tuple(split(bare)) not in common else set()),
                }:
                    self.places[tuple(split(spelling))] = (bare, area)
        for county in counties:
            for city in county.cities:
                # A city that shares its county's name ("Anoka") means the county unless "city" is said.
                self.places.setdefault(tuple(split(city)), (city, frozenset({city, county.name})))
        # A word stands in many passages: analysing each once is ten times faster.
        written = {word for text in passages for word in text.split()}
        self.known = {word for text in written for word in split(text)}
        lists = (self.subject, self.outside, self.elsewhere, self.seldom)
        self.known |= {word for words in (*self.synonyms, *self.places, *chain(*lists)) for word in words}
        self.repairs = sorted(word for word in self.known if len(word) >= 5 and word.isalpha())

    def read(self, question: str) -> Query:
        """Analyse a question. Any text will do; at worst there are no groups."""
        words = [self._repaired(word) for word in split(question)]
        groups: list[tuple[str, ...]] = []
        places: set[str] = set()
        named: set[tuple[str, ...]] = set()
        position = 0
        while position < len(words):
            for length in range(min(6, len(words) - position), 0, -1):
                phrase = tuple(words[position : position + length])
                if phrase in self.places:
                    name, area = self.places[phrase]
                    places |= area
                    groups.append((name,))
                    named.add((name,))
                elif phrase in self.synonyms:
                    groups.append(self.synonyms[phrase])
                elif length == 1:
                    if words[position] not in self.stop_words:
                        groups.append(phrase)
                else:
                    continue
                position += length
                break
        distinct = tuple(dict.fromkeys(groups))
        place_numbers = frozenset(number for number, group in enumerate(distinct) if group in named)
        return Query(distinct, frozenset(places), place_numbers, tuple(words))

    def _repaired(self, word: str) -> str:
        """The word that was meant, if the record knows only one that is a slip away (two in long words)."""
        if len(word) < 5 or not word.isalpha() or word in self.known or word in self.stop_words:
            return word
        slips = 1 if len(word) < 8 else 2
        candidates = [known for known in self.repairs if known[0] == word[0] and abs(len(known) - len(word)) <= slips]
        best = process.extractOne(word, candidates, scorer=OSA.distance, score_cutoff=slips)
        return best[0] if best else word
