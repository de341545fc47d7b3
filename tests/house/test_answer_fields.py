"""A header field that a service answers with crosses the door, or nobody outside ever sees it."""

import ast
import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Final

from services.gateway.door.headers import RETURNED
from tests.house.sources import modules

SERVICES: Final = ("services/records", "services/privacy", "services/audit")
THE_DOORS_OWN: Final = frozenset({"cache-control"})
"""What the gateway says of every answer by itself."""
CALLING_OUT: Final = frozenset({"services/records/ed_fi/api.py", "services/records/exchange/peers.py", "services/audit/witnessing/door.py"})
"""They write the header of requests."""


def answered_by(path: str, tree: ast.Module) -> Iterator[str]:
    """The names of fields that stand in the code of a module, as members of `headers`."""
    module = importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [one.value for one in node.keywords if one.arg == "headers"]
            given += node.args[2:3] if isinstance(node.func, ast.Name) and node.func.id == "Response" else []
            for value in given:
                yield from _members(value, module)
        elif isinstance(node, ast.Assign):
            [target] = node.targets[:1]
            if isinstance(target, ast.Name) and target.id == "headers":
                yield from _members(node.value, module)
            elif isinstance(target, ast.Subscript) and ast.unparse(target.value).rpartition(".")[2] == "headers":
                yield _named(target.slice, module)


def _members(value: ast.expr, module: ModuleType) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Dict):
            yield from (_named(key, module) for key in node.keys if key is not None)
        elif isinstance(node, ast.Name) and isinstance(getattr(module, node.id, None), dict):
            yield from getattr(module, node.id)


def _named(key: ast.expr, module: ModuleType) -> str:
    return str(key.value if isinstance(key, ast.Constant) else getattr(module, ast.unparse(key)))


def test_every_field_that_a_service_answers_with_crosses_the_door() -> None:
    found = {name: path for path, tree in modules(*SERVICES) if path not in CALLING_OUT for name in answered_by(path, tree)}
    assert {"link", "x-total-count", "safepassage-left-with-districts"} <= found.keys()
    assert {name: path for name, path in found.items() if name.encode() not in RETURNED and name not in THE_DOORS_OWN} == {}
