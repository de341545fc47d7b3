"""An embedded node as a process of its own that dies at a milestone, as by a power cut, once its folder has a file `die-at` that names one.

`python -m tests.records.exchange.dying_node FOLDER`. Only this module can do that: in production nobody watches the milestones. A
supervisor, which has imported everything, forks the node's process, and another one each time it was killed.
"""

import asyncio
import importlib
import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from node.embedded import EmbeddedNode
from node.folder import NodeFolder
from node.server import serve
from services.records.exchange.milestones import DocumentMilestone, Milestone
from shared.clock import system_clock
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, ServiceName


class SharedClock:
    """The world's clock and as many seconds more as a file says: time passes for all who read it when the test says so."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        return system_clock() + timedelta(seconds=float(self._file.read_text()))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        ahead = float(self._file.read_text()) + seconds
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(ahead))
        fresh.replace(self._file)


class Folder(NodeFolder):
    """A node's folder whose stores are on PostgreSQL where `test.json` names a database: a schema for each service."""

    @property
    def told(self) -> dict[str, Any]:
        """What the test says of this node."""
        told: dict[str, Any] = json.loads((self.path / "test.json").read_text())
        return told

    @property
    def clock(self) -> SharedClock:
        """The clock of the test."""
        return SharedClock(self.path.parent / "clock")

    def settings(self, service: ServiceName) -> ServiceSettings:
        """As the embedded node's, with another store."""
        settings = super().settings(service)
        database, scanner = self.told.get("database"), self.told.get("scanner")
        if scanner is not None and service == "records":
            settings = settings.model_copy(update={"scanner_address": scanner})
        if database is None:
            return settings
        return settings.model_copy(update={"database_url": database, "database_schema": service, "database_pool_size": 5})

    async def free_leases(self) -> None:
        """Who held them is dead: that is known here, and elsewhere only by time (tests/stories kills a node that waits for it)."""
        database, services = self.told.get("database"), ("gateway", "privacy", "records")
        if database is None:
            for service in services:
                with closing(sqlite3.connect(self.store(service))) as store, store:
                    store.execute("DELETE FROM lease")
        elif not self.told.get("replicas"):
            connection = await asyncpg.connect(database.replace("postgresql+asyncpg://", "postgresql://"))
            for service in services:
                await connection.execute(f'DELETE FROM "{service}".lease')  # noqa: S608 names of our own
            await connection.close()


class Dying:
    """Ends the process without a word at the milestone that `die-at` names."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def reached(self, milestone: Milestone | DocumentMilestone) -> None:
        """Nothing is flushed, closed or said."""
        if self._file.exists() and self._file.read_text() == milestone:
            self._file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def run(folder: Folder) -> None:
    """One life of the node."""
    asyncio.run(folder.free_leases())
    node = EmbeddedNode(folder, clock=folder.clock)
    node.applications["records"].state.milestones = Dying(folder.path / "die-at")
    file = folder.file
    serve(node, host=file.host, port=file.port)


def main() -> None:
    """Give the node a new life whenever it was killed."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.app")
    folder = Folder(Path(sys.argv[1]))
    killed = True
    while killed:
        child = os.fork()
        if child == 0:
            run(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


if __name__ == "__main__":
    main()
