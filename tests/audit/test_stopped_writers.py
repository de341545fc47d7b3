"""A writer that stands still, as on a machine that is paused or gone, loses the log to others, and wakes up to what they wrote."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from services.audit import driver
from services.audit.group_commit import lock_head
from services.audit.retention.holds import lock_logs
from services.audit.verification import verify_store
from shared.siblings import TIMEOUT_SECONDS
from tests.audit.appending_process import BATCH
from tests.audit.audit_node import AuditNode, event, migrated, running, settings_of
from tests.audit.stopping_process import SILENT_SECONDS
from tests.audit.test_faults import Process
from tests.conftest import StandingClock

pytestmark = [pytest.mark.postgres, pytest.mark.anyio]

BEFORE = 2
CLIENTS, EACH = 16, 6
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def stands_still(process: Process, lines: Iterator[str]) -> int:
    """Read until it says that it stops; its process id, once it stands still."""
    assert "stopping" in lines
    pid = process._process.pid
    for _ in range(2_000):
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return pid
        time.sleep(0.005)
    raise TimeoutError("it goes on")


async def load(node: AuditNode) -> set[tuple[str, int]]:
    """Clients that append one entry after the other, all at once; where these are. Nobody is refused."""
    places: set[tuple[str, int]] = set()

    async def client() -> None:
        for _ in range(EACH):
            (appended,) = (await node.append(event("request"))).entries
            places.add((node.verified(appended).origin, appended.index))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    assert len(places) == CLIENTS * EACH
    return places


@pytest.mark.requirement("FAULT-race")
@pytest.mark.requirement("LOG-I2")
@pytest.mark.parametrize("where", ["holding", "between"])
@pytest.mark.parametrize("year_turns", [False, True], ids=["within a year", "while the year turns"])
async def test_a_writer_that_stood_still_holds_nobody_up_for_long_and_writes_over_nothing(
    postgres_place: str, node_keys: Path, clock: StandingClock, where: str, year_turns: bool
) -> None:
    await migrated(postgres_place)
    command = [sys.executable, "-m", "tests.audit.stopping_process", postgres_place, str(node_keys), where, str(BEFORE)]
    process = Process.of(command, {"PATH": os.defpath})
    lines = process.lines()
    pid = stands_still(process, lines)
    clock.instant = NEW_YEAR if year_turns else datetime(2026, 10, 20, 12, 5, tzinfo=UTC)
    try:
        async with asyncio.timeout(40), running(postgres_place, node_keys, clock) as node:
            began = time.monotonic()
            try:
                places = await asyncio.wait_for(load(node), 20)
                assert time.monotonic() - began < SILENT_SECONDS + 20
                os.kill(pid, signal.SIGCONT)
                more, _ = await asyncio.gather(load(node), asyncio.to_thread(list, lines))  # both at once
            finally:
                process._process.kill()  # its connection ends with it: whatever went wrong, nobody waits for its lock any more
        assert not places & more
        places |= more
    finally:
        process._process.kill()
        process._process.wait()
    assert process.said[-2:] == ["stopping", "done"]
    assert len(process.acked) == (BEFORE + 4) * BATCH
    reports = await verify_store(settings_of(postgres_place, node_keys))
    sizes = {report.log.origin: report.log.size + report.log.newer for report in reports}
    assert len(sizes) == 1 + year_turns
    opening = int(year_turns)
    assert sum(sizes.values()) == len(places) + len(process.acked) + opening
    ours = sorted(index for origin, index in places if origin == max(sizes))
    assert len(ours) == len(places)
    if not year_turns:
        assert not set(ours) & set(process.acked.values())


async def test_whoever_takes_the_lock_of_a_log_has_it_for_less_than_its_callers_wait(
    postgres_place: str, node_keys: Path, clock: StandingClock
) -> None:
    """An append, New Year, a legal hold and a destruction. Who asks a service of the node waits ten seconds, then sends the same again."""
    await migrated(postgres_place)
    limit = f"{driver.SILENT_SECONDS}s"
    assert driver.SILENT_SECONDS < TIMEOUT_SECONDS

    def as_an_append(connection: Connection) -> str:
        head = node.sequencer.head
        assert head is not None
        lock_head(driver.Driver(connection), head)
        return str(connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one())

    async with running(postgres_place, node_keys, clock) as node:
        await node.append(event("request"))
        assert await node.database.write(as_an_append) == limit
        for lock in (node.sequencer._shards.current, lock_logs):
            async with node.database.transaction() as tx:
                await lock(tx)
                assert await tx.scalar(text("SHOW idle_in_transaction_session_timeout")) == limit
        async with node.database.transaction() as tx:  # the next transaction of the connection is as it was
            assert await tx.scalar(text("SHOW idle_in_transaction_session_timeout")) == "5min"
