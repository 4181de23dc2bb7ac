"""Fit the weights of the search on the tuned half of the questions, and write data/weights.yaml: `make fit`.

Two models, one after the other. Ranking: a conditional logit, by which the right fact has the highest score among a
question's candidates (McFadden 1974). Answering: a logistic regression of whether the best candidate is right.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.models import Weights
from bot.search import Search
from tests.bench import questions
from tests.bench.world import DATA, opened

Floats = npt.NDArray[np.float64]
# How much large weights cost; chosen by cross-validation within the tuned half.
RANK_PENALTY = 0.01
ANSWER_PENALTY = 0.005
# An answer is worth giving from this probability on, and a second fact worth showing within this distance of the best.
ENOUGH = 0.40
CLOSE = 2.5
HEADER = "# The fitted numbers of the search. `make fit` writes this file; nobody needs to change it by hand.\n"


@dataclass
class Asked:
    """What a search makes of a question: its candidates, best first, which are right, what speaks for an answer."""

    names: list[str]
    features: Floats
    right: npt.NDArray[np.bool_]
    found: dict[str, float]


async def ask(search: Search, question: questions.Question) -> Asked | None:
    """The features of a question; None for one that has no words to look for."""
    query = search.knowledge.lexicon.read(question.text)
    ranked, found = await search.consider(query, search.knowledge)
    if not ranked:
        return None
    names = list(ranked[0].features)
    features = np.array([[candidate.features[name] for name in names] for candidate in ranked])
    right = np.array([candidate.matter in question.matters for candidate in ranked])
    return Asked(names, features, right, found)


def minimum(slope: Callable[[Floats], Floats], size: int, steps: int = 2000) -> Floats:
    """Where a smooth function is least, given its slope, by Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980)."""
    at, mean, square = np.zeros(size), np.zeros(size), np.zeros(size)
    for step in range(1, steps + 1):
        down = slope(at)
        mean = 0.9 * mean + 0.1 * down
        square = 0.999 * square + 0.001 * down**2
        rate = 0.05 * (1 - step / steps)
        at = at - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return at


def fit_ranking(asked: list[Asked]) -> dict[str, float]:
    """The weights by which right candidates come first."""
    telling = [one for one in asked if one.right.any()]
    scale = np.concatenate([one.features for one in telling]).std(axis=0)
    scale[scale == 0] = np.inf
    scaled = [(one.features / scale, one.right) for one in telling]

    def slope(weights: Floats) -> Floats:
        total = 2 * RANK_PENALTY * weights
        for features, right in scaled:
            scores = features @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            among_right = np.where(right, chances, 0)
            total += features.T @ (chances - among_right / max(among_right.sum(), 1e-12)) / len(scaled)
        return total

    return dict(zip(telling[0].names, minimum(slope, len(scale)) / scale, strict=True))


def fit_answering(asked: list[Asked]) -> dict[str, float]:
    """The weights of a logistic regression of whether the best candidate answers."""
    names = list(asked[0].found)
    table = np.array([[one.found[name] for name in names] for one in asked])
    right = np.array([one.right[0] for one in asked], float)
    mean, scale = table.mean(axis=0), table.std(axis=0)
    scale[scale == 0] = np.inf
    scaled = np.column_stack([(table - mean) / scale, np.ones(len(table))])

    def slope(weights: Floats) -> Floats:
        chances = 1 / (1 + np.exp(-scaled @ weights))
        penalty = 2 * ANSWER_PENALTY * weights
        penalty[-1] = 0
        return np.asarray(scaled.T @ (chances - right) / len(right) + penalty)

    weights = minimum(slope, scaled.shape[1])
    plain = weights[:-1] / scale
    return {
        **dict(zip(names, plain, strict=True)),
        "bias": weights[-1] - float(plain @ np.where(np.isinf(scale), 0, mean)),
    }


async def fit(search: Search, asked_of: list[questions.Question]) -> Weights:
    """All weights of one way of searching: first those of ranking, then, of what is ranked so, those of answering."""
    ranking = fit_ranking([one for question in asked_of if (one := await ask(search, question))])
    search.weights = Weights(rank=ranking, answer={}, enough=ENOUGH, close=CLOSE)
    answering = fit_answering([one for question in asked_of if (one := await ask(search, question))])
    return Weights(rank=ranking, answer=answering, enough=ENOUGH, close=CLOSE)


def written(weights: Weights) -> list[str]:
    """Weights as YAML, small ones left out."""
    lines = [f"  enough: {weights.enough}", f"  close: {weights.close}"]
    for name in ("rank", "answer"):
        values = {key: value for key, value in getattr(weights, name).items() if abs(value) >= 0.0005}
        lines += [f"  {name}:", *(f"    {key}: {value:.3f}" for key, value in values.items())]
    return lines


async def main() -> None:
    """Fit both ways of searching and write the file."""
    async with opened() as world:
        asked_of = questions.read("tuned", world.catalog)
        hybrid = await fit(await world.search(), asked_of)
        lexical = await fit(await world.search(by_meaning=False), asked_of)
    text = "\n".join(["hybrid:", *written(hybrid), "lexical:", *written(lexical)])
    (DATA / "weights.yaml").write_text(HEADER + text + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
