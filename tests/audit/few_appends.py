"""Processes of the audit service that append a little, whatever their store does to them, and say what was answered.

Alone: store URL, folder of the node's keys, batches, and how often a batch is sent again with the same keys, as producers do.
Without arguments: the same four, a line each on standard input, in a fork for each line. A fork says its process id, waits for SIGUSR1,
so that a tracer can take hold of it first, and how it ended is said when it has.
"""

import asyncio
import ctypes
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

from shared.contracts.audit import AppendResponse
from tests.audit.appending_process import TickingClock, say
from tests.audit.audit_node import event, running

PAUSE_SECONDS = 0.1
"""Between two tries; a server that starts again is not there at once."""
PR_SET_PTRACER, ANYBODY = 0x59616D61, -1
"""prctl(2): anybody may trace this process, where the kernel lets only parents do so (Yama)."""


async def main(url: str, keys: str, batches: int, tries: int) -> None:
    async with running(url, Path(keys), TickingClock()) as node:
        for batch in range(batches):
            keyed = [f"few:{batch}:{position}" for position in range(2)]
            one, other = (event(class_, key=key, student=UUID(int=batch)) for class_, key in zip(("request", "match"), keyed, strict=True))
            for _ in range(tries):
                answer = await node.try_append(one, other)
                if answer.status == 200:
                    appended = AppendResponse.model_validate_json(answer.body).entries
                    say(" ".join(["acked", *(f"{entry.index}={key}" for entry, key in zip(appended, keyed, strict=True))]))
                    break
                assert answer.status == 503, answer.body
                await asyncio.sleep(PAUSE_SECONDS)
    say("done")


def forked(arguments: list[str]) -> None:
    """One fork."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
        say(f"waiting {os.getpid()}")
        signal.sigwait({signal.SIGUSR1})
        code = 1
        try:
            asyncio.run(main(arguments[0], arguments[1], int(arguments[2]), int(arguments[3])))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    else:
        for line in sys.stdin:
            forked(line.split())
