"""docs/tutorial.md, as a reader types it: every `sh` block, in order, in one shell, in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ED_FI = ROOT.parent / "shared" / "data" / "edfi-sample"
BASH, PKILL = shutil.which("bash") or "bash", shutil.which("pkill") or "pkill"
TUTORIAL = ROOT / "docs" / "tutorial.md"


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text(), re.M | re.S)


@pytest.mark.requirement("ALL-tutorial")
@pytest.mark.slow
@pytest.mark.skipif(not ED_FI.is_dir(), reason="needs the Ed-Fi sample files in ../shared/data/edfi-sample")
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # noqa: TID251 the reader's path
    environment = {**os.environ, "PATH": path, "EDFI": str(ED_FI), "SDK": str(ROOT / "sdk" / "python")}  # noqa: TID251 the reader's shell
    # A file, not `-c`: the tutorial's pkill looks for command lines, and the shell's own must not hold the words.
    script = tmp_path / "typed.sh"
    script.write_text("\n".join(["set -euo pipefail", *blocks()]))
    try:
        told = subprocess.run([BASH, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False)
    finally:
        subprocess.run([PKILL, "-9", "-f", "safepassage-node up (alder|birch)"], check=False)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    assert "'enrollments-derived-from-attendance': 227" in told.stdout
    assert "'enrollment-missing': 733" in told.stdout
    assert "Dyer" in told.stdout
    assert '"code":"not-authenticated"' in told.stdout
    assert re.search(r"^Verified\.", told.stdout, re.M)
    assert re.search(r"First bad entry: \d+", told.stdout + told.stderr)


def test_the_tutorial_has_commands() -> None:
    assert len(blocks()) >= 8


def test_every_variable_that_is_typed_is_set_on_the_page() -> None:
    typed = "\n".join(re.findall(r"^```(?:sh|text)\n(.*?)^```$", TUTORIAL.read_text(), re.M | re.S))
    assert set(re.findall(r"\$\{?([A-Z]+)", typed)) - set(re.findall(r"(?:^|\s)([A-Z]+)=", typed)) == set()
