"""Every system call on the log's store fails once, or kills the process: what was answered is there, and the log verifies.

strace injects the fault into the n-th call of a kind on the store's own files, for every n that a run has: calls that open, lock, read,
write, sync.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from safepassage.problems.stored_log import NothingSigned
from services.audit.verification import verify_store
from tests.audit.audit_node import settings_of, sqlite_url
from tests.audit.test_faults import check_store
from tests.audit.traced_appends import STRACE, appends

pytestmark = [
    pytest.mark.faults,
    pytest.mark.anyio,
    pytest.mark.skipif(STRACE is None, reason="needs strace (Linux): apt-get install strace"),
]

FAULTS = {
    "io-error-of-a-write": "pwrite64:error=EIO",
    "no-space-for-a-write": "pwrite64:error=ENOSPC",
    "killed-at-a-write": "pwrite64:signal=KILL",
    "io-error-of-a-sync": "fdatasync:error=EIO",
    "killed-at-a-sync": "fdatasync:signal=KILL",
    "io-error-of-a-truncation": "ftruncate:error=EIO",
    "killed-at-a-removal": "unlink:signal=KILL",
    "io-error-of-a-read": "pread64:error=EIO",
    "no-descriptor-for-a-file": "openat:error=EMFILE",
    "no-lock": "fcntl:error=EIO",
}


async def size_of(folder: Path, node_keys: Path, acked: Mapping[str, int]) -> int:
    """Entries of a log that verifies as a whole; 0 where not even the first log was opened, and so nothing was answered."""
    try:
        opened = await verify_store(settings_of(sqlite_url(folder), node_keys))
    except NothingSigned:
        opened = []
    if not opened:
        assert not acked
        return 0
    return await check_store(sqlite_url(folder), node_keys, dict(acked))


def copied(store: Path, to: Path) -> Path:
    """A folder with a store at head."""
    to.mkdir()
    shutil.copy(store, to / "audit.db")
    return to


@pytest.mark.requirement("LOG-FAULTS")
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.requirement("FAULT-syscalls")
async def test_whichever_call_fails_nothing_that_was_answered_is_lost(
    fault: str, sqlite_store: Path, node_keys: Path, tmp_path: Path
) -> None:
    call = FAULTS[fault].partition(":")[0]
    with appends(node_keys) as process:
        whole = process.run(copied(sqlite_store, tmp_path / "whole"))
        assert (whole.code, len(whole.acked)) == (0, 6)
        # strace counts the calls of each thread by themselves, and so the n-th of every thread feels the fault.
        count = max(Counter(line.split()[0] for line in whole.trace if f" {call}(" in line).values())
        felt = 0
        for n in range(1, count + 1):
            folder = copied(sqlite_store, tmp_path / str(n))
            run = process.run(folder, "-e", f"inject={FAULTS[fault]}:when={n}")
            felt += run.felt
            assert await size_of(folder, node_keys, run.acked) % 2 == 0  # a group is there as a whole or not at all
            shutil.rmtree(folder)
    # a checkpoint behind comes by the clock: a run on a busy machine may have fewer of them than the one that was counted
    assert felt > count // 3
