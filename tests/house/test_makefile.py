"""What `make` says on a machine that lacks what it needs, and that what is slow is run by it."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_without_python_it_says_what_to_install_and_how_to_name_another(tmp_path: Path) -> None:
    command = ["make", f"VENV={tmp_path}/venv", "PYTHON=python-that-is-not-there", f"{tmp_path}/venv/.node"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode
    assert "There is no python-that-is-not-there here: install Python 3.11 or later, or name one: PYTHON=python3.11" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_whatever_is_slow_is_run_by_a_target_that_a_change_must_pass() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    recipes = re.findall(r"^([a-z-]+):[^\n]*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    slow = {target: re.findall(r"tests/[\w/.]+", recipe) for target, recipe in recipes if '-m "slow' in recipe}
    assert {target for target in slow if f"suite {target}" in run} == set(slow) == {"test-policies", "test-stories", "test-timing"}
    places = [ROOT / place for target in slow for place in slow[target]]
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if re.search(r"mark\.slow\b", path.read_text())]
    assert len(files) > 30
    assert [str(path) for path in files if not any(path == place or place in path.parents for place in places)] == []
