"""What PostgreSQL is asked to keep is on its disk when it is answered: strace counts the syncs of the process that writes the log."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.database import Database
from tests.audit.audit_node import migrated
from tests.audit.test_postgres_killed import appending
from tests.audit.traced_appends import STRACE

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.anyio]

BATCHES = 30


@contextmanager
def traced(trace: Path) -> Iterator[None]:
    """Every sync of the server, and of all that it starts from now on."""
    data = Path(os.environ["SAFE_PASSAGE_TEST_POSTGRES_DATA"])  # noqa: TID251 how the script tells the tests
    server = (data / "postmaster.pid").read_text().split()[0]
    command = [str(STRACE), "-f", "-e", "trace=fdatasync,fsync", "-o", str(trace), "-p", server]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        if "attached" not in tracer.stderr.readline():
            pytest.skip("another user's process may not be traced here")
        yield
        tracer.send_signal(signal.SIGINT)


@pytest.mark.skipif(STRACE is None, reason="needs strace: tests/audit/with-strace")
@pytest.mark.requirement("LOG-FAULTS")
async def test_each_group_that_is_answered_was_synced(postgres_place: str, node_keys: Path, tmp_path: Path) -> None:
    await migrated(postgres_place)
    answered, writers = 0, set[str]()
    with traced(tmp_path / "trace"):
        process = appending(postgres_place, node_keys, batches=BATCHES)
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                answered += line.startswith("acked")
                if answered == 1:
                    writers |= await _backends(postgres_place)
        assert process.wait() == 0
    syncs = [line for line in (tmp_path / "trace").read_text().splitlines() if line.split()[0] in writers and "sync(" in line]
    assert answered == BATCHES
    assert len(syncs) >= BATCHES - 1  # those that came before the writers were known are not counted


async def _backends(url: str) -> set[str]:
    """The processes that serve the log's database."""
    database = Database(url)
    async with database.reading() as tx:
        others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        found = {str(pid) for pid in await tx.scalars(text(others))}
    await database.close()
    return found
