"""The fields of records as text that a person can read and type: for forms, for comparing versions, for reviews."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.models import STATEMENT_LIMIT, Jurisdiction, Kind, Model, SourceKind, Status


@dataclass(frozen=True)
class Field:
    """One field: where it stands in a record, and how a form asks for it.

    `form` says how its text is written: as it is, one entry a line, a source and a place in it a line, or a party and
    its facts a line. `choices` are what a menu offers instead; "topics" stands for those of the pack.
    """

    path: str
    label: str
    help: str = ""
    most: int = 300
    long: bool = False
    required: bool = True
    form: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Fields that are asked for together; a form in Discord has room for four and a reason."""

    name: str
    title: str
    fields: tuple[Field, ...]


DATE = "2026, 2026-01 or 2026-01-22: no more than the source gives"
STATEMENT = Field(
    "statement", "Statement", "One statement that can be checked, in neutral words", STATEMENT_LIMIT, long=True
)
SPEAKER = Field("speaker", "Speaker", "Whose account, law or count it is")
PLAIN = Field("phrasings.plain", "Questions in plain words", "Three or more, one a line", 1200, long=True, form="lines")
COLLOQUIAL = Field(
    "phrasings.colloquial", "Questions as people talk", "One or more, one a line", 1200, long=True, form="lines"
)
SPANISH = Field(
    "phrasings.spanish", "Questions in Spanish", "One a line", 1200, long=True, required=False, form="lines"
)
TOPIC = Field("topic", "Topic", choices=("topics",))

PARTS: dict[str, tuple[Part, ...]] = {
    "fact": (
        Part("new", "A new fact", (STATEMENT, SPEAKER, PLAIN, COLLOQUIAL)),
        Part(
            "statement",
            "Statement, speaker and dates",
            (
                STATEMENT,
                SPEAKER,
                Field("as_of", "As of", DATE, 10),
                Field("review_by", "To be looked at again by", "A whole date, such as 2027-03-01", 10),
            ),
        ),
        Part(
            "sorting",
            "Kind, topic and places",
            (
                Field("kind", "Kind", choices=tuple(Kind)),
                TOPIC,
                Field("jurisdiction", "Whose rules or doings", choices=tuple(Jurisdiction)),
                Field("places", "Counties or cities", "One a line", 1200, long=True, required=False, form="lines"),
            ),
        ),
        Part(
            "sources",
            "Sources",
            (Field("sources", "Sources", "One a line: id | place in it", 2000, long=True, form="cited"),),
        ),
        Part(
            "questions",
            "Questions it answers",
            (
                PLAIN,
                COLLOQUIAL,
                Field(
                    "phrasings.spanish",
                    "Questions in Spanish",
                    "One a line",
                    1200,
                    long=True,
                    required=False,
                    form="lines",
                ),
            ),
        ),
        Part(
            "figure",
            "Figure",
            (
                Field("figure.counted", "What was counted", "Exactly what, where and when"),
                Field("figure.value", "Value", "As the source gives it: more than 1,360"),
                Field("figure.unit", "Unit", "detainers"),
            ),
        ),
        Part("successor", "Replaced by", (Field("superseded_by", "Replaced by", required=False),)),
    ),
    "source": (
        Part(
            "page",
            "Title, publisher, date and link",
            (
                Field("title", "Title"),
                Field("publisher", "Publisher"),
                Field("published", "Published", DATE, 10, required=False),
                Field("url", "Link", "Only when somebody has seen the page", 500, required=False),
            ),
        ),
        Part(
            "kind",
            "Kind, author and notes",
            (
                Field("kind", "Kind", choices=tuple(SourceKind)),
                Field("author", "Author", required=False),
                Field("copy_on", "Copy on", "The site, when only a copy was seen", required=False),
                Field("note", "Note", "What a reader should know of it", required=False),
            ),
        ),
    ),
    "event": (
        Part(
            "event",
            "Date, title and facts",
            (
                Field("date", "Date", DATE, 10),
                Field("until", "Until", "If it went on", 10, required=False),
                Field("title", "Title", "Neutral, one line"),
                Field("facts", "Facts that tell of it", "Ids, one a line", 2000, long=True, form="lines"),
            ),
        ),
        Part("topic", "Topic", (TOPIC,)),
    ),
    "dispute": (
        Part(
            "dispute",
            "Question and sides",
            (
                Field("question", "Question on which accounts differ"),
                Field("sides", "Sides", "One a line: party: fact-id, fact-id", 4000, long=True, form="sides"),
                TOPIC,
            ),
        ),
    ),
    "county": (Part("county", "County", (Field("name", "Name"), Field("cities", "Cities", form="lines"))),),
    "agreement": (
        Part(
            "agreement",
            "Agreement",
            (
                Field("agency", "Agency"),
                Field("county", "County"),
                Field("model", "Model", choices=tuple(Model)),
                Field("signed", "Signed", required=False),
                Field("dispute", "Dispute", required=False),
                Field("history", "History", form="history", choices=tuple(Status)),
            ),
        ),
    ),
    "term": (
        Part("term", "Term", (Field("term", "Term"), Field("aliases", "Aliases", form="lines"), Field("fact", "Fact"))),
    ),
}


def part_of(sort: str, name: str) -> Part:
    """A part by its name. Raises LookupError when there is none."""
    for part in PARTS[sort]:
        if part.name == name:
            return part
    raise LookupError(name)


def _value_at(raw: Mapping[str, Any], path: str) -> Any:
    """What stands at a path such as `phrasings.plain`, or None."""
    for name in path.split("."):
        raw = raw.get(name) or {}
    return raw or None


def as_text(raw: Mapping[str, Any], field: Field) -> str:
    """A field of a record as a person reads and types it."""
    value: Any = _value_at(raw, field.path)
    if value is None:
        return ""
    match field.form:
        case "lines":
            return "\n".join(value)
        case "cited":
            return "\n".join(_cited(citation) for citation in value)
        case "sides":
            return "\n".join(f"{side['party']}: {', '.join(side['facts'])}" for side in value)
        case "history":
            return "\n".join(
                f"{change['date']}: {change['status']}"
                + (f" by {change['by']}" if change.get("by") else "")
                + f" ({'; '.join(_cited(citation) for citation in change['sources'])})"
                for change in value
            )
    return str(value)


def _cited(citation: Mapping[str, str]) -> str:
    return citation["id"] + (f" | {citation['locator']}" if citation.get("locator") else "")


def with_texts(raw: Mapping[str, Any], fields: Iterable[Field], texts: Mapping[str, str]) -> dict[str, Any]:
    """A record with fields replaced by what a person typed; an empty text takes an optional field away."""
    result = {name: dict(value) if isinstance(value, dict) else value for name, value in raw.items()}
    for field in fields:
        *above, name = field.path.split(".")
        inside = result
        for part in above:
            inside = inside.setdefault(part, {})
        value = _from_text(texts.get(field.path, ""), field.form)
        if value:
            inside[name] = value
        else:
            inside.pop(name, None)
    return {name: value for name, value in result.items() if value != {}}


def _from_text(text: str, form: str) -> Any:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    match form:
        case "lines":
            return lines
        case "cited":
            return [
                {"id": name.strip()} | ({"locator": place.strip()} if place.strip() else {})
                for name, _, place in (line.partition("|") for line in lines)
            ]
        case "sides":
            return [
                {"party": party.strip(), "facts": [name.strip() for name in facts.split(",") if name.strip()]}
                for party, _, facts in (line.rpartition(":") for line in lines)
            ]
    # Phones put line breaks into long texts; a record's texts are one line each.
    return " ".join(text.split())


def fields_of(sort: str) -> dict[str, Field]:
    """Every field of a sort of record by its path, each once."""
    return {field.path: field for part in PARTS[sort] for field in part.fields}


def as_texts(sort: str, raw: Mapping[str, Any]) -> dict[str, str]:
    """A record as label and text of every field that it has."""
    return {field.label: text for field in fields_of(sort).values() if (text := as_text(raw, field))}
