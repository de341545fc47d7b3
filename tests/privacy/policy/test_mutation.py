"""Would the table notice? Each condition of each rule is dropped, negated, moved by a boundary; some row has to tell the difference."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.privacy.policy import PolicySet
from services.privacy.policy.compile import among, compile_policies
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import entity
from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.expressions import Est
from services.privacy.policy.reading import CONTEXT, conjuncts
from services.privacy.policy.rule_pack import read_packs
from services.privacy.policy.taxonomy import RECIPIENTS, TAXONOMY
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.situations import policy_input
from tests.privacy.policy.test_differential_requests import KNOWN_ROWS

pytestmark = pytest.mark.slow

BOUNDARIES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
TRUE = {"Value": True}


EVIDENCE = {"consent", "agreement", *GroundFacts.model_fields}
"""Facts that the action `request` never has: the student is not known, so that nothing about one can be held. Nor those about educators."""
OF_ONE_ACTION = {"application"}
"""Facts that one action alone has: a rule that asks for them is the same for any action."""


def _needs_evidence(policy: Est) -> bool:
    """Equivalent without its scope of actions: in the third action, `request`, the evidence that it asks for cannot be there."""
    asked = [part for condition in policy["conditions"] if condition["kind"] == "when" for part in conjuncts(condition["body"])]
    needed = {part["has"]["attr"] for part in asked if part.get("has", {}).get("left") == CONTEXT}
    return bool(needed & OF_ONE_ACTION) or (policy["action"].get("entities", ()) != () and bool(needed & EVIDENCE))


def _asked() -> Iterator[tuple[Any, ...]]:
    for row in KNOWN_ROWS:
        facts = policy_input(SITUATIONS[row.situation], {**row.changes, "elements": [row.element]})
        (context,) = contexts(facts, TAXONOMY)
        resource = TAXONOMY.elements[row.element]
        principal = entity(RECIPIENTS[facts.recipient.kind], facts.recipient.id)
        yield principal, entity("Action", facts.action), resource, TAXONOMY.ancestors[resource], context


def _mutations(est: Any) -> Iterator[Any]:
    """Every expression that differs from `est` in one place."""
    if isinstance(est, dict):
        yield from _changed(est)
        for name, part in est.items():
            for other in _mutations(part):
                yield {**est, name: other}
    elif isinstance(est, list):
        for at, part in enumerate(est):
            for other in _mutations(part):
                yield [*est[:at], other, *est[at + 1 :]]


def _changed(est: Mapping[str, Any]) -> Iterator[Est]:
    operator, operand = next(iter(est.items())) if len(est) == 1 else ("", {})
    if operator in ("&&", "||"):
        yield operand["left"]
        yield operand["right"]
    elif operator == "!":
        yield operand["arg"]
    elif operator in BOUNDARIES:
        yield {BOUNDARIES[operator]: operand}
    if operator in (*BOUNDARIES, ".", "has", "in", "is", "contains", "containsAny") and not _is_value(est):
        yield {"!": {"arg": est}}


def _is_value(est: Mapping[str, Any]) -> bool:
    """A path whose value is no Boolean."""
    access = est.get(".", {})
    words = (
        "basis", "purpose", "now", "kind", "jurisdiction", "grantor_role", "signature", "elements", "purposes", "clauses", "form",
        "initiated_by", "offense", "recruiter", "record_class", "designated", "opted_out", "refused",
    )  # fmt: skip
    records = (
        "recipient",
        "student",
        "custody",
        "consent",
        "agreement",
        "transfer",
        "asker",
        "application",
        "licensure",
        *GroundFacts.model_fields,
    )
    name = access.get("attr", "")
    return bool(access) and (name in words or name in records or name.endswith(("_at", "_until")))


def _mutants(policy: Est) -> Iterator[tuple[str, Est]]:
    for variable in ("principal", "action", "resource"):
        if policy[variable]["op"] != "All":
            yield f"any {variable}", {**policy, variable: {"op": "All"}}
    for at, condition in enumerate(policy["conditions"]):
        if len(policy["conditions"]) > 1:
            yield f"without {condition['kind']}", {**policy, "conditions": [it for it in policy["conditions"] if it is not condition]}
        for number, body in enumerate(_mutations(condition["body"])):
            conditions = copy.copy(policy["conditions"])
            conditions[at] = {**condition, "body": body}
            yield f"{condition['kind']} {number}: {body}", {**policy, "conditions": conditions}


def _answers(policy: Est, asked: list[tuple[Any, ...]]) -> Iterator[bool | None]:
    """Whether the policy matches each request; None where it errs, which Cedar's validator would have refused."""
    plain = compile_policies({"one": policy}, TAXONOMY.ancestors).plain
    for principal, action, resource, ancestors, context in asked:
        try:
            yield any(among(plain(principal, action, context), principal, action, resource, ancestors, context))
        except (KeyError, TypeError):
            yield None


def _outcome(permits: set[str], forbids: set[str]) -> frozenset[str]:
    return frozenset(forbids or permits)


@pytest.mark.requirement("POL-law")
def test_the_table_notices_every_change_of_a_rule(policy_set: PolicySet) -> None:
    asked = list(_asked())
    found = [policy_set.grants.matching(*one) for one in asked]
    survivors, made = [], 0
    for pack in read_packs():
        if pack.kind == "obligations":
            continue
        for identifier, policy in pack.policies.items():
            for name, mutant in _mutants(policy):
                made += 1
                if not any(_tells(identifier, policy, *seen) for seen in zip(found, _answers(mutant, asked), strict=True)):
                    survivors.append(f"{identifier}: {name}")
    equivalent = {
        f"{identifier}: any action"
        for pack in read_packs()
        for identifier, policy in pack.policies.items()
        if pack.kind != "obligations" and _needs_evidence(policy)
    }
    assert set(survivors) == equivalent
    assert made > 1_700


def _tells(identifier: str, policy: Est, found: tuple[list[str], list[str]], matches: bool | None) -> bool:
    permits, forbids = set(found[0]), set(found[1])
    before = _outcome(permits, forbids)
    if matches is None:
        return True
    side = permits if policy["effect"] == "permit" else forbids
    (side.add if matches else side.discard)(identifier)
    return _outcome(permits, forbids) != before
