"""Complete exchanges of 10 kB in batches, as in August: a hundred requests a call, and what goes between the nodes together as it comes."""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench.exchange import Bench, Together
from bench.exchange_batch_checks import check_batches
from bench.exchange_checks import check_run
from bench.exchange_children import children_of
from bench.exchange_nodes import EightProcesses, Embedded, Nodes
from bench.figures import Figure, disk_milliseconds, progress

TITLE = "Complete exchanges of 10 kB, in batches of 100"

BATCH = 100
TOGETHER = 200
RUNS = 3


def run() -> list[Figure]:
    """Measure the embedded nodes on SQLite, then eight processes on PostgreSQL."""
    return [
        *_measured(Embedded.made_in, "two embedded nodes, SQLite", ""),
        *_measured(EightProcesses.made_in, "eight processes, PostgreSQL", ">= 300"),
    ]


def _measured(made_in: Callable[[Path, AsyncExitStack], Awaitable[Nodes]], where: str, goal: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name), made_in, where, goal))


async def _run(folder: Path, made_in: Callable[[Path, AsyncExitStack], Awaitable[Nodes]], where: str, goal: str) -> list[Figure]:
    disk, every = disk_milliseconds(folder), BATCH + RUNS * TOGETHER
    async with AsyncExitStack() as stack:
        progress(f"{where}: starting")
        nodes = await made_in(folder, stack)
        progress(f"{where}: loading {every} students")
        bench = await stack.enter_async_context(Bench(nodes))
        children = children_of(nodes.alder, every)
        await bench.load(children)
        await bench.in_batches(children[:BATCH], of=BATCH)  # the first of their kind are not counted
        runs = []
        for n in range(RUNS):
            runs.append(await bench.in_batches(children[BATCH + n * TOGETHER :][:TOGETHER], of=BATCH))
            progress(f"{where}: {runs[-1].cpu * 1000:.1f} ms CPU each, {runs[-1].rate:.1f} a second, {runs[-1].commits:.2f} commits each")
        await check_run(nodes.alder, nodes.birch, exchanges=every)
        await check_batches(nodes.alder, nodes.birch)
        progress(f"{where}: every receipt, both logs and the refusals verified")
    return _figures(runs, where=where, goal=goal, disk=disk)


def _figures(runs: Sequence[Together], *, where: str, goal: str, disk: float) -> list[Figure]:
    cpu, store = (statistics.median(getattr(one, name) for one in runs) for name in ("cpu", "store_cpu"))
    apart = f", and {store * 1000:.1f} of PostgreSQL's" if store else ""
    note = f"{where}; median of {RUNS} runs of {TOGETHER}, {cpu * 1000:.1f} ms CPU each{apart}, fdatasync {disk:.2f} ms"
    rate = statistics.median(one.rate for one in runs)
    return [
        Figure("complete exchanges per second and core, batched", 1 / cpu, "/s", goal, note),
        Figure("complete exchanges per second, batched", rate, "/s", "", f"{where}, both nodes on this machine"),
        Figure("commits in any store of both nodes", statistics.median(one.commits for one in runs), "per exchange", "", where),
    ]
