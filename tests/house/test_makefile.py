"""What `make` says on a machine that lacks what it needs."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_without_python_it_says_what_to_install_and_how_to_name_another(tmp_path: Path) -> None:
    command = ["make", f"VENV={tmp_path}/venv", "PYTHON=python-that-is-not-there", f"{tmp_path}/venv/.node"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode
    assert "There is no python-that-is-not-there here: install Python 3.11 or later, or name one: PYTHON=python3.11" in done.stderr
    assert list(tmp_path.iterdir()) == []
