"""Why an element is withheld: the forbid that stands against it, or the conditions of the claimed basis that failed, with their citations.

What an explanation may tell to whom is not decided here; it says whether a fact of the student had a part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from services.privacy.policy.entities import Entity, Record
from services.privacy.policy.policy_set import ConditionRule, Policy, PolicySet
from shared.contracts.privacy import FailedCondition, Withheld

REMEMBERED = 4_096
"""Explanations kept: as many as there are ways to fail that were met, of those that could be."""


@dataclass(frozen=True, eq=False)
class Refusal:
    """Why an element is withheld; the same for every element that the rules cannot tell apart."""

    reason: str
    policy: str | None = None
    citation: str | None = None
    failed: tuple[FailedCondition, ...] = ()
    same_for_every_student: bool = False
    _known: dict[str, Withheld] = field(default_factory=dict, repr=False)

    def of(self, element: str) -> Withheld:
        """The refusal of any element."""
        return Withheld(
            element=element,
            reason=self.reason,
            policy=self.policy,
            citation=self.citation,
            failed=self.failed,
            same_for_every_student=self.same_for_every_student,
        )

    def of_known(self, element: str) -> Withheld:
        """The refusal of an element of the taxonomy: made once."""
        withheld = self._known.get(element)
        if withheld is None:
            withheld = self._known[element] = self.of(element)
        return withheld


class Explanation:
    """Explains the refusals of one request and group of students."""

    def __init__(self, principal: Entity, action: Entity, context: Record, claimed: Policy | None, policy_set: PolicySet) -> None:
        """claimed: the permit of the claimed basis and action, None if there is none."""
        self._principal, self._action, self._context = principal, action, context
        self._claimed, self._policy_set = claimed, policy_set

    def refusal(self, resource: Entity, ancestors: frozenset[Entity], forbids: Sequence[str]) -> Refusal:
        """Why `resource` is not permitted, `forbids` being the ids of the forbids that match."""
        failed = sorted((*self._failed_of_request, *self._failed(resource, ancestors, about_resource=True)))
        key = (None if self._claimed is None else self._claimed.annotations.id, *forbids, *failed)
        memory = self._policy_set.memory
        refusal = memory.get(key)
        if refusal is None:
            refusal = self._explain(forbids, failed)
            if len(memory) < REMEMBERED:
                memory[key] = refusal
        return refusal

    @cached_property
    def _failed_of_request(self) -> tuple[int, ...]:
        """Conditions that failed whatever the resource is."""
        nothing = Entity("", "")
        return self._failed(nothing, frozenset(), about_resource=False)

    def _failed(self, resource: Entity, ancestors: frozenset[Entity], *, about_resource: bool) -> tuple[int, ...]:
        if self._claimed is None:
            return ()
        return tuple(
            at
            for at, rule in enumerate(self._claimed.conditions)
            if rule.condition.about_resource == about_resource and not self._holds(rule, resource, ancestors)
        )

    def _holds(self, rule: ConditionRule, resource: Entity, ancestors: frozenset[Entity]) -> bool:
        """A condition on evidence that is not there has not failed by itself: that the evidence is missing has."""
        try:
            return rule.condition.holds(self._principal, self._action, resource, ancestors, self._context)
        except (LookupError, ArithmeticError):
            return True

    def _explain(self, forbids: Sequence[str], failed: Sequence[int]) -> Refusal:
        claimed = self._claimed
        rules = [] if claimed is None else [claimed.conditions[at] for at in failed]
        standing = sorted((self._policy_set.policies[identifier] for identifier in forbids), key=_forbid_order)
        # INVARIANT: it is the same for every student if one cause is, whatever else this student's facts add: or the answers for
        # two students would differ, and so tell a fact of one of them.
        same = any(not policy.depends_on_student for policy in standing) or any(not rule.depends_on_student for rule in rules)
        if standing:
            first = standing[0].annotations
            return Refusal(first.reasons[0].code, first.id, first.reasons[0].citation, (), same)
        if claimed is None:
            return Refusal("no-permit-for-this-action", same_for_every_student=True)
        if not rules:
            return Refusal("not-permitted", claimed.annotations.id, claimed.annotations.citation)
        conditions = tuple(FailedCondition(reason=rule.reason.code, citation=rule.reason.citation) for rule in rules)
        return Refusal(conditions[0].reason, claimed.annotations.id, conditions[0].citation, conditions, same)


def _forbid_order(policy: Policy) -> tuple[bool, str]:
    return policy.depends_on_student, policy.annotations.id
