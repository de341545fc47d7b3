"""Every system call that writes the log's store fails once, or kills the process: what was answered is there, and the log verifies.

strace injects the fault into the n-th call of a kind on the store's own files, for every n that a run has.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from safepassage.problems.stored_log import NothingSigned
from services.audit.verification import verify_store
from tests.audit.audit_node import settings_of, sqlite_url
from tests.audit.test_faults import ROOT, check_store

pytestmark = [
    pytest.mark.faults,
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (Linux): apt-get install strace"),
]

CALLS = "pwrite64,pwritev,fdatasync,fsync,ftruncate,fallocate,unlink,unlinkat"
FAULTS = {
    "io-error-of-a-write": "pwrite64:error=EIO",
    "no-space-for-a-write": "pwrite64:error=ENOSPC",
    "killed-at-a-write": "pwrite64:signal=KILL",
    "io-error-of-a-sync": "fdatasync:error=EIO",
    "killed-at-a-sync": "fdatasync:signal=KILL",
    "io-error-of-a-truncation": "ftruncate:error=EIO",
    "killed-at-a-removal": "unlink:signal=KILL",
}
_ACKED = re.compile(r"^acked (.*)$", re.MULTILINE)


def run(folder: Path, node_keys: Path, *inject: str) -> tuple[int, Mapping[str, int], list[str]]:
    """Exit code, what was answered, and the system calls on the store's files."""
    trace = folder / "trace"
    files = [word for name in ("audit.db", "audit.db-wal", "audit.db-journal") for word in ("-P", str(folder / name))]
    command = [
        *(str(shutil.which("strace")), "-f", "-qq", "-e", f"trace={CALLS}", *files, "-o", str(trace), *inject),
        *(sys.executable, "-m", "tests.audit.few_appends", sqlite_url(folder).replace("aiosqlite", "inline"), str(node_keys), "3", "2"),
    ]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    acked: dict[str, int] = {}
    for line in _ACKED.findall(done.stdout):
        for place in line.split():
            index, _, key = place.partition("=")
            assert acked.setdefault(key, int(index)) == int(index)
    return done.returncode, acked, trace.read_text().splitlines()


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


@pytest.fixture
def fresh(sqlite_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store at head, to be copied for each run."""
    folder = tmp_path_factory.mktemp("fresh")
    shutil.copy(sqlite_store, folder / "audit.db")
    return folder


def copied(fresh: Path, to: Path) -> Path:
    to.mkdir()
    shutil.copy(fresh / "audit.db", to / "audit.db")
    return to


@pytest.mark.requirement("LOG-FAULTS")
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("of_four", range(4))
@pytest.mark.parametrize("fault", FAULTS)
async def test_whichever_call_fails_nothing_that_was_answered_is_lost(
    fault: str, of_four: int, fresh: Path, node_keys: Path, tmp_path: Path
) -> None:
    call = FAULTS[fault].partition(":")[0]
    code, acked, trace = run(copied(fresh, tmp_path / "whole"), node_keys)
    assert (code, len(acked)) == (0, 6)
    # strace counts the calls of each thread by themselves, and so the n-th of every thread feels the fault.
    threads = Counter(line.split()[0] for line in trace if f" {call}(" in line)
    count = max(threads.values())
    felt, calls = [], range(1 + of_four, count + 1, 4)
    for n in calls:
        folder = copied(fresh, tmp_path / str(n))
        code, acked, trace = run(folder, node_keys, "-e", f"inject={FAULTS[fault]}:when={n}")
        felt.append(any("INJECTED" in line or "killed by SIGKILL" in line for line in trace))
        assert await size_of(folder, node_keys, acked) % 2 == 0  # a group is there as a whole or not at all
        shutil.rmtree(folder)
    assert all(felt)
