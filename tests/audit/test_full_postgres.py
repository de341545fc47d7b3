"""The disk of a PostgreSQL is really full: that of its tables, that of its write-ahead log, or the one on which all of it lies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.test_faults import ROOT, Process
from tests.audit.test_full_and_racing import may_mount

pytestmark = [pytest.mark.faults, pytest.mark.postgres]


def may_serve() -> bool:
    """PostgreSQL serves nobody who is root: who mounts has to become somebody else for it."""
    command = ["unshare", "-rm", "unshare", "-U", "--map-user=1000", "--map-group=1000", "true"]
    return may_mount() and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.skipif(not may_serve(), reason="nothing may be mounted here, or not by who may serve PostgreSQL")
@pytest.mark.usefixtures("postgres_server")
@pytest.mark.parametrize(
    ("part", "panic"),
    [
        ("tables", False),  # the statement is refused, and the server goes on
        ("write-ahead-log", True),  # all of it dies, and cannot recover before there is room
        ("everything", True),
    ],
)
@pytest.mark.requirement("FAULT-full")
@pytest.mark.requirement("LOG-I2")
@pytest.mark.timeout(300)
def test_a_full_disk_of_postgresql_loses_nothing_and_appending_goes_on_with_room(part: str, panic: bool, node_keys: Path) -> None:
    """What is not answered is refused as one to be sent again, and then is in the log once; the service is never started anew."""
    command = [str(ROOT / "tests/postgres/with-small-disk"), part, sys.executable, "-m", "tests.audit.full_postgres", str(node_keys)]
    process = Process.of(command, {"PATH": os.defpath})
    process.finish()
    assert process.said == ["ready", "full", "refused 3", "recovered", f"felt True panic {panic}", f"verified {len(process.acked)}"]
    assert sorted(process.acked.values()) == list(range(len(process.acked)))
