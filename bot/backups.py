"""Backups: where they are, making one, taking old ones away, and erasing from them what has been erased."""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot.config import Settings
from bot.errors import describe
from bot.store import Database, DatabaseDamagedError, DatabaseError, copies, erasures, running
from bot.store.copies import Contents
from bot.store.erasures import Erasures
from bot.store.revisions import ERASED

log = logging.getLogger("footnote")

EVERY = timedelta(hours=24)
# Older than this, and something is wrong.
LATE = timedelta(hours=26)
# Seconds between two looks at whether a backup is due, and after one that failed.
TICK = 60.0
RETRY = 3600.0

_AT = "%Y%m%dT%H%M%SZ"
_PARTIAL = ".partial-"


class Backup(NamedTuple):
    """A backup: its file, of which database, when it was made, and the start of the SHA-256 that its file had then."""

    path: Path
    stem: str
    at: datetime
    seal: str


def folder(settings: Settings) -> Path:
    """Where backups are kept: BACKUP_PATH, or the folder `backups` beside the database."""
    return settings.backup_path or settings.database_path.absolute().parent / "backups"


def named(path: Path) -> Backup | None:
    """What a backup's name says, or None when it is not one: footnote-20261125T041500Z-0123456789abcdef.sqlite3."""
    found = re.fullmatch(r"(.+)-(\d{8}T\d{6}Z)-([0-9a-f]{16})\.sqlite3", path.name)
    if not found:
        return None
    with contextlib.suppress(ValueError):
        return Backup(path, found[1], datetime.strptime(found[2], _AT).replace(tzinfo=UTC), found[3])
    return None


def held(settings: Settings) -> list[Backup]:
    """Every backup of this database in its folder, oldest first. Raises OSError when the folder cannot be read."""
    place = folder(settings)
    found = [named(path) for path in place.iterdir()] if place.is_dir() else []
    mine = [backup for backup in found if backup and backup.stem == settings.database_path.stem]
    return sorted(mine, key=lambda backup: (backup.at, backup.path))


def newest(settings: Settings) -> Backup | None:
    """The newest backup, or None while there is none. Raises OSError when the folder cannot be read."""
    found = held(settings)
    return found[-1] if found else None


def verify(path: Path) -> Contents:
    """What a backup holds. Raises DatabaseError when it is not what it was when it was made, or is not sound."""
    if not path.is_file():
        raise DatabaseError(f"There is no file {path}.")
    backup = named(path)
    if backup and backup.seal != _seal(path):
        raise DatabaseDamagedError(f"{path.name} is damaged: it is not what it was when it was made.")
    return copies.check(path)


def make(settings: Settings, to: Path | None = None, at: datetime | None = None) -> tuple[Backup, Contents]:
    """Make a backup, also beside a running bot; whatever fails leaves no file. Blocks for a second.

    Raises DatabaseError when there is nothing sound to copy, or no room to copy it to.
    """
    source, place = settings.database_path, to or folder(settings)
    # The moment before the copy: what is erased while it is made counts as erased since.
    at = at or datetime.now(UTC)
    if not source.is_file():
        raise DatabaseError(f"There is no database at {source}.")
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=_PARTIAL) as scratch:
            partial = Path(scratch) / source.name
            contents = copies.copy(source, partial)
            return _keep(partial, place, source.stem, at), contents
    except OSError as error:
        raise DatabaseError(f"No backup can be made in {place}: {error.strerror}.") from error


def _keep(partial: Path, place: Path, stem: str, at: datetime) -> Backup:
    """Give a finished copy its name, so that a file of that name is always whole."""
    hand_over(partial, place)
    put_down(partial)
    seal = _seal(partial)
    target = place / f"{stem}-{at.astimezone(UTC).strftime(_AT)}-{seal}.sqlite3"
    partial.replace(target)
    put_down(place)
    return Backup(target, stem, at.replace(microsecond=0), seal)


def hand_over(path: Path, like: Path) -> None:
    """Let only the owner of another file or folder read this one: root may have made it for the bot's own account."""
    path.chmod(0o600)
    if os.name == "posix" and os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def put_down(path: Path) -> None:
    """Wait until the disk has a file, or a folder's names, for good: a rename alone may be lost with the power."""
    if os.name != "posix" and path.is_dir():
        return  # Windows opens no folder
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def prune(settings: Settings, now: datetime) -> None:
    """Take away what is older than BACKUP_KEEP days, and what an interrupted backup left; never the newest."""
    for backup in held(settings)[:-1]:
        if now - backup.at > timedelta(days=settings.backup_keep):
            backup.path.unlink()
    for left in folder(settings).glob(f"{_PARTIAL}*"):
        if now - datetime.fromtimestamp(left.stat().st_mtime, UTC) > EVERY:
            shutil.rmtree(left, ignore_errors=True)


async def rebuild(file: Path, scratch: Path, ledgers: Sequence[Path]) -> tuple[Path, dict[Path, Erasures]]:
    """A backup as a database that can be used, made in an empty folder: migrated, and without what was erased since.

    `ledgers` are databases that may know of erasures. Returns also what each of those that can be read knew of.
    Raises DatabaseError.
    """
    path, known = scratch / "restored.sqlite3", dict[Path, Erasures]()
    await asyncio.to_thread(copies.copy, file, path)
    database = await Database.open(path)
    try:
        for ledger in ledgers:
            with contextlib.suppress(DatabaseError):
                known[ledger] = await asyncio.to_thread(erasures.since, path, ledger)
                if known[ledger]:
                    await erasures.erase(database, known[ledger], datetime.now(UTC))
    finally:
        await database.close()
    return path, known


def cleanse(settings: Settings) -> int:
    """Make every backup anew that still holds what has been erased from the database. Returns how many. Blocks.

    Raises OSError when one cannot be written; it then stays as it is, to be tried again.
    """
    count, ledger = 0, settings.database_path
    for backup in held(settings):
        try:
            if not erasures.since(backup.path, ledger):
                continue
            with tempfile.TemporaryDirectory(dir=folder(settings), prefix=_PARTIAL) as scratch:
                path, _ = asyncio.run(rebuild(backup.path, Path(scratch), [ledger]))
                copies.finish(path)
                kept = _keep(path, folder(settings), backup.stem, backup.at)
        except DatabaseError as error:  # nobody can restore it either, and it goes when it is old
            log.warning("backup: what was erased could not be taken out of one: %s", error)
            continue
        if kept.path != backup.path:
            backup.path.unlink()
        count += 1
    return count


async def keep(settings: Settings, database: Database) -> None:
    """Make a backup whenever one is due, as long as the bot runs; what fails is logged, and tried again in an hour.

    Not `tasks.loop(time=...)`: by the newest file's age, no restart, outage or change of the clock leaves a day out.
    """
    while True:
        await asyncio.sleep(TICK)
        try:
            await keep_once(settings, database, datetime.now(UTC))
        except DatabaseError as error:
            log.error("backup: not made: %s", error)
            await asyncio.sleep(RETRY)
        except Exception as error:  # noqa: BLE001 - a task's failure would be seen by nobody
            log.error("backup: not made: %s", describe(error))
            await asyncio.sleep(RETRY)


async def keep_once(settings: Settings, database: Database, now: datetime) -> bool:
    """Make a backup if one is due: after a day, or once something was erased. Returns whether it was.

    Raises DatabaseError or OSError when it cannot be made; nothing is taken away then.
    """
    # One from the future, made while the clock was wrong, says nothing of the time since.
    ages = [now - backup.at for backup in await asyncio.to_thread(held, settings) if backup.at <= now]
    erased = await running.setting(database, ERASED)
    has_erased = bool(ages and erased and now - datetime.fromisoformat(erased) <= ages[-1])
    if ages and ages[-1] < EVERY and not has_erased:
        return False
    if has_erased and (count := await asyncio.to_thread(cleanse, settings)):
        log.info("backup: what was erased is out of %d of them", count)
    made, contents = await asyncio.to_thread(make, settings, None, now)
    log.info("backup: %s, %d versions", made.path.name, contents.versions)
    if contents.drifted and await database.heal():
        log.warning("search: its index had drifted from the record, and has been made anew")
    await asyncio.to_thread(prune, settings, now)
    return True


async def open_database(settings: Settings) -> Database:
    """Open the database for the bot; before an update changes its tables, a backup is made.

    Raises DatabaseDamagedError when it is not whole, or is gone while there are backups of it: a new one would pass
    for it silently. Raises DatabaseError when it cannot be used.
    """
    path = settings.database_path
    if not path.exists() and held(settings):
        raise DatabaseDamagedError(f"There is no database at {path}, though there are backups of it.")
    database = await Database.open(path, lambda: _before_migrating(settings))
    if database.healed:
        log.warning("search: its index had drifted from the record, and has been made anew")
    return database


def _before_migrating(settings: Settings) -> None:
    try:
        made, _ = make(settings)
    except DatabaseError as error:
        raise DatabaseError(
            f"This update changes the database, and first there must be a backup of it. {error}"
        ) from error
    log.info("backup: %s, before the update changes the database", made.path.name)


def way_back(settings: Settings) -> str:
    """What to do about a database that is damaged or gone: the newest good backup, and the command that restores it."""
    for backup in reversed(held(settings)):
        with contextlib.suppress(DatabaseError):
            verify(backup.path)
            return (
                f"The newest good backup is of {backup.at:%Y-%m-%d %H:%M} UTC. To go back to it (what is there now is "
                f"kept aside):\n    python -m bot restore {shlex.quote(str(backup.path))}"
            )
    return (
        f"There is no good backup in {folder(settings)}. Keep the file: SQLite's .recover may save what is in it "
        "(https://sqlite.org/recovery.html). To begin anew from the data folder alone, move it away."
    )
