"""PostgreSQL's own processes are killed under a log that is being written, or all of it is stopped at once: it starts again, and nothing
that was answered is lost.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.database import Database
from tests.audit.audit_node import migrated
from tests.audit.test_faults import ROOT, check_store

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.anyio]

BATCHES = 40
KILLED_AT = {5, 15, 25}
"""After so many answered batches it happens; the server ends all of its processes and recovers from its log."""


@pytest.mark.requirement("LOG-FAULTS")
@pytest.mark.requirement("FAULT-kill")
@pytest.mark.parametrize("how", ["a backend is killed", "the server is stopped at once"])
async def test_a_log_survives_what_ends_the_server(how: str, postgres_place: str, node_keys: Path) -> None:
    await migrated(postgres_place)
    process = appending(postgres_place, node_keys)
    acked: dict[str, int] = {}
    answered = 0
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            word, *places = line.split()
            if word != "acked":
                assert word == "done"
                break
            for place in places:
                index, _, key = place.partition("=")
                assert acked.setdefault(key, int(index)) == int(index)
            answered += 1
            if answered in KILLED_AT:
                await (_kill_a_backend(postgres_place) if how == "a backend is killed" else asyncio.to_thread(_stop_at_once))
    assert process.wait() == 0
    assert len(acked) == 2 * BATCHES
    assert await check_store(postgres_place, node_keys, acked) == 2 * BATCHES


def appending(url: str, node_keys: Path, *, batches: int = BATCHES) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.audit.few_appends", url, str(node_keys), str(batches), "300"]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


async def _kill_a_backend(url: str) -> None:
    database = Database(url)
    async with database.reading() as tx:
        mine = await tx.scalar(text("SELECT pg_backend_pid()"))
        others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> :mine AND state IS NOT NULL"
        victims = list(await tx.scalars(text(others), {"mine": mine}))
    assert victims
    await database.close()
    os.kill(victims[0], signal.SIGKILL)


def _stop_at_once() -> None:
    """As `pg_ctl stop -m immediate` does, without a checkpoint; then it is started as it was."""
    data = Path(os.environ["SAFE_PASSAGE_TEST_POSTGRES_DATA"])  # noqa: TID251 how the script tells the tests
    running = Path("/proc", (data / "postmaster.pid").read_text().split()[0], "exe").readlink()
    command = [running.with_name("pg_ctl"), "-D", data, "-m", "immediate", "-w", "-l", data / "server.log", "restart"]
    owner = data.stat()
    as_owner: dict[str, Any] = {} if os.geteuid() == owner.st_uid else {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **as_owner)
