"""docs/policy-sets.md, as an official reads it: every `sh` block, in order, in one shell, in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "policy-sets.md"
BASH = shutil.which("bash") or "bash"


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


@pytest.mark.requirement("ALL-tutorial")
@pytest.mark.slow
def test_the_page_on_policy_sets_does_what_it_says(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # noqa: TID251 the reader's path
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk' / 'python' / 'src'}"}  # noqa: TID251 the reader's shell
    script = "\n".join(["set -euo pipefail", *blocks()])
    told = subprocess.run([BASH, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    assert "passed: 2 cases of its own" in told.stdout
    assert '"added": [\n      "xa-assessments-stay"\n    ]' in told.stdout
    assert re.search(r"^4  \S{43}  from \S+  roll-back  approved by o-21 o-34$", told.stdout, re.M)
    assert (tmp_path / "for-the-approvers" / "us-xa.forbids.cedar").read_text() == (tmp_path / "rules" / "us-xa.forbids.cedar").read_text()


def test_the_page_has_commands() -> None:
    assert len(blocks()) >= 5
