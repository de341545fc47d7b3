"""The power is cut at any moment: whatever part of the unsynced writes the disk has kept, all that others have seen of the log is there."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from safepassage.checkpoints import parse_checkpoint, parse_note
from safepassage.notes import VerifierKey
from safepassage.offline.log_database import LogDatabase
from safepassage.offline.whole_log import verify_log
from services.audit.checkpoints import CheckpointSigner
from services.audit.verification import verify_store
from tests.audit.appending_process import TickingClock
from tests.audit.audit_node import event, running, settings_of, sqlite_url
from tests.audit.power_cuts import Cut, Seen, Step, cuts, steps_of
from tests.audit.test_faults import ROOT
from tests.audit.test_injected_faults import copied
from tests.audit.traced_appends import STRACE

pytestmark = [
    pytest.mark.faults,
    pytest.mark.anyio,
    pytest.mark.skipif(STRACE is None, reason="needs strace (Linux): apt-get install strace"),
]

FILES = "audit.db", "audit.db-wal"
CALLS = "pwrite64,fdatasync,fsync,ftruncate,unlink,unlinkat,write"


def traced(folder: Path, node_keys: Path) -> list[Step]:
    """A whole run of `watched_appends`, step by step."""
    watched = [part for name in (*FILES, "seen", "") for part in ("-P", os.path.normpath(folder / name))]
    tracer = [str(STRACE), "-f", "-qq", "-y", "-xx", "-s", "300000", "-e", f"trace={CALLS}", *watched, "-o", str(folder / "trace")]
    command = [sys.executable, "-m", "tests.audit.watched_appends", sqlite_url(folder), str(node_keys), str(folder)]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk/python/src'}", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([*tracer, *command], check=True, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    return steps_of(folder / "trace", folder)


def put(folder: Path, cut: Cut) -> Path:
    """What is found when there is power again."""
    for name in (*FILES, "audit.db-shm"):
        (folder / name).unlink(missing_ok=True)
    for name, content in cut.files.items():
        if content is not None:
            (folder / name).write_bytes(content)
    return folder / "audit.db"


def require_all_seen(store: Path, seen: Sequence[str], key: VerifierKey) -> tuple[object, ...]:
    """Check the store against what others have seen of it; gives what is in it, so that no state is looked at in full twice."""
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        roots = dict(connection.execute("SELECT size, note FROM checkpoint").fetchall())
        (held,) = connection.execute("SELECT coalesce(max(size), 0) FROM witnessed_log").fetchone()
        cosigned = {size for (size,) in connection.execute("SELECT size FROM cosignature")}
        ((size,),) = connection.execute("SELECT size FROM tree_state").fetchall() or [(0,)]
        ((events, highest),) = connection.execute("SELECT count(*), coalesce(max(idx), -1) FROM appended").fetchall()
    assert events == size == highest + 1
    for line in seen:
        word, *rest = line.split()
        if word == "acked":
            assert all(int(place.partition("=")[0]) < size for place in rest)
        elif word in ("shown", "sent"):
            checkpoint = parse_checkpoint(parse_note(roots[int(rest[0])]).text)
            assert (checkpoint.size, checkpoint.root.hex()) == (int(rest[0]), rest[1])
        elif word == "witnessed":
            assert int(rest[0]) in cosigned
        else:
            assert held >= int(rest[0])
    if roots:
        with closing(LogDatabase(store)) as database:
            report = verify_log(database.logs[0], keys=[key])
            assert report.size + report.newer == size
    return size, tuple(sorted(roots.items())), held, tuple(sorted(cosigned))


async def goes_on(folder: Path, node_keys: Path, seen: Sequence[str]) -> None:
    """The service starts, and what was answered before and comes again is what it was; nothing else is in the way of a new entry."""
    acked = [place.partition("=") for line in seen if line.startswith("acked") for place in line.split()[1:]]
    async with running(sqlite_url(folder), node_keys, TickingClock()) as node:
        assert node.sequencer.frozen is None
        for index, _, key in acked:
            (again,) = (await node.append(event("request" if key.endswith(":1") else "match", key=key))).entries
            assert (again.index, again.duplicate) == (int(index), True)
        (new,) = (await node.append(event("request", student=UUID(int=9)))).entries
        assert new.index == node.sequencer.size - 1
        node.verified(new)
    await verify_store(settings_of(sqlite_url(folder), node_keys))


@pytest.mark.requirement("LOG-FAULTS")
@pytest.mark.requirement("FAULT-power")
@pytest.mark.requirement("FAULT-torn")
@pytest.mark.timeout(600)
async def test_whatever_the_disk_kept_when_the_power_was_cut_nothing_that_was_seen_is_lost(
    sqlite_store: Path, node_keys: Path, tmp_path: Path
) -> None:
    before = {"audit.db": sqlite_store.read_bytes()}  # noqa: ASYNC240 nothing else runs
    steps = traced(copied(sqlite_store, tmp_path / "whole"), node_keys)
    key = CheckpointSigner.of(node_keys / "audit").verifier("alder.example/log/2026")
    folder, after = tmp_path / "cut", tmp_path / "after"
    folder.mkdir()
    found: set[tuple[object, ...]] = set()
    count = 0
    for cut in cuts(steps, before):
        seen = [step.line for step in steps[: cut.after] if isinstance(step, Seen)]
        try:
            state = require_all_seen(put(folder, cut), seen, key)
        except Exception as error:
            raise AssertionError(f"after step {cut.after} of {len(steps)}, {cut.how}") from error
        count += 1
        if state not in found:
            found.add(state)
            put(folder, cut)
            after.mkdir(exist_ok=True)
            put(after, cut)
            await goes_on(after, node_keys, seen)
    assert count > 1_000
    assert len(found) > 15
