"""Policies in Cedar's JSON form (EST) become Python code: one function that is asked once per request and student, and small ones after it.

Most conditions are about the request and not about the element. `candidates` evaluates, for every policy, what stands before the first
mention of the resource, in its order; what is left of those that are still possible is asked per element. What basis, action, kind of
recipient and state decide is decided when the code is made, once for each combination (specialise.py): a request pays for its own rules.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from services.privacy.policy.entities import Entity, Record
from services.privacy.policy.expressions import Est, Expressions, compare, load
from services.privacy.policy.reading import can_err, claimed_basis, conjuncts, mentions_resource
from services.privacy.policy.specialise import Known

Rest = Callable[[Entity, Entity, Entity, frozenset[Entity], Record], bool]
"""(principal, action, resource, the resource's ancestors and itself, context) → the rest of a policy's conditions hold."""


class Candidate(NamedTuple):
    """A policy that may match, depending on the resource."""

    id: str
    permits: bool
    rest: Rest | None
    """None: it matches whatever the resource is."""


Combination = tuple[str, Entity, str, Entity | None]
"""Basis, action, kind of recipient, and the student's state, if there is a student: what code is made for."""

Candidates = Callable[[Entity, Entity, Record], list[Candidate]]
"""(principal, action, context) → the policies that may match, in the order of the policies.

It, and what it gives, raise whatever the evaluation errs with; nothing is permitted then.
"""


class Condition:
    """One conjunct of a permit, to be tried alone when an answer has to say what failed; compiled when that is first asked."""

    def __init__(self, conditions: "_Conditions", at: int, *, about_resource: bool) -> None:
        self._conditions, self._at = conditions, at
        self.about_resource = about_resource

    @property
    def holds(self) -> Rest:
        """Asks it."""
        return self._conditions.functions[self._at]


@dataclass(frozen=True)
class Compiled:
    """A set of policies as code."""

    candidates: Candidates
    plain: Candidates
    """The same, by code that was made for no combination of basis, action and recipient: for questions that are asked once."""
    left: Callable[[str, Entity, str], tuple[str, ...]]
    """(basis, action, kind of recipient) → ids of the policies that can match at all."""
    conditions: Mapping[str, tuple[Condition, ...]]
    """Of each permit: the conjuncts of its clauses in their order, without that of the basis."""
    met: Callable[[], tuple[Combination, ...]]
    """The combinations whose code was made so far."""
    make: Callable[[Iterable[Combination]], None]
    """Make code of combinations that nobody has asked about yet, so that who asks first does not wait for it."""

    def matching(
        self, principal: Entity, action: Entity, resource: Entity, ancestors: frozenset[Entity], context: Record
    ) -> tuple[list[str], list[str]]:
        """Ids of the permits and of the forbids that match one request."""
        return among(self.candidates(principal, action, context), principal, action, resource, ancestors, context)


def among(
    candidates: Sequence[Candidate], principal: Entity, action: Entity, resource: Entity, ancestors: frozenset[Entity], context: Record
) -> tuple[list[str], list[str]]:
    """Ids of those candidates that permit, and of those that forbid, the resource."""
    permits: list[str] = []
    forbids: list[str] = []
    for identifier, permitting, rest in candidates:
        if rest is None or rest(principal, action, resource, ancestors, context):
            (permits if permitting else forbids).append(identifier)
    return permits, forbids


def compile_policies(policies: Mapping[str, Est], ancestors: Mapping[Entity, frozenset[Entity]]) -> Compiled:
    """Compile policies that Cedar validated against the schema. Raises PolicySetBroken for a construct that is not known."""
    expressions = Expressions(ancestors)
    rules = [_Rule(identifier, policy["effect"] == "permit", *_parts(policy, expressions)) for identifier, policy in policies.items()]
    conditions = {
        identifier: _Conditions(tuple(expressions.expression(part) for part in asked), expressions.names).each(asked)
        for identifier, policy in policies.items()
        if policy["effect"] == "permit"
        for asked in [conditions_of(policy)]
    }
    candidates = _Candidates(rules, expressions.names)
    return Compiled(candidates, candidates.plain, candidates.left, conditions, candidates.met, candidates.make)


class _Rule(NamedTuple):
    """A policy's conditions, scope included, before and from the first mention of the resource on."""

    id: str
    permits: bool
    first: list[ast.expr]
    rest: list[ast.expr]


class _Candidates:
    """Finds the policies that may match: what basis, action and kind of recipient decide is decided once, when first asked for."""

    def __init__(self, rules: Sequence[_Rule], names: Mapping[str, Any]) -> None:
        self._rules, self._names = rules, names
        self._by_request: dict[Combination, Candidates] = {}
        self._plain: Candidates | None = None

    def __call__(self, principal: Entity, action: Entity, context: Record) -> list[Candidate]:
        student = context.get("student")
        key = (context["basis"], action, principal.kind, None if student is None else student["jurisdiction"])
        found = self._by_request.get(key)
        if found is None:
            if len(self._by_request) >= REMEMBERED:
                return self.plain(principal, action, context)
            found = self._by_request[key] = self._compiled(Known(*key, self._names))
        return found(principal, action, context)

    def plain(self, principal: Entity, action: Entity, context: Record) -> list[Candidate]:
        """By the same rules, nothing decided before."""
        if self._plain is None:
            self._plain = self._compiled(None)
        return self._plain(principal, action, context)

    def met(self) -> tuple[Combination, ...]:
        """The combinations whose code was made."""
        return tuple(self._by_request)

    def make(self, combinations: Iterable[Combination]) -> None:
        """Make code, as far as it is not made."""
        for key in combinations:
            if key not in self._by_request and len(self._by_request) < REMEMBERED:
                self._by_request[key] = self._compiled(Known(*key, self._names))

    def left(self, basis: str, action: Entity, kind: str) -> tuple[str, ...]:
        """Ids of the policies that can match such a request."""
        return tuple(rule.id for rule, _, _ in self._folded(Known(basis, action, kind, None, self._names)))

    def _folded(self, known: Known | None) -> Iterator[tuple[_Rule, ast.expr, ast.expr]]:
        for rule in self._rules:
            first, rest = _conjunction(rule.first), _conjunction(rule.rest)
            if known is not None:
                first, rest = known.fold(first), known.fold(rest)
            if not _is(first, False) and not _is(rest, False):
                yield rule, first, rest

    def _compiled(self, known: Known | None) -> Candidates:
        space: dict[str, Any] = dict(self._names)
        functions: list[ast.stmt] = []
        statements: list[ast.stmt] = []
        found = list(self._folded(known))
        for number, (_, first, rest) in enumerate(found):
            if not _is(rest, True):
                functions.append(_function(f"rest_{number}", _RESOURCE_PARAMETERS, [ast.Return(rest)]))
            append = ast.Call(ast.Attribute(load("found"), "append", ast.Load()), [load(f"candidate_{number}")], [])
            statements.append(ast.Expr(append) if _is(first, True) else ast.If(first, [ast.Expr(append)], []))
        empty = ast.Assign([ast.Name("found", ast.Store())], ast.List([], ast.Load()))
        functions.append(_function("candidates", _REQUEST_PARAMETERS, [empty, *statements, ast.Return(load("found"))]))
        _run(functions, space)
        for number, (rule, _, _) in enumerate(found):
            space[f"candidate_{number}"] = Candidate(rule.id, rule.permits, space.get(f"rest_{number}"))
        candidates: Candidates = space["candidates"]
        return candidates


class _Conditions:
    """The conditions of one permit, compiled when an answer first has to say which of them failed."""

    def __init__(self, trees: Sequence[ast.expr], names: Mapping[str, Any]) -> None:
        self._trees, self._names = trees, names

    def each(self, asked: Sequence[Est]) -> tuple[Condition, ...]:
        """In the order of the rule."""
        return tuple(Condition(self, at, about_resource=mentions_resource(part)) for at, part in enumerate(asked))

    @cached_property
    def functions(self) -> list[Rest]:
        """One to a condition."""
        space: dict[str, Any] = dict(self._names)
        names = [f"condition_{number}" for number in range(len(self._trees))]
        _run([_function(name, _RESOURCE_PARAMETERS, [ast.Return(tree)]) for name, tree in zip(names, self._trees, strict=True)], space)
        return [space[name] for name in names]


def conditions_of(policy: Est) -> list[Est]:
    """What a policy asks for, conjunct by conjunct, the claimed basis left out; an `unless` clause is one conjunct, negated."""
    parts = _all_conditions(policy)
    return parts if claimed_basis(policy) is None else parts[1:]


REMEMBERED = 2_048
"""Combinations of basis, action, kind of recipient and state whose code is made: what comes after them is asked by plain code."""

_REQUEST_PARAMETERS = ("principal", "action", "context")
_RESOURCE_PARAMETERS = ("principal", "action", "resource", "resource_ancestors", "context")


def _all_conditions(policy: Est) -> list[Est]:
    parts: list[Est] = []
    for condition in policy["conditions"]:
        parts += conjuncts(condition["body"]) if condition["kind"] == "when" else [{"!": {"arg": condition["body"]}}]
    return parts


def _parts(policy: Est, expressions: Expressions) -> tuple[list[ast.expr], list[ast.expr]]:
    conditions = _all_conditions(policy)
    early = next((at for at, part in enumerate(conditions) if mentions_resource(part) or can_err(part)), len(conditions))
    trees = [expressions.expression(part) for part in conditions]
    scope = {variable: _scope(policy[variable], load(variable), expressions) for variable in ("principal", "action", "resource")}
    # A condition that can err (arithmetic) is not asked before the resource's scope, for Cedar would not ask it either.
    return [*scope["principal"], *scope["action"], *trees[:early]], [*scope["resource"], *trees[early:]]


def _is(tree: ast.expr, value: bool) -> bool:
    return isinstance(tree, ast.Constant) and tree.value is value


def _run(functions: list[ast.stmt], space: dict[str, Any]) -> None:
    code = compile(ast.fix_missing_locations(ast.Module(functions, [])), "<policies>", "exec")
    exec(code, space)  # noqa: S102  the tree is built here, from constructs that are known


def _conjunction(trees: list[ast.expr]) -> ast.expr:
    if len(trees) < 2:
        return trees[0] if trees else ast.Constant(True)
    return ast.BoolOp(ast.And(), trees)


def _function(name: str, parameters: tuple[str, ...], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, body, [])


def _scope(scope: Est, left: ast.Name, expressions: Expressions) -> list[ast.expr]:
    operator = scope["op"]
    if operator == "All":
        return []
    if operator == "==":
        return [compare(left, ast.Eq(), expressions.uid(scope["entity"]))]
    if operator == "in" and "entities" in scope:
        return [expressions.action_among(scope["entities"])]
    if operator == "in":
        return [expressions.entity_in(left, scope["entity"])]
    if operator == "is":
        same_kind = compare(ast.Attribute(left, "kind", ast.Load()), ast.Eq(), ast.Constant(scope["entity_type"]))
        return [same_kind, *([expressions.entity_in(left, scope["in"]["entity"])] if "in" in scope else [])]
    return expressions.unknown(f"scope {operator}")
