"""Whatever changes something, or asks for data of somebody, is an entry of the log that names the client: operation by operation."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.audit.alerts.watched import entries
from tests.conftest import StandingClock
from tests.isolation.coverage import operations, route_of
from tests.isolation.test_isolation import PARTS
from tests.isolation.two_districts import TwoDistricts, meet_everybody, two_districts

pytestmark = pytest.mark.anyio

NO_ENTRY: Final = {"privacy.reproduce_decision": "computes a decision anew, and tells nothing that reading the decision does not"}
"""What leaves none, and why."""
LEAST: Final = {"gateway": 22, "privacy": 10, "records": 5, "audit": 6}
"""So many of each are answered well at the least."""


async def newest(two: TwoDistricts, client_id: str) -> int:
    """The index of the last entry of what a client did; -1 where there is none."""
    for service in ("gateway", "privacy", "records"):
        await two.state.node.applications[service].state.outbox.drain()  # type: ignore[index]  # they are named as services are
    found = await entries(two.audit, classes=[], client_ids=[client_id])
    return int(found[-1]["index"]) if found else -1


@pytest.mark.requirement("LOG-acts")
@pytest.mark.parametrize("service", LEAST)
async def test_whatever_is_done_is_an_entry_of_who_did_it(tmp_path: Path, node_keys: Path, service: str) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        done, silent = set(), set()
        async for name, owner, request in PARTS[service](two):
            if request.method == "GET" or owner == "nobody":
                continue
            operation = f"{service}.{name}"
            wanted = route_of(operation).scopes
            party, _ = two.owners[owner].with_scope(wanted)
            before = await newest(two, party.client_id)
            if (await two.ask(two.owners[owner], wanted, request)).status < 300:
                done.add(operation)
                if await newest(two, party.client_id) == before:
                    silent.add(operation)
        assert silent == {one for one in NO_ENTRY if one in done}
        assert len(done) >= LEAST[service], done
        if service == "gateway":
            assert done == administrative()


def administrative() -> set[str]:
    """What clients can change at the gateway itself."""
    own = {name for name in operations() if name.startswith("gateway.")}
    return {name for name in own if route_of(name).accepts == "clients" and operations()[name][0] != "GET"}
