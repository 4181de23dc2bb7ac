"""The record in other forms: YAML as in data/, JSON, CSV, and JSON-LD in the manner of ClaimReview."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.catalog.imports import inert
from bot.catalog.writer import document
from bot.fields import as_text, fields_of
from bot.models import SORTS, Agreement, County, Dispute, Event, Fact, Record, Source, Term, ref_of

NAMES = {
    Source: "sources.yaml",
    Fact: "facts.yaml",
    Dispute: "disputes.yaml",
    Event: "events.yaml",
    County: "counties.yaml",
    Agreement: "agreements.yaml",
    Term: "terms.yaml",
}


def raw(record: Record) -> dict[str, Any]:
    """A record as the files in data/ have it: only the fields that say something."""
    return record.model_dump(mode="json", exclude_defaults=True)


def as_yaml(records: Sequence[Record]) -> dict[str, str]:
    """File names and texts, one for each sort of record."""
    return {
        name: document([raw(record) for record in records if type(record) is model]) for model, name in NAMES.items()
    }


def as_json(records: Sequence[Record]) -> str:
    """All records by their sort."""
    by_sort: dict[str, list[Any]] = {sort: [] for sort in SORTS}
    for record in records:
        by_sort[ref_of(record).sort].append(raw(record))
    return json.dumps(by_sort, ensure_ascii=False, indent=1) + "\n"


def as_csv(records: Sequence[Record]) -> str:
    """The facts as a table; no cell is a formula to a spreadsheet."""
    fields = fields_of("fact")
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["id", *fields])
    for record in records:
        if isinstance(record, Fact):
            held = raw(record)
            table.writerow([inert(cell) for cell in (held["id"], *(as_text(held, field) for field in fields.values()))])
    return out.getvalue()


def as_claims(records: Sequence[Record]) -> str:
    """The current facts as JSON-LD (https://schema.org/ClaimReview), without a rating: Footnote gives no verdict.

    A side of a dispute names the other sides' statements, so that none of them stands alone.
    """
    sources = {record.id: record for record in records if isinstance(record, Source)}
    facts = {record.id: record for record in records if isinstance(record, Fact)}
    disputes = {fact_id: d for d in records if isinstance(d, Dispute) for fact_id in d.fact_ids()}
    claims = [_claim(fact, sources, disputes.get(fact.id)) for fact in facts.values() if not fact.superseded_by]
    return json.dumps({"@context": "https://schema.org", "@graph": claims}, ensure_ascii=False, indent=1) + "\n"


def _claim(fact: Fact, sources: Mapping[str, Source], dispute: Dispute | None) -> dict[str, Any]:
    cited = [sources[citation.id] for citation in fact.sources]
    works = [
        {"@type": "CreativeWork", "name": source.title, "publisher": source.publisher}
        | ({"datePublished": source.published} if source.published else {})
        | ({"url": source.url} if source.url else {})
        for source in cited
    ]
    claim = {"@type": "Claim", "appearance": works} | (
        {"author": {"@type": "Organization", "name": fact.speaker}} if fact.speaker else {}
    )
    review = {
        "@type": "ClaimReview",
        "@id": f"urn:footnote:{fact.id}",
        "claimReviewed": fact.statement,
        "dateCreated": fact.as_of,
        "genre": fact.kind.value,
        "itemReviewed": claim,
    }
    if dispute:
        others = [name for name in dispute.fact_ids() if name != fact.id]
        review["about"] = {
            "@type": "Question",
            "name": dispute.question,
            "suggestedAnswer": [{"@id": f"urn:footnote:{name}"} for name in others],
        }
    return review


# What the command line and /export can write, each as one text.
FORMATS: dict[str, Callable[[Sequence[Record]], str]] = {"json": as_json, "csv": as_csv, "claimreview": as_claims}
