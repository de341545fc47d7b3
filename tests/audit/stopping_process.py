"""A process of the audit service that stops itself (SIGSTOP), as a machine that is paused does, in the middle of its work.

Arguments: store URL, folder of the node's keys, `holding` (within its group's transaction, the log's row locked) or `between` (a head of
the log in memory, no transaction open), and how many batches it appends before that. It says `stopping`, stands still until somebody
continues it, and then goes on: the batch that it was at, again with the same keys until it is answered, and three more.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.audit import driver
from services.audit.group_commit import Committed
from services.audit.sequencer import Sequencer
from tests.audit.appending_process import TickingClock, append_batch, say
from tests.audit.audit_node import running

SILENT_SECONDS = 2
"""Instead of the service's own eight, so that the test is short."""
NAME, MOST_TRIES = "stopped", 20


class Stopping(Sequencer):
    """Stops the process once, where it was told to."""

    where = ""
    groups_before = 0

    def _stop(self, where: str) -> None:
        if where == self.where:
            self.groups_before -= 1
            if self.groups_before == 0:
                say("stopping")
                os.kill(os.getpid(), signal.SIGSTOP)

    def _write(self, *arguments: Any) -> Committed:
        self._stop("holding")
        return super()._write(*arguments)

    async def _attempt(self, submissions: Any) -> Committed:
        self._stop("between")
        return await super()._attempt(submissions)


async def main(arguments: Sequence[str]) -> None:
    url, keys, where, before = arguments
    vars(driver)["SILENT_SECONDS"] = SILENT_SECONDS
    async with running(url, Path(keys), TickingClock()) as node:
        sequencer: Any = node.sequencer
        sequencer.__class__ = Stopping
        # append_batch sends each batch twice: a group for its entries, one for what is there already
        sequencer.where, sequencer.groups_before = where, 2 * int(before) + 1
        for batch in range(int(before) + 4):
            tries = [await append_batch(node, NAME, batch)]
            while not tries[-1]:  # its connection was taken from it
                tries.append(await append_batch(node, NAME, batch))
            assert len(tries) <= MOST_TRIES
    say("done")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
