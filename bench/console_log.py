"""Pages of the console over a long log: who saw what, an entry, what proves it. SQLite, the whole node in process, from door to HTML.

`python -m bench console --entries 1000000` is the size that issue 7 names. Each page is asked for by a person who is signed in, and is on
record as any question is.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Final, cast

from bench.figures import Figure, as_served, percentile, progress
from bench.questioned_log import Questioned, asked_about
from bench.questions import written
from node.embedded import EmbeddedNode
from services.gateway.console.log_rows import PATH
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from shared.clock import system_clock
from tests.audit.audit_node import running
from tests.conftest import StandingClock
from tests.gateway.console.consoles import PeopledFolder, open_console
from tests.gateway.house import House
from tests.gateway.people.signing_in import Browser, location_of, signed_in

TITLE = "Pages of the console over a long log"

TIMES: Final = 40
"""Pages of each kind, about others each time."""


def run(*, entries: int = 1_000_000) -> list[Figure]:
    """Write a log of so many entries, index it, and look."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name), entries))


async def _run(folder: Path, entries: int) -> list[Figure]:
    about, clock = asked_about(system_clock()), cast("StandingClock", system_clock)
    async with open_console(folder, clock) as console:
        agency = console.agency
    made = PeopledFolder(console.node.folder.path)
    settings = made.settings("audit")
    async with running(settings.database_url, made.keys, clock, entity_id=settings.entity_id, insecure_development=True) as audit:
        as_served()
        await written(audit, about, entries)
    node = EmbeddedNode(made, clock=clock)
    async with node.running(), administration(cast("GatewaySettings", made.settings("gateway")), clock=clock) as hand:
        as_served()
        gateway = node.applications["gateway"]
        house = House(gateway, gateway.state.settings, clock, hand, {})
        browser, chance, figures = await signed_in(house, "auditor", organisation_id=agency.id), random.Random(7), list[Figure]()
        every: list[float] = []
        for name in _PAGES:
            measured = [await _milliseconds(browser, await _page(name, about, browser, chance, entries)) for _ in range(TIMES)]
            took, worked = [wall for wall, _ in measured], [cpu for _, cpu in measured]
            every += took
            note = f"p95 {percentile(took, 95):.0f} ms; of the CPU p50 {percentile(worked, 50):.0f}, p95 {percentile(worked, 95):.0f} ms"
            figures.append(Figure(f"{name}: p50", percentile(took, 50), "ms", "", note))
            progress(f"{name}: {percentile(took, 50):.1f} ms")
        return [*figures, Figure("any of these pages: p95", percentile(every, 95), "ms", "<= 200", f"{entries:,} entries")]


async def _milliseconds(browser: Browser, path: str) -> tuple[float, float]:
    """By the clock, and of the CPU by the whole process, its work behind the log too."""
    began, worked = time.perf_counter(), time.process_time()
    answer = await browser.get(path)
    took = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
    if answer.status != 200:
        raise RuntimeError("the page that is measured is not the page that is meant")
    return took


_PAGES: Final = (
    "everything",
    "everything, the oldest first",
    "what left, counted whole",
    "what left, the oldest first",
    "one client and purpose",
    "one client and purpose, the oldest first",
    "one student",
    "one entry",
    "the proof of one entry",
)
_OLDEST: Final = ", the oldest first"


async def _page(name: str, about: Questioned, browser: Browser, chance: random.Random, entries: int) -> str:
    if name.endswith(_OLDEST):
        path = await _page(name.removesuffix(_OLDEST), about, browser, chance, entries)
        return f"{path}{'&' if '?' in path else '?'}sort=logged_at"
    place = f"{PATH}/{system_clock().year}-{chance.randrange(entries)}"
    match name:
        case "everything":
            return PATH
        case "what left, counted whole":
            return f"{PATH}?kind=disclosure"
        case "one client and purpose":
            return f"{PATH}?client={chance.choice(about.clients)}&purpose=enrollment"
        case "one student":
            student = about.students[int(len(about.students) * chance.random() ** 2)]
            return location_of(await browser.post(f"{PATH}/find", by="student", value=str(student)))
        case "one entry":
            return place
        case _:
            return f"{place}/proof"
