"""Every sentence of the scorecard, for whoever translates it: read out of the text of the service that says them, which is not imported."""

import ast
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final, get_args

from services.gateway.console.readiness_words import shape_of
from shared.who_may_call import ServiceName

FOLDER: Final = Path(__file__).parents[2] / "privacy" / "readiness"
FILES: Final = (FOLDER / "scorecard.py", *sorted((FOLDER / "rules").glob("*.py")))
A_FIGURE: Final = "0"
ATTESTED: Final = "Attested on "
"""The one sentence that the page puts together itself, out of the attestation, for its days."""


def readiness_messages() -> list[str]:
    """The questions, then what the rules find and what would raise it."""
    questions = [one["question"] for one in json.loads((FOLDER / "questions.json").read_text())]
    found = [sentence for file in FILES for sentence in _sentences(ast.parse(file.read_text()))]
    return list(dict.fromkeys([*questions, *(shape_of(one) for one in found if not one.startswith(ATTESTED))]))


def _sentences(tree: ast.Module) -> Iterator[str]:
    """Of a module's texts those that are whole sentences, in each way in which they can be completed."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in told | inside:
            yield from (said for said in _ways(node, tree) if said.endswith("."))


def _ways(node: ast.expr, tree: ast.Module) -> list[str]:
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in product(*(_ways(part, tree) for part in node.values))]
    if isinstance(node, ast.FormattedValue):
        return _filled(node.value, tree)
    return []


def _filled(value: ast.expr, tree: ast.Module) -> list[str]:
    """What may stand in a place of a sentence: a service, words that a function is given, words put together before, or a figure."""
    if isinstance(value, ast.Attribute) and value.attr == "service":
        return list(get_args(ServiceName))
    if not isinstance(value, ast.Name):
        return [A_FIGURE]
    before = [
        said
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == [value.id]
        for said in _ways(node.value, tree)
    ]
    given = [
        said
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for place, argument in enumerate(function.args.args)
        if argument.arg == value.id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == function.name
        for said in _ways(call.args[place], tree)
    ]
    return before or given or [A_FIGURE]
