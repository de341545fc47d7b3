"""Why a decision says what it says: of each element the rule, the conditions that failed, and where the law asks for them."""

from datetime import date
from typing import Literal
from uuid import UUID

from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_decisions import FailedCondition, Outcome


class ExplainedRule(Wire):
    """A rule that had a say."""

    id: Code
    title: str
    citation: str
    authority: Literal["law", "institution"]
    effective: date
    reviewed: bool


class ExplainedChange(Wire):
    """One fact that a person may lawfully change; never an age or a right, nor what a family refused or a court ordered."""

    fact: str
    """By its place among the facts: `agreement.elements`; of evidence that is missing as a whole `agreement`."""
    remedy: str
    citation: str
    """Where the law asks for it."""
    suffices: bool
    """It was tried, and the element would be permitted; else evidence has to come that says what the law asks for."""


class ExplainedElement(Wire):
    """One element of one student."""

    element: str
    permitted: bool
    rule: Code | None = None
    """The permit; or the rule that stands against it, or whose conditions failed; none where the basis has no rule for the action."""
    reason: Code | None = None
    """Of one that is withheld."""
    citation: str | None = None
    failed: tuple[FailedCondition, ...] = ()
    """Every condition of the basis that the facts did not meet: with all of them met it would be permitted, unless a rule forbids it."""
    same_for_every_student: bool | None = None
    """Of one that is withheld: whether no fact of the student had a part in it."""
    would_be_permitted_by: ExplainedChange | None = None
    """Of one that is withheld: the one change that would permit it, where there is one."""


class ExplainedSubject(Wire):
    """A student whose record the caller's organisation keeps; none for the action `request`."""

    student_id: UUID | None
    elements: tuple[ExplainedElement, ...]


class DecisionExplanation(Wire):
    """`GET /v1/decisions/{id}/explanation`, by the set that decided, whichever decides now."""

    decision_id: UUID
    decided_at: Instant
    policy_hash: Digest
    outcome: Outcome
    basis: Code
    action: Code
    subjects: tuple[ExplainedSubject, ...]
    rules: tuple[ExplainedRule, ...]
