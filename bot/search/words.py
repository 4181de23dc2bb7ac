"""From what people type to groups of words to look for: stop words, synonyms, places, misspellings."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import snowballstemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.models import County, Document, Vocabulary

# A Discord message has 2,000 characters at most; what is longer than that is no question.
LONGEST_TEXT = 2000
MOST_WORDS = 120
# A word that stands in this many phrasings is spelt so.
OFTEN = 4
# Short words are too alike to be mended.
SHORTEST_REPAIR = 5
_STEMMER = snowballstemmer.stemmer("english")
_DATE = re.compile(r"\b([A-Z][a-z]{2,8} \d{1,2}(, \d{4})?|(19|20)\d\d)\b")
# A capital after a small letter or a comma: a name, not the start of a sentence.
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][^\W\d_]+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def split(text: str) -> list[str]:
    """The words of a text in lower case, without signs or accents: many people type none."""
    folded = text[:LONGEST_TEXT].casefold().replace("\u2019", "'")
    if not folded.isascii():
        parts = unicodedata.normalize("NFKD", folded)
        folded = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return [_singular(word) for word in _WORD.findall(folded)][:MOST_WORDS]


def split_all(texts: Iterable[str]) -> set[str]:
    """The words of many texts."""
    return {word for text in texts for word in split(text)}


def _singular(word: str) -> str:
    """Drop an English possessive or plural s, so that "sheriffs" and "sheriff's" meet "sheriff"."""
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def stem(word: str) -> str:
    """A word without its endings, so that "detained" meets "detain" (English Snowball)."""
    return str(_STEMMER.stemWord(word))


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words."""
    return tuple(stem(word) for word in split(text))


@dataclass(frozen=True)
class Query:
    """A question as groups of words, any word of a group standing for all of it, and the places it names.

    `stems` are the groups' words without endings; `places` are the counties and cities meant; `county` is the id of
    the county whose whole page is asked for, if one is; `text` is the question with abbreviations and slips mended.
    """

    groups: tuple[tuple[str, ...], ...]
    stems: tuple[tuple[tuple[str, ...], ...], ...]
    places: frozenset[str]
    county: str | None
    words: tuple[str, ...]
    text: str


class Phrases(frozenset[tuple[str, ...]]):
    """Words and phrases of a list."""

    def __new__(cls, texts: Iterable[str]) -> Self:
        """Split each text as questions are split."""
        return super().__new__(cls, (tuple(words) for text in texts if (words := split(text))))

    def __init__(self, texts: Iterable[str]) -> None:
        # Most words begin no phrase of a list: asking that first is much faster.
        self._firsts = {phrase[0] for phrase in self}
        self._lengths = {len(phrase) for phrase in self}

    def within(self, words: Sequence[str]) -> bool:
        """Whether one of the phrases stands in the words."""
        return not self._firsts.isdisjoint(words) and any(
            word in self._firsts and any(tuple(words[start : start + length]) in self for length in self._lengths)
            for start, word in enumerate(words)
        )


class Lexicon:
    """What is known about words: built once from the vocabulary, the counties and the record's own words."""

    def __init__(self, vocabulary: Vocabulary, counties: Sequence[County], documents: Sequence[Document]) -> None:
        english, self.spanish = (
            {word for text in texts for word in split(text)}
            for texts in (vocabulary.stop_words.english, vocabulary.stop_words.spanish)
        )
        self.stop_words = english | self.spanish
        self.spanish -= english
        self.general = Phrases(vocabulary.general)
        self.personal = Phrases(vocabulary.personal)
        self.subject = Phrases(vocabulary.subject)
        self.outside = Phrases(vocabulary.outside)
        self.elsewhere = Phrases(vocabulary.elsewhere)
        self.seldom = Phrases(vocabulary.seldom)
        self.question_sorts = [(name, Phrases(texts)) for name, texts in vocabulary.question_sorts.items()]
        self.answer_types = [
            (kind, Phrases(kind.asked), re.compile(kind.held), split_all(kind.apart))
            for kind in vocabulary.answer_types
        ]
        self.abbreviations = {word: text for words, text in vocabulary.abbreviations.items() for word in split(words)}
        self.synonyms: dict[tuple[str, ...], tuple[str, ...]] = {}
        for group in vocabulary.synonyms:
            for text in group:
                words = tuple(split(text))
                self.synonyms[words] = tuple(dict.fromkeys((*self.synonyms.get(words, ()), *group)))
        # Done once here, because finding stems is slow.
        self._stems = {group: tuple(map(stems, group)) for group in self.synonyms.values()}
        self.counties = {county.name: county.id for county in counties}
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
        lists = (self.subject, self.outside, self.elsewhere, self.seldom)
        listed = {word for words in (*self.synonyms, *self.places, *chain(*lists)) for word in words}
        # A phrasing may be misspelt on purpose, so a word that few of them have is not known for a word.
        written = Counter(word for document in documents for text in document.phrasings for word in set(text.split()))
        often = " ".join(word for word, times in written.items() if times >= OFTEN)
        stated = {word for document in documents for word in document.statement.split()}
        self.known = {*split_all(stated), *split_all(often.split()), *listed, *split_all(vocabulary.common_words)}
        # What people misspell and what must be found all the same: names, and the words of the subject.
        names = {word for document in documents for word in _NAME.findall(document.statement)}
        targets = {*split_all(names), *(word for words in (*self.subject, *self.places) for word in words)}
        self.repairs = sorted(word for word in targets if len(word) >= SHORTEST_REPAIR and word.isalpha())

    def read(self, question: str) -> Query:
        """Analyse a question. Any text will do; at worst there are no groups."""
        typed = split(question)
        words = [self._repaired(word) for word in typed]
        groups: list[tuple[str, ...]] = []
        places: set[str] = set()
        asked_of_it: list[tuple[str, ...]] = []
        position = 0
        while position < len(words):
            for length in range(min(6, len(words) - position), 0, -1):
                phrase = tuple(words[position : position + length])
                if phrase in self.places:
                    name, area = self.places[phrase]
                    places |= area
                    groups.append((name,))
                elif phrase in self.synonyms:
                    groups.append(self.synonyms[phrase])
                    asked_of_it.append(phrase)
                elif length == 1:
                    if words[position] not in self.stop_words:
                        groups.append(phrase)
                        asked_of_it.append(phrase)
                else:
                    continue
                position += length
                break
        distinct = tuple(dict.fromkeys(groups))
        stemmed = tuple(self._stems.get(group) or tuple(map(stems, group)) for group in distinct)
        counties = {self.counties[place] for place in places if place in self.counties}
        whole = len(counties) == 1 and all(phrase in self.general for phrase in asked_of_it)
        county = counties.pop() if whole else None
        text = self._rewritten(question, dict(zip(typed, words, strict=True)))
        return Query(distinct, stemmed, frozenset(places), county, tuple(words), text)

    def on_subject(self, query: Query) -> bool:
        """Whether a question names a place of the pack's or a word of its subject."""
        return bool(query.places) or self.subject.within(query.words)

    def sort(self, words: Sequence[str]) -> int:
        """The number of the sort of question that these words are; -1 for none."""
        return next((number for number, (_, asked) in enumerate(self.question_sorts) if asked.within(words)), -1)

    def unmet(self, query: Query, statement: str) -> dict[str, float]:
        """For each type of answer, 1.0 if the question asks for one and the statement has none that is new."""
        undated = _DATE.sub("", statement)
        result = {}
        for kind, asked, held, apart in self.answer_types:
            # Of a long run of capitals, the last two are the name: "Ramsey County Attorney John Choi".
            found = [split(match[0])[-2:] for match in held.finditer(undated if kind.undated else statement)]
            new = [words for words in found if words and not apart & set(words) and words[-1] not in query.words]
            met = any(tuple(words) not in self.places for words in new)
            result["no_" + kind.name] = float(asked.within(query.words) and not met)
        return result

    def is_spanish(self, query: Query) -> bool:
        """Whether a question is in Spanish, by the little words in it."""
        return sum(word in self.spanish for word in query.words) > 0.15 * len(query.words)

    def _rewritten(self, question: str, repaired: Mapping[str, str]) -> str:
        """The question with slips mended and abbreviations written out, for a model that knows only whole words."""

        def mended(found: re.Match[str]) -> str:
            # A sign such as "½" may fold to more than one word, or to none.
            match split(found[0]):
                case [word]:
                    meant = repaired.get(word, word)
                    return self.abbreviations.get(meant, meant if meant != word else found[0])
            return found[0]

        return _WORD.sub(mended, question[:LONGEST_TEXT])

    def _repaired(self, word: str) -> str:
        """The word that was meant, if the record knows only one that is a slip away (two in long words)."""
        if len(word) < SHORTEST_REPAIR or not word.isalpha() or word in self.known or word in self.stop_words:
            return word
        slips = 1 if len(word) < 7 else 2
        candidates = [known for known in self.repairs if known[0] == word[0] and abs(len(known) - len(word)) <= slips]
        best = process.extractOne(word, candidates, scorer=OSA.distance, score_cutoff=slips)
        return best[0] if best else word
