"""PostgreSQL's own processes are killed under a log that is being written: the server starts again, nothing that was answered is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.database import Database
from tests.audit.audit_node import migrated
from tests.audit.test_faults import ROOT, check_store

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.anyio]

BATCHES = 40
KILLED_AT = {5, 15, 25}
"""After so many answered batches a backend dies; the server then ends all of them and recovers from its log."""


@pytest.mark.requirement("LOG-FAULTS")
@pytest.mark.requirement("FAULT-kill")
async def test_a_log_survives_that_backends_are_killed(postgres_place: str, node_keys: Path) -> None:
    await migrated(postgres_place)
    process = _appending(postgres_place, node_keys)
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
                await _kill_a_backend(postgres_place)
    assert process.wait() == 0
    assert len(acked) == 2 * BATCHES
    assert await check_store(postgres_place, node_keys, acked) == 2 * BATCHES


def _appending(url: str, node_keys: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.audit.few_appends", url, str(node_keys), str(BATCHES), "300"]
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
