"""A process that is killed while it looks for alerts leaves nothing unsaid, and the next one says nothing a second time."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from services.audit.alerts.watching import LEASE
from tests.audit.alerts.test_watching import known
from tests.audit.alerts.watched import entries, read_students, rows, watcher_of
from tests.audit.audit_node import AuditNode, give_organisations, running
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]


async def found(node: AuditNode) -> tuple[list[str], list[str]]:
    """The rules of alerts that nobody has explained, and those of alerts that the log has, each once for each."""
    kept = [row for row in await rows(node) if row.acknowledged_count is None]
    ids = {f"alert:{row.id}": row.rule for row in kept}
    told = [ids[entry["context"]["about"]] for entry in await entries(node) if entry["context"]["about"] in ids]
    return sorted(ids.values()), sorted(told)


@pytest.mark.slow
@pytest.mark.requirement("LOG-ALERTS")
@pytest.mark.parametrize("when", ["finding", "kept", "appended", "noted"])
async def test_what_a_killed_process_was_finding_is_told_once(store_url: str, node_keys: Path, clock: StandingClock, when: str) -> None:
    async with running(store_url, node_keys, clock) as node:
        await give_organisations(node)
        await known(node, clock)
        await read_students(node, 500)
    command = [sys.executable, "-m", "tests.audit.alerts.killed_watcher", store_url, str(node_keys), clock().isoformat(), when]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    async with running(store_url, node_keys, clock) as node:
        await node.app.state.projector.catch_up()
        before = await found(node)
        await watcher_of(node).turn()
        assert await found(node) == before  # the lease of the dead holds
        clock.advance(seconds=LEASE.total_seconds())
        for _ in range(2):
            await watcher_of(node).turn()
        kept, told = await found(node)
    assert "bulk-read" in kept
    assert told == kept
    assert (
        before
        == {
            "finding": ([], []),
            "kept": (kept, []),
            "appended": (kept, kept),
            "noted": (kept, kept),
        }[when]
    )
