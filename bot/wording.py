"""The neutral-wording check: it flags loaded words in our own voice, explains, and never rewrites.

What people are quoted as saying is theirs: text in quotation marks is not looked at. The words, the reasons and the
exceptions are data, in data/wording.yaml.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.models import WordEntry, WordKind, WordList

# \u2018 and \u2019 are single quotation marks; \u2019 before a letter is an apostrophe and ends no quotation.
# A mark without its partner quotes nothing.
QUOTED = re.compile(r'“[^”]*”|"[^"]*"|\u2018(?:[^\u2019]|\u2019(?=\w))*\u2019')
WORD = re.compile(r"\w+")
# A new sentence; not after "U.S.", "St.", "Gov." or "Minn.".
SENTENCE = re.compile(
    r"(?<![A-Z]\.)(?<![A-Z][a-z]\.)(?<![A-Z][a-z]{2}\.)(?<![A-Z][a-z]{3}\.)"
    r'(?:(?<=[.?!])|(?<=[.?!]["”\u2019)]))\s+(?=[A-Z“"\u2018])'
)
# What "..." stands for: some words of the same sentence; in a name, words that a name is made of.
GAP = rf"\b(?:(?!(?-i:{SENTENCE.pattern})).){{0,100}}\b"
NAME_GAP = r"[\s-]+(?:(?:[A-Z][\w'\u2019]*|and|for|in|of|the|to)[\s-]+)*"


@dataclass(frozen=True)
class Flag:
    """Words that take a side, where they stand, and why they should not be ours."""

    found: str
    start: int
    kind: WordKind
    why: str
    guides: tuple[str, ...]


@dataclass(frozen=True)
class _Rule:
    """One word or phrase of an entry, as patterns."""

    pattern: re.Pattern[str]
    entry: WordEntry
    exceptions: tuple[re.Pattern[str], ...]


def check_wording(text: str, words: WordList, speaker: str | None) -> list[Flag]:
    """The loaded words of a statement outside quotation marks, in the order in which they stand."""
    rules, attribution = _compiled(words)
    # Of the same length, so that what is found stands at the same place in the text.
    ours = QUOTED.sub(lambda quoted: '"' * len(quoted[0]), text)
    flags: list[Flag] = []
    reached = 0
    for word in WORD.finditer(ours):
        at = word.start()
        hits = [
            (match.end(), rule.entry)
            for rule in rules.get(word[0][:2].lower(), ())
            if (match := rule.pattern.match(ours, at))
            and not (rule.entry.said and (speaker or attribution.search(*_sentence(ours, at))))
            and not _within(match, rule.exceptions, ours)
        ]
        if hits and at >= reached:
            reached, entry = max(hits, key=lambda hit: hit[0])
            flags.append(Flag(text[at:reached], at, entry.kind, entry.why, entry.guides))
    return flags


def explained(flag: Flag) -> str:
    """A flag in words for whoever wrote the statement."""
    guides = f" Guides: {' '.join(flag.guides)}" if flag.guides else ""
    return f"says '{flag.found}' outside quotation marks ({flag.kind}). {flag.why}{guides}"


def _within(match: re.Match[str], exceptions: Iterable[re.Pattern[str]], text: str) -> bool:
    """Whether what was found is part of a longer phrase that is an exception."""
    return any(
        phrase.start() <= match.start() and match.end() <= phrase.end()
        for exception in exceptions
        for phrase in exception.finditer(text)
    )


def _sentence(text: str, at: int) -> tuple[str, int, int]:
    """The bounds of the sentence in which a place lies, as a search takes them."""
    ends = [end.end() for end in SENTENCE.finditer(text)]
    return text, max((end for end in ends if end <= at), default=0), min((e for e in ends if e > at), default=len(text))


@lru_cache(maxsize=4)
def _compiled(words: WordList) -> tuple[dict[str, list[_Rule]], re.Pattern[str]]:
    """The rules by the first two letters of their words, which spares most of the work, and what names a speaker."""
    rules: dict[str, list[_Rule]] = {}
    for entry in words.entries:
        exceptions = tuple(map(_exact, (*entry.exceptions, *words.names)))
        for phrase in entry.words:
            if first := WORD.search(phrase):
                rules.setdefault(first[0][:2].lower(), []).append(_Rule(_any_of([phrase]), entry, exceptions))
    return rules, _any_of(words.attribution)


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Any of some phrases, in large or small letters; of none, nothing."""
    return re.compile("|".join(_phrase(phrase, GAP) for phrase in phrases) or r"(?!)", re.IGNORECASE)


def _exact(phrase: str) -> re.Pattern[str]:
    """One phrase; where it has capitals it is a name, and they count."""
    return re.compile(_phrase(phrase, NAME_GAP)) if phrase != phrase.lower() else _any_of([phrase])


def _phrase(phrase: str, gap: str) -> str:
    """A phrase as a pattern: whole words, "*" for any ending, "..." for a gap, spaces for hyphens too."""
    parts = [
        r"[\s-]+".join(
            re.escape(word).replace(r"\*", r"\w*").replace("'", r"['\u2019]") for word in re.split(r"[\s-]+", part)
        )
        for part in map(str.strip, phrase.split("..."))
    ]
    return rf"(?<!\w)(?:{gap.join(parts)})(?!\w)"
