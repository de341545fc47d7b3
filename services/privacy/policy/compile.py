"""Policies in Cedar's JSON form (EST) become one Python function, and one more for each condition that an explanation may need.

The function answers which permits and which forbids match; it does not decide (evaluate.py does). Policies of a claimed basis stand
behind one comparison, so that a request pays for its own basis only: sound, because the comparison is their first conjunct.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.privacy.policy.entities import Entity, Record
from services.privacy.policy.expressions import Est, Expressions, call, compare, entity_of, load, negated
from services.privacy.policy.reading import claimed_basis, conjuncts

Matching = Callable[[Entity, Entity, Entity, Record], tuple[list[str], list[str]]]
"""(principal, action, resource, context) → ids of matching permits, ids of matching forbids, each in the order of the policies.

Raises whatever its evaluation errs with; nothing is permitted then.
"""

Condition = Callable[[Entity, Entity, Entity, Record], bool]
"""One conjunct of a policy."""

PARAMETERS = ("principal", "action", "resource", "context")


@dataclass(frozen=True)
class Compiled:
    """A set of policies as code."""

    matching: Matching
    conditions: Mapping[str, tuple[Condition, ...]]
    """The conjuncts of a permit's `when` clauses in their order, without that of the basis."""


def compile_policies(policies: Mapping[str, Est], ancestors: Mapping[Entity, frozenset[Entity]]) -> Compiled:
    """Compile policies that Cedar validated against the schema. Raises PolicySetBroken for a construct that is not known."""
    expressions = Expressions(ancestors)
    functions: list[ast.stmt] = [_function("matching", _matching(policies, expressions))]
    names: dict[str, tuple[str, ...]] = {}
    for number, (identifier, policy) in enumerate(policies.items()):
        if policy["effect"] == "permit":
            trees = [expressions.expression(part) for part in conditions_of(policy)]
            names[identifier] = tuple(f"condition_{number}_{index}" for index in range(len(trees)))
            functions += [_function(name, [ast.Return(tree)]) for name, tree in zip(names[identifier], trees, strict=True)]
    module = ast.fix_missing_locations(ast.Module(functions, []))
    space: dict[str, Any] = dict(expressions.names)
    exec(compile(module, "<policies>", "exec"), space)  # noqa: S102  the tree is built here, from constructs that are known
    return Compiled(space["matching"], {identifier: tuple(space[name] for name in those) for identifier, those in names.items()})


def conditions_of(policy: Est) -> list[Est]:
    """What a permit asks for, conjunct by conjunct, the claimed basis left out; an `unless` clause is one conjunct, negated."""
    parts: list[Est] = []
    for condition in policy["conditions"]:
        parts += conjuncts(condition["body"]) if condition["kind"] == "when" else [{"!": {"arg": condition["body"]}}]
    return parts if claimed_basis(policy) is None else parts[1:]


def _function(name: str, body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in PARAMETERS], None, [], [], None, [])
    above = ast.Assign([ast.Name("resource_ancestors", ast.Store())], call("ancestors_of", load("resource")))
    return ast.FunctionDef(name, arguments, [above, *body], [])


def _matching(policies: Mapping[str, Est], expressions: Expressions) -> list[ast.stmt]:
    by_basis: dict[str | None, list[ast.stmt]] = {None: []}
    for identifier, policy in policies.items():
        append = ast.Call(ast.Attribute(load(f"{policy['effect']}s"), "append", ast.Load()), [ast.Constant(identifier)], [])
        statement = ast.If(_condition(policy, expressions), [ast.Expr(append)], [])
        by_basis.setdefault(claimed_basis(policy), []).append(statement)
    body: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load())) for name in ("permits", "forbids")]
    body += by_basis.pop(None)
    basis = ast.Subscript(load("context"), ast.Constant("basis"), ast.Load())
    chain: list[ast.stmt] = []
    for name, statements in by_basis.items():
        chain = [ast.If(compare(basis, ast.Eq(), ast.Constant(name)), statements, chain)]
    return [*body, *chain, ast.Return(ast.Tuple([load("permits"), load("forbids")], ast.Load()))]


def _condition(policy: Est, expressions: Expressions) -> ast.expr:
    parts = [*_scope(policy, expressions)]
    for condition in policy["conditions"]:
        tree = expressions.expression(condition["body"])
        parts.append(tree if condition["kind"] == "when" else negated(tree))
    return ast.BoolOp(ast.And(), [ast.Constant(True), *parts])


def _scope(policy: Est, expressions: Expressions) -> list[ast.expr]:
    trees: list[ast.expr] = []
    for variable in ("principal", "action", "resource"):
        scope = policy[variable]
        left = load(variable)
        if scope["op"] == "==":
            trees.append(compare(left, ast.Eq(), expressions.uid(scope["entity"])))
        elif scope["op"] == "in" and "entities" in scope:
            trees.append(call("in_any", left, expressions.constant(frozenset(map(entity_of, scope["entities"])))))
        elif scope["op"] == "in":
            trees.append(expressions.entity_in(left, scope["entity"]))
        elif scope["op"] == "is":
            trees.append(compare(ast.Attribute(left, "kind", ast.Load()), ast.Eq(), ast.Constant(scope["entity_type"])))
            if "in" in scope:
                trees.append(expressions.entity_in(left, scope["in"]["entity"]))
        elif scope["op"] != "All":
            expressions.unknown(f"scope {scope['op']}")
    return trees
