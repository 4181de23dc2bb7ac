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
from typing import TYPE_CHECKING, NoReturn

from pydantic import ValidationError

from bot import logs
from bot.catalog import CatalogError, load_catalog
from bot.config import SettingError, Settings, StartError, hide, problems
from bot.coverage import report
from bot.errors import describe
from bot.models import visible
from bot.store import DatabaseDamagedError, DatabaseError
from bot.store.soundness import OLD_SQLITE, may_lose_the_log, sqlite_version

if TYPE_CHECKING:
    from bot.app import Footnote

HOW_TO_START = (
    "There is no DISCORD_TOKEN. Create an application at https://discord.com/developers/applications, copy the token "
    "of its bot, and put the line DISCORD_TOKEN=... into a file named .env (see .env.example). "
    "To try Footnote without a token: python -m bot demo"
)
REFUSED = "Discord does not accept the DISCORD_TOKEN: copy it again from your application's page."
# "configuration error", sysexits.h: whoever starts the bot again and again need not, before somebody mends a setting.
WRONG_SETTING = 78


class Parser(argparse.ArgumentParser):
    """Reads a command; what it does not understand of it commands no terminal."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end."""
        super().error(visible(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = Parser(prog="python -m bot", description="Footnote: answers with curated, cited statements.")
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
    commands.add_parser("health", help="ask the running bot how it is: 0 when all is well")
    commands.add_parser("vectors", help="write the vectors of all texts into the data folder")
    chosen = parser.parse_args(arguments)
    secrets: list[str] = []
    try:
        settings = Settings()
        secrets += [settings.discord_token.get_secret_value()] if settings.discord_token else []
        if chosen.command == "run" or settings.log_level == "DEBUG":
            logs.configure(settings.log_level, settings.log_level, secrets)
        else:  # whoever types a command wants its output, and only what went wrong besides
            logs.configure("WARNING", "ERROR", secrets)
        if chosen.command == "check":
            return check_data(chosen.data or settings.data_path, with_report=chosen.report)
        if chosen.command == "health":
            from bot.health import ask as ask_health

            return ask_health(settings.metrics_port)
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
        print(*problems(error), sep="\n", file=sys.stderr)
        return WRONG_SETTING
    except CatalogError as error:
        print(hide(f"The data files are not in order:\n{error}", secrets), file=sys.stderr)
    except DatabaseDamagedError as error:
        from bot.backups import way_back

        print(hide(f"{error}\n{way_back(settings)}", secrets), file=sys.stderr)
    except (DatabaseError, StartError) as error:
        print(hide(str(error), secrets), file=sys.stderr)
        if isinstance(error, SettingError):
            return WRONG_SETTING
    except UnicodeDecodeError:
        print("A setting or the file .env is not UTF-8 text: save it with the encoding UTF-8.", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the output has gone, as in `... | head`; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"This machine refused something: {error.strerror or 'unknown'} ({describe(error)}).", file=sys.stderr)
    except Exception as error:  # noqa: BLE001 - a traceback would print values, perhaps the token
        print(f"Something went wrong that Footnote does not know: {describe(error)}.", file=sys.stderr)
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
        raise SettingError(HOW_TO_START)
    if settings.log_level == "DEBUG":
        raise SettingError("LOG_LEVEL=DEBUG is for trying things out with the demo: use INFO to run the bot.")
    if may_lose_the_log(sqlite_version):
        logging.getLogger("footnote").warning(OLD_SQLITE, ".".join(map(str, sqlite_version)))
    try:
        asyncio.run(_until_stopped(create_bot(settings), settings.discord_token.get_secret_value()))
    except discord.LoginFailure:
        raise SettingError(REFUSED) from None
    except discord.ConnectionClosed as error:
        if (
            error.code == 4004
        ):  # authentication failed, https://docs.discord.com/developers/topics/opcodes-and-status-codes
            raise SettingError(REFUSED) from None
        raise StartError(f"Discord closed the connection with code {error.code}: try again later.") from None
    except aiohttp.ClientConnectionError:
        raise StartError("Discord cannot be reached: check this machine's network and try again.") from None
    return 0


async def _until_stopped(bot: "Footnote", token: str) -> None:
    """Run the bot; SIGTERM and Ctrl-C close it in order, so that nothing in flight is lost."""
    asyncio.get_running_loop().set_exception_handler(logs.loop_failed)
    async with bot:  # which makes ready what discord.py needs to close, however early that is
        task = asyncio.create_task(bot.start(token))
        for name in ("SIGTERM", "SIGINT"):
            with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on the loop
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            logging.getLogger("footnote").info("stopping")


if __name__ == "__main__":
    logs.keep_values_out()
    sys.exit(main())
