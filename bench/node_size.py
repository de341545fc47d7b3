"""A whole embedded node with 10,000 stored entries: how much memory it takes, and how soon it is ready after a start."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median
from uuid import uuid4

import psutil

from bench.figures import Figure
from node.demo.network import new_node
from node.demo.processes import NodeProcess, free_port
from node.embedded import EmbeddedNode, migrate_all
from node.folder import NodeFolder
from node.synthetic import ALDER
from shared.clock import system_clock
from shared.contracts.audit import Actor, AppendRequest, AppendResponse, Context, Event

TITLE = "A whole embedded node with 10,000 stored entries"
ENTRIES, BATCH, STARTS = 10_000, 500, 5


def run() -> list[Figure]:
    """Fill a node's log, then start it five times."""
    with tempfile.TemporaryDirectory(prefix="safe-passage-bench-") as folder:
        node = new_node(Path(folder) / "alder", ALDER, port=free_port(), now=system_clock())
        asyncio.run(_fill(node))
        ready, memory = [], []
        for _ in range(STARTS):
            process, begun = NodeProcess(node), time.perf_counter()
            process.start().wait_until_ready()
            ready.append(time.perf_counter() - begun)
            memory.append(psutil.Process(process.pid).memory_info().rss / 1e6)
            process.stop()
    return [
        Figure("ready after a start", median(ready), "s", "<= 3", f"median of {STARTS}"),
        Figure("resident memory when ready", median(memory), "MB", "<= 300", "one process, four services"),
    ]


async def _fill(folder: NodeFolder) -> None:
    """Append through records' own sibling call, as a load does."""
    await migrate_all(folder)
    node = EmbeddedNode(folder)
    async with node.running():
        siblings = node.applications["records"].state.siblings
        for _ in range(ENTRIES // BATCH):
            request = AppendRequest(events=tuple(_event() for _ in range(BATCH)))
            await siblings.call("audit", "POST", "/internal/entries", answer=AppendResponse, by="bench", body=request)


def _event() -> Event:
    actor, context = Actor(kind="system", job="bench"), Context(operation="student-loaded", outcome="created")
    return Event(class_="load", key=f"bench:{uuid4()}", subjects=(uuid4(),), actor=actor, context=context)
