"""Any request of the schema: one unknown of the solver for each fact, and what holds of all of them.

Text is a number (the rules compare it for equality, and nothing else), an entity of the taxonomy is its number, an instant a bounded
integer, a set is the predicate of what is in it. A fact that may be absent has a Boolean that says whether it is there.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from cvc5 import pythonic as smt

from services.privacy.policy.entities import NAMESPACE, Entity, entity
from services.privacy.policy.taxonomy import Taxonomy
from tests.privacy.policy.proofs.schema import EntityOf, RecordOf, Scalar, Schema, SetOf, Type

Path = tuple[str, ...]

BOUND: Final = 2**53
"""Of instants and numbers: services.privacy.policy.policy_input.Milliseconds. So no sum of a few of them leaves Cedar's 64 bits."""


class NotEncoded(ValueError):
    """A construct of the rules that the proofs do not know: they refuse it rather than prove something about other rules."""


class Symbols:
    """The unknowns. `domain` is what makes them a request of the schema; every query has it."""

    def __init__(self, schema: Schema, taxonomy: Taxonomy) -> None:
        self.schema, self.taxonomy = schema, taxonomy
        self.action_codes = {name: number for number, name in enumerate(sorted(schema.actions))}
        kinds = sorted({kind for action in schema.actions.values() for kind in action.principals})
        self.principal_codes = {kind: number for number, kind in enumerate(kinds)}
        self.entity_codes: dict[Entity, int] = {uid: number for number, uid in enumerate(sorted(taxonomy.ancestors))}
        self._texts: dict[str, int] = {}
        self._values: dict[Path, Any] = {}
        self._present: dict[Path, Any] = {}
        self._holds: dict[tuple[Path, Any], Any] = {}
        self.types: dict[Path, Type] = {}
        self.domain: list[Any] = []
        self.action, self.principal, self.resource = smt.Int("action"), smt.Int("principal"), smt.Int("resource")
        self._among(self.action, self.action_codes.values())
        self._among(self.resource, [self.entity_codes[uid] for uid in taxonomy.elements.values()])
        for name, action in schema.actions.items():
            if action.resources != ("DataElement",):
                raise NotEncoded("a resource that is no element")
            principals = [self.principal == self.principal_codes[kind] for kind in action.principals]
            self.domain.append(smt.Implies(self.is_action(name), any_of(principals)))
        self._context()

    def is_action(self, name: str) -> Any:
        """The action is this one."""
        return self.action == self.action_codes[name]

    def is_principal(self, kind: str) -> Any:
        """The recipient is of this entity type."""
        return self.principal == self.principal_codes[kind]

    def value(self, path: Path) -> Any:
        """The unknown of a fact; of a set, the predicate of its members. KeyError if the schema does not have it."""
        return self._values[path]

    def present(self, path: Path) -> Any:
        """The fact is there: itself and all that it is part of."""
        return all_of([self._present[path[: length + 1]] for length in range(len(path)) if path[: length + 1] in self._present])

    def may_be_absent(self, path: Path) -> Any | None:
        """The Boolean that says whether the fact is there, given what it is part of; None for one that always is."""
        return self._present.get(path)

    def text(self, text: str) -> int:
        """The number of a text."""
        return self._texts.setdefault(text, len(self._texts))

    def holds(self, path: Path, one: Any) -> Any:
        """The set at `path` contains an entity or a text."""
        if (path, one) not in self._holds:
            self._holds[path, one] = self._values[path](self._code(one))
        return self._holds[path, one]

    @cached_property
    def names(self) -> Mapping[int, Entity]:
        """Entities by their numbers."""
        return {number: uid for uid, number in self.entity_codes.items()}

    def text_of(self, number: int) -> str:
        """A text that has this number; one that no rule names for any other."""
        return next((text for text, code in self._texts.items() if code == number), f"other-{number}")

    def entities(self, kind: str) -> list[Entity]:
        """The taxonomy's entities of a type. Raises NotEncoded for a type that it does not have."""
        found = [uid for uid in self.entity_codes if uid.kind == f"{NAMESPACE}::{kind}"]
        if not found:
            raise NotEncoded(f"{kind} is not of the taxonomy")
        return found

    def within(self, uid: Any, kind: str, target: Entity) -> Any:
        """`uid in target` for an unknown entity of a type."""
        return any_of([uid == self.entity_codes[one] for one in self.entities(kind) if target in self.taxonomy.ancestors[one]])

    def element_within(self, category: str) -> Any:
        """The element is of a category."""
        return self.within(self.resource, "DataElement", entity("Category", category))

    def facts_of(self, action: str, principal: str, element: str, context: Mapping[str, Any]) -> list[Any]:
        """What makes the unknowns one request: each fact that it has, and the absence of those that it has not."""
        resource = self.entity_codes[self.taxonomy.elements[element]]
        said = [self.is_action(action), self.is_principal(principal), self.resource == resource]
        for path, type_ in self.types.items():
            value, absent = _at(context, path)
            if path in self._present:
                said.append(self._present[path] == smt.BoolVal(not absent))
            if absent or isinstance(type_, RecordOf):
                continue
            unknown = self._values[path]
            if isinstance(type_, SetOf):
                said += [self.holds(path, one) == smt.BoolVal(one in value) for one in self.codes_of(type_.element)]
            else:
                said.append(unknown == self._code(value))
        return said

    def codes_of(self, element: Scalar | EntityOf) -> dict[Any, int]:
        """What a set of this type can be asked about."""
        return {uid: self.entity_codes[uid] for uid in self.entities(element.name)} if isinstance(element, EntityOf) else dict(self._texts)

    def _code(self, value: Any) -> Any:
        if isinstance(value, bool):
            return smt.BoolVal(value)
        if isinstance(value, Entity):
            return self.entity_codes[value]
        return self.text(value) if isinstance(value, str) else value

    def _context(self) -> None:
        members: dict[str, Type] = {}
        for action in self.schema.actions.values():
            for name, member in action.context.members.items():
                if members.setdefault(name, member.type) != member.type:
                    raise NotEncoded(f"context.{name} has two types")
        for name, type_ in members.items():
            held = {of: action.context.members.get(name) for of, action in self.schema.actions.items()}
            if any(one is None or one.optional for one in held.values()):
                present = self._present[name,] = smt.Bool(f"has.{name}")
                for of, one in held.items():
                    if one is None or not one.optional:
                        self.domain.append(smt.Implies(self.is_action(of), present == smt.BoolVal(one is not None)))
            self._declare((name,), type_)

    def _declare(self, path: Path, type_: Type) -> None:
        self.types[path] = type_
        name = ".".join(path)
        if isinstance(type_, RecordOf):
            for member, held in type_.members.items():
                below = (*path, member)
                if held.optional:
                    self._present[below] = smt.Bool("has." + ".".join(below))
                self._declare(below, held.type)
        elif isinstance(type_, SetOf):
            if type_.element == Scalar("Bool"):
                raise NotEncoded("a set of Booleans")
            self._values[path] = smt.Function(f"in.{name}", smt.IntSort(), smt.BoolSort())
        elif type_ == Scalar("Bool"):
            self._values[path] = smt.Bool(name)
        else:
            value = self._values[path] = smt.Int(name)
            if isinstance(type_, EntityOf):
                self._among(value, [self.entity_codes[uid] for uid in self.entities(type_.name)])
            elif type_ != Scalar("String"):
                self.domain += [value > -BOUND, value < BOUND]

    def _among(self, value: Any, codes: Any) -> None:
        self.domain.append(any_of([value == code for code in codes]))


def _at(context: Mapping[str, Any], path: Path) -> tuple[Any, bool]:
    """The value at a path, and whether there is none."""
    value: Any = context
    for member in path:
        if member not in value:
            return None, True
        value = value[member]
    return value, False


def any_of(parts: list[Any]) -> Any:
    """Their disjunction, however many they are."""
    return smt.BoolVal(False) if not parts else parts[0] if len(parts) == 1 else smt.Or(*parts)


def all_of(parts: list[Any]) -> Any:
    """Their conjunction, however many they are."""
    return smt.BoolVal(True) if not parts else parts[0] if len(parts) == 1 else smt.And(*parts)
