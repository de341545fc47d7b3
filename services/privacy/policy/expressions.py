"""A Cedar expression, in Cedar's JSON form (EST), becomes a Python syntax tree.

Trees have no precedence: `(a && b) == c` is a comparison of a conjunction because it was one in Cedar. What a policy may say and we do
not know (decimals, IP addresses, tags, slots of templates) fails the load. Evaluation errs where Cedar's does, on overflow of 64 bits.

The code reads five names: principal, action, resource (entities), resource_ancestors (a set), context (a record).
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NoReturn

from services.privacy.policy import time_values
from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.entities import Entity, Record

Est = Mapping[str, Any]

VARIABLES = ("principal", "action", "resource", "context")
_COMPARISONS: Mapping[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip
_ARITHMETIC: Mapping[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult}
_UNITS = {"toMilliseconds": 1, "toSeconds": 1_000, "toMinutes": 60_000, "toHours": 3_600_000, "toDays": time_values.DAY}


def load(name: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(name, ast.Load())


def call(function: str, *arguments: ast.expr) -> ast.Call:
    """A call of a function of the name space."""
    return ast.Call(load(function), list(arguments), [])


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.Compare:
    """One comparison, never a chain."""
    return ast.Compare(left, [operator], [right])


def negated(operand: ast.expr) -> ast.UnaryOp:
    """`not operand`."""
    return ast.UnaryOp(ast.Not(), operand)


def has(value: Any, attribute: str) -> bool:
    """Cedar's `has`. An entity of ours has no attributes."""
    return isinstance(value, Record) and attribute in value


def entity_of(reference: Mapping[str, str]) -> Entity:
    """The entity that `{"type", "id"}` names."""
    return Entity(reference["type"], reference["id"])


class Expressions:
    """Makes the trees, and collects the constants that they name."""

    def __init__(self, ancestors: Mapping[Entity, frozenset[Entity]]) -> None:
        def ancestors_of(uid: Entity) -> frozenset[Entity]:
            return ancestors.get(uid) or frozenset((uid,))

        def in_any(uid: Entity, right: Entity | frozenset[Entity]) -> bool:
            """Cedar's `in`, whose right side is an entity or a set of them."""
            above = ancestors_of(uid)
            return not above.isdisjoint(right) if isinstance(right, frozenset) else right in above

        self._above = ancestors
        self.names: dict[str, Any] = {
            "ancestors_of": ancestors_of,
            "in_any": in_any,
            "has": has,
            "Record": Record,
            "checked": time_values.checked,
            "to_date": time_values.to_date,
            "to_time": time_values.to_time,
            "truncated": time_values.truncated,
        }
        self._makers: dict[str, Callable[[Any], ast.expr]] = {
            "Value": self._value,
            "Var": self._variable,
            "Set": self._set,
            "Record": self._record,
            ".": self._attribute,
            "has": self._has,
            "in": self._in,
            "is": self._is,
            "like": self._like,
            "if-then-else": self._choice,
            "&&": partial(self._junction, ast.And()),
            "||": partial(self._junction, ast.Or()),
            "!": lambda it: negated(self.expression(it["arg"])),
            "neg": lambda it: call("checked", ast.UnaryOp(ast.USub(), self.expression(it["arg"]))),
            "isEmpty": lambda it: negated(self.expression(it["arg"])),
            "contains": lambda it: compare(self.expression(it["right"]), ast.In(), self.expression(it["left"])),
            "containsAll": lambda it: self._method(it, "issuperset"),
            "containsAny": lambda it: negated(self._method(it, "isdisjoint")),
            "datetime": partial(self._literal, time_values.datetime_literal),
            "duration": partial(self._literal, time_values.duration_literal),
            "offset": lambda them: call("checked", self._binary(ast.Add(), them[0], them[1])),
            "durationSince": lambda them: call("checked", self._binary(ast.Sub(), them[0], them[1])),
            "toDate": lambda them: call("to_date", self.expression(them[0])),
            "toTime": lambda them: call("to_time", self.expression(them[0])),
        }
        for sign, comparison in _COMPARISONS.items():
            self._makers[sign] = partial(self._comparison, comparison)
        for sign, operator in _ARITHMETIC.items():
            self._makers[sign] = partial(self._arithmetic, operator)
        for name, length in _UNITS.items():
            self._makers[name] = partial(self._units, length)

    def expression(self, est: Est) -> ast.expr:
        """The tree of `est`. Raises PolicySetBroken for what is not known here."""
        if len(est) != 1:
            raise PolicySetBroken("an expression has one operator")
        ((operator, operand),) = est.items()
        maker = self._makers.get(operator)
        return self.unknown(operator) if maker is None else maker(operand)

    def unknown(self, construct: str) -> NoReturn:
        """Refuse what is not known."""
        raise PolicySetBroken(f"unknown construct: {construct}")

    def constant(self, value: Any) -> ast.Name:
        """A name for `value`."""
        name = f"constant_{len(self.names)}"
        self.names[name] = value
        return load(name)

    def uid(self, reference: Mapping[str, str]) -> ast.Name:
        """A name for the entity that a scope names."""
        return self.constant(entity_of(reference))

    def action_among(self, references: Iterable[Mapping[str, str]]) -> ast.expr:
        """The action is one of those, or in one: groups of actions would be in the taxonomy."""
        actions = frozenset(map(entity_of, references))
        if self._above.keys().isdisjoint(actions):
            return compare(load("action"), ast.In(), self.constant(actions))
        return call("in_any", load("action"), self.constant(actions))

    def entity_in(self, left: ast.expr, reference: Mapping[str, str]) -> ast.expr:
        """`left in` an entity that is known now."""
        return compare(self.uid(reference), ast.In(), _ancestors(left))

    def _value(self, value: Any) -> ast.expr:
        if isinstance(value, (bool, int, str)):
            return ast.Constant(value)
        if isinstance(value, dict) and set(value) == {"__entity"}:
            return self.uid(value["__entity"])
        return self.unknown("a value that is no Boolean, integer, string or entity")

    def _variable(self, name: str) -> ast.expr:
        if name not in VARIABLES:
            self.unknown(f"variable {name}")
        return load(name)

    def _set(self, members: list[Est]) -> ast.expr:
        trees = [self.expression(member) for member in members]
        if all(isinstance(tree, ast.Constant) for tree in trees):
            return self.constant(frozenset(tree.value for tree in trees if isinstance(tree, ast.Constant)))
        return call("frozenset", ast.Tuple(trees, ast.Load()))

    def _record(self, members: Mapping[str, Est]) -> ast.expr:
        return call("Record", ast.Dict([ast.Constant(name) for name in members], [self.expression(member) for member in members.values()]))

    def _attribute(self, it: Mapping[str, Any]) -> ast.expr:
        return ast.Subscript(self.expression(it["left"]), ast.Constant(it["attr"]), ast.Load())

    def _has(self, it: Mapping[str, Any]) -> ast.expr:
        if not isinstance(it["attr"], str):
            self.unknown("has with a path")
        if it["left"] == {"Var": "context"}:
            return compare(ast.Constant(it["attr"]), ast.In(), load("context"))
        return call("has", self.expression(it["left"]), ast.Constant(it["attr"]))

    def _in(self, it: Mapping[str, Any]) -> ast.expr:
        left, right = self.expression(it["left"]), it["right"]
        if "__entity" in (right.get("Value") if isinstance(right.get("Value"), dict) else ()):
            return self.entity_in(left, right["Value"]["__entity"])
        return call("in_any", left, self.expression(right))

    def _is(self, it: Mapping[str, Any]) -> ast.expr:
        left = self.expression(it["left"])
        same_kind = compare(ast.Attribute(left, "kind", ast.Load()), ast.Eq(), ast.Constant(it["entity_type"]))
        if it.get("in") is None:
            return same_kind
        return ast.BoolOp(ast.And(), [same_kind, self._in({"left": it["left"], "right": it["in"]})])

    def _like(self, it: Mapping[str, Any]) -> ast.expr:
        pattern = "".join(".*" if part == "Wildcard" else re.escape(part["Literal"]) for part in it["pattern"])
        fullmatch = self.constant(re.compile(pattern, re.DOTALL).fullmatch)
        return compare(ast.Call(fullmatch, [self.expression(it["left"])], []), ast.IsNot(), ast.Constant(None))

    def _choice(self, it: Mapping[str, Any]) -> ast.expr:
        return ast.IfExp(self.expression(it["if"]), self.expression(it["then"]), self.expression(it["else"]))

    def _junction(self, operator: ast.boolop, it: Mapping[str, Any]) -> ast.expr:
        return ast.BoolOp(operator, [self.expression(it["left"]), self.expression(it["right"])])

    def _comparison(self, operator: type[ast.cmpop], it: Mapping[str, Any]) -> ast.expr:
        return compare(self.expression(it["left"]), operator(), self.expression(it["right"]))

    def _arithmetic(self, operator: type[ast.operator], it: Mapping[str, Any]) -> ast.expr:
        return call("checked", self._binary(operator(), it["left"], it["right"]))

    def _binary(self, operator: ast.operator, left: Est, right: Est) -> ast.expr:
        return ast.BinOp(self.expression(left), operator, self.expression(right))

    def _method(self, it: Mapping[str, Any], name: str) -> ast.expr:
        return ast.Call(ast.Attribute(self.expression(it["left"]), name, ast.Load()), [self.expression(it["right"])], [])

    def _units(self, length: int, them: list[Est]) -> ast.expr:
        return call("truncated", self.expression(them[0]), ast.Constant(length))

    def _literal(self, reader: Callable[[str], int], them: list[Est]) -> ast.expr:
        if len(them) != 1 or not isinstance(them[0].get("Value"), str):
            self.unknown("a time that is not a literal")
        return ast.Constant(reader(them[0]["Value"]))


def _ancestors(left: ast.expr) -> ast.expr:
    if isinstance(left, ast.Name) and left.id == "resource":
        return load("resource_ancestors")
    return call("ancestors_of", left)
