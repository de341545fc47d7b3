"""Questions of one instant and one snapshot that differ in nothing but their student: what does not turn on the student is found once.

# INVARIANT: what each is decided on, and what is recorded of it, is to the byte what it would be alone (a test compares).
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.privacy.facts import Facts
from services.privacy.policy import Circumstances, Outcome, PolicyInput, PolicySet, decide
from shared.contracts.privacy import DecisionRequest


def circumstances_of(
    request: DecisionRequest, facts: Facts, *, node_organisation_id: UUID, caller_organisation_id: UUID | None, now: datetime
) -> Circumstances:
    """What a request is decided on beside its students. Raises ValueError if the facts are not those of the request."""
    grounds = facts.grounds
    return Circumstances.of(
        request,
        now=now,
        node_organisation_id=node_organisation_id,
        caller_organisation_id=caller_organisation_id,
        organisations=facts.tree,
        consent=facts.consent,
        agreement=facts.agreement,
        debarments=facts.debarments,
        other_consents=grounds.other_consents,
        evidence=grounds.evidence,
        preferences=grounds.preferences,
        taken_back=grounds.taken_back,
    )


@dataclass
class _Alike:
    """Questions with the same circumstances."""

    circumstances: Circumstances
    decided: dict[int, tuple[PolicyInput, Outcome]] = field(default_factory=dict)
    """The first that was decided for students of a group, by the identity of the group, which the circumstances keep."""


class AlikeQuestions:
    """Answers questions one by one, under one policy set."""

    def __init__(self, policy_set: PolicySet, *, node_organisation_id: UUID, caller_organisation_id: UUID | None, now: datetime) -> None:
        self._policy_set = policy_set
        self._node_organisation_id, self._caller_organisation_id, self._now = node_organisation_id, caller_organisation_id, now
        self._alike: dict[Hashable, _Alike] = {}

    def answer(self, request: DecisionRequest, facts: Facts, *, without_student: DecisionRequest) -> tuple[bytes, Outcome]:
        """The recorded input of a question about one student, and the answer.

        without_student  the request, with no student: who asks has it

        Raises ValueError if the facts are not those of the request.
        """
        alike = self._of(request, facts, without_student)
        policy_input = alike.circumstances.input_of(request.subjects, facts.subjects)
        canonical = policy_input.canonical()
        ((student_id, _, group),) = policy_input.subjects
        if group is None:
            return canonical, decide(policy_input, self._policy_set, canonical=canonical)
        known = alike.decided.get(id(policy_input.groups[group]))
        if known is not None and (known[0].recipient is policy_input.recipient or known[0].recipient == policy_input.recipient):
            return canonical, known[1].for_another(student_id, holds_until=policy_input.holds_until, canonical=canonical)
        outcome = decide(policy_input, self._policy_set, canonical=canonical)
        alike.decided[id(policy_input.groups[group])] = policy_input, outcome
        return canonical, outcome

    def _of(self, request: DecisionRequest, facts: Facts, without_student: DecisionRequest) -> _Alike:
        grounds = facts.grounds
        # what a student's side said is in the facts of that student alone
        if facts.consent or grounds.other_consents or grounds.preferences or grounds.taken_back:
            return _Alike(self._circumstances(request, facts))
        key = (without_student, id(facts.organisations))  # the circumstances keep them, and all that was read with them
        found = self._alike.get(key)
        if found is None:
            found = self._alike[key] = _Alike(self._circumstances(request, facts))
        return found

    def _circumstances(self, request: DecisionRequest, facts: Facts) -> Circumstances:
        return circumstances_of(
            request,
            facts,
            node_organisation_id=self._node_organisation_id,
            caller_organisation_id=self._caller_organisation_id,
            now=self._now,
        )
