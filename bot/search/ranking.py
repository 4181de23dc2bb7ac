"""Which facts lie nearest to a question: each candidate's features, weighed into one score."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.models import Document, Kind
from bot.search.corpus import Corpus, Likeness, holding
from bot.search.words import Query

# Facts taken up for their meaning, and for their words; the right one is among them in 99 of 100 questions.
MOST_BY_MEANING = 60
MOST_BY_WORDS = 60
HOW_MANY = re.compile(r"\b(how (many|much)|number of|per ?cent|cu[aá]nt[oa]s?)\b", re.IGNORECASE)
WHEN = re.compile(r"\b(when|what (day|date|year|month)|cu[aá]ndo|qu[eé] (d[ií]a|fecha|año|mes))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A fact that may answer a question, what speaks for it, and the sum of that."""

    document: Document
    features: Mapping[str, float]
    score: float

    @property
    def matter(self) -> str:
        """What it is about: facts of one dispute answer together."""
        return self.document.dispute or self.document.id


@dataclass(frozen=True)
class Terms:
    """The groups of a question's words as the corpus has them: who holds each, and how telling it is (its rarity)."""

    statements: Sequence[int]
    anywhere: Sequence[int]
    rarity: Sequence[float]

    @classmethod
    def of(cls, query: Query, corpus: Corpus) -> "Terms":
        """Look a question's groups up."""
        anywhere = [holding(corpus.anywhere, group) for group in query.stems]
        size = len(corpus.documents)
        return cls(
            [holding(corpus.in_statement, group) for group in query.stems],
            anywhere,
            [math.log(1 + size / (1 + found.bit_count())) for found in anywhere],
        )

    def share(self, holders: Sequence[int], number: int) -> float:
        """The share of the question, by rarity, that document `number` holds: 0 to 1."""
        held = sum(rarity for rarity, found in zip(self.rarity, holders, strict=True) if found >> number & 1)
        return held / (sum(self.rarity) or 1)


def rank(
    query: Query,
    corpus: Corpus,
    terms: Terms,
    likeness: Likeness | None,
    scores: Mapping[str, float],
    weights: Mapping[str, float],
) -> list[Candidate]:
    """The facts that may answer, best first; those about another place than the question's are left out.

    `likeness` is None where there is no model; `scores` are the BM25 scores of the full-text search, by fact.
    """
    by_words = sorted(scores, key=lambda fact_id: (-scores[fact_id], fact_id))[:MOST_BY_WORDS]
    numbers = {corpus.numbers[fact_id] for fact_id in by_words if fact_id in corpus.numbers}
    if likeness is not None:
        numbers |= {int(n) for n in np.argsort(-likeness.statement - likeness.phrasing)[:MOST_BY_MEANING]}
    candidates = []
    for number in numbers:
        document = corpus.documents[number]
        if _about_another_place(query, document):
            continue
        features = {
            "statement": float(likeness.statement[number]) if likeness else 0.0,
            "phrasing": float(likeness.phrasing[number]) if likeness else 0.0,
            "phrasings": float(likeness.phrasings[number]) if likeness else 0.0,
            "same_sort": float(likeness.same_sort[number]) if likeness else 0.0,
            "words": scores.get(document.id, 0.0) / (sum(terms.rarity) or 1),
            "coverage": terms.share(terms.anywhere, number),
            "statement_coverage": terms.share(terms.statements, number),
            "its_place": float(bool(query.places & document.places)),
            "no_place": float(bool(query.places) and not document.places),
            "local": float(bool(document.places) and not query.places),
            "how_many": float(bool(HOW_MANY.search(query.text)) and document.kind is Kind.FIGURE),
            "when": float(bool(WHEN.search(query.text)) and document.kind is Kind.EVENT),
            "none": float(document.kind is Kind.NONE),
            "law": float(document.kind is Kind.LAW),
        }
        score = sum(weights.get(name, 0.0) * value for name, value in features.items())
        candidates.append(Candidate(document, features, score))
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.document.id))


def _about_another_place(query: Query, document: Document) -> bool:
    """Whether a fact is about other places than the question's; an absence answers only for its own place."""
    if query.places:
        return bool(document.places) and not query.places & document.places
    return document.kind is Kind.NONE and bool(document.places)
