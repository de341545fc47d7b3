"""The power of a PostgreSQL is cut: whatever part of what was not synced its disk has kept, what was answered is there after recovery."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.test_faults import Process
from tests.audit.traced_appends import STRACE

pytestmark = [pytest.mark.faults, pytest.mark.postgres]

AS_NOBODY_SPECIAL = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
"""PostgreSQL serves nobody who is root."""


def may_trace() -> bool:
    command = [*AS_NOBODY_SPECIAL, str(STRACE), "-f", "-qq", "-o", os.devnull, "true"]
    return STRACE is not None and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.skipif(not may_trace(), reason="nothing may be traced here, or not by who may serve PostgreSQL")
@pytest.mark.usefixtures("postgres_server")
@pytest.mark.requirement("LOG-FAULTS")
@pytest.mark.requirement("FAULT-power")
@pytest.mark.timeout(600)
def test_whatever_its_disk_kept_nothing_that_was_answered_is_lost(node_keys: Path) -> None:
    command = [*AS_NOBODY_SPECIAL, sys.executable, "-m", "tests.audit.postgres_cuts", str(node_keys)]
    process = Process.of(command, {"PATH": os.defpath, "TMPDIR": str(node_keys.parent)})
    process.finish()
    (said,) = process.said
    numbers = re.fullmatch(r"cut (\d+) lost (\d+)", said)
    assert numbers is not None
    assert int(numbers[1]) >= 20
    assert int(numbers[2]) >= 10  # or the cuts took nothing away
