"""Asks the solver: is there any request of the schema for which a claim is false? What it finds goes to our own engine."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cvc5 import pythonic as smt

from services.privacy.policy.compile import Compiled, compile_policies
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.expressions import Est
from services.privacy.policy.rule_pack import SCHEMA, Pack
from services.privacy.policy.taxonomy import TAXONOMY
from services.privacy.policy.time_values import instant_of
from tests.privacy.policy.proofs.encoder import Encoded, Encoder
from tests.privacy.policy.proofs.schema import EntityOf, RecordOf, Scalar, SetOf, read_schema
from tests.privacy.policy.proofs.symbols import Path, Symbols, all_of, any_of

SOLVER_MILLISECONDS = 20_000
"""A query that takes longer is no proof."""


class NotDecided(Exception):
    """The solver gave up: neither proved nor refuted."""


@dataclass(frozen=True)
class Request:
    """A request that the solver found."""

    action: str
    principal: str
    element: str
    context: Record

    @property
    def asked(self) -> tuple[Entity, Entity, Entity, frozenset[Entity], Record]:
        """As compiled rules are asked."""
        resource = TAXONOMY.elements[self.element]
        return (
            entity(self.principal, "anyone"),
            entity("Action", self.action),
            resource,
            TAXONOMY.ancestors[resource],
            self.context,
        )

    def __str__(self) -> str:
        facts = {"action": self.action, "recipient": self.principal, "element": self.element, **_said(self.context)}
        return json.dumps(facts, indent=1, sort_keys=True)


class Rules:
    """All rules of some packs, over any request."""

    def __init__(self, packs: Iterable[Pack], *, like: "Rules | None" = None) -> None:
        """like: rules of which most are the same; those need not be encoded again."""
        self.packs = tuple(packs)
        self.symbols: Symbols = Symbols(read_schema(SCHEMA.read_text()), TAXONOMY) if like is None else like.symbols
        encoder = Encoder(self.symbols)
        self.encoded: dict[str, Encoded] = {}
        self.jurisdiction: dict[str, str] = {}
        self.obliging: set[str] = set()
        self.policies: dict[str, Est] = {}
        for pack in self.packs:
            for identifier, policy in pack.policies.items():
                self.policies[identifier] = policy
                known = like is not None and like.policies.get(identifier) == policy
                self.encoded[identifier] = like.encoded[identifier] if known and like is not None else encoder.policy(policy)
                self.jurisdiction[identifier] = pack.jurisdiction
                if pack.kind == "obligations":
                    self.obliging.add(identifier)
        self._solver = smt.SolverFor("QF_UFLIA")
        self._solver.set("incremental", "true")
        self._solver.set("tlimit-per", str(SOLVER_MILLISECONDS))
        self._solver.add(*self.symbols.domain)
        self._named = {identifier: smt.Bool(f"rule.{identifier}") for identifier in self.encoded}
        self._erring = {identifier: smt.Bool(f"errs.{identifier}") for identifier in self.encoded}
        for identifier, one in self.encoded.items():
            self._solver.add(self._named[identifier] == one.matches, self._erring[identifier] == one.errs)

    def matches(self, identifier: str) -> Any:
        """The rule matches."""
        return self._named[identifier]

    def errs(self, identifier: str) -> Any:
        """The rule's evaluation errs."""
        return self._erring[identifier]

    @cached_property
    def permits(self) -> tuple[str, ...]:
        """Ids of the rules that grant."""
        return tuple(name for name, one in self.encoded.items() if one.permits and name not in self.obliging)

    @cached_property
    def forbids(self) -> tuple[str, ...]:
        """Ids of the rules that forbid."""
        return tuple(name for name, one in self.encoded.items() if not one.permits)

    @cached_property
    def permitted(self) -> Any:
        """Some rule permits."""
        return any_of([self.matches(name) for name in self.permits])

    def forbidden(self, *, without: Iterable[str] = ()) -> Any:
        """Some rule forbids."""
        return any_of([self.matches(name) for name in self.forbids if name not in frozenset(without)])

    @cached_property
    def allowed(self) -> Any:
        """What all rules together decide; that none errs is a claim of its own."""
        return all_of([self.permitted, smt.Not(self.forbidden())])

    def counterexample(self, claim: Any) -> Request | None:
        """A request for which `claim` is false; None if there is none: then it is proved."""
        return self.example(smt.Not(claim))

    def example(self, *wanted: Any) -> Request | None:
        """A request for which all of `wanted` is true; None if there is none. Raises NotDecided."""
        self._solver.push()
        try:
            self._solver.add(*wanted)
            answer = self._solver.check()
            if answer == smt.unsat:
                return None
            if answer != smt.sat:
                raise NotDecided
            return self._request()
        finally:
            self._solver.pop()

    @cached_property
    def compiled(self) -> Compiled:
        """The same rules as the service compiles them."""
        deciding = {name: policy for name, policy in self.policies.items() if name not in self.obliging}
        return compile_policies(deciding, TAXONOMY.ancestors)

    def engine_allows(self, request: Request) -> bool:
        """What the service's engine decides on what the solver found."""
        permits, forbids = self.compiled.matching(*request.asked)
        return bool(permits) and not forbids

    def matching(self, request: Request) -> set[str]:
        """Ids of the rules whose formulas are true of one request; the facts are put to the solver, nothing is evaluated here."""
        self._solver.push()
        try:
            self._solver.add(*self.symbols.facts_of(request.action, request.principal, request.element, request.context))
            if self._solver.check() != smt.sat:
                raise NotDecided
            return {name for name, named in self._named.items() if self._solver.solver.getValue(named.ast).getBooleanValue()}
        finally:
            self._solver.pop()

    def _request(self) -> Request:
        """The request that the solver has in mind."""
        symbols = self.symbols

        def number(value: Any) -> int:
            return int(self._solver.solver.getValue(value.ast).getIntegerValue())

        def is_true(value: Any) -> bool:
            return bool(self._solver.solver.getValue(value.ast).getBooleanValue())

        def fact(path: Path) -> Any:
            type_ = symbols.types[path]
            if isinstance(type_, RecordOf):
                return record(path, type_.members)
            if isinstance(type_, SetOf):
                return frozenset(one for one in symbols.codes_of(type_.element) if is_true(symbols.holds(path, one)))
            if type_ == Scalar("Bool"):
                return is_true(symbols.value(path))
            value = number(symbols.value(path))
            if isinstance(type_, EntityOf):
                return symbols.names[value]
            return symbols.text_of(value) if type_ == Scalar("String") else value

        def record(above: Path, names: Iterable[str]) -> Record:
            there = [(*above, name) for name in names]
            return Record({path[-1]: fact(path) for path in there if is_true(symbols.present(path))})

        codes = {code: name for name, code in symbols.action_codes.items()}
        kinds = {code: name for name, code in symbols.principal_codes.items()}
        element = symbols.names[number(symbols.resource)]
        return Request(
            codes[number(symbols.action)],
            kinds[number(symbols.principal)],
            next(name for name, uid in symbols.taxonomy.elements.items() if uid == element),
            record((), [path[0] for path in symbols.types if len(path) == 1]),
        )


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Record):
            said[name] = _said(value)
        elif isinstance(value, frozenset):
            said[name] = sorted(map(str, value))
        elif isinstance(value, int) and not isinstance(value, bool) and (name == "now" or name.endswith(("_at", "_until", "_from"))):
            said[name] = _instant(value)
        else:
            said[name] = value
    return said


def _instant(milliseconds: int) -> str:
    try:
        return instant_of(milliseconds).isoformat()
    except OverflowError:
        return f"{milliseconds} ms"
