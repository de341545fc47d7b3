"""Keys that a test may change, and copies of a store as a backup makes them."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def own_keys(node_keys: Path, tmp_path: Path) -> Path:
    """Keys of a node that this test may change."""
    return Path(shutil.copytree(node_keys, tmp_path / "own-keys"))
