"""What is left of conditions once basis, action, kind of recipient and state are known: a request pays for rules that can still match.

Nothing is folded that could err before, and nothing that Cedar would have asked first is passed over: of a conjunction or disjunction
only its beginning decides it.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.privacy.policy.entities import Entity

BASIS = ast.dump(ast.Subscript(ast.Name("context", ast.Load()), ast.Constant("basis"), ast.Load()))
STUDENT = ast.Subscript(ast.Name("context", ast.Load()), ast.Constant("student"), ast.Load())
JURISDICTIONS = ast.dump(
    ast.Call(ast.Name("ancestors_of", ast.Load()), [ast.Subscript(STUDENT, ast.Constant("jurisdiction"), ast.Load())], [])
)
KIND = ast.dump(ast.Attribute(ast.Name("principal", ast.Load()), "kind", ast.Load()))


@dataclass(frozen=True)
class Known:
    """What is known of a request before its facts are."""

    basis: str
    action: Entity
    kind: str
    jurisdiction: Entity | None
    """Of the student; None where there is none, or it is not to be taken for known."""
    names: Mapping[str, Any]
    """The constants that conditions name."""

    def value(self, tree: ast.expr) -> tuple[bool, Any]:
        """Is the tree's value known, and what it is."""
        if isinstance(tree, ast.Constant):
            return True, tree.value
        if isinstance(tree, ast.Name):
            if tree.id == "action":
                return True, self.action
            return tree.id.startswith("constant_"), self.names.get(tree.id)
        if isinstance(tree, ast.Call) and self.jurisdiction is not None and ast.dump(tree) == JURISDICTIONS:
            return True, self.names["ancestors_of"](self.jurisdiction)
        return False, None

    def fold(self, tree: ast.expr) -> ast.expr:
        """The tree with what is known put in. Whoever calls keeps the tree: it is not changed."""
        if isinstance(tree, ast.BoolOp):
            return self._junction(tree)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
            operand = self.fold(tree.operand)
            return ast.Constant(not operand.value) if isinstance(operand, ast.Constant) else ast.UnaryOp(tree.op, operand)
        if isinstance(tree, ast.IfExp):
            test = self.fold(tree.test)
            if isinstance(test, ast.Constant):
                return self.fold(tree.body if test.value else tree.orelse)
            return tree
        if isinstance(tree, ast.Compare):
            return self._comparison(tree)
        if isinstance(tree, (ast.Subscript, ast.Attribute)):
            text = ast.dump(tree)
            return ast.Constant(self.basis) if text == BASIS else ast.Constant(self.kind) if text == KIND else tree
        return tree

    def _junction(self, tree: ast.BoolOp) -> ast.expr:
        """`and` ends at a false part, `or` at a true one, if nothing stands before it; parts without effect are left out."""
        conjunction = isinstance(tree.op, ast.And)
        parts: list[ast.expr] = []
        for value in tree.values:
            part = self.fold(value)
            if isinstance(part, ast.Constant) and isinstance(part.value, bool):
                if part.value is conjunction:
                    continue
                if not parts:
                    return part
            parts.append(part)
        if not parts:
            return ast.Constant(conjunction)
        return parts[0] if len(parts) == 1 else ast.BoolOp(tree.op, parts)

    def _comparison(self, tree: ast.Compare) -> ast.expr:
        left, (operator,), right = self.fold(tree.left), tree.ops, self.fold(tree.comparators[0])
        (left_known, one), (right_known, other) = self.value(left), self.value(right)
        if left_known and right_known:
            if isinstance(operator, ast.In) and isinstance(other, frozenset):
                return ast.Constant(one in other)
            if isinstance(operator, (ast.Eq, ast.NotEq)) and type(one) is type(other):
                return ast.Constant((one == other) is isinstance(operator, ast.Eq))
        return tree
