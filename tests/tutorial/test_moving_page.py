"""docs/moving.md, as an operator types it."""

import re
from pathlib import Path

import pytest

from tests.tutorial.typed import ROOT, typed


@pytest.mark.requirement("KEYS-of-the-store")
@pytest.mark.slow
def test_a_node_is_moved_and_brought_back_as_the_page_says(tmp_path: Path) -> None:
    said = typed("moving.md", tmp_path)
    assert "keys of the week: the node statement names 4 that are not here" in " ".join(said.split())
    assert len(re.findall(r"/log/\d{4}: \d+ entries and \d+ checkpoints agree", said)) == 2
    [shown] = re.findall(r"^```text\n(.*?)^```$", (ROOT / "docs" / "moving.md").read_text(), re.M | re.S)
    assert said.endswith(shown)
