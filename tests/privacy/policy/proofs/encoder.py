"""A rule, in Cedar's JSON form (EST), becomes a formula over any request.

A formula has two halves: what the expression is, and when its evaluation errs, by the short-circuit rules of Cedar: that a rule reads an
absent fact is then something to be proved impossible, and nothing that is taken for granted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from cvc5 import pythonic as smt

from services.privacy.policy import time_values
from services.privacy.policy.entities import NAMESPACE, Entity
from services.privacy.policy.expressions import Est, entity_of
from tests.privacy.policy.proofs.schema import EntityOf, RecordOf, Scalar, SetOf, Type
from tests.privacy.policy.proofs.symbols import BOUND, NotEncoded, Path, Symbols, all_of, any_of

TRUE, FALSE = smt.BoolVal(True), smt.BoolVal(False)
BOOL, TEXT, LONG, INSTANT, DURATION = (Scalar(name) for name in ("Bool", "String", "Long", "datetime", "duration"))
ACTION = EntityOf("Action")
_UNITS = {"toMilliseconds": 1, "toSeconds": 1_000, "toMinutes": 60_000, "toHours": 3_600_000, "toDays": time_values.DAY}


@dataclass(frozen=True)
class Term:
    """An expression: its value (of a record or set of the context: its path; of a literal set: its terms), type, and when it errs."""

    value: Any
    type: Type | None
    errs: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Encoded:
    """A rule as a formula."""

    permits: bool
    matches: Any
    errs: Any


class Encoder:
    """Encodes rules over the same unknowns."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._makers: dict[str, Callable[[Any], Term]] = {
            "Value": self._value,
            "Var": self._variable,
            "Set": self._set,
            ".": self._attribute,
            "has": self._has,
            "in": self._in,
            "is": self._is,
            "if-then-else": self._choice,
            "&&": partial(self._junction, True),
            "||": partial(self._junction, False),
            "!": lambda it: self._unary(it["arg"], lambda value: smt.Not(value), BOOL),
            "neg": lambda it: self._unary(it["arg"], lambda value: -value, LONG),
            "==": partial(self._equal, False),
            "!=": partial(self._equal, True),
            "<": partial(self._ordered, lambda left, right: left < right),
            "<=": partial(self._ordered, lambda left, right: left <= right),
            ">": partial(self._ordered, lambda left, right: left > right),
            ">=": partial(self._ordered, lambda left, right: left >= right),
            "+": partial(self._sum, lambda left, right: left + right),
            "-": partial(self._sum, lambda left, right: left - right),
            "contains": self._contains,
            "containsAll": partial(self._several, all_of),
            "containsAny": partial(self._several, any_of),
            "datetime": lambda them: Term(smt.IntVal(time_values.datetime_literal(them[0]["Value"])), INSTANT),
            "duration": lambda them: Term(smt.IntVal(time_values.duration_literal(them[0]["Value"])), DURATION),
            "offset": lambda them: self._times(them, lambda left, right: left + right, INSTANT),
            "durationSince": lambda them: self._times(them, lambda left, right: left - right, DURATION),
            "toDate": lambda them: self._unary(them[0], lambda value: value - value % time_values.DAY, INSTANT),
            "toTime": lambda them: self._unary(them[0], lambda value: value % time_values.DAY, DURATION),
        }
        for name, length in _UNITS.items():
            self._makers[name] = partial(self._units, length)

    def policy(self, policy: Est) -> Encoded:
        """A rule. Raises NotEncoded for what is not known here."""
        conditions = []
        for condition in policy["conditions"]:
            term = self.term(condition["body"])
            conditions.append(term if condition["kind"] == "when" else Term(smt.Not(term.value), BOOL, term.errs))
        scope = all_of([*self._scope(policy["principal"], "principal"), *self._scope(policy["action"], "action"), *self._resource(policy)])
        met: list[Any] = [scope]
        errs: list[Any] = []
        for term in conditions:  # Cedar asks for one condition after the other, until one does not hold
            errs += [all_of([*met, fault]) for fault in term.errs]
            met.append(term.value)
        return Encoded(policy["effect"] == "permit", all_of(met), any_of(errs))

    def term(self, est: Est) -> Term:
        """An expression."""
        if len(est) != 1:
            raise NotEncoded("an expression has one operator")
        ((operator, operand),) = est.items()
        maker = self._makers.get(operator)
        return self._unknown(operator) if maker is None else maker(operand)

    def _unknown(self, construct: str) -> NoReturn:
        raise NotEncoded(construct)

    def _scope(self, scope: Est, variable: str) -> list[Any]:
        operator = scope["op"]
        if operator == "All":
            return []
        if variable == "action" and operator in ("==", "in"):
            references = scope.get("entities") or [scope["entity"]]
            return [any_of([self.symbols.is_action(reference["id"]) for reference in references])]
        if variable == "principal" and operator == "is" and "in" not in scope:
            return [self.symbols.is_principal(_plain(scope["entity_type"]))]
        return self._unknown(f"scope {variable} {operator}")

    def _resource(self, policy: Est) -> list[Any]:
        scope = policy["resource"]
        if scope["op"] == "is" and _plain(scope["entity_type"]) == "DataElement":
            scope = {"op": "in", **scope["in"]} if "in" in scope else {"op": "All"}
        if scope["op"] == "All":
            return []
        if scope["op"] in ("in", "=="):
            target = entity_of(scope["entity"])
            if scope["op"] == "==":
                return [self.symbols.resource == self.symbols.entity_codes[target]]
            return [self.symbols.within(self.symbols.resource, "DataElement", target)]
        return self._unknown(f"scope resource {scope['op']}")

    def _value(self, value: Any) -> Term:
        if isinstance(value, bool):
            return Term(smt.BoolVal(value), BOOL)
        if isinstance(value, int) and abs(value) < BOUND:
            return Term(smt.IntVal(value), LONG)
        if isinstance(value, str):
            return Term(smt.IntVal(self.symbols.text(value)), TEXT)
        reference = value.get("__entity", {}) if isinstance(value, dict) else {}
        if reference.get("type") == f"{NAMESPACE}::{ACTION.name}":
            return Term(smt.IntVal(self.symbols.action_codes[reference["id"]]), ACTION)
        uid = self._entity(value)
        return Term(uid, EntityOf(_plain(uid.kind)))

    def _entity(self, value: Any) -> Entity:
        if not isinstance(value, dict) or set(value) != {"__entity"} or entity_of(value["__entity"]) not in self.symbols.entity_codes:
            self._unknown("a value of another kind, or an entity that is not of the taxonomy")
        return entity_of(value["__entity"])

    def _set(self, members: list[Est]) -> Term:
        terms = [self.term(member) for member in members]
        return Term(terms, None, self._errs(*terms))

    def _variable(self, name: str) -> Term:
        if name == "context":
            return Term((), RecordOf({}))
        if name == "resource":
            return Term(self.symbols.resource, EntityOf("DataElement"))
        if name == "action":
            return Term(self.symbols.action, ACTION)
        if name == "principal":
            return Term(self.symbols.principal, None)
        return self._unknown(f"variable {name} in a condition")

    def _attribute(self, it: Mapping[str, Any]) -> Term:
        path, errs = self._record_path(it)
        absent = self.symbols.may_be_absent(path)
        errs = errs if absent is None else (*errs, all_of([smt.Not(any_of(list(errs))), smt.Not(absent)]))
        type_ = self.symbols.types[path]
        return Term(path if isinstance(type_, RecordOf | SetOf) else self.symbols.value(path), type_, errs)

    def _has(self, it: Mapping[str, Any]) -> Term:
        path, errs = self._record_path(it)
        present = self.symbols.may_be_absent(path)
        if path not in self.symbols.types:
            return Term(FALSE, BOOL, errs)
        return Term(TRUE if present is None else present, BOOL, errs)

    def _record_path(self, it: Mapping[str, Any]) -> tuple[Path, tuple[Any, ...]]:
        record = self.term(it["left"])
        if not isinstance(record.type, RecordOf) or not isinstance(it["attr"], str):
            self._unknown("a member of what is no record of the context")
        return (*record.value, it["attr"]), record.errs

    def _in(self, it: Mapping[str, Any]) -> Term:
        left, right = self.term(it["left"]), self.term(it["right"])
        errs = self._errs(left, right)
        if left.type == ACTION:  # no action is in another one
            among = right.value if isinstance(right.value, list) else [right]
            return Term(any_of([left.value == one.value for one in among]), BOOL, errs)
        if not isinstance(left.type, EntityOf) or isinstance(left.value, Entity):
            self._unknown("`in` whose left side is no unknown entity")
        if not isinstance(right.type, SetOf):
            among = right.value if isinstance(right.value, list) else [right]
            return Term(any_of([self._within(left, left.type, one) for one in among]), BOOL, errs)
        if not isinstance(right.type.element, EntityOf):
            self._unknown("`in` of a set of what is no entity")
        kind, holds = f"{NAMESPACE}::{right.type.element.name}", self.symbols.value(right.value)
        cases = []
        for uid in self.symbols.entities(left.type.name):
            above = [holds(self.symbols.entity_codes[one]) for one in self.symbols.taxonomy.ancestors[uid] if one.kind == kind]
            cases.append(all_of([left.value == self.symbols.entity_codes[uid], any_of(above)]))
        return Term(any_of(cases), BOOL, errs)

    def _within(self, left: Term, kind: EntityOf, right: Term) -> Any:
        """An unknown entity in another one, which may be unknown too."""
        if isinstance(right.value, Entity):
            return self.symbols.within(left.value, kind.name, right.value)
        if not isinstance(right.type, EntityOf):
            self._unknown("`in` whose right side is no entity and no set of them")
        targets = self.symbols.entities(right.type.name)
        return any_of([all_of([right.value == self._number(uid), self.symbols.within(left.value, kind.name, uid)]) for uid in targets])

    def _is(self, it: Mapping[str, Any]) -> Term:
        if it.get("in") is not None:
            alone = {name: part for name, part in it.items() if name != "in"}
            return self._junction(True, {"left": {"is": alone}, "right": {"in": {"left": it["left"], "right": it["in"]}}})
        left, kind = self.term(it["left"]), _plain(it["entity_type"])
        if isinstance(left.type, EntityOf):
            return Term(smt.BoolVal(left.type.name == kind), BOOL, left.errs)
        return Term(self.symbols.is_principal(kind), BOOL, left.errs) if it["left"] == {"Var": "principal"} else self._unknown("is")

    def _choice(self, it: Mapping[str, Any]) -> Term:
        asked, then, otherwise = self.term(it["if"]), self.term(it["then"]), self.term(it["else"])
        if isinstance(then.type, RecordOf | SetOf) or isinstance(then.value, Entity | list) or then.type != otherwise.type:
            self._unknown("a choice of sets, records or entities")
        errs = [*asked.errs, *(all_of([asked.value, one]) for one in then.errs)]
        errs += [all_of([smt.Not(asked.value), one]) for one in otherwise.errs]
        return Term(smt.If(asked.value, then.value, otherwise.value), then.type, tuple(errs))

    def _junction(self, both: bool, it: Mapping[str, Any]) -> Term:
        left, right = self.term(it["left"]), self.term(it["right"])
        reached = left.value if both else smt.Not(left.value)
        errs = (*left.errs, *(all_of([reached, one]) for one in right.errs))
        return Term((all_of if both else any_of)([left.value, right.value]), BOOL, errs)

    def _unary(self, operand: Est, make: Callable[[Any], Any], type_: Type) -> Term:
        term = self.term(operand)
        return Term(make(term.value), type_, term.errs)

    def _equal(self, differs: bool, it: Mapping[str, Any]) -> Term:
        left, right = self.term(it["left"]), self.term(it["right"])
        for term in (left, right):
            if isinstance(term.type, RecordOf | SetOf) or isinstance(term.value, list) or term.type is None:
                self._unknown("equality of records, sets or principals")
        same = self._code(left) == self._code(right) if left.type == right.type else FALSE
        return Term(smt.Not(same) if differs else same, BOOL, self._errs(left, right))

    def _ordered(self, make: Callable[[Any, Any], Any], it: Mapping[str, Any]) -> Term:
        return self._pair(it["left"], it["right"], make, BOOL, (LONG, INSTANT, DURATION))

    def _sum(self, make: Callable[[Any, Any], Any], it: Mapping[str, Any]) -> Term:
        return self._pair(it["left"], it["right"], make, LONG, (LONG,))

    def _pair(self, left: Est, right: Est, make: Callable[[Any, Any], Any], type_: Type, operands: tuple[Type, ...]) -> Term:
        one, other = self.term(left), self.term(right)
        if one.type != other.type or one.type not in operands:
            self._unknown("operands of other types")
        return Term(make(one.value, other.value), type_, self._errs(one, other))

    def _times(self, them: list[Est], make: Callable[[Any, Any], Any], type_: Type) -> Term:
        left, right = map(self.term, them)
        if (left.type, right.type) != (INSTANT, DURATION if type_ == INSTANT else INSTANT):
            self._unknown("times of other types")
        return Term(make(left.value, right.value), type_, self._errs(left, right))

    def _units(self, length: int, them: list[Est]) -> Term:
        return self._unary(them[0], lambda value: smt.If(value < 0, -((-value) / length), value / length), LONG)

    def _contains(self, it: Mapping[str, Any]) -> Term:
        held, one = self.term(it["left"]), self.term(it["right"])
        return Term(self._holds(held, one), BOOL, self._errs(held, one))

    def _several(self, join: Callable[[list[Any]], Any], it: Mapping[str, Any]) -> Term:
        held, asked = self.term(it["left"]), self.term(it["right"])
        if not isinstance(asked.value, list):
            self._unknown("a comparison of two unknown sets")
        return Term(join([self._holds(held, one) for one in asked.value]), BOOL, self._errs(held, asked))

    def _holds(self, held: Term, one: Term) -> Any:
        if isinstance(held.value, list):
            return any_of([self._code(member) == self._code(one) for member in held.value if member.type == one.type])
        if not isinstance(held.type, SetOf):
            self._unknown("contains of what is no set")
        return self.symbols.value(held.value)(self._code(one)) if held.type.element == one.type else FALSE

    def _code(self, term: Term) -> Any:
        return self._number(term.value) if isinstance(term.value, Entity) else term.value

    def _number(self, uid: Entity) -> Any:
        return smt.IntVal(self.symbols.entity_codes[uid])

    def _errs(self, *terms: Term) -> tuple[Any, ...]:
        """An operator that asks for all of its operands errs where one of them does."""
        return tuple(fault for term in terms for fault in term.errs)


def _plain(kind: str) -> str:
    """A type without our namespace."""
    namespace, _, name = kind.rpartition("::")
    if namespace != NAMESPACE:
        raise NotEncoded(f"type {kind}")
    return name
