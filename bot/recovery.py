"""`python -m bot backup` and `restore`: a copy of the database, the way back to it, and a rehearsal of that way."""

import contextlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.answers import answer
from bot.app import Footnote, create_bot
from bot.backups import LATE, Backup, folder, hand_over, make, newest, put_down, rebuild, verify
from bot.config import Settings, StartError
from bot.store import Database, DatabaseError, DatabaseInUseError, copies, erasures, records
from bot.store.copies import Contents
from bot.store.database import owned


def backup(settings: Settings, to: Path | None) -> int:
    """Make a backup and say what it is. Raises DatabaseError. Returns the exit code."""
    begun = time.monotonic()
    made, contents = make(settings, to)
    print(f"{made.path}: {_told(made.path, contents)}, checked in {time.monotonic() - begun:.1f} s")
    if contents.drifted:
        print("The search index had drifted from the record: the copy's is made anew, the bot's when it starts.")
    return 0


def _told(path: Path, contents: Contents) -> str:
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    return f"{size}, step {contents.step}, {contents.versions} versions of records"


async def restore(settings: Settings, file: Path) -> int:
    """Put a backup in the database's place and keep aside what is there. Returns the exit code.

    Raises DatabaseInUseError while a bot runs, DatabaseError when the backup is not sound or of a newer Footnote.
    """
    path, now = settings.database_path, datetime.now(UTC)
    contents = verify(file)
    last = newest(settings)
    ledgers = [path, *([last.path] if last else [])]
    try:
        with owned(path), tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".partial-") as scratch:
            made, known = await rebuild(file, Path(scratch), ledgers)
            database = await Database.open(made)
            try:
                await erasures.take_over(database, now, max((each.proposals for each in known.values()), default=0))
            finally:
                await database.close()
            copies.finish(made)
            hand_over(made, path if path.exists() else path.absolute().parent)
            put_down(made)
            with contextlib.suppress(DatabaseError):
                copies.check(path)
                copies.finish(path)  # what is sound becomes one file, which one renaming moves
            aside = _set_aside(path, now)
            made.replace(path)
            put_down(path.absolute().parent)
    except DatabaseInUseError:
        raise DatabaseInUseError(f"A bot is running on {path}: stop it first, and restore then.") from None
    except OSError as error:
        raise StartError(f"{file} cannot be restored to {path}: {error.strerror}.") from error
    print(f"restored: {path} is {file.name}, {_told(path, contents)}")
    if aside:
        print(f"kept aside: {aside}. Delete it once all is well; what is erased from now on stays in it.")
    again = sum(len(each.records) for each in known.values()), sum(len(each.people) for each in known.values())
    if any(again):
        print(f"erased again: {again[0]} records that were redacted since, {again[1]} people who asked to be forgotten")
    if path not in known:
        until = f"after {last.at:%Y-%m-%d %H:%M} UTC" if last and last.path in known else "after this backup"
        print(f"The database of before cannot be read: if anything was redacted or forgotten {until}, do it again.")
    print("Edits after the backup are not in it. Start the bot: python -m bot run")
    return 0


def _set_aside(path: Path, now: datetime) -> Path | None:
    """Rename a database with all that belongs to it; returns its new name, or None when there is nothing.

    The database goes first: should this be interrupted, a write-ahead file without its database is refused at a
    start, while a database without its write-ahead file would pass for whole.
    """
    while (aside := path.with_name(f"{path.stem}-before-{now:%Y%m%dT%H%M%SZ}.sqlite3")).exists():
        now += timedelta(seconds=1)
    found = None
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
            put_down(path.absolute().parent)
            found = aside
    return found


async def drill(settings: Settings) -> int:
    """Rehearse the way back in an empty folder, without Discord, and print how it went; 1 when anything fails."""
    begun, last = time.monotonic(), newest(settings)
    if last is None:
        raise StartError(f"There is no backup in {folder(settings)}: make one with python -m bot backup.")
    age = datetime.now(UTC) - last.at
    hours = f"{age.total_seconds() / 3600:.0f} hours old"
    fine = age <= LATE
    print(f"ok: the newest backup is {hours}" if fine else f"FAILED: the newest backup is {hours}, more than 26")
    with tempfile.TemporaryDirectory(prefix="footnote-drill-") as scratch:
        try:
            await _rehearse(settings, last, Path(scratch))
        except Exception as error:  # noqa: BLE001 - whatever is in the way is what a drill is to find
            print(f"FAILED: {type(error).__name__}: {error}")
            fine = False
    print(f"{'all is well' if fine else 'something is wrong'}, {time.monotonic() - begun:.1f} s")
    return 0 if fine else 1


async def _rehearse(settings: Settings, last: Backup, scratch: Path) -> None:
    done = _clock()
    done(f"{last.path.name} is whole: {_told(last.path, verify(last.path))}")
    copies.copy(last.path, scratch / "copy.sqlite3")
    digest = copies.dump_digest(last.path)
    if copies.dump_digest(scratch / "copy.sqlite3") != digest:
        raise DatabaseError("The copy does not say what the backup says.")
    done(f"a copy says the same, SHA-256 {digest}")
    path, known = await rebuild(last.path, scratch, [settings.database_path])
    again = sum(len(each.records) + len(each.people) for each in known.values())
    done(f"what was erased since is erased in it: {again}" if known else "there is no database to ask what was erased")
    bot = create_bot(settings.model_copy(update={"database_path": path, "backup_path": scratch / "backups"}))
    async with bot:
        await bot.prepare()
        size = (await records.size(bot.database))["fact"]
        done(f"the bot starts on it: {size} statements, {len(list(bot.tree.walk_commands()))} commands")
        done(f"it answers: {await _answered(bot)}")


async def _answered(bot: Footnote) -> str:
    """The first of the pack's example questions that the record answers. Raises LookupError when it answers none."""
    for question in bot.catalog.pack.examples:
        if (await answer(question, bot.search, bot.database, bot.catalog.pack, bot.today)).entries:
            return question
    raise LookupError("none of the example questions in pack.yaml is answered")


def _clock() -> Callable[[str], None]:
    """Print what was done, and how long it took since the last."""
    last = time.monotonic()

    def done(what: str) -> None:
        nonlocal last
        now = time.monotonic()
        print(f"ok: {what} ({now - last:.1f} s)")
        last = now

    return done
