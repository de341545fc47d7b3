"""The write-ahead log is cut off at any length, or a bit of it is another: the store is what it was after an earlier group, as a whole."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.audit.checkpoints import CheckpointSigner
from tests.audit.audit_node import event, running, sqlite_url
from tests.audit.test_power_cut import require_all_seen
from tests.conftest import StandingClock

pytestmark = [pytest.mark.faults, pytest.mark.anyio]

GROUPS = 4
HEADER, FRAME_HEADER = 32, 24
"""Bytes of the file's header and of each frame's (sqlite.org/fileformat2.html, section 4.1)."""


@pytest.fixture
async def torn(sqlite_store: Path, node_keys: Path, clock: StandingClock, tmp_path: Path) -> tuple[Path, bytes]:
    """The file of a store of which all that was appended is in the write-ahead log alone, and that log."""
    folder = tmp_path / "torn"
    folder.mkdir()
    async with running(sqlite_url(sqlite_store.parent), node_keys, clock, checkpoint_seconds=3600) as node:
        for group in range(GROUPS):
            await node.append(event("match", key=f"{group}:match"), event("request", key=f"{group}:request"))
        shutil.copy(sqlite_store, folder / "audit.db")
        written = Path(f"{sqlite_store}-wal").read_bytes()  # noqa: ASYNC240 nothing else runs
    return folder / "audit.db", written


def sizes(store: Path, original: bytes, logs: Iterator[bytes], node_keys: Path) -> list[int]:
    """What is there under each of these write-ahead logs: each time a log that verifies as a whole. How many entries it has."""
    key = CheckpointSigner.of(node_keys / "audit").verifier("alder.example/log/2026")
    found = []
    for written in logs:
        for beside in ("-wal", "-shm"):
            Path(f"{store}{beside}").unlink(missing_ok=True)
        store.write_bytes(original)
        Path(f"{store}-wal").write_bytes(written)
        size, *_ = require_all_seen(store, (), key)
        assert isinstance(size, int)
        found.append(size)
    return found


@pytest.mark.requirement("FAULT-torn")
async def test_a_log_that_was_cut_off_at_any_length_ends_with_an_earlier_group(torn: tuple[Path, bytes], node_keys: Path) -> None:
    """At each byte of the last commit's last frame; of every other frame at its ends, behind its header and in the middle."""
    store, written = torn
    original = store.read_bytes()
    frame = FRAME_HEADER + int.from_bytes(written[8:12], "big")
    assert (len(written) - HEADER) % frame == 0
    ends = range(HEADER, len(written) + 1, frame)
    lengths = {end + more for end in ends for more in (-1, 0, 1, FRAME_HEADER, frame // 2)} | set(range(HEADER + 1))
    lengths = {length for length in lengths if length <= len(written)} | set(range(len(written) - frame, len(written)))
    found = sizes(store, original, (written[:length] for length in sorted(lengths)), node_keys)
    assert found == sorted(found)
    assert set(found) == {2 * group for group in range(GROUPS + 1)}


@pytest.mark.requirement("FAULT-torn")
async def test_a_bit_that_is_another_is_believed_nowhere(torn: tuple[Path, bytes], node_keys: Path) -> None:
    store, written = torn
    original = store.read_bytes()
    places = range(0, len(written), max(1, len(written) // 400))
    found = sizes(store, original, (written[:at] + bytes([written[at] ^ (1 << at % 8)]) + written[at + 1 :] for at in places), node_keys)
    assert set(found) <= {2 * group for group in range(GROUPS + 1)}
    assert found[1:] == sorted(found[1:])
