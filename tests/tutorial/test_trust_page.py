"""docs/trust.md, as root holders and operators type it: every `sh` block, in order, in one shell, in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "trust.md"
BASH = shutil.which("bash") or "bash"


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


@pytest.mark.requirement("ALL-tutorial")
@pytest.mark.slow
def test_the_page_on_the_trust_list_does_what_it_says(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # noqa: TID251 the reader's path
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk' / 'python' / 'src'}"}  # noqa: TID251 the reader's shell
    script = "\n".join(["set -euo pipefail", *blocks()])
    told = subprocess.run([BASH, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    assert told.stdout.count("It has all the signatures that it needs") == 5
    for sentence in (
        "Department of Education of cedar (https://cedar.example) is admitted, for XC.",
        "Department of Education of cedar (https://cedar.example) is suspended.",
        "Department of Education of alder (https://alder.example) has new statement keys.",
        "3 of 4 roots sign a list.",
        "Serial 5: accepted, 3 members.",
    ):
        assert sentence in told.stdout


def test_the_page_has_commands() -> None:
    assert len(blocks()) >= 6
