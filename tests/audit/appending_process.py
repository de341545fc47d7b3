"""A real process of the audit service that appends until it is told to stop or killed; what was answered it says on standard output.

Arguments: store URL, folder of the node's keys, name of the process, number of batches, and for a disk that is full in the middle `full`,
or `full=FILE` where the disk really is and has room again once that file is gone.
"""

import asyncio
import json
import resource
import signal
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from safepassage.ids import uuid7
from safepassage.problems.requests import LogUnavailable
from tests.audit.audit_node import AuditNode, event, running

BATCH = 8
PAUSE_SECONDS = 0.1
"""Between two tries."""
LIMIT_BYTES = 600_000
MOST = 400
"""Batches, of which a disk that is to be full takes a quarter."""
BEGIN = datetime(2026, 10, 20, 12, tzinfo=UTC)


class TickingClock:
    """Moves a little at each look, so that keys differ and time goes on; the same in every run."""

    def __init__(self) -> None:
        self.instant = BEGIN

    def __call__(self) -> datetime:
        self.instant += timedelta(milliseconds=1)
        return self.instant


def student_of(name: str, batch: int) -> UUID:
    return UUID(int=int.from_bytes(f"{name[:4]}{batch:08d}".encode(), "big") << 16 | 0x4000 << 64 & 0)


@cache
def key_of(name: str, batch: int, position: int) -> str:
    """The same for a batch that is sent again."""
    return f"{name}:{batch}:{position}:{uuid7(BEGIN)}"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def append_batch(node: AuditNode, name: str, batch: int) -> bool:
    """Append one batch; say each index that was answered. False where the log was not available."""
    keys = [key_of(name, batch, position) for position in range(BATCH)]
    events = [event("request" if batch % 2 else "match", key=key, student=student_of(name, batch)) for key in keys]
    answer = await node.try_append(*events)
    if answer.status != 200:
        assert (answer.status, json.loads(answer.body)["code"]) == (503, LogUnavailable.code), answer.body
        return False
    appended = (await node.append(*events)).entries  # again: the same entries, as the first answer said
    say(" ".join(["acked", *(f"{one.index}={key}" for one, key in zip(appended, keys, strict=True))]))
    return True


async def append_sometime(node: AuditNode, name: str, batch: int, tries: int) -> bool:
    """Send one batch, again and again as producers do, until it is answered."""
    for _ in range(tries - 1):
        if await append_batch(node, name, batch):
            return True
        await asyncio.sleep(PAUSE_SECONDS)
    return await append_batch(node, name, batch)


async def fill_the_disk(node: AuditNode, name: str, ballast: Path | None, *, tries: int = 1) -> None:
    """Let files grow no further, append until that is felt, make room again, and go on.

    tries  how often a batch is sent once there is room: a server may have to start first
    """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if ballast is None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    batch = 0
    while await append_batch(node, name, batch):
        batch += 1
        assert batch < MOST, "the disk is full and everything is answered all the same"
    say("full")
    refused = sum([not await append_batch(node, name, batch) for _ in range(3)])
    say(f"refused {refused}")
    if ballast is None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    else:
        ballast.unlink()  # noqa: ASYNC240 nothing else runs
    for more in range(3):
        assert await append_sometime(node, name, batch + more, tries)
    say("recovered")


async def main(url: str, keys: str, name: str, batches: int, *, full: str | None) -> None:
    async with running(url, Path(keys), TickingClock()) as node:
        say("ready")
        if full is not None:
            await fill_the_disk(node, name, Path(full) if full else None)
        for batch in range(batches):
            assert await append_batch(node, name, batch)
    say("done")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), full=sys.argv[5].partition("=")[2] if sys.argv[5:] else None))
