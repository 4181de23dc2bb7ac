"""Rank the facts that a question finds, and decide whether they answer it."""

import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.models import Found, Hit, Kind, Outcome
from bot.search.words import Lexicon, Query, split

# How passages are found: groups of words and a limit in; hits, and passages per group, out (bot/store/index.py).
Index = Callable[[Sequence[Sequence[str]], int], Awaitable[tuple[list[Hit], list[int]]]]

MOST_HITS = 300
# What has more to look for than this is a message rather than a question, and is taken piece by piece.
LONGEST_QUESTION = 14
MOST_PIECES = 12
PIECES = re.compile(r"[.!?;:,\n]+|\b(?:and|but|that|because|y|pero|que|porque)\b", re.IGNORECASE)
MOST_FACTS = 3
MOST_RELATED = 5
# The share of a question's words, weighted by rarity, that a fact must hold to count as an answer: less when the
# question is plainly about the pack's subject. Chosen on tests/questions.jsonl.
ENOUGH = 0.55
ENOUGH_OFF_SUBJECT = 0.8
# A fact that is this close to the best is shown too.
NEARLY_AS_GOOD = 0.93
# A question that names no place is seldom about one county, and one that names a county seldom about all of them.
LOCAL_FACTOR = 0.9
GENERAL_FACTOR = 0.4


@dataclass
class Candidate:
    """A fact that a question found: its best passage, and all the question's words that any passage of it holds."""

    hit: Hit
    best: float
    groups: set[int]
    score: float = 0.0
    coverage: float = 0.0


class Search:
    """Answers questions from one index. A later version may find passages differently; callers see `ask` alone."""

    def __init__(self, index: Index, lexicon: Lexicon, passages: int) -> None:
        self.index = index
        self.lexicon = lexicon
        self.passages = passages

    async def ask(self, question: str) -> Found:
        """Find what answers a question, best fact first. Any text whatever is accepted; nothing of it is kept."""
        query = self.lexicon.read(question)
        if len(query.groups) > LONGEST_QUESTION:
            return await self._ask_pieces(question) or await self._ask(query)
        return await self._ask(query)

    async def _ask_pieces(self, message: str) -> Found | None:
        """What the sentences and clauses of a message find, if any does: no fact holds the words of a whole message."""
        facts: dict[str, None] = {}
        topics: dict[str, None] = {}
        queries = [self.lexicon.read(piece) for piece in PIECES.split(message)]
        # A piece of few words, or off the subject, would find what merely shares a word with it.
        telling = [query for query in queries if len(query.groups) > 1 and self._on_subject(query)]
        for query in telling[:MOST_PIECES]:
            found = await self._ask(query)
            if found.outcome is Outcome.ANSWER:
                facts[found.facts[0]] = None
                topics |= dict.fromkeys(found.topics)
        return (
            Found(Outcome.ANSWER, tuple(facts)[:MOST_FACTS], tuple(facts)[MOST_FACTS:], tuple(topics))
            if facts
            else None
        )

    def _on_subject(self, query: Query) -> bool:
        """Whether a question names a place of the pack's or a word of its subject."""
        return bool(query.places) or self.lexicon.subject.within(query.words)

    async def _ask(self, query: Query) -> Found:
        if not query.groups or self.lexicon.outside.within(query.words):
            return Found(Outcome.OUT_OF_SCOPE)
        ranked = await self._ranked(query)
        nearest = tuple(candidate.hit.fact_id for candidate in ranked)
        topics = tuple(dict.fromkeys(candidate.hit.topic for candidate in ranked[:MOST_RELATED]))
        on_subject = self._on_subject(query)
        if ranked and self._answers(query, ranked[0], ENOUGH if on_subject else ENOUGH_OFF_SUBJECT):
            near = [c for c in ranked if c.score >= ranked[0].score * NEARLY_AS_GOOD][:MOST_FACTS]
            facts = tuple(candidate.hit.fact_id for candidate in near)
            related = tuple(fact_id for fact_id in nearest if fact_id not in facts)[:MOST_RELATED]
            outcome = Outcome.RECORD_SAYS_NONE if ranked[0].hit.kind is Kind.NONE else Outcome.ANSWER
            return Found(outcome, facts, related, topics)
        if on_subject and not self.lexicon.elsewhere.within(query.words):
            return Found(Outcome.NO_RECORD, (), nearest[:MOST_RELATED], topics)
        return Found(Outcome.OUT_OF_SCOPE)

    async def _ranked(self, query: Query) -> list[Candidate]:
        """The facts found, best first; those about another place than the question's are left out."""
        hits, counts = await self.index(query.groups, MOST_HITS)
        weights = [math.log(1 + self.passages / (1 + count)) for count in counts]
        total = sum(weights)
        found: dict[str, Candidate] = {}
        for hit in hits:
            if self._about_another_place(query, hit):
                continue
            score = hit.score * sum(weights[number] for number in hit.groups) / total
            candidate = found.setdefault(hit.fact_id, Candidate(hit, score, set()))
            candidate.groups |= hit.groups
            if score > candidate.best:
                candidate.hit, candidate.best = hit, score
        for candidate in found.values():
            candidate.coverage = sum(weights[number] for number in candidate.groups) / total
            candidate.score = candidate.best * candidate.coverage
            if candidate.hit.places and not query.places:
                candidate.score *= LOCAL_FACTOR
            elif query.places and not candidate.hit.places:
                candidate.score *= GENERAL_FACTOR
        return sorted(found.values(), key=lambda candidate: (-candidate.score, candidate.hit.fact_id))

    def _about_another_place(self, query: Query, hit: Hit) -> bool:
        """Whether a fact is about other places than the question's; an absence answers only for its own place."""
        if query.places:
            return bool(hit.places) and not query.places & hit.places
        return hit.kind is Kind.NONE and bool(hit.places)

    def _answers(self, query: Query, candidate: Candidate, enough: float) -> bool:
        """Whether a fact holds enough of the question, its place, and what of it is seldom in the record."""
        held = split(candidate.hit.text)
        placed = not query.places or bool(candidate.hit.places) or query.place_numbers <= candidate.groups
        return (
            placed
            and candidate.coverage >= enough
            and all(
                phrases.within(held) or not phrases.within(query.words)
                for phrases in (self.lexicon.elsewhere, self.lexicon.seldom)
            )
        )
