"""Policies in Cedar's JSON form (EST) become Python code: one function that is asked once per request and student, and small ones after it.

Most conditions are about the request and not about the element. `candidates` evaluates, for every policy, what stands before the first
mention of the resource, in its order; what is left of those that are still possible is asked per element. Policies of a claimed basis
stand behind one comparison, so that a request pays for its own basis only: sound, because the comparison is their first conjunct.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.privacy.policy.entities import Entity, Record
from services.privacy.policy.expressions import Est, Expressions, compare, load
from services.privacy.policy.reading import can_err, claimed_basis, conjuncts, mentions_resource

Rest = Callable[[Entity, Entity, Entity, frozenset[Entity], Record], bool]
"""(principal, action, resource, the resource's ancestors and itself, context) → the rest of a policy's conditions hold."""


class Candidate(NamedTuple):
    """A policy that may match, depending on the resource."""

    id: str
    permits: bool
    rest: Rest | None
    """None: it matches whatever the resource is."""


Candidates = Callable[[Entity, Entity, Record], list[Candidate]]
"""(principal, action, context) → the policies that may match, in the order of the policies.

It, and what it gives, raise whatever the evaluation errs with; nothing is permitted then.
"""


@dataclass(frozen=True)
class Condition:
    """One conjunct of a permit, to be tried alone when an answer has to say what failed."""

    holds: Rest
    about_resource: bool


@dataclass(frozen=True)
class Compiled:
    """A set of policies as code."""

    candidates: Candidates
    conditions: Mapping[str, tuple[Condition, ...]]
    """Of each permit: the conjuncts of its clauses in their order, without that of the basis."""

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
    parts = {identifier: _parts(policy, expressions) for identifier, policy in policies.items()}
    functions: list[ast.stmt] = []
    candidates: dict[str, ast.Name] = {}
    conditions: dict[str, tuple[tuple[str, bool], ...]] = {}
    for number, (identifier, policy) in enumerate(policies.items()):
        candidates[identifier] = load(f"candidate_{number}")
        if parts[identifier].rest:
            functions.append(_function(f"rest_{number}", _RESOURCE_PARAMETERS, [ast.Return(_conjunction(parts[identifier].rest))]))
        if policy["effect"] == "permit":
            asked = conditions_of(policy)
            conditions[identifier] = tuple((f"condition_{number}_{at}", mentions_resource(part)) for at, part in enumerate(asked))
            functions += [
                _function(name, _RESOURCE_PARAMETERS, [ast.Return(expressions.expression(part))])
                for (name, _), part in zip(conditions[identifier], asked, strict=True)
            ]
    functions.append(_function("candidates", _REQUEST_PARAMETERS, _candidates(policies, parts, candidates)))
    space: dict[str, Any] = dict(expressions.names)
    code = compile(ast.fix_missing_locations(ast.Module(functions, [])), "<policies>", "exec")
    exec(code, space)  # noqa: S102  the tree is built here, from constructs that are known
    for number, (identifier, policy) in enumerate(policies.items()):
        space[f"candidate_{number}"] = Candidate(identifier, policy["effect"] == "permit", space.get(f"rest_{number}"))
    return Compiled(
        space["candidates"],
        {identifier: tuple(Condition(space[name], about) for name, about in those) for identifier, those in conditions.items()},
    )


def conditions_of(policy: Est) -> list[Est]:
    """What a policy asks for, conjunct by conjunct, the claimed basis left out; an `unless` clause is one conjunct, negated."""
    parts = _all_conditions(policy)
    return parts if claimed_basis(policy) is None else parts[1:]


class _Parts(NamedTuple):
    """The conditions of a policy, scope included, before and from the first mention of the resource on."""

    first: list[ast.expr]
    rest: list[ast.expr]


_REQUEST_PARAMETERS = ("principal", "action", "context")
_RESOURCE_PARAMETERS = ("principal", "action", "resource", "resource_ancestors", "context")


def _all_conditions(policy: Est) -> list[Est]:
    parts: list[Est] = []
    for condition in policy["conditions"]:
        parts += conjuncts(condition["body"]) if condition["kind"] == "when" else [{"!": {"arg": condition["body"]}}]
    return parts


def _parts(policy: Est, expressions: Expressions) -> _Parts:
    conditions = _all_conditions(policy)
    early = next((at for at, part in enumerate(conditions) if mentions_resource(part) or can_err(part)), len(conditions))
    trees = [expressions.expression(part) for part in conditions]
    scope = {variable: _scope(policy[variable], load(variable), expressions) for variable in ("principal", "action", "resource")}
    # A condition that can err (arithmetic) is not asked before the resource's scope, for Cedar would not ask it either.
    return _Parts([*scope["principal"], *scope["action"], *trees[:early]], [*scope["resource"], *trees[early:]])


def _candidates(policies: Mapping[str, Est], parts: Mapping[str, _Parts], candidates: Mapping[str, ast.Name]) -> list[ast.stmt]:
    by_basis: dict[str | None, list[ast.stmt]] = {None: []}
    for identifier, policy in policies.items():
        append = ast.Call(ast.Attribute(load("found"), "append", ast.Load()), [candidates[identifier]], [])
        statement = ast.If(_conjunction(parts[identifier].first), [ast.Expr(append)], [])
        by_basis.setdefault(claimed_basis(policy), []).append(statement)
    general = by_basis.pop(None)
    basis = ast.Subscript(load("context"), ast.Constant("basis"), ast.Load())
    chain: list[ast.stmt] = []
    for name, statements in by_basis.items():
        chain = [ast.If(compare(basis, ast.Eq(), ast.Constant(name)), statements, chain)]
    found = ast.Assign([ast.Name("found", ast.Store())], ast.List([], ast.Load()))
    return [found, *general, *chain, ast.Return(load("found"))]


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
