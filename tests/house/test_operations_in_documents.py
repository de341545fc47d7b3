"""What the pages name of the interface is there: each method and path, and each problem under its status."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import safepassage.problems
from safepassage.problems import REGISTRY

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "sdk" / "python" / "README.md")
NAMED: Final = re.compile(r"`(GET|POST|PUT|DELETE) (/(?:v1|access|oauth)/[A-Za-z0-9_/{}.-]*)")
PROBLEM: Final = re.compile(r"\b([45][0-9]{2}) `([a-z][a-z0-9]*(?:-[a-z0-9]+)+)`|`([a-z][a-z0-9]*(?:-[a-z0-9]+)+)` \(([45][0-9]{2})\)")


def shape(path: str) -> str:
    """Whatever its parts are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def named() -> Iterator[tuple[str, str, str]]:
    for page in PAGES:
        for method, path in NAMED.findall(page.read_text()):
            if not path.endswith(("/", "{", "...")):  # a stem, of which several are meant
                yield page.name, method, path


def test_every_operation_that_a_page_names_is_one() -> None:
    paths = json.loads((ROOT / "openapi" / "node.json").read_text())["paths"]
    there = {(method.upper(), shape(path)) for path, members in paths.items() for method in members}
    told = list(named())
    assert len(told) > 100
    assert [one for one in told if (one[1], shape(one[2]).rstrip(".")) not in there] == []


def test_every_problem_that_a_page_names_has_that_status() -> None:
    for module in pkgutil.iter_modules(safepassage.problems.__path__):
        importlib.import_module(f"{safepassage.problems.__name__}.{module.name}")
    told = [(page.name, status or last, code or first) for page in PAGES for status, code, first, last in PROBLEM.findall(page.read_text())]
    assert len(told) > 20
    assert [one for one in told if one[2] not in REGISTRY or REGISTRY[one[2]].status != int(one[1])] == []
