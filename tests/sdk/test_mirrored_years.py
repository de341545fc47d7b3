"""A folder that mirrors a log mirrors that one for good, also at New Year, and is verified whatever a copy that was cut off left in it."""

from pathlib import Path

import pytest

from safepassage.client.log_mirror import mirror_log
from safepassage.offline.log_folder import LogFolder
from safepassage.offline.whole_log import verify_log
from safepassage.problems.proofs import NoteMalformed
from safepassage.problems.stored_log import FolderOfAnotherLog
from tests.sdk.stored_logs import ORIGIN, entry, key_of, write_folder
from tests.sdk.test_client import Desk

NEXT = ORIGIN.replace("2026", "2027")


def test_the_log_of_the_new_year_is_not_mixed_into_the_folder_of_the_old_one(tmp_path: Path) -> None:
    desk, folder = Desk(), tmp_path / "mirror"
    old, new = [entry(number) for number in range(300)], [entry(number) for number in range(400, 1000)]
    for name, entries, origin in (("old", old, ORIGIN), ("new", new, NEXT)):
        write_folder(tmp_path / name, entries, origin=origin)
    desk.node.log = tmp_path / "old"
    assert mirror_log(desk.client, folder) == 300
    held = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    desk.node.log = tmp_path / "new"
    with pytest.raises(FolderOfAnotherLog, match=f"it holds {ORIGIN}, and the node's is {NEXT}"):
        mirror_log(desk.client, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == held
    assert verify_log(LogFolder(folder), keys=[key_of()]).size == 300
    assert mirror_log(desk.client, tmp_path / "mirror of 2027") == 600
    assert verify_log(LogFolder(tmp_path / "mirror of 2027"), keys=[key_of(NEXT)]).size == 600


def test_a_checkpoint_that_a_full_disk_cut_off_is_none(tmp_path: Path) -> None:
    write_folder(tmp_path, [entry(number) for number in range(300)])
    (tmp_path / "checkpoint.part").write_text(ORIGIN)
    assert verify_log(LogFolder(tmp_path), keys=[key_of()]).size == 300
    (tmp_path / "checkpoint.300").write_text(ORIGIN)
    with pytest.raises(NoteMalformed):
        verify_log(LogFolder(tmp_path), keys=[key_of()])
