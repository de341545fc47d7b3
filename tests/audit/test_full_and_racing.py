"""A disk that really is full, and three processes that append to one log as fast as they can."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.appending_process import BATCH
from tests.audit.audit_node import sqlite_url
from tests.audit.test_faults import Process, check_store

pytestmark = [pytest.mark.faults, pytest.mark.anyio]

SMALL_DISK = """
set -e
mount -t tmpfs -o size=3m none "$DISK"
cp "$STORE" "$DISK/audit.db"
head -c 1500000 /dev/zero > "$DISK/ballast"
"$PYTHON" -m tests.audit.appending_process "sqlite+aiosqlite:///$DISK/audit.db" "$KEYS" small 2 "full=$DISK/ballast"
cp "$DISK"/audit.db* "$OUT"
"""


def may_mount() -> bool:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="nothing may be mounted here; the limit of a file's size stands for it in test_faults")
@pytest.mark.requirement("FAULT-full")
async def test_a_disk_that_is_full_loses_nothing_and_appending_goes_on_with_room(
    sqlite_store: Path, node_keys: Path, tmp_path: Path
) -> None:
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    out.mkdir()
    names = {"DISK": disk, "STORE": sqlite_store, "KEYS": node_keys, "OUT": out, "PYTHON": sys.executable}
    environment = {"PATH": os.defpath, **{name: str(path) for name, path in names.items()}}
    process = Process.of(["unshare", "-rm", "bash", "-c", SMALL_DISK], environment)
    process.finish()
    assert process.said == ["ready", "full", "refused 3", "recovered", "done"]
    assert await check_store(sqlite_url(out), node_keys, process.acked) == len(process.acked)


@pytest.mark.requirement("FAULT-race")
@pytest.mark.timeout(600)
async def test_three_processes_that_race_make_one_log_without_a_gap(store_url: str, node_keys: Path) -> None:
    batches = 60
    processes = [Process(store_url, node_keys, f"race{n}", batches) for n in range(3)]
    for process in processes:
        process.finish()
    acked = processes[0].acked | processes[1].acked | processes[2].acked
    assert sorted(acked.values()) == list(range(3 * batches * BATCH))
    assert await check_store(store_url, node_keys, acked) == len(acked)
