"""On which Pythons all this has passed is said in one way everywhere, and an environment that was begun without a part is ended."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.sources import ROOT

PROJECTS = (ROOT / "pyproject.toml", ROOT / "sdk/python/pyproject.toml")
TRIED = re.compile(r"Python (3\.\d+) to (3\.\d+)")


def _tried(project: Path = PROJECTS[0]) -> list[str]:
    """The versions in the classifiers, oldest first."""
    said = tomllib.loads(project.read_text())["project"]["classifiers"]
    return [one.rpartition(" ")[2] for one in said if one.startswith("Programming Language :: Python :: 3.")]


@pytest.mark.parametrize("project", PROJECTS, ids=["node", "sdk"])
def test_each_distribution_names_every_minor_version_from_the_oldest_on(project: Path) -> None:
    minors = [int(one.removeprefix("3.")) for one in _tried(project)]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert tomllib.loads(project.read_text())["project"]["requires-python"] == f">=3.{minors[0]}"
    assert _tried(project) == _tried()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/deployment.md", "docs/tutorial.md", "Makefile"])
def test_pages_name_the_versions_that_were_tried(page: str) -> None:
    assert set(TRIED.findall((ROOT / page).read_text())) == {(_tried()[0], _tried()[-1])}


def test_locks_types_and_lint_are_made_for_the_oldest_and_the_image_holds_one_that_was_tried() -> None:
    tools, oldest = tomllib.loads(PROJECTS[0].read_text())["tool"], _tried()[0]
    assert f"--universal --python-version {oldest} " in (ROOT / "Makefile").read_text()
    assert (tools["mypy"]["python_version"], tools["ruff"]["target-version"]) == (oldest, f"py{oldest.replace('.', '')}")
    [image] = re.findall(r"^ARG PYTHON_IMAGE=python:(3\.\d+)-slim$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert image in _tried()


def test_these_tests_run_on_one_of_them() -> None:
    assert f"3.{sys.version_info.minor}" in _tried(), "say that it passes (classifiers of both pyproject.toml), or run another"


def _python(path: Path, *, makes_pip: bool, pip: str = "exit 0") -> Path:
    """A stand-in for an interpreter: Debian's and Ubuntu's leaves an environment half made where its package python3-venv is missing."""
    made = (
        f'printf \'#!/bin/sh\\n{pip}\\n\' > "$3/bin/pip" && chmod +x "$3/bin/pip"'
        if makes_pip
        else "echo 'apt install python3-venv'; exit 1"
    )
    path.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exit 0\nmkdir -p "$3/bin" && touch "$3/bin/python" && chmod +x "$3/bin/python" && {made}\n'
    )
    path.chmod(0o755)
    return path


def _make(venv: Path, python: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", f"VENV={venv}", f"PYTHON={python}", f"{venv}/.node"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


def test_an_environment_that_was_left_half_made_is_ended_by_the_next_call(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    first = _make(venv, _python(tmp_path / "without", makes_pip=False))
    assert (first.returncode, "apt install python3-venv" in first.stdout, (venv / "bin/python").exists()) == (2, True, True)
    second = _make(venv, _python(tmp_path / "with", makes_pip=True))
    assert (second.returncode, second.stderr) == (0, "")
    assert (venv / ".node").exists()


def test_where_a_package_cannot_be_installed_the_versions_that_can_are_named(tmp_path: Path) -> None:
    done = _make(tmp_path / "venv", _python(tmp_path / "newer", makes_pip=True, pip="exit 1"))
    assert done.returncode == 2
    assert f"Tried are Python {_tried()[0]} to {_tried()[-1]}" in done.stderr
    assert not (tmp_path / "venv/.node").exists()
