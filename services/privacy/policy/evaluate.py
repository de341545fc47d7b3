"""The decision: a pure function of the input and the policy set.

Default deny. A forbid overrides. Exactly one permit of the claimed basis has to match. Whatever goes wrong - a word that the taxonomy does
not have, an evaluation that errs, an obligation that cannot be resolved - denies what it concerns, and raises an alert.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from safepassage.canonical import digest_of
from services.privacy.policy.asked_elements import AskedElements, in_order
from services.privacy.policy.compile import among
from services.privacy.policy.context import contexts, in_place_of_the_consent
from services.privacy.policy.entities import Entity, Record, entity
from services.privacy.policy.explain import Explanation, Refusal
from services.privacy.policy.obligations import ObligationKey, ObligationUnresolved
from services.privacy.policy.outcome import GroupOutcome, Outcome
from services.privacy.policy.policy_input import OF_EDUCATORS, ConsentFacts, PolicyInput
from services.privacy.policy.policy_set import PolicySet, remember
from services.privacy.policy.taxonomy import BASES, RECIPIENTS
from shared.contracts.privacy import Obligation

PROVIDE: Final = "provide"
"""The kind of obligation that makes a permission a duty."""
UNKNOWN_ELEMENT: Final = Refusal("unknown-element", same_for_every_student=True)
UNKNOWN_JURISDICTION: Final = Refusal("unknown-jurisdiction")
EVALUATION_ERROR: Final = Refusal("evaluation-error")
SEVERAL_PERMITS: Final = Refusal("several-permits")
OBLIGATION_UNRESOLVED: Final = Refusal("obligation-unresolved")
FACTS_UNUSABLE: Final = Refusal("facts-unusable")
"""The facts of this student could not be used: a time zone that does not exist."""


class _Decision:
    """What is being decided, and what comes together on the way."""

    def __init__(self, policy_input: PolicyInput, policy_set: PolicySet) -> None:
        recipient = policy_input.recipient
        self.policy_input, self.policy_set = policy_input, policy_set
        self.principal = entity(RECIPIENTS.get(recipient.kind, ""), recipient.id)
        self.action = policy_set.taxonomy.actions.get(policy_input.action) or entity("Action", policy_input.action)
        self.policies: set[str] = set()
        self.obligations: dict[ObligationKey, Obligation] = {}
        self.alerts: set[str] = set()

    def oblige(self, policies: tuple[str, ...], context: Record) -> None:
        """Take on what the policies oblige to, all of it or nothing. Raises ObligationUnresolved."""
        self.policy_set.obliging(policies).take_on(self.obligations, context)


def decide(policy_input: PolicyInput, policy_set: PolicySet, *, canonical: bytes | None = None) -> Outcome:
    """Decide every element for every student of the input. `canonical` is the input's canonical form, where the caller has made it."""
    decision = _Decision(policy_input, policy_set)
    unknown = _unknown_word(policy_input, policy_set)
    if unknown is None:
        asked = policy_set.asked(policy_input.elements, policy_input.basis, decision.action, decision.principal.kind)
        elements = asked.order
        alone = policy_input.asker is not None or policy_input.action == OF_EDUCATORS
        others = [None] if alone else [group.other_consents for group in policy_input.groups]
        groups = [
            _decide_group(decision, asked, context, other)
            for context, other in zip(contexts(policy_input, policy_set.taxonomy), others, strict=True)
        ]
    else:
        decision.alerts.add(unknown)
        elements = in_order(policy_input.elements, policy_set.taxonomy)
        refused = _all_withheld(elements, Refusal(unknown, same_for_every_student=True))
        groups = [refused] * max(1, len(policy_input.groups))
    if any(group is None for _, _, group in policy_input.subjects):
        decision.alerts.add(FACTS_UNUSABLE.reason)
        groups.append(_all_withheld(elements, FACTS_UNUSABLE))
    policies, citations = policy_set.cited(frozenset(decision.policies))
    return Outcome(
        groups=tuple(groups),
        group_of=tuple([(student, len(groups) - 1 if group is None else group) for student, _, group in policy_input.subjects])
        or ((None, 0),),
        policies=policies,
        citations=citations,
        obligations=tuple([decision.obligations[key] for key in sorted(decision.obligations, key=_obligation_order)]),
        reviewed=policy_set.reviewed,
        alerts=tuple(sorted(decision.alerts)),
        holds_until_milliseconds=policy_input.holds_until,
        policy_hash=policy_set.policy_hash,
        input_hash=policy_input.digest if canonical is None else digest_of(canonical),
        required=any(kind == PROVIDE for kind, _, _ in decision.obligations),
    )


def reproduce(recorded: bytes, policy_set: PolicySet) -> bytes:
    """The outcome of a recorded input, as recorded: to be compared with the outcome's bytes of then.

    Raises ValueError if `recorded` is not the canonical form of a PolicyInput.
    """
    policy_input = PolicyInput.model_validate_json(recorded, strict=True)
    if policy_input.canonical() != recorded:
        raise ValueError("not the canonical form of a policy input")
    return decide(policy_input, policy_set, canonical=recorded).canonical()


def _decide_group(
    decision: _Decision, asked: AskedElements, context: Record | None, other_consents: Iterable[ConsentFacts] | None
) -> GroupOutcome:
    if context is None:
        decision.alerts.add(UNKNOWN_JURISDICTION.reason)
        return _all_withheld(asked.order, UNKNOWN_JURISDICTION)
    if other_consents:
        return _best_of(decision, asked, in_place_of_the_consent(context, other_consents, decision.policy_set.taxonomy))
    return _decide_context(decision, asked, context)


def _best_of(decision: _Decision, asked: AskedElements, candidates: Sequence[Record]) -> GroupOutcome:
    """Each consent decides by itself; an element is permitted if one of them permits it, else withheld for the reason of the first."""
    answers = [_decide_context(decision, asked, context) for context in candidates]
    permitted = {element for answer in answers for element in answer.permitted}
    first = {one.element: one for one in answers[0].withheld}
    order = [element for element in asked.order if element in permitted]
    return GroupOutcome(tuple(order), tuple(first[element] for element in asked.order if element not in permitted))


def _decide_context(decision: _Decision, asked: AskedElements, context: Record) -> GroupOutcome:
    try:
        group = _Group(decision, context)
    except Exception:  # INVARIANT: an evaluation that errs denies; Cedar would skip the policy, and a skipped forbid permits
        decision.alerts.add(EVALUATION_ERROR.reason)
        return _all_withheld(asked.order, EVALUATION_ERROR)
    verdicts: list[Refusal | None] = [UNKNOWN_ELEMENT] * len(asked.order)
    for alike in asked.alike:
        for resource, places in alike.parts(group.sets):
            refusal = group.verdict(resource)
            for place in places:
                verdicts[place] = refusal
    if asked.unknown:
        decision.alerts.add(UNKNOWN_ELEMENT.reason)
        return _answer(asked.order, verdicts)
    answers, key = decision.policy_set.answers, (asked.order, *verdicts)
    found: GroupOutcome | None = answers.get(key)
    if found is None:
        found = _answer(asked.order, verdicts)
        remember(answers, key, found)
    return found


def _answer(elements: Sequence[str], verdicts: Sequence[Refusal | None]) -> GroupOutcome:
    decided = list(zip(elements, verdicts, strict=True))
    return GroupOutcome(
        tuple(element for element, refusal in decided if refusal is None),
        tuple(
            refusal.of(element) if refusal is UNKNOWN_ELEMENT else refusal.of_known(element)
            for element, refusal in decided
            if refusal is not None
        ),
    )


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
                decision.oblige((identifier,), context)
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
        try:
            decision.oblige(determining, self._context)
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


def _all_withheld(elements: Iterable[str], refusal: Refusal) -> GroupOutcome:
    return GroupOutcome((), tuple(refusal.of(element) for element in elements))


def _obligation_order(key: ObligationKey) -> tuple[str, str]:
    return key[0], key[1]
