"""The development set: questions by people who saw no phrasing, in two halves of which one is never tuned on."""

import json
from dataclasses import dataclass
from pathlib import Path

from bot.catalog import Catalog
from bot.models import Outcome

FOLDER = Path(__file__).parent.parent / "questions"
# `tuned` was used to choose weights and words; `untuned` was only ever measured on.
SPLITS = ("tuned", "untuned")


@dataclass(frozen=True)
class Question:
    """A question, how it is put, and what it should come to.

    `matters` are the facts, or the disputes they belong to, any of which is right in first place.
    """

    text: str
    style: str
    language: str
    sort: str
    expect: Outcome
    matters: frozenset[str]


def read(split: str, catalog: Catalog) -> list[Question]:
    """One half of the set."""
    dispute_of = {fact_id: dispute.id for dispute in catalog.disputes for fact_id in dispute.fact_ids()}
    lines = (FOLDER / f"{split}.jsonl").read_text("utf-8").splitlines()
    return [
        Question(
            item["question"],
            item["style"],
            item["language"],
            item["sort"],
            Outcome(item["expect"]),
            frozenset(dispute_of.get(fact_id, fact_id) for fact_id in item["facts"]),
        )
        for item in map(json.loads, lines)
    ]
