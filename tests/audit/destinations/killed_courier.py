"""A real process of the audit service that sends to its destinations, and is killed by itself when an answer has come.

Arguments: store URL, folder of the node's keys, and `before` or `after` the cursor is moved.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.audit.destinations.courier import Courier
from tests.audit.destinations.keeping import keeping
from tests.conftest import StandingClock

BEGIN = datetime(2026, 10, 20, 12, tzinfo=UTC)


class Killed(Courier):
    """Dies at its third answer."""

    when = "before"
    answers = 0

    async def _settle(self, following: Any, attempt: Any) -> bool:
        self.answers += attempt is not None
        if self.answers == 3 and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        settled = await super()._settle(following, attempt)
        if self.answers == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return settled


async def main(url: str, keys: str, when: str) -> None:
    async with keeping(url, Path(keys), StandingClock(BEGIN)) as kept:
        courier = kept.courier
        courier.__class__ = Killed
        Killed.when = when
        await kept.turn()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3]))
