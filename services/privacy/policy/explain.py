"""Why an element is withheld: the forbid that stands against it, or the conditions of the claimed basis that failed, with their citations.

What an explanation may tell to whom is not decided here; it says whether a fact of the student had a part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.privacy.policy.entities import Entity, Record
from services.privacy.policy.policy_set import ConditionRule, Policy, PolicySet
from shared.contracts.privacy import FailedCondition, Withheld


@dataclass(frozen=True)
class Refusal:
    """Why an element is withheld; the same for every element that the rules cannot tell apart."""

    reason: str
    policy: str | None = None
    citation: str | None = None
    failed: tuple[FailedCondition, ...] = ()
    same_for_every_student: bool = False

    def of(self, element: str) -> Withheld:
        """The refusal of one element."""
        return Withheld(
            element=element,
            reason=self.reason,
            policy=self.policy,
            citation=self.citation,
            failed=self.failed,
            same_for_every_student=self.same_for_every_student,
        )


@dataclass(frozen=True)
class Asked:
    """What one evaluation is about."""

    principal: Entity
    action: Entity
    resource: Entity
    context: Record


def refusal_of(asked: Asked, forbids: Sequence[str], claimed: Policy | None, policy_set: PolicySet) -> Refusal:
    """Explain why `asked` is not permitted.

    forbids    ids of the forbids that match
    claimed    the permit of the claimed basis and action, None if there is none
    """
    failed = () if claimed is None else _failed(asked, claimed)
    standing = sorted((policy_set.policies[identifier] for identifier in forbids), key=_forbid_order)
    # INVARIANT: it is the same for every student if one cause is, whatever else this student's facts add: or the answers for two
    # students would differ, and so tell a fact of one of them.
    same = any(not policy.depends_on_student for policy in standing) or any(not rule.depends_on_student for rule in failed)
    if standing:
        first = standing[0].annotations
        return Refusal(first.reasons[0].code, first.id, first.reasons[0].citation, (), same)
    if claimed is None:
        return Refusal("no-permit-for-this-action", same_for_every_student=True)
    if not failed:
        return Refusal("not-permitted", claimed.annotations.id, claimed.annotations.citation)
    conditions = tuple(FailedCondition(reason=rule.reason.code, citation=rule.reason.citation) for rule in failed)
    return Refusal(conditions[0].reason, claimed.annotations.id, conditions[0].citation, conditions, same)


def _forbid_order(policy: Policy) -> tuple[bool, str]:
    return policy.depends_on_student, policy.annotations.id


def _failed(asked: Asked, claimed: Policy) -> tuple[ConditionRule, ...]:
    return tuple(rule for rule in claimed.conditions if not _holds(rule, asked))


def _holds(rule: ConditionRule, asked: Asked) -> bool:
    """A condition on evidence that is not there has not failed by itself: that the evidence is missing has."""
    try:
        return rule.holds(asked.principal, asked.action, asked.resource, asked.context)
    except (LookupError, ArithmeticError):
        return True
