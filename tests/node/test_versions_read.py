"""A version of a key-encryption key is destroyed when no process can still wrap by it: each had the time to read the newest."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.commands.key_encryption import node_of
from node.wrapping import seconds_until_read
from shared.key_encryption import FileKeyProvider
from shared.key_providers import FOLDER
from shared.keys import new_symmetric_key
from shared.sealing_settings import SealingSettings

NOW = datetime(2026, 11, 1, 5, 59, tzinfo=UTC)
"""A minute before clocks in New York go back."""


def waits(keys: Path, came: timedelta, **settings: float) -> float:
    at = (NOW - came).timestamp()
    os.utime(keys / FOLDER / "2.key", (at, at))
    told = SealingSettings.model_construct(keys_directory=keys, **{"root_key_lease_seconds": 300.0, **settings})
    return round(seconds_until_read(told, 2, now=NOW))


@pytest.mark.requirement("KEYS-rotation")
def test_a_process_looks_each_third_of_a_lease_and_has_as_long_again_to_end_what_it_began(tmp_path: Path) -> None:
    new_symmetric_key(tmp_path / FOLDER / "1.key")
    FileKeyProvider(tmp_path / FOLDER).rotate()
    ages = (timedelta(0), timedelta(seconds=199), timedelta(seconds=200), timedelta(days=1), timedelta(days=-1))
    assert [waits(tmp_path, age) for age in ages] == [200, 1, 0, 0, 200]
    assert waits(tmp_path, timedelta(0), root_key_lease_seconds=30) == 20


def test_keys_at_the_root_of_a_container_are_no_nodes_and_those_in_its_folder_are(tmp_path: Path) -> None:
    """`--keys /keys` ended in a traceback."""
    assert [node_of(Path(one)) for one in ("/", "/keys", str(tmp_path))] == [None] * 3
    (tmp_path / "node.json").touch()
    assert node_of(tmp_path / "keys" / "records") == tmp_path
