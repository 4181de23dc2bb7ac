"""What a daily summary is: where and when one is due, what became of each day's, and what a day brought."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.models.found import Cited, Disputed, Entry
from bot.models.records import Agreement, Event, Fact, Source


class Language(StrEnum):
    """The language of a summary's own words; statements stand as they are stored."""

    ENGLISH = "en"
    SPANISH = "es"


class Schedule(BaseModel):
    """A channel's daily summary: when it is due and on what. Ids are Discord's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: int
    guild: int
    organizer: int  # whom to tell when something is in the way; 0 for nobody
    at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "09:00"
    zone: str = "UTC"
    starts: date = date.min  # no day before this one is due
    language: Language = Language.ENGLISH
    topics: tuple[str, ...] = ()  # all topics when empty
    counties: tuple[str, ...] = ()  # all counties when empty
    ahead: bool = True
    keep: Annotated[int, Field(ge=1, le=30)] = 1
    paused: bool = False


class Progress(StrEnum):
    """How far one day's summary in one channel has come."""

    CLAIMED = "claimed"
    POSTED = "posted"
    SKIPPED = "skipped"


class Pin(StrEnum):
    """Whether a posted summary is pinned; `trying` ones may be, `released` ones are no more, or never will be."""

    DUE = "due"
    TRYING = "trying"
    PINNED = "pinned"
    RELEASED = "released"


@dataclass(frozen=True)
class Claim:
    """One day's summary in one channel, as its schedule was when the day was taken up.

    `attempts` tells a late worker from the one that has taken over.

    It tells of the versions of the record after number `since` and up to `until`; those up to `checked` have been
    looked at for corrections, and `fingerprint` says what the posted message holds.
    """

    schedule: Schedule
    day: date
    state: Progress
    due: datetime
    attempts: int
    begun: datetime
    leased_until: datetime
    since: int
    until: int
    checked: int
    fingerprint: str
    message: int | None
    posted: datetime | None
    corrected: datetime | None
    reason: str
    pin: Pin | None
    pin_next: datetime
    pin_reason: str

    @property
    def channel(self) -> int:
        """Where it is posted."""
        return self.schedule.channel

    @property
    def address(self) -> str:
        """The name of its card: it stands in the posted message's buttons, by which a lost message is found again."""
        return f"summary:{self.channel}.{self.day}"

    @property
    def nonce(self) -> str:
        """By this Discord drops a repeated message for some minutes; 25 characters at most."""
        return f"{self.day:%y%m%d}-{self.channel:x}"


@dataclass(frozen=True)
class Day:
    """All that one summary tells, ready to be laid out."""

    day: date
    corrected: tuple[Entry, ...] = ()
    added: tuple[Entry, ...] = ()
    replaced: tuple[Entry, ...] = ()
    renewed: tuple[Entry, ...] = ()
    retired: tuple[tuple[Fact, tuple[Source, ...]], ...] = ()
    agreements: tuple[tuple[Agreement, tuple[Source, ...]], ...] = ()
    disputes: tuple[Disputed, ...] = ()
    settled: tuple[str, ...] = ()  # questions that are listed as disputed no more
    today: tuple[tuple[Event, tuple[Entry, ...]], ...] = ()
    ahead: tuple[tuple[Event, tuple[Entry, ...]], ...] = ()
    stale: tuple[Entry, ...] = ()
    missed: tuple[tuple[date, str], ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry in it, in the order in which they are shown."""
        told = (entry for _, entries in (*self.today, *self.ahead) for entry in entries)
        changed = (*self.corrected, *self.added, *self.replaced, *self.renewed)
        return (*changed, *told, *self.disputes, *self.stale)

    def data(self) -> list[Any]:
        """What it tells of the world, apart from how it is laid out: another value means another message."""

        def plain(entry: Entry) -> Any:
            if isinstance(entry, Cited):
                fact = entry.fact.model_dump(mode="json", exclude={"phrasings"}, exclude_defaults=True)
                return [fact, [source.model_dump(mode="json", exclude_defaults=True) for source in entry.sources]]
            return [entry.dispute.question, [[party, [plain(cited) for cited in side]] for party, side in entry.sides]]

        return [
            *([plain(entry) for entry in group] for group in (self.corrected, self.added, self.replaced, self.renewed)),
            [fact.id for fact, _ in self.retired],
            [agreement.model_dump(mode="json", exclude_defaults=True) for agreement, _ in self.agreements],
            [plain(entry) for entry in self.disputes],
            list(self.settled),
            *([[e.id, e.title, e.date, *map(plain, told)] for e, told in group] for group in (self.today, self.ahead)),
            [plain(entry) for entry in self.stale],
        ]
