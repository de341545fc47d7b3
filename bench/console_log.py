"""Pages of the console over a long log: who saw what, an entry, what proves it. SQLite, the whole node in process, from door to HTML.

`python -m bench console --entries 1000000` is the size that issue 7 names; `--folder` keeps the log for the next time. Each page is asked
for by a person who is signed in, and is on record as any question is. The node does all that it does behind the log meanwhile, and the
pages are told apart by that: cold, just after a start; while the search for alerts goes through all of the log; and once it has.
"""

import asyncio
import os
import random
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, cast

from bench.console_pages import KINDS, Pages
from bench.figures import Figure, as_served, percentile, progress
from bench.questioned_log import Questioned, asked_about
from bench.questions import written
from node.embedded import EmbeddedNode
from services.audit.driver import Driver
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from shared.clock import system_clock
from tests.audit.audit_node import running
from tests.conftest import StandingClock
from tests.gateway.console.consoles import PeopledFolder, open_console
from tests.gateway.house import House
from tests.gateway.people.signing_in import signed_in

TITLE = "Pages of the console over a long log"

TIMES: Final = 40
"""Pages of each kind, at least, while the search for alerts goes on and after it."""
COLD, SEARCHED, AFTER = "cold, after a start", "while all of the log is searched for alerts", "after that"
LOOKS_EVERY_SECONDS: Final = 0.002
CLOCK: Final = cast("StandingClock", system_clock)


class Took(NamedTuple):
    """By the clock and of the CPU, in milliseconds."""

    wall: list[float]
    worked: list[float]


Measured = dict[str, dict[str, Took]]
"""By what the node did meanwhile, and by kind of page."""


def run(*, entries: int = 1_000_000, folder: Path | None = None) -> list[Figure]:
    """Write a log of so many entries, unless the folder has one, and look."""
    with _place(folder) as place:
        return asyncio.run(_run(place, entries))


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def _run(folder: Path, entries: int) -> list[Figure]:
    about, done = asked_about(system_clock()), folder / f"{entries}.entries"
    if not done.exists():
        await _write(folder, about, entries)
        done.touch()
    made = PeopledFolder(folder / "alder")
    _forget_alerts(made.store("audit"))
    measured: Measured = defaultdict(lambda: defaultdict(lambda: Took([], [])))
    for turn in range(len(KINDS)):  # each kind is the first once, and every other place after a start once
        _out_of_cache(folder)
        async with _pages(made, about, entries) as (pages, _):
            for kind in (*KINDS[turn:], *KINDS[:turn]):
                await _measure(pages, kind, measured[COLD])
    _forget_alerts(made.store("audit"))
    async with _pages(made, about, entries) as (pages, node):
        return [*await _beside_the_search(pages, node, entries, measured), *_figures(measured, entries)]


async def _write(folder: Path, about: Questioned, entries: int) -> None:
    async with open_console(folder, CLOCK):
        pass
    made = PeopledFolder(folder / "alder")
    settings = made.settings("audit")
    async with running(settings.database_url, made.keys, CLOCK, entity_id=settings.entity_id, insecure_development=True) as audit:
        as_served()
        await written(audit, about, entries)


@asynccontextmanager
async def _pages(made: PeopledFolder, about: Questioned, entries: int) -> AsyncIterator[tuple[Pages, EmbeddedNode]]:
    node = EmbeddedNode(made, clock=CLOCK)
    async with node.running(), administration(cast("GatewaySettings", made.settings("gateway")), clock=CLOCK) as hand:
        as_served()
        gateway = node.applications["gateway"]
        house = House(gateway, gateway.state.settings, CLOCK, hand, {})
        browser = await signed_in(house, "auditor", organisation_id=made.file.organisation_id)
        yield Pages(about, browser, random.Random(7), entries), node


async def _measure(pages: Pages, kind: str, into: dict[str, Took]) -> None:
    wall, worked = await pages.milliseconds(kind)
    into[kind].wall.append(wall)
    into[kind].worked.append(worked)


async def _beside_the_search(pages: Pages, node: EmbeddedNode, entries: int, measured: Measured) -> list[Figure]:
    """Wait for the search to begin, and look until it is over and for a while longer."""
    while await _searched(node, entries) == 0:  # noqa: ASYNC110 the store says it, not an event of this process
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
    began, waits = time.perf_counter(), list[float]()
    watching = asyncio.create_task(_watch(waits))
    while await _searched(node, entries) < entries:
        for kind in KINDS:
            await _measure(pages, kind, measured[SEARCHED])
    took = time.perf_counter() - began
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    progress(f"searched for alerts: {took:.0f} s")
    for _ in range(TIMES):
        for kind in KINDS:
            await _measure(pages, kind, measured[AFTER])
    longest = f"longest {max(waits):.0f}, one in a hundred {percentile(waits, 99):.0f} ms"
    return [
        Figure("the first search for alerts, through all of the log and beside these pages", took, "s", ""),
        Figure("how long the event loop was held beside it: p50", percentile(waits, 50), "ms", "", longest),
    ]


async def _searched(node: EmbeddedNode, entries: int) -> int:
    """Entries in which alerts were looked for. It is not over as long as one is not entered into the log: then one less."""
    database = node.applications["audit"].state.database
    query = "SELECT at, (SELECT count(*) FROM alert WHERE entry_idx IS NULL) FROM alert_cursor"
    found = await database.read(lambda connection: Driver(connection).rows(query))
    return sum(min(at, entries - 1) if waiting else at for at, waiting in found)


async def _watch(waits: list[float]) -> None:
    """How much later than it wanted somebody had a turn, again and again."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
        waits.append((time.perf_counter() - began - LOOKS_EVERY_SECONDS) * 1000)


def _forget_alerts(store: Path) -> None:
    """As before the first search."""
    with closing(sqlite3.connect(store)) as connection, connection:
        for table in ("alert_cursor", "alert"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 names of ours


def _out_of_cache(folder: Path) -> None:
    """Have the operating system forget what it has read."""
    for path in folder.rglob("*.db"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _figures(measured: Measured, entries: int) -> list[Figure]:
    figures = []
    for when, by_kind in measured.items():
        for kind in KINDS:
            took = by_kind[kind]
            note = f"p95 {percentile(took.wall, 95):.0f} ms; of the CPU p50 {percentile(took.worked, 50):.0f}; {len(took.wall)} pages"
            figures.append(Figure(f"{when}: {kind}: p50", percentile(took.wall, 50), "ms", "", note))
        every = [wall for took in by_kind.values() for wall in took.wall]
        note = f"longest {max(every):.0f} ms; {entries:,} entries"
        figures.append(Figure(f"{when}: any of these pages: p95", percentile(every, 95), "ms", "<= 200", note))
    return figures
