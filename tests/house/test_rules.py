"""Rules of our own that no linter knows: only the database module commits, modules say what they are."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.schema_head import head_of
from shared.telemetry import MEMBERS
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


def told(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Of lines of the log what they say beside their message, as far as it is written where the line is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
            for key in node.value.keys:
                yield node.value.lineno, "**" if key is None else ast.unparse(key).strip("\"'")


def test_what_a_line_of_the_log_is_to_say_is_on_its_closed_list() -> None:
    """Anything else would be dropped, and whoever reads the line would not learn which witness, client or key it is about."""
    lines = [(name, line, member) for name, tree in modules("services", "shared", "node", "sdk") for line, member in told(tree)]
    assert len(lines) > 50
    assert [(name, line, member) for name, line, member in lines if member not in MEMBERS] == []


def test_the_rule_sees_what_a_line_says() -> None:
    assert list(told(ast.parse("log.info('x', extra={'code': 1, 'name': 2, **more})"))) == [(1, "code"), (1, "name"), (1, "**")]
