"""`python -m tests.bench [NAME]...`, a name being one of PARTS: print measurements; all of them without a name."""

import asyncio
import sys

from tests.bench import capacity, importing, quality, reply, scale
from tests.bench.world import opened

PARTS = {
    "quality": quality.run,
    "reply": reply.run,
    "scale": scale.run,
    "capacity": capacity.run,
    "importing": importing.run,
}


async def main(names: list[str]) -> None:
    """Run the parts that are named."""
    async with opened() as world:
        for name in names or PARTS:
            print(f"\n== {name}")
            await PARTS[name](world)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
