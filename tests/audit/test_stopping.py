"""A node that was stopped leaves a store that others can verify to its last entry."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.audit.verification import verify_store
from tests.audit.audit_node import event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def test_a_stopped_nodes_store_has_no_entry_without_a_checkpoint(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock, checkpoint_seconds=3600) as node:
        await node.append(*[event("match", student=uuid4()) for _ in range(5)])
    (report,) = await verify_store(settings_of(store_url, node_keys))
    assert (report.log.size, report.log.newer) == (5, 0)


async def test_what_another_process_appended_is_published_too(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    slow = {"checkpoint_seconds": 3600}
    async with running(store_url, node_keys, clock, **slow) as one, running(store_url, node_keys, clock, **slow) as two:
        await one.append(event("match"))
        await two.append(event("match"))
    (report,) = await verify_store(settings_of(store_url, node_keys))
    assert (report.log.size, report.log.newer) == (2, 0)
