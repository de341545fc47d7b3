"""The decision: a pure function of the input and the policy set.

Default deny. A forbid overrides. Exactly one permit of the claimed basis has to match. Whatever goes wrong - a word that the taxonomy does
not have, an evaluation that errs, an obligation that cannot be resolved - denies what it concerns, and raises an alert.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.privacy.policy.context import contexts
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.explain import Asked, Refusal, refusal_of
from services.privacy.policy.obligations import ObligationUnresolved
from services.privacy.policy.outcome import GroupOutcome, Outcome
from services.privacy.policy.policy_input import PolicyInput
from services.privacy.policy.policy_set import PolicySet
from services.privacy.policy.taxonomy import BASES, RECIPIENTS
from shared.contracts.privacy import Obligation, Withheld

UNKNOWN_ELEMENT: Final = Refusal("unknown-element", same_for_every_student=True)
FACTS_UNUSABLE: Final = Refusal("facts-unusable")
"""The facts of this student could not be used: a time zone that does not exist."""


@dataclass
class _Decision:
    """What is being decided, and what comes together on the way."""

    policy_input: PolicyInput
    policy_set: PolicySet
    principal: Entity
    action: Entity
    policies: set[str] = field(default_factory=set)
    obligations: set[Obligation] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)


def decide(policy_input: PolicyInput, policy_set: PolicySet) -> Outcome:
    """Decide every element for every student of the input."""
    recipient = policy_input.recipient
    decision = _Decision(
        policy_input,
        policy_set,
        principal=entity(RECIPIENTS.get(recipient.kind, ""), recipient.id),
        action=entity("Action", policy_input.action),
    )
    elements = _in_order(policy_input.elements, policy_set)
    unknown = _unknown_word(policy_input, policy_set)
    if unknown is None:
        groups = [_decide_group(decision, elements, context) for context in contexts(policy_input, policy_set.taxonomy)]
    else:
        decision.alerts.add(unknown)
        refused = _all_withheld(elements, Refusal(unknown, same_for_every_student=True))
        groups = [refused] * max(1, len(policy_input.groups))
    if any(group is None for _, _, group in policy_input.subjects):
        decision.alerts.add(FACTS_UNUSABLE.reason)
        groups.append(_all_withheld(elements, FACTS_UNUSABLE))
    determining = sorted(decision.policies)
    return Outcome(
        groups=tuple(groups),
        group_of=tuple((student, len(groups) - 1 if group is None else group) for student, _, group in policy_input.subjects)
        or ((None, 0),),
        policies=tuple(determining),
        citations=tuple(dict.fromkeys(policy_set.policies[identifier].annotations.citation for identifier in determining)),
        obligations=tuple(sorted(decision.obligations, key=_obligation_order)),
        reviewed=policy_set.reviewed,
        alerts=tuple(sorted(decision.alerts)),
        holds_until_milliseconds=policy_input.holds_until,
        policy_hash=policy_set.policy_hash,
        input_hash=policy_input.digest,
    )


def reproduce(recorded: bytes, policy_set: PolicySet) -> bytes:
    """The outcome of a recorded input, as recorded: to be compared with the outcome's bytes of then.

    Raises ValueError if `recorded` is not the canonical form of a PolicyInput.
    """
    policy_input = PolicyInput.model_validate_json(recorded, strict=True)
    if policy_input.canonical() != recorded:
        raise ValueError("not the canonical form of a policy input")
    return decide(policy_input, policy_set).canonical()


def _decide_group(decision: _Decision, elements: Iterable[str], context: Record | None) -> GroupOutcome:
    if context is None:
        decision.alerts.add("unknown-jurisdiction")
        return _all_withheld(elements, Refusal("unknown-jurisdiction"))
    known = decision.policy_set.taxonomy.elements
    verdicts: dict[object, Refusal | None] = {}
    permitted: list[str] = []
    withheld: list[Withheld] = []
    for element in elements:
        resource = known.get(element)
        if resource is None:
            decision.alerts.add(UNKNOWN_ELEMENT.reason)
            withheld.append(UNKNOWN_ELEMENT.of(element))
            continue
        alike = _alike(resource, context, decision.policy_set)
        if alike not in verdicts:
            verdicts[alike] = _verdict(decision, Asked(decision.principal, decision.action, resource, context))
        refusal = verdicts[alike]
        if refusal is None:
            permitted.append(element)
        else:
            withheld.append(refusal.of(element))
    return GroupOutcome(tuple(permitted), tuple(withheld))


def _verdict(decision: _Decision, asked: Asked) -> Refusal | None:
    """None if it is permitted."""
    policy_set = decision.policy_set
    try:
        permits, forbids = policy_set.grants.matching(asked.principal, asked.action, asked.resource, asked.context)
        duties, _ = policy_set.duties.matching(asked.principal, asked.action, asked.resource, asked.context)
    except Exception:  # INVARIANT: an evaluation that errs denies; Cedar would skip the policy, and a skipped forbid permits
        decision.alerts.add("evaluation-error")
        return Refusal("evaluation-error")
    if forbids or not permits:
        claimed = policy_set.claims.get((decision.policy_input.basis, decision.policy_input.action))
        refusal = refusal_of(asked, forbids, claimed, policy_set)
        decision.policies.update(forbids)
        return refusal
    if len(permits) > 1:
        decision.alerts.add("several-permits")
        return Refusal("several-permits")
    determining = (*permits, *duties)
    rules = [rule for identifier in determining for rule in policy_set.policies[identifier].annotations.obligations]
    try:
        resolved = [rule.resolve(asked.context) for rule in rules]
    except (ObligationUnresolved, ArithmeticError):
        decision.alerts.add("obligation-unresolved")
        return Refusal("obligation-unresolved")
    decision.policies.update(determining)
    decision.obligations.update(resolved)
    return None


def _alike(resource: Entity, context: Record, policy_set: PolicySet) -> object:
    """A key that two elements share if no rule can tell them apart: their categories, and the sets of the context that hold them."""
    use = policy_set.resource_use
    if use.opaque or resource in use.named:
        return resource
    return policy_set.alike[resource], *(_holds(path, resource, context) for path in use.paths)


def _holds(path: tuple[str, ...], resource: Entity, context: Record) -> bool:
    value = context
    for member in path:
        value = value.get(member, Record())
    return resource in value


def _unknown_word(policy_input: PolicyInput, policy_set: PolicySet) -> str | None:
    if policy_input.action not in policy_set.taxonomy.actions:
        return "unknown-action"
    if policy_input.basis not in BASES:
        return "unknown-basis"
    if policy_input.purpose not in policy_set.taxonomy.purposes:
        return "unknown-purpose"
    return None if policy_input.recipient.kind in RECIPIENTS else "unknown-recipient-kind"


def _in_order(elements: Iterable[str], policy_set: PolicySet) -> tuple[str, ...]:
    asked = set(elements)
    known = policy_set.taxonomy.elements
    return *(element for element in known if element in asked), *sorted(asked - known.keys())


def _all_withheld(elements: Iterable[str], refusal: Refusal) -> GroupOutcome:
    return GroupOutcome((), tuple(refusal.of(element) for element in elements))


def _obligation_order(obligation: Obligation) -> tuple[str, str]:
    return obligation.kind, obligation.argument or ""
