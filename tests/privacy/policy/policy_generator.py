"""Policies at random, by type, over every operator that the schema lets a policy use; what Cedar's validator refuses is left out."""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from tests.privacy.policy.perturbations import ELEMENT_IDS

NAMESPACE: Final = "SafePassage"
CATEGORIES: Final = ("academic", "address", "contact", "directory", "health", "homeless", "meal_status", "part_c", "ssn")
KINDS: Final = ("Vendor", "School", "District", "StateAgency", "Agency", "Person")
PURPOSES: Final = ("child-nutrition", "education", "enrollment", "financial-aid", "instruction", "transfer")
STRINGS: Final = ("consent", "contractor", "electronic", "paper", "parent", "student", "transfer", "ca-49073.1-b1")
PATTERNS: Final = ("*", "con*", "*ent", "*r*a*", "transfer", "p*r", "a\\*b", "")
DATES: Final = ("2026-09-21", "2026-09-21T14:13:20Z", "2026-09-21T14:13:20.001Z", "2026-09-21T10:13:20-0400", "1969-12-31T23:59:59.999Z")
DURATIONS: Final = ("0d", "1d", "-1d", "1ms", "1h30m", "-2h", "1d2h3m4s5ms", "60d")

ALWAYS: Final[Mapping[str, Sequence[str]]] = {
    "Bool": (
        "context.recipient.known",
        "context.recipient.authenticated",
        "context.recipient.in_exchange",
        "context.student.eligible",
        "context.student.homeless",
        "context.custody.originated_here",
        "context.custody.onward_transfer_agreed",
    ),
    "String": ("context.basis",),
    "datetime": ("context.now",),
    "Purpose": ("context.purpose",),
    "Jurisdiction": ("context.student.jurisdiction",),
    "Record": ("context.student", "context.custody", "context.recipient"),
}
"""Paths that are there whenever a record is disclosed, by type."""

GUARDED: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "context has consent": {
        "Bool": ("context.consent.signed", "context.consent.names_recipient", "context.consent has withdrawn_at"),
        "String": ("context.consent.grantor_role", "context.consent.signature"),
        "datetime": ("context.consent.granted_at",),
        "Set<DataElement>": ("context.consent.elements",),
        "Set<Purpose>": ("context.consent.purposes",),
    },
    "context has agreement": {
        "Bool": ("context.agreement.signed", "context.agreement.direct_control", "context.agreement has terminated_at"),
        "String": ("context.agreement.kind",),
        "datetime": ("context.agreement.starts_at", "context.agreement.ends_at"),
        "Set<DataElement>": ("context.agreement.elements",),
        "Set<Purpose>": ("context.agreement.purposes",),
        "Set<String>": ("context.agreement.clauses",),
    },
    "context has transfer": {
        "Bool": ("context.transfer.enrolled", "context.transfer.parent_initiated"),
        "datetime": ("context.transfer.official_attested_at",),
    },
    "context.custody has recipient_debarred_until": {"datetime": ("context.custody.recipient_debarred_until",)},
}
"""Paths that are there where a guard holds."""

COMPARED: Final = ("Bool", "Long", "String", "datetime", "duration", "Purpose", "Jurisdiction", "Record", "Set<String>", "Set<DataElement>")


class PolicyGenerator:
    """Makes the texts of policies."""

    def __init__(self, randomness: random.Random) -> None:
        self._random = randomness
        self._paths: list[Mapping[str, Sequence[str]]] = [ALWAYS]
        self._makers: Mapping[str, Sequence[Callable[[int], str]]] = {
            "Bool": (
                partial(self._binary, "Bool", "&&"),
                partial(self._binary, "Bool", "||"),
                self._not,
                self._equal,
                self._equal,
                self._ordered,
                self._ordered,
                self._in,
                self._is,
                self._has,
                self._contains,
                self._like,
                self._guarded,
                partial(self._choice, "Bool"),
            ),
            "Long": (self._arithmetic, self._arithmetic, self._units, self._units, self._negative, partial(self._choice, "Long")),
            "String": (partial(self._choice, "String"), self._member_of_record),
            "datetime": (self._offset, self._to_date, partial(self._choice, "datetime")),
            "duration": (self._since, self._to_time),
            "Set<String>": (self._set_of_strings,),
            "Set<DataElement>": (self._set_of_elements,),
            "Set<Purpose>": (self._set_of_purposes,),
        }

    def policy(self, identifier: str) -> str:
        """The text of one policy."""
        pick = self._random.choice
        kind = f"{NAMESPACE}::{pick(KINDS)}"
        action = f'{NAMESPACE}::Action::"disclose"'
        actions = f'{NAMESPACE}::Action::"redisclose"'
        category, element = self._category(), self._element()
        element_type = f"{NAMESPACE}::DataElement"
        principal = pick(("principal", "principal", "principal", "principal", f"principal is {kind}", f'principal == {kind}::"a"'))
        acting = pick((f"action in [{action}, {actions}]", f"action in [{action}, {actions}]", f"action == {action}"))
        scopes = (
            "resource",
            "resource",
            "resource",
            "resource",
            f"resource in {category}",
            f"resource == {element}",
            f"resource is {element_type}",
        )
        resource = pick((*scopes, f"resource is {element_type} in {category}"))
        basis = f'context.basis == "{pick(STRINGS[:2] + STRINGS[6:7])}" && ' if self._random.random() < 0.25 else ""
        clauses = [f"when {{ {basis}{self._expression('Bool', self._random.randint(1, 4))} }}"]
        if self._random.random() < 0.2:
            clauses.append(f"unless {{ {self._expression('Bool', 2)} }}")
        effect = pick(("permit", "permit", "forbid"))
        return f'@id("{identifier}") {effect} ({principal}, {acting}, {resource}) {" ".join(clauses)};'

    def _expression(self, kind: str, depth: int) -> str:
        makers = self._makers.get(kind, ())
        if depth > 0 and makers and self._random.random() < 0.85:
            return f"({self._random.choice(makers)(depth - 1)})"
        paths = [path for known in self._paths for path in known.get(kind, ())]
        if paths and self._random.random() < 0.8:
            return self._random.choice(paths)
        return self._literal(kind, paths)

    def _literal(self, kind: str, paths: Sequence[str]) -> str:
        pick = self._random.choice
        if kind == "Bool":
            return pick(("true", "false"))
        if kind == "Long":
            return str(pick((0, 1, -1, 2, 24, 86_400_000, 2**62, 2**63 - 1)))
        if kind == "String":
            return f'"{pick(STRINGS)}"'
        if kind == "datetime":
            return f'datetime("{pick(DATES)}")'
        if kind == "duration":
            return f'duration("{pick(DURATIONS)}")'
        if kind == "Purpose":
            return f'{NAMESPACE}::Purpose::"{pick(PURPOSES)}"'
        if kind == "Jurisdiction":
            return f'{NAMESPACE}::Jurisdiction::"{pick(("US", "US-CA", "US-XA"))}"'
        makers = {"Set<String>": self._set_of_strings, "Set<DataElement>": self._set_of_elements, "Set<Purpose>": self._set_of_purposes}
        return makers[kind](0) if kind in makers else pick(list(paths))

    def _binary(self, kind: str, sign: str, depth: int) -> str:
        return f"{self._expression(kind, depth)} {sign} {self._expression(kind, depth)}"

    def _not(self, depth: int) -> str:
        return f"!{self._expression('Bool', depth)}"

    def _equal(self, depth: int) -> str:
        return self._binary(self._random.choice(COMPARED), self._random.choice(("==", "!=")), depth)

    def _ordered(self, depth: int) -> str:
        return self._binary(
            self._random.choice(("Long", "Long", "datetime", "duration")), self._random.choice(("<", "<=", ">", ">=")), depth
        )

    def _in(self, depth: int) -> str:
        pick = self._random.choice
        return pick(
            (
                f"resource in {self._category()}",
                f"resource in [{self._category()}, {self._element()}]",
                f"resource in {self._expression('Set<DataElement>', depth)}",
                f"{self._expression('Purpose', depth)} in {self._expression('Purpose', 0)}",
                f"{self._expression('Purpose', depth)} in {self._expression('Set<Purpose>', depth)}",
                f"context.student.jurisdiction in {self._expression('Jurisdiction', 0)}",
            )
        )

    def _is(self, depth: int) -> str:
        subject, kinds = self._random.choice((("principal", KINDS), ("resource", ("DataElement",)), ("context.purpose", ("Purpose",))))
        kind = f"{subject} is {NAMESPACE}::{self._random.choice(kinds)}"
        return f"{kind} in {self._category()}" if subject == "resource" and depth else kind

    def _has(self, _: int) -> str:
        return self._random.choice((*GUARDED, "context.recipient has known", "principal has name", "context.recipient has id"))

    def _contains(self, depth: int) -> str:
        pick = self._random.choice
        kind = pick(("Set<String>", "Set<DataElement>", "Set<Purpose>"))
        these = self._expression(kind, depth)
        member = "resource" if kind == "Set<DataElement>" and pick((True, False)) else None
        one = member or (self._element() if kind == "Set<DataElement>" else self._expression(kind[4:-1], depth))
        return pick(
            (
                f"{these}.contains({one})",
                f"{these}.containsAll({self._expression(kind, depth)})",
                f"{these}.containsAny({self._expression(kind, depth)})",
                f"{these}.isEmpty()",
            )
        )

    def _like(self, depth: int) -> str:
        return f'{self._expression("String", depth)} like "{self._random.choice(PATTERNS)}"'

    def _guarded(self, depth: int) -> str:
        """What a guard makes visible is used behind it."""
        guard = self._random.choice(tuple(GUARDED))
        self._paths.append(GUARDED[guard])
        inner = self._expression("Bool", depth)
        self._paths.pop()
        return self._random.choice((f"{guard} && {inner}", f"if {guard} then {inner} else {self._expression('Bool', depth)}"))

    def _choice(self, kind: str, depth: int) -> str:
        parts = (self._expression("Bool", depth), self._expression(kind, depth), self._expression(kind, depth))
        return "if {} then {} else {}".format(*parts)

    def _arithmetic(self, depth: int) -> str:
        return self._binary("Long", self._random.choice("+-*"), depth)

    def _negative(self, depth: int) -> str:
        return f"-{self._expression('Long', depth)}"

    def _units(self, depth: int) -> str:
        unit = self._random.choice(("Milliseconds", "Seconds", "Minutes", "Hours", "Days"))
        return f"{self._expression('duration', depth)}.to{unit}()"

    def _member_of_record(self, depth: int) -> str:
        return f"{{kind: {self._expression('String', depth)}, sure: {self._expression('Bool', depth)}}}.kind"

    def _offset(self, depth: int) -> str:
        return f"{self._expression('datetime', depth)}.offset({self._expression('duration', depth)})"

    def _to_date(self, depth: int) -> str:
        return f"{self._expression('datetime', depth)}.toDate()"

    def _since(self, depth: int) -> str:
        return f"{self._expression('datetime', depth)}.durationSince({self._expression('datetime', depth)})"

    def _to_time(self, depth: int) -> str:
        return f"{self._expression('datetime', depth)}.toTime()"

    def _set_of_strings(self, depth: int) -> str:
        return f"[{self._expression('String', depth)}, {self._literal('String', ())}]"

    def _set_of_elements(self, depth: int) -> str:
        return f"[{', '.join([self._element() for _ in range(depth + 1)] + ['resource'] * self._random.randint(0, 1))}]"

    def _set_of_purposes(self, depth: int) -> str:
        return f"[{', '.join(self._expression('Purpose', 0) for _ in range(depth + 1))}]"

    def _category(self) -> str:
        return f'{NAMESPACE}::Category::"{self._random.choice(CATEGORIES)}"'

    def _element(self) -> str:
        return f'{NAMESPACE}::DataElement::"{self._random.choice(ELEMENT_IDS)}"'
