"""docs/policy-sets.md, as an official reads it: every `sh` block, in order, in one shell, in an empty folder."""

import re
from pathlib import Path

import pytest

from tests.tutorial.typed import blocks, typed


@pytest.mark.requirement("ALL-tutorial")
@pytest.mark.slow
def test_the_page_on_policy_sets_does_what_it_says(tmp_path: Path) -> None:
    told = typed("policy-sets.md", tmp_path)
    assert "passed: 2 cases of its own" in told
    assert '"added": [\n      "xa-assessments-stay"\n    ]' in told
    assert re.search(r"^4  \S{43}  from \S+  roll-back  approved by o-21 o-34$", told, re.M)
    assert (tmp_path / "for-the-approvers" / "us-xa.forbids.cedar").read_text() == (tmp_path / "rules" / "us-xa.forbids.cedar").read_text()


def test_the_page_has_commands() -> None:
    assert len(blocks("policy-sets.md")) >= 5
