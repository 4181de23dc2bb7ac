"""The command line of the load; run it with MALLOC_ARENA_MAX=2, as the service and the container run the bot."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bot.catalog import load_catalog
from bot.config import Settings
from tests.bench import questions
from tests.conftest import DATA
from tests.load.run import Load, Plan


def main() -> int:
    """Load the bot; returns 0 when all held."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=4.0, help="interactions a second (default: 4)")
    parser.add_argument("--rate", type=float, default=0.02, help="of requests and writes that fail (default: 0.02)")
    chosen = parser.parse_args()
    asked = [
        question.text[:300] for split in questions.SPLITS for question in questions.read(split, load_catalog(DATA))
    ]
    with tempfile.TemporaryDirectory(prefix="footnote-load-") as folder:
        settings = Settings(data_path=DATA, database_path=Path(folder) / "load.sqlite3")
        plan = Plan(chosen.minutes, chosen.seed, chosen.pace, chosen.rate)
        return 0 if asyncio.run(Load(settings, plan, asked).run()) else 1


if __name__ == "__main__":
    sys.exit(main())
