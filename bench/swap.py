"""A policy set takes over while decisions are made: how long nobody was answered, beside how long that is without a switch."""

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bench.figures import Figure, as_served
from node.keys import create_node_keys
from services.privacy.app import create_app
from shared.clock import system_clock
from shared.contracts.privacy import Decision, DecisionRequest
from shared.database import Database
from shared.migrations import migrate
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import PrivacyNode, settings_for
from tests.privacy.officials import Officials, forbid
from tests.privacy.world import World

TITLE = "A policy set takes over while decisions are made"

ASKERS = 2
WINDOW_SECONDS = 8.0


class _Running(StandingClock):
    """The system's clock, a little ahead where a step of the officials needs it."""

    def __init__(self) -> None:
        super().__init__(system_clock())
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self._ahead

    def advance(self, **by: float) -> None:
        self._ahead += timedelta(**by)


@dataclass
class _Answers:
    """Answers as they come."""

    at: list[float] = field(default_factory=list)
    by: list[str] = field(default_factory=list)

    def longest_gap(self, since: float, until: float) -> float:
        """Seconds, between two answers."""
        times = [at for at in self.at if since <= at <= until]
        return max(later - earlier for earlier, later in pairwise(times))


def run() -> list[Figure]:
    """Measure on an SQLite store on disk."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    create_node_keys(folder / "keys")
    url = f"sqlite+inline:///{folder}/privacy.db"
    database = Database(url)
    await migrate("privacy", database)
    await database.close()
    clock = _Running()
    app = create_app(settings_for(url, folder / "keys"), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        world = await World.on(PrivacyNode(app, clock, folder / "keys"))
        officials = Officials.of(world)
        asked = world.by_transfer(await world.student(), elements=("identity.name", "academics.transcript"))
        await world.node.decide(asked)
        drafted = await officials.ready(forbid(element="discipline.incidents", state="XB"), name="us-xb.forbids")
        app.state.policy_sets._compiled.clear()  # as on a replica that had no part in drafting it
        as_served()
        answers, over = _Answers(), asyncio.Event()
        asking = [asyncio.create_task(_ask(world.node, asked, answers, over)) for _ in range(ASKERS)]
        began = time.perf_counter()
        await asyncio.sleep(WINDOW_SECONDS)
        activated = time.perf_counter()
        await officials.active_from(drafted.policy_hash, replaces=officials.active)
        await asyncio.sleep(WINDOW_SECONDS)
        over.set()
        await asyncio.gather(*asking)
    if set(answers.by) != {officials.active, drafted.policy_hash}:
        raise RuntimeError("the switch that is measured is not the switch that is meant")
    switched = answers.at[answers.by.index(drafted.policy_hash)]
    without, during = answers.longest_gap(began, activated), answers.longest_gap(activated, activated + WINDOW_SECONDS)
    note = f"{len(answers.at):,} decisions, none refused; {ASKERS} askers in process, SQLite"
    around = answers.longest_gap(switched - 0.5, switched + 0.5)
    return [
        Figure("longest time between two answers, nothing switched", without * 1e3, "ms", "", note),
        Figure("from the activation until after its start", during * 1e3, "ms", "", "loading and compiling the set among it, in a thread"),
        Figure("half a second around the start", around * 1e3, "ms", "", "the first decision by the new set"),
    ]


async def _ask(node: PrivacyNode, asked: DecisionRequest, answers: _Answers, over: asyncio.Event) -> None:
    while not over.is_set():
        answer = await node.ask(asked)
        if answer.status != 200:
            raise RuntimeError("a decision was refused during the switch")
        answers.at.append(time.perf_counter())
        answers.by.append(Decision.model_validate_json(answer.body).policy_hash)
