"""The public tables say which tests show what: each that they name is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
PAGES: Final = {"oauth.md": 40, "people.md": 11, "security-tests.md": 40}
"""With so many names at the least."""
NAME: Final = re.compile(r"(?<![\w/`.])(?:[a-z_]+/)*[a-z0-9_]+(?![\w(])")


def named(line: str) -> Iterator[Path]:
    """The files and folders of a table's line: by their paths in tests/, or beside the one before."""
    folder: Path | None = None
    for name in NAME.findall(line):
        if "/" in name and (TESTS / name.partition("/")[0]).is_dir():
            folder = (TESTS / name).parent
            yield TESTS / name
        elif name.startswith("test_") and folder is not None:
            yield folder / name


@pytest.mark.parametrize("page", PAGES)
def test_each_test_that_a_table_names_is_there(page: str) -> None:
    lines = [line for line in (ROOT / "docs" / page).read_text().splitlines() if line.startswith("|")]
    found = [path for line in lines for path in named(line)]
    assert len(found) >= PAGES[page], len(found)
    assert [str(path.relative_to(TESTS)) for path in found if not path.is_dir() and not path.with_suffix(".py").is_file()] == []
