"""A question to the facts that answer it, or to one of three silences."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.models import FittedWeights, Found, Kind, Outcome
from bot.search.confidence import features, probability, vetoed
from bot.search.corpus import Corpus
from bot.search.encoder import Encoder
from bot.search.ranking import Candidate, Terms, rank
from bot.search.vectors import Vectors
from bot.search.words import Lexicon, Query

# How facts are found by their words: groups of words in, a BM25 score for each fact found out (bot/store/index.py).
Index = Callable[[Sequence[Sequence[str]]], Awaitable[dict[str, float]]]

# What has more to look for than this is a message rather than a question, and is taken piece by piece.
LONGEST_QUESTION = 14
MOST_PIECES = 12
PIECES = re.compile(r"[.!?;:,\n]+|\b(?:and|but|that|because|y|pero|que|porque)\b", re.IGNORECASE)
MOST_FACTS = 3
MOST_RELATED = 5


@dataclass(frozen=True)
class Knowledge:
    """What an answer is drawn from. It never changes: an edit makes a new one, which takes its place at once."""

    lexicon: Lexicon
    corpus: Corpus
    # Questions without an answer, by what sort of silence they meet.
    examples: Mapping[str, Vectors]


class Search:
    """Answers questions. Without an encoder it goes by words alone.

    It was complete from the start when the database kept the vectors of all that it knows, and no others.
    """

    def __init__(
        self,
        index: Index,
        encoder: Encoder | None,
        weights: FittedWeights,
        knowledge: Knowledge,
        *,
        complete: bool = False,
    ) -> None:
        self.index = index
        self.encoder = encoder
        self.weights = weights.hybrid if encoder else weights.lexical
        self.knowledge = knowledge
        self.complete = complete

    async def ask(self, question: str) -> Found:
        """Find what answers a question, best fact first. Any text whatever is accepted; nothing of it is kept."""
        knowledge = self.knowledge
        query = knowledge.lexicon.read(question)
        found = None
        if len(query.groups) > LONGEST_QUESTION:
            found = await self._ask_pieces(question, knowledge)
        found = found or await self._ask(query, knowledge)
        return replace(found, personal=knowledge.lexicon.personal.within(query.words))

    async def _ask_pieces(self, message: str, knowledge: Knowledge) -> Found | None:
        """What the sentences and clauses of a message find, if any does: no fact holds the words of a whole message."""
        facts: dict[str, None] = {}
        topics: dict[str, None] = {}
        queries = [knowledge.lexicon.read(piece) for piece in PIECES.split(message)]
        # A piece of few words, or off the subject, would find what merely shares a word with it.
        telling = [query for query in queries if len(query.groups) > 1 and knowledge.lexicon.on_subject(query)]
        for query in telling[:MOST_PIECES]:
            found = await self._ask(query, knowledge)
            if found.outcome is Outcome.ANSWER:
                facts[found.facts[0]] = None
                topics |= dict.fromkeys(found.topics)
        return (
            Found(Outcome.ANSWER, tuple(facts)[:MOST_FACTS], tuple(facts)[MOST_FACTS:], tuple(topics))
            if facts
            else None
        )

    async def _ask(self, query: Query, knowledge: Knowledge) -> Found:
        if not query.groups:
            return Found(Outcome.OUT_OF_SCOPE)
        ranked, found = await self.consider(query, knowledge)
        matters = best_of_each(ranked)
        nearest = tuple(candidate.document.id for candidate in matters)
        topics = tuple(dict.fromkeys(candidate.document.topic for candidate in ranked[:MOST_RELATED]))
        lexicon = knowledge.lexicon
        refused = lexicon.outside.within(query.words)
        own = tuple(c.document.id for c in matters if c.features["its_place"])
        if query.county and own and not refused:
            return Found(Outcome.ANSWER, own[:MOST_FACTS], own[MOST_FACTS:MOST_RELATED], topics, query.county)
        if ranked and not vetoed(found) and probability(found, self.weights.answer) >= self.weights.enough:
            near = [c for c in matters if c.score >= ranked[0].score - self.weights.close][:MOST_FACTS]
            facts = tuple(candidate.document.id for candidate in near)
            related = tuple(fact_id for fact_id in nearest if fact_id not in facts)[:MOST_RELATED]
            none = ranked[0].document.kind is Kind.NONE
            return Found(Outcome.RECORD_SAYS_NONE if none else Outcome.ANSWER, facts, related, topics)
        if ranked and lexicon.on_subject(query) and not refused and not lexicon.elsewhere.within(query.words):
            return Found(Outcome.NO_RECORD, (), nearest[:MOST_RELATED], topics)
        return Found(Outcome.OUT_OF_SCOPE)

    async def consider(self, query: Query, knowledge: Knowledge) -> tuple[list[Candidate], dict[str, float]]:
        """The facts that lie nearest, best first, and what speaks for and against answering with them."""
        scores = await self.index(query.groups)
        likeness, examples = None, {}
        if self.encoder is not None:
            vector = await self.encoder.query(query.text)
            likeness = knowledge.corpus.likeness(vector, knowledge.lexicon.sort(query.words))
            examples = {name: float(vectors.cosines(vector).max()) for name, vectors in knowledge.examples.items()}
        terms = Terms.of(query, knowledge.corpus)
        ranked = rank(query, knowledge.corpus, terms, likeness, scores, self.weights.rank)
        if not ranked:
            return [], {}
        number = knowledge.corpus.numbers[ranked[0].document.id]
        return ranked, features(query, ranked, terms, knowledge.lexicon, likeness, number, examples)

    def close(self) -> None:
        """Let the encoder's thread end."""
        if self.encoder is not None:
            self.encoder.close()


def best_of_each(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate of each matter, best first: the sides of a dispute stand where their best stands."""
    first: dict[str, Candidate] = {}
    for candidate in ranked:
        first.setdefault(candidate.matter, candidate)
    return list(first.values())
