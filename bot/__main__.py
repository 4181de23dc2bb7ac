"""The command line: run, demo, ask, check, backup, restore."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.catalog import CatalogError, load_catalog
from bot.config import Settings, StartError
from bot.coverage import report
from bot.store import DatabaseDamagedError, DatabaseError
from bot.store.soundness import OLD_SQLITE, may_lose_the_log, sqlite_version

if TYPE_CHECKING:
    from bot.app import Footnote

HOW_TO_START = (
    "There is no DISCORD_TOKEN. Create an application at https://discord.com/developers/applications, copy the token "
    "of its bot, and put the line DISCORD_TOKEN=... into a file named .env (see .env.example). "
    "To try Footnote without a token: python -m bot demo"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Footnote: answers with curated, cited statements."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot on Discord (needs DISCORD_TOKEN)")
    demo = commands.add_parser("demo", help="run the bot in a local browser page, without a token")
    demo.add_argument("--port", type=int, default=8099, help="where to serve the page (default: 8099)")
    ask = commands.add_parser("ask", help="answer a question here in the terminal")
    ask.add_argument("question", nargs="*", help="the question; without one, each line of standard input is a question")
    ask.add_argument("--jsonl", action="store_true", help="one JSON object for each line of standard input")
    commands.add_parser("reports", help="print what members reported")
    backup = commands.add_parser("backup", help="copy the database, also while the bot runs, and check the copy")
    backup.add_argument("--to", type=Path, metavar="FOLDER", help="where to put it (default: BACKUP_PATH)")
    restore = commands.add_parser("restore", help="put a backup in the database's place, which is kept aside")
    restore.add_argument("file", type=Path, nargs="?", help="the backup")
    restore.add_argument("--drill", action="store_true", help="rehearse it with the newest backup and change nothing")
    export = commands.add_parser("export", help="write what moderators edited back into the data folder")
    export.add_argument("--data", type=Path, help="the folder (default: DATA_PATH)")
    export.add_argument(
        "--format", choices=["json", "csv", "claimreview"], help="instead, print the whole record in this form"
    )
    check = commands.add_parser("check", help="validate all of the data folder")
    check.add_argument("--data", type=Path, help="the folder (default: DATA_PATH)")
    check.add_argument("--report", action="store_true", help="print what the record covers and what it rests on")
    commands.add_parser("vectors", help="write the vectors of all texts into the data folder")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings()
        if chosen.command == "check":
            return check_data(chosen.data or settings.data_path, with_report=chosen.report)
        if chosen.command == "ask":
            from bot.terminal import ask as ask_here

            return asyncio.run(ask_here(settings, " ".join(chosen.question), jsonl=chosen.jsonl))
        if chosen.command == "vectors":
            from bot.terminal import make_vectors

            return asyncio.run(make_vectors(settings))
        if chosen.command == "reports":
            from bot.terminal import reports

            return asyncio.run(reports(settings))
        if chosen.command == "backup":
            from bot.recovery import backup as make_backup

            return make_backup(settings, chosen.to)
        if chosen.command == "restore":
            from bot.recovery import drill
            from bot.recovery import restore as put_back

            if chosen.drill == bool(chosen.file):
                raise StartError("Say which backup to restore, or --drill to rehearse it with the newest.")
            return asyncio.run(drill(settings) if chosen.drill else put_back(settings, chosen.file))
        if chosen.command == "export":
            from bot.export import export as export_here

            return asyncio.run(export_here(settings, chosen.data or settings.data_path, chosen.format))
        if chosen.command == "demo":
            try:
                from bot.demo import demo as demo_here
            except ModuleNotFoundError:
                raise StartError('The demo needs SimCord: run "make setup", or install requirements-dev.txt.') from None
            with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how a demo ends
                asyncio.run(demo_here(settings, chosen.port))
            return 0
        return run(settings)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            print(
                f"The setting {'.'.join(map(str, problem['loc'])).upper()} is wrong: {problem['msg']}.", file=sys.stderr
            )
    except CatalogError as error:
        print(f"The data files are not in order:\n{error}", file=sys.stderr)
    except DatabaseDamagedError as error:
        from bot.backups import way_back

        print(error, way_back(settings), sep="\n", file=sys.stderr)
    except (DatabaseError, StartError) as error:
        print(error, file=sys.stderr)
    except UnicodeDecodeError:
        print("A setting or the file .env is not UTF-8 text: save it with the encoding UTF-8.", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the output has gone, as in `... | head`; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 1


def check_data(folder: Path, *, with_report: bool = False) -> int:
    """Print every problem of a data folder; returns 1 when there is one."""
    try:
        catalog = load_catalog(folder, check_words=True)
    except CatalogError as error:
        print(*error.problems, sep="\n")
        print(f"{len(error.problems)} problems")
        return 1
    counts = {
        "facts": catalog.facts,
        "sources": catalog.sources,
        "disputes": catalog.disputes,
        "events": catalog.events,
    }
    print(", ".join(f"{len(found)} {name}" for name, found in counts.items()) + ": no problems")
    if with_report:
        print("\n" + report(catalog, datetime.now(UTC).date()))
    return 0


def run(settings: Settings) -> int:
    """Run the bot on Discord until it is told to stop."""
    import aiohttp
    import discord

    from bot.app import create_bot

    if settings.discord_token is None:
        raise StartError(HOW_TO_START)
    configure_logging(settings.log_level)
    if may_lose_the_log(sqlite_version):
        logging.getLogger("footnote").warning(OLD_SQLITE, ".".join(map(str, sqlite_version)))
    try:
        asyncio.run(_until_stopped(create_bot(settings), settings.discord_token.get_secret_value()))
    except discord.LoginFailure:
        raise StartError(
            "Discord does not accept the DISCORD_TOKEN: copy it again from your application's page."
        ) from None
    except aiohttp.ClientConnectionError:
        raise StartError("Discord cannot be reached: check this machine's network and try again.") from None
    return 0


async def _until_stopped(bot: "Footnote", token: str) -> None:
    """Run the bot; SIGTERM and Ctrl-C close it in order, so that nothing in flight is lost."""
    task = asyncio.create_task(bot.start(token))
    for name in ("SIGTERM", "SIGINT"):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on the loop
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("footnote").info("stopping")
    finally:
        await bot.close()


def configure_logging(level: str) -> None:
    """Log to standard error. At DEBUG, discord.py and aiosqlite log what people typed, so they stay at INFO."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in ("discord", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.INFO))


if __name__ == "__main__":
    sys.exit(main())
