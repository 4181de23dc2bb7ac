"""How often the right fact comes first, how often silence is right, and how fast: four ways of searching compared."""

import resource
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.catalog import Catalog
from bot.models import Found, Outcome, Weights
from bot.store import index
from tests.bench import questions
from tests.bench.questions import Question
from tests.bench.world import World

Ask = Callable[[str], Awaitable[Found]]
SILENT = {Outcome.NO_RECORD, Outcome.OUT_OF_SCOPE}
# The cosine from which meaning alone answers: the best on the tuned half.
ENOUGH_ALIKE = 0.35
COLUMNS = {
    "en 1st": "en first",
    "en 3": "en three",
    "es 1st": "es first",
    "es 3": "es three",
    "near": "near-miss silent",
    "off": "off-topic silent",
    "refused": "refused silent",
    "wrong": "wrong",
}


@dataclass(frozen=True)
class Asked:
    """A question, what it came to, the facts or disputes shown, best first, and how many seconds it took."""

    question: Question
    found: Found
    matters: tuple[str, ...]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the right fact came first, or silence was right."""
        if self.question.expect in SILENT:
            return not self.matters
        return bool(self.matters) and self.matters[0] in self.question.matters


async def ask_all(ask: Ask, asked: Sequence[Question], catalog: Catalog) -> list[Asked]:
    """Ask every question, one after the other."""
    dispute_of = {fact_id: dispute.id for dispute in catalog.disputes for fact_id in dispute.fact_ids()}
    result = []
    for question in asked:
        start = time.perf_counter()
        found = await ask(question.text)
        seconds = time.perf_counter() - start
        matters = dict.fromkeys(dispute_of.get(fact_id, fact_id) for fact_id in found.facts)
        result.append(Asked(question, found, tuple(matters), seconds))
    return result


def rates(asked: Sequence[Asked]) -> dict[str, float]:
    """The shares in COLUMNS, each of the questions it is about; a wrong answer is counted against all questions."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for one in asked:
        silent = one.question.expect in SILENT
        first = one.question.sort + " silent" if silent else one.question.language + " first"
        total[first] += 1
        right[first] += one.right
        if not silent:
            three = one.question.language + " three"
            total[three] += 1
            right[three] += bool(one.question.matters & set(one.matters[:3]))
        total["wrong"] += 1
        right["wrong"] += bool(one.matters) and not one.right
    return {name: right[name] / total[name] for name in total}


def row(name: str, asked: Sequence[Asked]) -> str:
    """One line of the table."""
    found = rates(asked)
    seconds = [one.seconds for one in asked]
    cells = [f"{found[column]:.2f}" if column in found else "-" for column in COLUMNS.values()]
    cells.append(f"{statistics.median(seconds) * 1000:.0f}")
    cells.append(f"{statistics.quantiles(seconds, n=100)[98] * 1000:.0f}" if len(seconds) > 1 else "-")
    return f"{name:26}{len(asked):5}" + "".join(f"{cell:>9}" for cell in cells)


async def systems(world: World) -> dict[str, Ask]:
    """The four ways of searching, weakest first."""
    hybrid, tuned, alone = await world.search(), await world.search(by_meaning=False), await world.search()
    sure = {"score": 1000.0, "bias": -1000 * ENOUGH_ALIKE}
    alone.weights = Weights(rank={"statement": 0.5, "phrasing": 0.5}, answer=sure, enough=0.5, close=0.05)

    async def plain(question: str) -> Found:
        words = [[word] for word in hybrid.knowledge.lexicon.read(question).words]
        scores = await index.match(world.database, words)
        return Found(Outcome.ANSWER, tuple(sorted(scores, key=lambda fact_id: -scores[fact_id])[:3]))

    return {"FTS5 as it comes": plain, "FTS5, tuned": tuned.ask, "meaning alone": alone.ask, "hybrid": hybrid.ask}


async def run(world: World) -> None:
    """Print the tables, and what came out wrong on the half that nothing was tuned on."""
    for split in questions.SPLITS:
        of = questions.read(split, world.catalog)
        print(f"\n{split:26}{'n':>5}" + "".join(f"{name:>9}" for name in (*COLUMNS, "ms p50", "ms p99")))
        for name, ask in (await systems(world)).items():
            asked = await ask_all(ask, of, world.catalog)
            print(row(name, asked))
        for language in ("en", "es"):
            print(row(f"  {language}", [one for one in asked if one.question.language == language]))
        for style in sorted({one.question.style for one in asked}):
            print(row(f"  {style}", [one for one in asked if one.question.style == style]))
    print_wrong(asked)
    print(f"\nmemory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def print_wrong(asked: Sequence[Asked], most: int = 20) -> None:
    """What came out wrong: wrong answers first, as they are worse than a silence too many."""
    wrong = sorted((one for one in asked if not one.right), key=lambda one: not one.matters)
    print(f"\n{len(wrong)} of {len(asked)} came out wrong; the first {most}:")
    for one in wrong[:most]:
        wanted = ", ".join(sorted(one.question.matters)[:2]) or one.question.expect.value
        print(f"  [{one.question.sort}, {one.question.language}] {one.question.text}")
        print(f"      wanted {wanted}; got {', '.join(one.matters[:2]) or one.found.outcome.value}")
