"""What people were told is done, held against what the database says: read by itself, beside the bot or without it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

# The states of a proposal that people were told of; what they do not see may follow, so others are allowed later.
LATER = {
    "sent": {"waiting", "changes asked", "rejected", "published", "draft", "withdrawn"},
    "published": {"published"},
    "rejected": {"rejected"},
    "changes asked": {"changes asked", "draft", "waiting", "withdrawn"},
}


@dataclass
class Ledger:
    """All that was acknowledged."""

    path: Path
    # By a proposal's number: the last state that somebody was shown, and words that its text holds.
    proposals: dict[int, str] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    reports: set[str] = field(default_factory=set)

    @property
    def edits(self) -> int:
        """How many edits were acknowledged as published."""
        return sum(state == "published" for state in self.proposals.values())

    def told(self, number: int, state: str, words: str = "") -> None:
        """Somebody was shown that a proposal is in a state."""
        if self.proposals.get(number) != "published":
            self.proposals[number] = state
        if words:
            self.words[number] = words

    def lost(self) -> list[str]:
        """What was acknowledged and is not there, one sentence each."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as raw:
            return [*self._missing(raw), *self._torn(raw)]

    def _missing(self, raw: sqlite3.Connection) -> Iterator[str]:
        states = dict(raw.execute("SELECT id, state FROM proposal"))
        versions: dict[int, list[tuple[str | None, str | None]]] = {}
        for number, body, redacted in raw.execute(
            "SELECT proposal_id, body, redacted FROM revision WHERE proposal_id NOT NULL"
        ):
            versions.setdefault(number, []).append((body, redacted))
        for number, state in self.proposals.items():
            if states.get(number) not in LATER[state]:
                yield f"proposal {number} was {state}, and is {states.get(number)}"
            elif state == "published":
                held = versions.get(number, [])
                words = self.words.get(number, "")
                if not any(redacted or not words or words in (body or "") for body, redacted in held):
                    yield f"proposal {number} was published, and is in no version"
        kept = {text for (text,) in raw.execute("SELECT text FROM report")}
        yield from (f"a report is gone: {text}" for text in self.reports - kept)

    @staticmethod
    def _torn(raw: sqlite3.Connection) -> Iterator[str]:
        """Edits of which only a part is there, or more than once."""
        for number, versions, changes in raw.execute(
            "SELECT p.id, (SELECT count(*) FROM revision WHERE proposal_id = p.id), "
            "(SELECT count(*) FROM proposal_change WHERE proposal_id = p.id) FROM proposal AS p "
            "WHERE p.state = 'published'"
        ):
            if versions != changes:
                yield f"proposal {number} has {changes} changes and {versions} versions"
        for table in ("fact", "source", "dispute", "event", "county", "agreement", "term"):
            for name, body, head in raw.execute(
                f"SELECT id, body, (SELECT body FROM revision WHERE sort = '{table}' AND record_id = t.id "
                f"ORDER BY number DESC LIMIT 1) FROM {table} AS t"
            ):
                if body != head:
                    yield f"{table} {name} is not as its newest version says"

    def unsound(self) -> list[str]:
        """What SQLite itself finds wrong in the file, while no bot has it open."""
        with closing(sqlite3.connect(self.path)) as raw:
            found = [row[0] for row in raw.execute("PRAGMA integrity_check") if row[0] != "ok"]
            found += [f"a link leads nowhere: {row}" for row in raw.execute("PRAGMA foreign_key_check")]
            try:
                raw.execute("INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)")
            except sqlite3.DatabaseError as error:
                found.append(str(error))
            return found
