"""What tests take from one another is there: a suite that nobody ran after a name moved is not the one to say so."""

import ast
from collections.abc import Iterator

from tests.house.sources import modules


def bound(tree: ast.AST) -> Iterator[str]:
    """What a module has names for once it is imported; not what is inside its functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        yield from bound(node)


def taken(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The modules of tests that a module takes from, each with a name it takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "tests":
            yield from ((node.module, one.name) for one in node.names)


def missing(trees: dict[str, ast.Module]) -> list[str]:
    """What is taken and is nowhere."""
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): set(bound(tree)) for path, tree in trees.items()}
    return sorted(
        f"{path}: {module}.{name}"
        for path, tree in trees.items()
        for module, name in taken(tree)
        if name not in names.get(module, ()) and f"{module}.{name}" not in names
    )


def test_what_is_taken_from_a_module_of_tests_is_there() -> None:
    assert missing(dict(modules("tests", "bench"))) == []


def test_the_rule_sees_a_name_that_moved() -> None:
    given = {
        "tests/one.py": "def here() -> None:\n    gone = 1\n",
        "tests/two.py": "from tests import one\nfrom tests.one import gone, here\nfrom tests.none import other",
    }
    assert missing({path: ast.parse(text) for path, text in given.items()}) == [
        "tests/two.py: tests.none.other",
        "tests/two.py: tests.one.gone",
    ]
