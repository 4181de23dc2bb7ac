"""How the record is kept: versions of records, proposals to change them, and who may do what in a server."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from bot.models.fields import Record
from bot.models.records import Agreement, County, Dispute, Event, Fact, Source, Term

# Every sort of record by its name, parents before children.
SORTS: dict[str, type[Record]] = {
    "source": Source,
    "fact": Fact,
    "dispute": Dispute,
    "event": Event,
    "county": County,
    "agreement": Agreement,
    "term": Term,
}
_NAMES = {model: name for name, model in SORTS.items()}


class Ref(NamedTuple):
    """Which record: its sort and its id."""

    sort: str
    id: str

    def __str__(self) -> str:
        return f"{self.sort} {self.id}"


def ref_of(record: Record) -> Ref:
    """What a record is called by."""
    return Ref(_NAMES[type(record)], record.id)  # type: ignore[attr-defined]


def body_of(record: Record) -> str:
    """A record as the store keeps it."""
    return record.model_dump_json(exclude_defaults=True)


def record_of(sort: str, body: str) -> Record:
    """A record from what the store keeps. Raises ValidationError when it is not one."""
    return SORTS[sort].model_validate_json(body)


@dataclass(frozen=True)
class Change:
    """What a record should say: its whole text, or None when it should be shown no more.

    `base` is the number of the version that the change was made from; 0 when there was none.
    """

    ref: Ref
    body: str | None
    base: int = 0


class Origin(StrEnum):
    """Where a version of a record came from."""

    FILE = "file"
    EDIT = "edit"


@dataclass(frozen=True)
class Revision:
    """One version of one record. Without a body the record was retired; `redacted` when its text was wiped."""

    number: int
    ref: Ref
    body: str | None
    origin: Origin
    at: str
    why: str
    editor: int | None
    approver: int | None
    proposal: int | None
    redacted: str | None


class Purpose(StrEnum):
    """What a proposal is for."""

    EDIT = "edit"
    REVERT = "revert"
    IMPORT = "import"
    FILES = "files"
    REDACTION = "redaction"


class State(StrEnum):
    """How far a proposal has come."""

    DRAFT = "draft"
    WAITING = "waiting"
    CHANGES_ASKED = "changes asked"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Proposal:
    """Changes that wait for a second pair of eyes, or what became of them.

    `version` grows whenever what is proposed, or what it would replace, is no longer what people have looked at.
    """

    id: int
    version: int
    state: State
    purpose: Purpose
    why: str
    proposer: int | None
    made_at: str
    decided_by: int | None
    decided_at: str | None
    reason: str
    channel: int | None
    message: int | None
    changes: tuple[Change, ...]


class Verdict(StrEnum):
    """What became of somebody's decision on a proposal."""

    DONE = "done"
    CLOSED = "closed"
    STALE = "stale"
    OWN = "own"
    BROKEN = "broken"


@dataclass(frozen=True)
class Decision:
    """A verdict, the proposal as it is now, and what keeps it from being published."""

    verdict: Verdict
    proposal: Proposal
    problems: tuple[str, ...] = ()


class Moderation(BaseModel):
    """What a server's administrators chose. Roles and the channel are Discord ids."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    propose: tuple[int, ...] = ()
    approve: tuple[int, ...] = ()
    summarize: tuple[int, ...] = ()
    channel: int | None = None
    alone: bool = False
