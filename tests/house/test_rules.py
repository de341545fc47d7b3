"""Rules of our own that no linter knows: only the database module commits, modules say what they are."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.schema_head import head_of
from shared.who_may_call import SERVICES, ServiceName
from tests.house.sources import ROOT, modules, tracked

MAY_COMMIT = {"shared/database.py", "shared/inline_sqlite.py", "shared/migrations.py"}


def commits(tree: ast.AST) -> Iterator[int]:
    """Lines that call a method `commit`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node.lineno


def test_only_the_database_module_commits() -> None:
    found = [f"{name}:{line}" for name, tree in modules("services", "shared", "node") for line in commits(tree) if name not in MAY_COMMIT]
    assert found == []


def test_the_rule_sees_a_commit() -> None:
    assert list(commits(ast.parse("async def f(tx):\n    await tx.commit()\n"))) == [2]


@pytest.mark.parametrize("service", SERVICES)
def test_no_history_of_a_schema_has_forked(service: ServiceName) -> None:
    """Where two were written beside each other, the later one follows the other."""
    assert head_of(service)


def test_every_module_says_what_it_is() -> None:
    missing = [name for name, tree in modules("services", "shared", "node", "sdk") if tree.body and ast.get_docstring(tree) is None]
    assert missing == []


def test_the_public_functions_of_the_sdk_are_documented() -> None:
    missing = []
    for name, tree in modules("sdk/python/src"):
        for node in tree.body:
            public = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if public and ast.get_docstring(node) is None:
                missing.append(f"{name}: {node.name}")
    assert missing == []


def test_nothing_is_imported_inside_a_function_without_a_reason() -> None:
    unexplained = []
    for path in tracked("services/*.py", "shared/*.py", "node/*.py", "sdk/*.py"):
        for number, line in enumerate(Path(path).read_text().splitlines(), 1):
            if "noqa: PLC0415" in line and not line.split("noqa: PLC0415", 1)[1].strip():
                unexplained.append(f"{path.relative_to(ROOT)}:{number}")
    assert unexplained == []
