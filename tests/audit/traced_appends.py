"""Appends under strace, which lets one system call on the store's files fail or kills the process there; a fork for each run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.audit.audit_node import sqlite_url
from tests.audit.test_faults import ROOT

CALLS = "pwrite64,fdatasync,fsync,ftruncate,unlink,pread64,openat,fcntl"
STRACE = shutil.which("strace")
_TRACER = re.compile(r"^TracerPid:\t([0-9]+)$", re.MULTILINE)


class Run(NamedTuple):
    """What became of one."""

    code: int
    """Exit code; -9 for one that was killed."""
    acked: Mapping[str, int]
    """What was answered: the index of each key."""
    trace: list[str]
    """The system calls on the store's files, a line each."""

    @property
    def felt(self) -> bool:
        """The fault came to pass."""
        return self.code == -signal.SIGKILL or any("INJECTED" in line for line in self.trace)


class Appends:
    """A process that forks one for each run, so that what it imports is imported once."""

    def __init__(self, process: "subprocess.Popen[str]", node_keys: Path) -> None:
        self._process, self._node_keys = process, node_keys

    def run(self, folder: Path, *inject: str) -> Run:
        """Append three batches to the store in `folder`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{sqlite_url(folder).replace('aiosqlite', 'inline')} {self._node_keys} 3 2\n")
        self._process.stdin.flush()
        word, pid = self._said()
        assert word == "waiting"
        trace = folder / "trace"
        files = [part for name in ("audit.db", "audit.db-wal", "audit.db-journal") for part in ("-P", str(folder / name))]
        command = [str(STRACE), "-f", "-qq", "-p", pid, "-e", f"trace={CALLS}", *files, "-o", str(trace), *inject]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracer:
            _wait_for_tracer(int(pid))
            os.kill(int(pid), signal.SIGUSR1)
            acked: dict[str, int] = {}
            while True:
                word, *places = self._said()
                if word == "ended":
                    break
                for place in places if word == "acked" else ():
                    index, _, key = place.partition("=")
                    assert acked.setdefault(key, int(index)) == int(index)
            tracer.wait(timeout=60)
        return Run(int(places[0]), acked, trace.read_text().splitlines())

    def _said(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().split()
        assert line, "the process that forks has ended"
        return line


@contextmanager
def appends(node_keys: Path) -> Iterator[Appends]:
    """The process, for a while."""
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.audit.few_appends"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what the faults make the service say
        text=True,
        cwd=ROOT,
        env=environment,
    )
    with process:
        yield Appends(process, node_keys)
        assert process.stdin is not None
        process.stdin.close()


def _wait_for_tracer(pid: int) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        found = _TRACER.search(Path(f"/proc/{pid}/status").read_text())
        if found is not None and found[1] != "0":
            return
        time.sleep(0.005)
    raise TimeoutError("strace did not take hold of the process")
