"""The decision: a pure function of the input and the policy set.

Default deny. A forbid overrides. Exactly one permit of the claimed basis has to match. Whatever goes wrong - a word that the taxonomy does
not have, an evaluation that errs, an obligation that cannot be resolved - denies what it concerns, and raises an alert.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from services.privacy.policy.compile import among
from services.privacy.policy.context import contexts, in_place_of_the_consent
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.explain import Explanation, Refusal
from services.privacy.policy.obligations import ObligationRule, ObligationUnresolved
from services.privacy.policy.outcome import GroupOutcome, Outcome
from services.privacy.policy.policy_input import ConsentFacts, PolicyInput
from services.privacy.policy.policy_set import PolicySet
from services.privacy.policy.taxonomy import BASES, RECIPIENTS
from shared.contracts.privacy import Obligation, Withheld

PROVIDE: Final = "provide"
"""The kind of obligation that makes a permission a duty."""
UNKNOWN_ELEMENT: Final = Refusal("unknown-element", same_for_every_student=True)
UNKNOWN_JURISDICTION: Final = Refusal("unknown-jurisdiction")
EVALUATION_ERROR: Final = Refusal("evaluation-error")
SEVERAL_PERMITS: Final = Refusal("several-permits")
OBLIGATION_UNRESOLVED: Final = Refusal("obligation-unresolved")
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
    obligations: dict[tuple[str, str, object], Obligation] = field(default_factory=dict)
    alerts: set[str] = field(default_factory=set)

    @cached_property
    def alike(self) -> Mapping[Entity, object]:
        """What the rules for this request cannot tell apart."""
        return self.policy_set.alike(self.policy_input.basis, self.action, self.principal.kind)

    def oblige(self, rules: Iterable[ObligationRule], context: Record) -> None:
        """Take on what the rules oblige to, all of it or nothing. Raises ObligationUnresolved."""
        resolved = [rule.resolve(context) for rule in rules]
        self.obligations |= {(one.kind, one.argument or "", one.due_at): one for one in resolved}


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
        others = [None] if policy_input.asker is not None else [group.other_consents for group in policy_input.groups]
        groups = [
            _decide_group(decision, elements, context, other)
            for context, other in zip(contexts(policy_input, policy_set.taxonomy), others, strict=True)
        ]
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
        obligations=tuple(decision.obligations[key] for key in sorted(decision.obligations, key=_obligation_order)),
        reviewed=policy_set.reviewed,
        alerts=tuple(sorted(decision.alerts)),
        holds_until_milliseconds=policy_input.holds_until,
        policy_hash=policy_set.policy_hash,
        input_hash=policy_input.digest,
        required=any(one.kind == PROVIDE for one in decision.obligations.values()),
    )


def reproduce(recorded: bytes, policy_set: PolicySet) -> bytes:
    """The outcome of a recorded input, as recorded: to be compared with the outcome's bytes of then.

    Raises ValueError if `recorded` is not the canonical form of a PolicyInput.
    """
    policy_input = PolicyInput.model_validate_json(recorded, strict=True)
    if policy_input.canonical() != recorded:
        raise ValueError("not the canonical form of a policy input")
    return decide(policy_input, policy_set).canonical()


def _decide_group(
    decision: _Decision, elements: Iterable[str], context: Record | None, other_consents: Iterable[ConsentFacts] | None
) -> GroupOutcome:
    if context is None:
        decision.alerts.add(UNKNOWN_JURISDICTION.reason)
        return _all_withheld(elements, UNKNOWN_JURISDICTION)
    if other_consents:
        return _best_of(decision, elements, in_place_of_the_consent(context, other_consents, decision.policy_set.taxonomy))
    return _decide_context(decision, elements, context)


def _best_of(decision: _Decision, elements: Iterable[str], candidates: Sequence[Record]) -> GroupOutcome:
    """Each consent decides by itself; an element is permitted if one of them permits it, else withheld for the reason of the first."""
    answers = [_decide_context(decision, elements, context) for context in candidates]
    permitted = {element for answer in answers for element in answer.permitted}
    first = {one.element: one for one in answers[0].withheld}
    order = [element for element in elements if element in permitted]
    return GroupOutcome(tuple(order), tuple(first[element] for element in elements if element not in permitted))


def _decide_context(decision: _Decision, elements: Iterable[str], context: Record) -> GroupOutcome:
    try:
        group = _Group(decision, context)
    except Exception:  # INVARIANT: an evaluation that errs denies; Cedar would skip the policy, and a skipped forbid permits
        decision.alerts.add(EVALUATION_ERROR.reason)
        return _all_withheld(elements, EVALUATION_ERROR)
    known, alike, sets = decision.policy_set.taxonomy.elements, decision.alike, group.sets
    verdicts: dict[object, Refusal | None] = {}
    permitted: list[str] = []
    withheld: list[Withheld] = []
    for element in elements:
        resource = known.get(element)
        if resource is None:
            decision.alerts.add(UNKNOWN_ELEMENT.reason)
            withheld.append(UNKNOWN_ELEMENT.of(element))
            continue
        key = (alike[resource], *[resource in those for those in sets]) if sets else alike[resource]
        if key not in verdicts:
            verdicts[key] = group.verdict(resource)
        refusal = verdicts[key]
        if refusal is None:
            permitted.append(element)
        else:
            withheld.append(refusal.of_known(element))
    return GroupOutcome(tuple(permitted), tuple(withheld))


class _Group:
    """The students of a request whose facts are alike: what is possible for them at all is found once, then asked per element."""

    def __init__(self, decision: _Decision, context: Record) -> None:
        policy_set, asked = decision.policy_set, (decision.principal, decision.action, context)
        self._decision, self._context = decision, context
        self._grants = policy_set.grants.candidates(*asked)
        self._duties = policy_set.duties.candidates(*asked)
        self._explanation: Explanation | None = None
        self._obliged: dict[tuple[str, ...], Refusal | None] = {}
        self.sets = [
            those
            for fact, paths in policy_set.resource_use.by_fact.items()
            if fact in context
            for path in paths
            if (those := _set_at(path, context))
        ]
        """The sets that hold some element: what tells elements of the same categories apart."""

    def verdict(self, resource: Entity) -> Refusal | None:
        """None if `resource` is permitted."""
        try:
            return self._verdict(resource)
        except Exception:  # INVARIANT: as above
            return self._alert(EVALUATION_ERROR)

    def _verdict(self, resource: Entity) -> Refusal | None:
        decision, context = self._decision, self._context
        ancestors = decision.policy_set.taxonomy.ancestors[resource]
        asked = (decision.principal, decision.action, resource, ancestors, context)
        permits, forbids = among(self._grants, *asked)
        if forbids or not permits:
            decision.policies.update(forbids)
            for identifier in forbids:
                decision.oblige(decision.policy_set.policies[identifier].annotations.obligations, context)
            return self._explained.refusal(resource, ancestors, forbids)
        if len(permits) > 1:
            return self._alert(SEVERAL_PERMITS)
        duties, _ = among(self._duties, *asked)
        determining = (*permits, *duties)
        if determining not in self._obliged:
            self._obliged[determining] = self._oblige(determining)
        return self._obliged[determining]

    @property
    def _explained(self) -> Explanation:
        if self._explanation is None:
            decision = self._decision
            claimed = decision.policy_set.claims.get((decision.policy_input.basis, decision.policy_input.action))
            self._explanation = Explanation(decision.principal, decision.action, self._context, claimed, decision.policy_set)
        return self._explanation

    def _oblige(self, determining: tuple[str, ...]) -> Refusal | None:
        """Take on the obligations of the policies that permit."""
        decision = self._decision
        rules = [rule for identifier in determining for rule in decision.policy_set.policies[identifier].annotations.obligations]
        try:
            decision.oblige(rules, self._context)
        except (ObligationUnresolved, ArithmeticError):
            return self._alert(OBLIGATION_UNRESOLVED)
        decision.policies.update(determining)
        return None

    def _alert(self, refusal: Refusal) -> Refusal:
        self._decision.alerts.add(refusal.reason)
        return refusal


def _set_at(path: tuple[str, ...], context: Record) -> frozenset[Entity]:
    value: Any = context
    for member in path:
        value = value.get(member)
        if value is None:
            return frozenset()
    return frozenset(value)


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


def _obligation_order(key: tuple[str, str, object]) -> tuple[str, str]:
    return key[0], key[1]
