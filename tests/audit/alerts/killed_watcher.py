"""A real process of the audit service that looks for alerts, and is killed by itself in the middle of it.

Arguments: store URL, folder of the node's keys, the instant, and where it dies: `finding`, `kept`, `appended` or `noted`.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from services.audit.alerts import watching
from services.audit.alerts.watching import Watcher
from tests.audit.alerts.watched import watcher_of
from tests.audit.audit_node import running
from tests.conftest import StandingClock

keep_span = watching.keep_span


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def kept_and_not_committed(*given: Any) -> None:
    await keep_span(*given)
    die()


class Killed(Watcher):
    """Dies where it is told."""

    when = ""

    async def look_at_actors(self, **about: Any) -> int:
        count = await super().look_at_actors(**about)
        if self.when == "kept":
            die()
        return count

    async def _append(self, events: Any) -> Any:
        receipt = await super()._append(events)
        if self.when == "appended":
            die()
        return receipt

    def _tell(self, rule: str) -> None:
        die()


async def main(url: str, keys: str, instant: str, when: str) -> None:
    async with running(url, Path(keys), StandingClock(datetime.fromisoformat(instant))) as node:
        await node.app.state.projector.catch_up()
        watcher = watcher_of(node)
        watcher.__class__ = Killed
        Killed.when = when
        if when == "finding":
            watching.keep_span = kept_and_not_committed
        await watcher.turn()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
