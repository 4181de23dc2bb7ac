"""Rank the facts that a question finds, and decide whether they answer it."""

import math
from collections.abc import Awaitable, Callable, Sequence

from bot.models import Found, Hit, Kind, Outcome
from bot.search.words import Lexicon, Query, split

# How passages are found: groups of words and a limit in; hits, and passages per group, out (bot/store/index.py).
Index = Callable[[Sequence[Sequence[str]], int], Awaitable[tuple[list[Hit], list[int]]]]

MOST_HITS = 80
MOST_FACTS = 3
MOST_RELATED = 5
MOST_GROUPS = 12
# Tuned on tests/questions.jsonl; `make bench` prints what they do.
ENOUGH_COVERAGE = 0.55
NEARLY_AS_GOOD = 0.93


class Search:
    """Answers questions from one index. A later version may find passages differently; callers see `ask` alone."""

    def __init__(self, index: Index, lexicon: Lexicon, passages: int) -> None:
        self.index = index
        self.lexicon = lexicon
        self.passages = passages

    async def ask(self, question: str) -> Found:
        """Find what answers a question, best fact first. Any text whatever is accepted; nothing of it is kept."""
        query = self.lexicon.read(question)
        if not query.groups or self.lexicon.names(query.words, self.lexicon.outside):
            return Found(Outcome.OUT_OF_SCOPE)
        hits, counts = await self.index(query.groups, MOST_HITS)
        weights = [math.log(1 + self.passages / (1 + count)) for count in counts]
        ranked = self._ranked(query, hits, weights)
        topics = tuple(dict.fromkeys(hit.topic for _, _, hit in ranked[:MOST_RELATED]))
        nearest = tuple(dict.fromkeys(hit.fact_id for _, _, hit in ranked))
        if ranked and ranked[0][1] >= ENOUGH_COVERAGE and not self._elsewhere(query, ranked[0][2]):
            best = ranked[0][0]
            answer = tuple(dict.fromkeys(hit.fact_id for score, _, hit in ranked if score >= best * NEARLY_AS_GOOD))[
                :MOST_FACTS
            ]
            related = tuple(fact_id for fact_id in nearest if fact_id not in answer)[:MOST_RELATED]
            outcome = Outcome.RECORD_SAYS_NONE if ranked[0][2].kind is Kind.NONE else Outcome.ANSWER
            return Found(outcome, answer, related, topics)
        in_scope = (self.lexicon.names(query.words, self.lexicon.subject) or query.places) and not self.lexicon.names(
            query.words, self.lexicon.elsewhere
        )
        return Found(
            Outcome.NO_RECORD if in_scope else Outcome.OUT_OF_SCOPE,
            (),
            nearest[:MOST_RELATED] if in_scope else (),
            topics if in_scope else (),
        )

    def _ranked(self, query: Query, hits: Sequence[Hit], weights: Sequence[float]) -> list[tuple[float, float, Hit]]:
        """Score, coverage and best passage of each fact, best first; facts about another place are left out."""
        total = sum(weights)
        best: dict[str, tuple[float, float, Hit]] = {}
        for hit in hits:
            if query.places and hit.places and not query.places & hit.places:
                continue
            coverage = sum(weights[number] for number in hit.groups) / total
            score = hit.score * coverage
            if hit.fact_id not in best or score > best[hit.fact_id][0]:
                best[hit.fact_id] = (score, coverage, hit)
        return sorted(best.values(), key=lambda found: (-found[0], found[2].fact_id))

    def _elsewhere(self, query: Query, hit: Hit) -> bool:
        """Whether the question names a place outside the pack's area that the found passage does not speak of."""
        return self.lexicon.names(query.words, self.lexicon.elsewhere) and not self.lexicon.names(
            split(hit.text), self.lexicon.elsewhere
        )
