"""Revocation at once: decisions race revocations on two replicas, and none that starts after a revocation's commit may rely on it.

    make race                                                     # 100,000 decisions on PostgreSQL
    .venv/bin/python -m bench.races --decisions 2000 --sqlite     # on SQLite, for a try

Consents, contracts and orders by turns, each recorded, asked about by sixteen askers on both replicas, and revoked among them. It prints
its progress, and ends with status 1 if one decision was stale.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from node.keys import create_node_keys
from services.privacy.app import create_app
from shared.database import Database
from shared.migrations import migrate
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.postgres.databases import temporary_database
from tests.privacy.node import PrivacyNode, settings_for
from tests.privacy.test_races import Race, by_consent, by_contract, by_evidence
from tests.privacy.world import World

ASKERS = 16
KINDS = {"consent": by_consent, "contract": by_contract, "order": by_evidence}


@dataclass
class Count:
    """What the races found."""

    decisions: int = 0
    after: int = 0
    """Of them, asked after the revocation had committed."""
    before: int = 0
    """Of them, permitted: what was raced for was there."""
    stale: int = 0
    rounds: dict[str, int] = field(default_factory=dict)


async def one_round(kind: str, world: World, replicas: list[PrivacyNode], count: Count) -> None:
    """Record, ask, revoke among the askers, and see who was told what."""
    asked, revoke = await KINDS[kind](world)
    asker = world.node.client(world.oak if asked.evidence_ids else world.vendor)
    race = Race(asked, asker)
    asking = (race.ask(node) for node in replicas for _ in range(ASKERS // len(replicas)))
    await asyncio.gather(race.take_back(revoke), *asking)
    count.decisions += len(race.results)
    count.after += sum(was_revoked for was_revoked, _ in race.results)
    count.before += sum(outcome != "deny" for _, outcome in race.results)
    count.stale += sum(was_revoked and outcome != "deny" for was_revoked, outcome in race.results)
    count.rounds[kind] = count.rounds.get(kind, 0) + 1


async def races(url: str, keys: Path, *, decisions: int, told: Callable[[Count], None]) -> Count:
    """Race until so many decisions were made."""
    database = Database(url)
    await migrate("privacy", database)
    await database.close()
    clock, count = StandingClock(datetime(2026, 10, 20, 12, 0, tzinfo=UTC)), Count()
    async with AsyncExitStack() as stack:
        replicas = []
        for _ in range(2):
            app = create_app(settings_for(url, keys), transports={"audit": InProcess()}, clock=clock)
            await stack.enter_async_context(app.router.lifespan_context(app))
            replicas.append(PrivacyNode(app, clock, keys))
        world = await World.on(replicas[0])
        while count.decisions < decisions:
            for kind in KINDS:
                await one_round(kind, world, replicas, count)
            told(count)
    return count


@contextmanager
def _store(folder: Path, *, sqlite: bool) -> Iterator[str]:
    if sqlite:
        yield f"sqlite+inline:///{folder}/privacy.db"
        return
    admin = os.environ.get("SAFE_PASSAGE_TEST_POSTGRES")  # noqa: TID251 how tests/postgres/with-cluster tells
    if not admin:
        sys.exit("needs PostgreSQL: make race, or --sqlite for a try")
    with temporary_database(admin, f"races_{secrets.token_hex(6)}") as url:
        yield url


def main() -> None:
    """Race and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.races", description="decisions race revocations")
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--sqlite", action="store_true")
    asked = parser.parse_args()
    began, last = time.perf_counter(), [0.0]

    def told(count: Count) -> None:
        seconds = time.perf_counter() - began
        if seconds - last[0] >= 5 or count.decisions >= asked.decisions:
            last[0] = seconds
            print(f"{seconds:7.0f} s  {count.decisions:7,} decisions  {count.after:7,} after  {count.stale} stale", flush=True)

    with tempfile.TemporaryDirectory() as place, _store(Path(place), sqlite=asked.sqlite) as url:
        create_node_keys(Path(place) / "keys")
        count = asyncio.run(races(url, Path(place) / "keys", decisions=asked.decisions, told=told))
    rounds = ", ".join(f"{number:,} {kind}s" for kind, number in count.rounds.items())
    engine = "SQLite" if asked.sqlite else "PostgreSQL"
    print(
        f"{engine}: {count.decisions:,} raced decisions on 2 replicas ({rounds} revoked): {count.before:,} permitted, "
        f"{count.after:,} asked after a revocation's commit, {count.stale} stale"
    )
    sys.exit(1 if count.stale or not count.before else 0)


if __name__ == "__main__":
    main()
