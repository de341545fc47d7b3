"""The verifier with one of its checks taken out: what the suite of bad evidence has to tell from the whole one.

Taken out is, each by itself: a condition that raises, each part of a condition that has several, a filter, and a call whose result is not
used (a verification raises and returns nothing, so that is what one looks like).
"""

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.sdk.verifier.evidence import NAMES, Verifier

CHECKED_BY_CALL = ("verify", "require", "check", "meet", "compare", "suspect", "tile_done", "read_leaf", "fold", "located")
"""Words in the names of functions that are called for what they refuse, or for what they note."""


class Hole(NamedTuple):
    """A check that is taken out."""

    module: str
    line: int
    what: str
    source: str
    """Of the module without it."""

    def __str__(self) -> str:
        return f"{self.module}: {self.what}"


def holes(which: Callable[[str, str], bool] = lambda _, __: True) -> Iterator[Hole]:
    """Every verifier with a hole; those of them for whose module and text `which` is true."""
    for module in NAMES:
        spec = find_spec(f"safepassage.{module}")
        assert spec is not None
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text())
        loops = {id(part) for node in ast.walk(tree) if isinstance(node, ast.While) for part in ast.walk(node.test)}
        for node in ast.walk(tree):
            if id(node) in loops:
                continue  # whether a loop goes on is no check: without it none ends
            for what, change, undo in _changes(node):
                if not which(module, what):
                    continue
                change()
                yield Hole(module, node.lineno, what, ast.unparse(ast.fix_missing_locations(tree)))  # type: ignore[attr-defined]
                undo()


def _changes(node: ast.AST):  # type: ignore[no-untyped-def]
    if isinstance(node, ast.If) and any(isinstance(one, (ast.Raise, ast.Return, ast.Continue)) or _is_check(one) for one in node.body):
        held = node.test
        yield f"if {ast.unparse(held)}", *_set(node, "test", ast.Constant(False), held)
    if isinstance(node, ast.BoolOp):
        held_values = node.values
        for value in held_values:
            others = [one for one in held_values if one is not value]
            yield f"{ast.unparse(value)} in {ast.unparse(node)}", *_set(node, "values", others, held_values)
    if isinstance(node, ast.comprehension):
        held_ifs = node.ifs
        for one in held_ifs:
            node.lineno = one.lineno  # type: ignore[attr-defined]
            yield f"where {ast.unparse(one)}", *_set(node, "ifs", [], held_ifs)
    if isinstance(node, ast.Expr) and _is_check(node):
        held_call = node.value
        yield ast.unparse(held_call), *_set(node, "value", ast.Constant(None), held_call)


def _is_check(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    return any(word in ast.unparse(node.value.func).lower() for word in CHECKED_BY_CALL)


def _set(node: ast.AST, name: str, value: object, held: object):  # type: ignore[no-untyped-def]
    return lambda: setattr(node, name, value), lambda: setattr(node, name, held)


@contextmanager
def _forgotten() -> Iterator[None]:
    """The verifier's modules are loaded anew within, and are as they were behind it."""
    names = [f"safepassage.{name}" for name in NAMES]
    for name in names:
        importlib.import_module(name)
    held = {name: sys.modules.pop(name) for name in names}
    try:
        yield
    finally:
        for name in names:
            parent, _, last = name.rpartition(".")
            sys.modules[name] = held[name]
            setattr(sys.modules[parent], last, held[name])


def with_hole(hole: Hole) -> Verifier:
    """The verifier without that check; every other module is as it is. Raises what its import raises."""
    modules: dict[str, ModuleType] = {}
    with _forgotten():
        for name in NAMES:
            if name != hole.module:
                modules[name] = importlib.import_module(f"safepassage.{name}")
                continue
            module = ModuleType(f"safepassage.{name}")
            sys.modules[module.__name__] = modules[name] = module
            exec(compile(hole.source, module.__name__, "exec"), vars(module))  # noqa: S102 it is the SDK's own source
    return Verifier(modules)
