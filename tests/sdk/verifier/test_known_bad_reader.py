"""A verifier of another maker that is known to be bad is found out by the suite of bad evidence; as it was mended, it is not.

golang.org/x/mod 0.7.0 believes a tile that lies under the tree's edge without comparing it with the tile above it.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from safepassage.problems.stored_log import StoredLogUnreadable
from tests.sdk.verifier import bad_logs
from tests.sdk.verifier.evidence import Verifier, refuses

READERS = os.environ.get("SAFE_PASSAGE_TEST_TILE_READERS")  # noqa: TID251 how the script tells the tests

pytestmark = [pytest.mark.long, pytest.mark.skipif(READERS is None, reason="needs Go: tests/audit/with-other-makers")]


class Reader(Verifier):
    """A program that reads a folder of tiles, in the place of ours."""

    LogFolder = Path

    def __init__(self, name: str) -> None:
        super().__init__()
        self._program = f"{READERS}/{name}"

    def verify_log(self, folder: Path, *, keys: list[Any], pinned: tuple[str, ...] = ()) -> None:
        """Raises StoredLogUnreadable for whatever it refuses: it names no place."""
        assert not pinned
        done = subprocess.run([self._program, folder, keys[0].vkey], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 1:
            raise StoredLogUnreadable
        assert done.returncode == 0, done.stderr


@pytest.mark.requirement("LOG-verifier")
@pytest.mark.requirement("FAULT-verifier")
def test_a_reader_that_is_known_to_be_bad_is_found_out_and_mended_it_is_not(tmp_path: Path) -> None:
    logs = bad_logs.Logs(tmp_path)
    cases = list(bad_logs.tampered_folder(logs))
    believed = {name: [case.name for case in cases if not refuses(Reader(name), case)] for name in ("mended", "known_bad")}
    assert believed == {"mended": [], "known_bad": ["an altered bundle with its tile of hashes"]}
    for name in believed:
        for case in bad_logs.whole_folder(logs):
            case.judge(Reader(name))
