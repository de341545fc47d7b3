"""Files are small, names say what a file is, and nothing of one machine gets in."""

import re

import pytest

from tests.house.sources import ROOT, tracked

SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "service", "models", "crud", "misc", "constants"}


def test_no_file_has_more_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py", "*.cedar", "*.html", "*.css", "*.js")
        if "migrations/versions" not in path.as_posix() and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked("*.py") if path.stem in SAY_NOTHING or path.parent.name in SAY_NOTHING] == []


FOLDERS = {".ci", "bench", "deploy", "docs", "node", "openapi", "sdk", "services", "shared", "tests"}


def test_nothing_lies_beside_the_folders_of_the_project() -> None:
    """A file that a command wrote into the working copy by mistake is not taken in with what was meant."""
    inside = {path.relative_to(ROOT).parts[0] for path in tracked("*") if len(path.relative_to(ROOT).parts) > 1}
    assert inside <= FOLDERS


FORBIDDEN = [r"/root/", r"/work/", r"--(extra-)?index-url (?!and)", r"https?://[^\s\"']*\.whl", r'"resolved": *"http']


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_tracked_file_names_a_machine_or_a_registry(pattern: str) -> None:
    own = "tests/house/test_files.py"
    found = []
    for path in tracked("*"):
        name = str(path.relative_to(ROOT))
        if name != own and path.suffix not in {".png", ".pdf", ".woff2"} and re.search(pattern, path.read_text(errors="replace")):
            found.append(name)
    assert found == []


def test_every_dependency_is_pinned_by_hash() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock"):
        text = lock.read_text()
        pins = re.findall(r"^[a-z0-9][a-z0-9._-]*==\S+", text, re.M)
        assert len(pins) > 20
        assert len(re.findall(r"^[a-z0-9][a-z0-9._-]*==[^\n]*\\\n +--hash=sha256:", text, re.M)) == len(pins)
        assert "http://" not in text
        assert "https://" not in text
