"""`make soak`: messages between two nodes that are killed, over a line that loses, repeats, delays and disorders, and an exact account.

python -m tests.soak [--messages N] [--store postgresql|sqlite] [--seed S] [--kill-every SECONDS]

A message is what one node hands the other under an id of its own: a request, or the answer to it. Receipts are not counted.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.soak.account import DoesNotBalance
from tests.soak.node_folders import Network
from tests.soak.soaking import Soak, Told


def main() -> None:
    """Exit code 1 if anything does not balance."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--store", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--kill-every", type=float, default=12.0, metavar="SECONDS", help="on average")
    told = parser.parse_args()
    sys.stdout.write(f"Soak: {told.messages:,} messages on {told.store}, seed {told.seed}\n")
    began = time.monotonic()
    try:
        asyncio.run(soak(Told(told.messages, told.seed, told.kill_every), postgresql=told.store == "postgresql"))
    except DoesNotBalance as error:
        sys.stdout.write(f"NOT BALANCED (seed {told.seed}): {error}\n")
        sys.exit(1)
    sys.stdout.write(f"Balanced after {time.monotonic() - began:.0f} s (seed {told.seed}).\n")


async def soak(told: Told, *, postgresql: bool) -> None:
    """Make the network, soak it, take the account."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        network = await Network.made_in(folder, stack, postgresql=postgresql)
        soaked = Soak(network, told, draw)
        await soaked.run()
        for line in soaked.summary():
            sys.stdout.write(f"  {line}\n")


def draw(line: str) -> None:
    """Progress: in place on a terminal, else line by line."""
    sys.stdout.write(f"\r\x1b[K{line}" if sys.stdout.isatty() else f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
