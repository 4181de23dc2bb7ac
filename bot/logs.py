"""What the process says while it runs: lines that hold no token, no person and nothing that anybody wrote.

Footnote's own lines are written so. Of other libraries' lines only the constant part is kept, for their values are
addresses with tokens in them, ids, and what people typed; of an exception, its kind and place.
"""

import asyncio
import json
import logging
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.config import hide
from bot.errors import describe

log = logging.getLogger("footnote")


class Line(logging.Formatter):
    """One line for each record: JSON for programs, plain for people. The time is UTC."""

    def __init__(self, secrets: Sequence[str], *, as_json: bool) -> None:
        super().__init__()
        self.secrets = secrets
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        own = record.name == "footnote"
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() if own else constant(record.msg, record.args),
        }
        if record.exc_info and record.exc_info[1]:
            fields["error"] = describe(record.exc_info[1])
        fields = {name: hide(value, self.secrets) for name, value in fields.items()}
        return json.dumps(fields) if self.as_json else " ".join(" ".join(fields.values()).split())


def constant(template: object, values: Any) -> str:
    """The first line of a library's message with small numbers (seconds, shards, statuses) and no other value."""
    first = str(template).partition("\n")[0]
    if not values:
        return first
    if isinstance(values, Mapping):
        bare: Any = {name: _bare(value) for name, value in values.items()}
    else:
        bare = tuple(_bare(value) for value in values)
    try:
        return str(first % bare)
    except (TypeError, ValueError, KeyError):  # a number was wanted where something else stood
        return first


def _bare(value: object) -> object:
    return value if isinstance(value, int | float) and abs(value) < 100_000 else "..."


def configure(level: str, libraries: str, secrets: Sequence[str] = ()) -> None:
    """Send Footnote's logs from one level on, and libraries' from another, to standard error: JSON but in a terminal.

    No library logs below INFO: at DEBUG, discord.py and aiosqlite log what people typed.
    """
    least = logging.getLevelNamesMapping()[libraries]
    handler = logging.StreamHandler()
    handler.setFormatter(Line(secrets, as_json=not sys.stderr.isatty()))
    handler.addFilter(lambda record: record.name == log.name or record.levelno >= least)
    logging.basicConfig(level=max(logging.getLevelNamesMapping()[level], logging.INFO), handlers=[handler])
    if level == "DEBUG":
        log.setLevel(level)


def keep_values_out() -> None:
    """Let what Python itself prints about errors and warnings go to the log, without values."""
    # What cannot be formatted would be printed with all that was to be in it.
    logging.raiseExceptions = False
    sys.excepthook = lambda _, error, __: log.critical("stopped: %s", describe(error))
    sys.unraisablehook = lambda failed: log.error("unraisable: %s", _described(failed.exc_value))
    threading.excepthook = lambda failed: log.error("thread: %s", _described(failed.exc_value))
    warnings.showwarning = _warned


def _described(error: BaseException | None) -> str:
    return describe(error) if error else "unknown"


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    log.warning("warning: %s at %s:%d", category.__name__, filename.rpartition("/")[2], lineno)


def loop_failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody awaited: asyncio's own handler prints it with its values."""
    log.error("loop: %s", _described(context.get("exception")))
