"""Codes that the services write into the log, found in their text: for the test that each has words."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[3]
WRITES: Final = "Context"
"""What an entry's operation and outcome are members of (shared.contracts.audit)."""


class Found(NamedTuple):
    """What stands for a member of entries."""

    codes: frozenset[str]
    composed: frozenset[str]
    """What is worked out: the text that does it."""


def codes_of(member: str) -> Found:
    """What is given for `member` where an entry is made, or handed to a function that makes one."""
    codes, composed = set[str](), set[str]()
    trees = _trees()
    shared = {name: place for tree in trees for name, place in _writers(tree, member).items() if not name.startswith("_")}
    for tree in trees:
        constants, writers = _constants(tree), shared | _writers(tree, member)
        for one in (*_given(tree, member, writers), *_usual(tree, member, writers)):
            if not (isinstance(one, ast.Name) and one.id == member):  # handed on: what it is, is found where it comes from
                said = set(_texts(one, constants))
                codes |= said
                composed |= set() if said or isinstance(one, ast.Constant) else {ast.unparse(one)}
    return Found(frozenset(codes), frozenset(composed))


@cache
def _trees() -> list[ast.Module]:
    paths = [path for folder in ("services", "shared") for path in sorted((ROOT / folder).rglob("*.py"))]
    return [ast.parse(path.read_text()) for path in paths if "migrations" not in path.parts]


def _given(tree: ast.Module, member: str, writers: Mapping[str, int]) -> Iterator[ast.expr]:
    """In calls, and in the functions that make them to a variable of the member's name."""
    for call in _calls(tree):
        name = _called(call)
        if name == WRITES or name in writers:
            yield from (one.value for one in call.keywords if one.arg == member)
            if name in writers and len(call.args) > writers[name] >= 0:
                yield call.args[writers[name]]
    for function in _functions(tree):
        found = [node.value for node in ast.walk(function) if isinstance(node, ast.Assign) and member in _targets(node)]
        if found and any(_called(call) == WRITES or _called(call) in writers for call in _calls(function)):
            yield from found


def _usual(tree: ast.Module, member: str, writers: Mapping[str, int]) -> Iterator[ast.expr]:
    """What a function writes if it is told nothing else."""
    for function in _functions(tree):
        about = function.args
        usual = [*zip(about.kwonlyargs, about.kw_defaults, strict=True)]
        usual += [*zip(reversed(about.args), reversed(about.defaults), strict=False)]
        if function.name in writers:
            yield from (value for one, value in usual if one.arg == member and value is not None)


def _calls(inside: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(inside) if isinstance(node, ast.Call))


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _writers(tree: ast.Module, member: str) -> Mapping[str, int]:
    """Functions that write a parameter of theirs as the member: by name, its place among what they are called with; -1: by name alone."""
    functions = {one.name: one for one in _functions(tree)}
    functions = {name: one for name, one in functions.items() if member in {arg.arg for arg in (*one.args.args, *one.args.kwonlyargs)}}
    found: dict[str, int] = {}
    while functions:
        more = {name: _place(one, member) for name, one in functions.items() if name not in found and _writes(one, member, found)}
        if not more:
            break
        found |= more
    return found


def _writes(function: ast.FunctionDef | ast.AsyncFunctionDef, member: str, writers: Mapping[str, int]) -> bool:
    for call in _calls(function):
        name = _called(call)
        handed = [*call.args, *(one.value for one in call.keywords if one.arg == member)]
        if (name == WRITES or name in writers) and any(isinstance(one, ast.Name) and one.id == member for one in handed):
            return True
    return False


def _place(function: ast.FunctionDef | ast.AsyncFunctionDef, member: str) -> int:
    names = [one.arg for one in function.args.args if one.arg not in ("self", "cls")]
    return names.index(member) if member in names else -1


def _targets(node: ast.Assign) -> list[str]:
    return [one.id for one in node.targets if isinstance(one, ast.Name)]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _constants(tree: ast.Module) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node.value.value for target in targets if isinstance(target, ast.Name)}
    return found


def _texts(given: ast.expr, constants: Mapping[str, str]) -> Iterator[str]:
    if isinstance(given, ast.IfExp):
        yield from _texts(given.body, constants)
        yield from _texts(given.orelse, constants)
    elif isinstance(given, ast.Name) and given.id in constants:
        yield constants[given.id]
    elif isinstance(given, ast.Constant) and isinstance(given.value, str) and given.value:
        yield given.value
