"""Several processes of one audit service on one store, and all of them at the same instant: one log, one key, nobody fails."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from services.audit.tables import LogRow
from services.audit.verification import verify_store
from tests.audit.audit_node import AuditNode, event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

REPLICAS = 6
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


async def started(stack: AsyncExitStack, url: str, node_keys: Path, clock: StandingClock) -> list[AuditNode]:
    """The replicas, started together."""
    opening = [running(url, node_keys, clock) for _ in range(REPLICAS)]
    nodes = await asyncio.gather(*(one.__aenter__() for one in opening))
    for one in opening:
        stack.push_async_exit(one.__aexit__)
    return list(nodes)


@pytest.mark.requirement("LOG-I5")
async def test_replicas_that_start_together_on_an_empty_store_share_one_log_and_its_keys(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with AsyncExitStack() as stack:
        nodes = await started(stack, store_url, node_keys, clock)
        assert len({node.sequencer.digest_key for node in nodes}) == 1
        one = event("request")
        places = {(await node.append(one)).entries[0].index for node in nodes}
        assert places == {0}
        async with nodes[0].database.reading() as tx:
            assert (await tx.scalars(select(LogRow.year))).all() == [clock().year]
    await verify_store(settings_of(store_url, node_keys))


async def test_replicas_that_meet_new_year_at_the_same_instant_open_one_log(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with AsyncExitStack() as stack:
        nodes = await started(stack, store_url, node_keys, clock)
        await asyncio.gather(*(node.append(event("match")) for node in nodes))
        clock.instant = NEW_YEAR
        answers = await asyncio.gather(*(node.append(event("match")) for node in nodes))
    assert sorted(answer.entries[0].index for answer in answers) == list(range(1, REPLICAS + 1))
    reports = await verify_store(settings_of(store_url, node_keys))
    assert [report.log.size for report in reports] == [REPLICAS, REPLICAS + 1]
