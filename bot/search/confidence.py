"""How likely it is that the best fact answers the question, so that the bot can be silent when it is not."""

import math
import re
from collections.abc import Mapping, Sequence

from bot.search.corpus import Likeness
from bot.search.ranking import Candidate, Terms
from bot.search.words import Lexicon, Query, split

# Features of which one alone forbids an answer: together they would forbid eight of 779 right ones to tuned questions.
GUARDS = ("outside", "year", "no_money", "no_person", "no_number")
# How much nearer, in cosine, a question without an answer must lie: those share the record's words.
CLEARLY = 0.05
# How far ahead of the next the best fact can count to be.
MARGIN = 5.0
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def features(
    query: Query,
    ranked: Sequence[Candidate],
    terms: Terms,
    lexicon: Lexicon,
    likeness: Likeness | None,
    number: int,
    examples: Mapping[str, float],
) -> dict[str, float]:
    """What speaks for and against an answer. `examples` says how near the question is to those without one."""
    best = ranked[0]
    second = next((candidate.score for candidate in ranked if candidate.matter != best.matter), best.score - MARGIN)
    statement = best.document.statement
    held = [word for text in best.document.passages() for word in split(text)]
    years = set(_YEAR.findall(query.text))
    unknown = [rarity for rarity, found in zip(terms.rarity, terms.anywhere, strict=True) if not found]
    usual = prominence = better_elsewhere = 0.0
    if likeness is not None:
        all_facts = (likeness.statement + likeness.phrasing) / 2
        own = (best.features["statement"] + best.features["phrasing"]) / 2
        usual = float(all_facts.mean())
        better_elsewhere = max(0.0, float(all_facts.max()) - own)
        prominence = (own - usual) / float(all_facts.std() or 1)
    return {
        **{"best_" + name: value for name, value in best.features.items()},
        "score": best.score,
        "margin": min(best.score - second, MARGIN),
        "usual": usual,
        "better_elsewhere": better_elsewhere,
        "prominence": prominence,
        **examples,
        **lexicon.unmet(query, statement),
        "missing": max(
            (r for r, held_by in zip(terms.rarity, terms.anywhere, strict=True) if not held_by >> number & 1),
            default=0.0,
        ),
        "missing_stated": sum(
            r for r, held_by in zip(terms.rarity, terms.statements, strict=True) if not held_by >> number & 1
        ),
        "unknown": sum(unknown) / (sum(terms.rarity) or 1),
        "words_asked": float(min(len(query.groups), 12)),
        "on_subject": float(lexicon.on_subject(query)),
        "elsewhere": float(lexicon.elsewhere.within(query.words) and not lexicon.elsewhere.within(held)),
        "seldom": float(lexicon.seldom.within(query.words) and not lexicon.seldom.within(held)),
        "outside": float(lexicon.outside.within(query.words)),
        "spanish": float(lexicon.is_spanish(query)),
        "year": float(bool(years) and not years & set(_YEAR.findall(" ".join((statement, best.document.as_of))))),
    }


def vetoed(found: Mapping[str, float]) -> bool:
    """Whether a guard forbids an answer, however likely it seems.

    The question lies nearer to one without an answer than to any that the fact answers; or it asks for a year, a
    number, a sum or a name that the statement does not have; or for what the bot does not do.
    """
    return (
        found.get("like_outside", 0.0) > found["best_phrasing"]
        or found.get("like_unrecorded", 0.0) > found["best_phrasing"] + CLEARLY
        or any(found.get(name) for name in GUARDS)
    )


def probability(found: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """From features to a probability: a logistic regression, fitted by `tests/bench/fit.py`."""
    total = weights.get("bias", 0.0) + sum(weights.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
