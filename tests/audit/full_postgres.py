"""A process that fills the small disk of a PostgreSQL (tests/postgres/with-small-disk) with a log: it appends, and says what was answered.

Argument: the folder of the node's keys.
"""

import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import make_url

from services.audit.verification import verify_store
from shared.database import Database
from shared.migrations import migrate
from tests.audit.appending_process import TickingClock, append_sometime, fill_the_disk, say
from tests.audit.audit_node import running, settings_of
from tests.stores import execute

ROOM_BYTES = 400_000
"""What is left of the disk when the log begins to grow."""
FULL = ("No space left on device", "Check free disk space")
"""What the server says of it: also that a part of a page was written."""
TRIES = 300
AGAIN = 30
"""Batches that are sent again at the end; those that were answered are the same entries."""


async def main(keys: Path) -> None:
    names = "SAFE_PASSAGE_TEST_POSTGRES", "SMALL_DISK", "SMALL_DISK_LOG"
    place, disk, server_log = (os.environ[name] for name in names)  # noqa: TID251 how the script tells
    server = place.replace("postgresql://", "postgresql+asyncpg://")
    await execute(make_url(server), "CREATE DATABASE small TABLESPACE place")
    url = server.rpartition("/")[0] + "/small"
    database = Database(url)
    await migrate("audit", database)
    await database.close()
    ballast = _fill(Path(disk))
    async with running(url, keys, TickingClock()) as node:
        say("ready")
        await fill_the_disk(node, "small", ballast, tries=TRIES)
        assert (await node.send("GET", "/readyz", {})).status == 200
        await node.app.state.projector.catch_up()
        for batch in range(AGAIN):
            assert await append_sometime(node, "small", batch, TRIES)
    (report,) = await verify_store(settings_of(url, keys))
    said = Path(server_log).read_text()  # noqa: ASYNC240 nothing else runs
    say(f"felt {any(one in said for one in FULL)} panic {'PANIC:' in said}")
    say(f"verified {report.log.size + report.log.newer}")


def _fill(disk: Path) -> Path:
    """Take what is left, but for some room. Gives the file that took it."""
    ballast, space = disk / "ballast", os.statvfs(disk)
    ballast.write_bytes(bytes(space.f_bavail * space.f_frsize - ROOM_BYTES))
    return ballast


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
