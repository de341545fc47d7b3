"""A page as a reader types it: every `sh` block, in order, in one shell, in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"


def blocks(page: str) -> list[str]:
    """What there is to type on a page of docs/."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.M | re.S)


def typed(page: str, folder: Path) -> str:
    """Type it all in `folder`; what was said. Stops the test at the first command that fails."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # noqa: TID251 the reader's path
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}:{ROOT / 'sdk' / 'python' / 'src'}"}  # noqa: TID251 the reader's shell
    script = "\n".join(["set -euo pipefail", *blocks(page)])
    told = subprocess.run([BASH, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    return told.stdout
