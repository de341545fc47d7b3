"""The rules in Rego, made from their parsed form, so that OPA decides the same cases; a measurement compares answers before it times them.

Each rule becomes a function of the element, `||` and `!` become functions of their own: what Rego has instead of an expression.
"""

import json
from collections.abc import Mapping
from typing import Any

from services.privacy.policy import time_values
from services.privacy.policy.expressions import Est, entity_of
from services.privacy.policy.rule_pack import read_packs
from services.privacy.policy.taxonomy import TAXONOMY

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class NotTranslated(Exception):
    """A rule says something that this translation does not know: then nothing is compared."""


def module() -> str:
    """The permits and forbids of the checked-in packs as one Rego module: `data.safepassage.permitted` for `input.elements`."""
    translation = _Translation()
    for pack in read_packs():
        if pack.kind in ("permits", "forbids"):
            for policy in pack.policies.values():
                translation.rule(policy)
    return "\n".join(["package safepassage", "", "import rego.v1", "", *translation.lines, "", _DECISION])


def ancestors() -> str:
    """What stands above each entity, as OPA's data."""
    above = {str(uid): {str(one): True for one in found} for uid, found in TAXONOMY.ancestors.items()}
    return json.dumps({"ancestors": above})


def question(principal: str, action: str, elements: Mapping[str, str], context: Mapping[str, Any]) -> dict[str, Any]:
    """The input of one decision."""
    return {"principal": principal, "action": action, "elements": list(elements.values()), "context": _json(context)}


_DECISION = """permitted contains e if {
	some e in input.elements
	permit(e)
	not forbid(e)
}
"""


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(part) for name, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(part) for part in value)
    return str(value) if isinstance(value, str) else value


class _Translation:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._made = 0

    def rule(self, policy: Est) -> None:
        """One body of `permit` or `forbid`."""
        body = [*self._scope("input.principal", policy["principal"]), *self._scope("input.action", policy["action"])]
        body += self._scope("r", policy["resource"])
        for condition in policy["conditions"]:
            body += self._holds(condition["body"]) if condition["kind"] == "when" else [f"not {self._function([condition['body']])}"]
        self.lines.append(f"{policy['effect']}(r) if {{\n\t" + "\n\t".join(["r", *body]) + "\n}")

    def _scope(self, value: str, scope: Mapping[str, Any]) -> list[str]:
        operator = scope["op"]
        if operator == "All":
            return []
        if operator == "==":
            return [f"{value} == {_text(entity_of(scope['entity']))}"]
        if operator == "is":
            return [_is(value, scope["entity_type"])]
        entities = scope.get("entities") or [scope["entity"]]
        if value != "r":
            return [f"{value} in {{{', '.join(_text(entity_of(one)) for one in entities)}}}"]
        return [f"data.ancestors[{value}][{{{', '.join(_text(entity_of(one)) for one in entities)}}}[_]]"]

    def _holds(self, est: Est) -> list[str]:
        """Literals that all hold where the expression is true."""
        if "&&" in est:
            return [*self._holds(est["&&"]["left"]), *self._holds(est["&&"]["right"])]
        if "||" in est:
            return [self._function([est["||"]["left"], est["||"]["right"]])]
        if "!" in est:
            return [f"not {self._function([est['!']['arg']])}"]
        return [self._literal(est)]

    def _function(self, alternatives: list[Est]) -> str:
        """A function that is true where one of them is."""
        self._made += 1
        name = f"either_{self._made}"
        bodies = [self._holds(each) for each in alternatives]
        self.lines += [f"{name}(r) if {{\n\t" + "\n\t".join(["r", *body]) + "\n}" for body in bodies]
        return f"{name}(r)"

    def _literal(self, est: Est) -> str:
        ((operator, operand),) = est.items()
        if operator in _COMPARISONS:
            return f"{self._value(operand['left'])} {operator} {self._value(operand['right'])}"
        if operator == "in":
            return f"data.ancestors[{self._value(operand['left'])}][{self._members(operand['right'])}]"
        if operator == "is":
            return _is(self._value(operand["left"]), operand["entity_type"])
        if operator == "has":
            return f"_ = {self._value(operand['left'])}.{operand['attr']}"
        if operator == "contains":
            return f"{self._value(operand['right'])} in {self._value(operand['left'])}"
        if operator == "containsAny":
            return f"{self._value(operand['left'])}[_] == {self._value(operand['right'])}[_]"
        return f"{self._value(est)} == true"

    def _members(self, right: Est) -> str:
        value = right.get("Value")
        return self._value(right) if isinstance(value, dict) and "__entity" in value else f"{self._value(right)}[_]"

    def _value(self, est: Est) -> str:
        ((operator, operand),) = est.items()
        if operator == "Var":
            return "r" if operand == "resource" else f"input.{operand}"
        if operator == ".":
            return f"{self._value(operand['left'])}.{operand['attr']}"
        if operator == "Set":
            return "[" + ", ".join(self._value(one) for one in operand) + "]"
        if operator == "Value":
            return _text(entity_of(operand["__entity"])) if isinstance(operand, dict) else json.dumps(operand)
        if operator == "datetime":
            return str(time_values.datetime_literal(operand[0]["Value"]))
        if operator == "duration":
            return str(time_values.duration_literal(operand[0]["Value"]))
        if operator in ("offset", "durationSince"):
            return f"({self._value(operand[0])} {'+' if operator == 'offset' else '-'} {self._value(operand[1])})"
        raise NotTranslated(operator)


def _text(value: str) -> str:
    return json.dumps(str(value))


def _is(value: str, kind: str) -> str:
    return f"startswith({value}, {json.dumps(kind + '::')})"
