"""Explanations: of a recorded decision, per element, which rule, which condition failed, and where the law asks for it."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter, Request

from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import NoSuchDecision, PolicySetNotHeld
from safepassage.wire_decisions import SubjectOutcome
from safepassage.wire_explanation import DecisionExplanation, ExplainedElement, ExplainedRule, ExplainedSubject
from services.privacy.policy import PolicySet
from services.privacy.policy_sets import PolicySets
from services.privacy.recorded import RecordedOutcome, open_outcome, open_record, recorded_decision
from services.privacy.recorded_decisions import Reader, callers_decision, readers_of
from services.privacy.sealing import Sealer
from shared.database import ReadOnly
from shared.problems import responses

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


@router.get("/{decision_id}/explanation", responses=responses(NoSuchDecision, PolicySetNotHeld, PolicySetNotUsable))
async def explain_decision(decision_id: UUID, request: Request, caller: Reader, tx: ReadOnly) -> DecisionExplanation:
    """Why each element was permitted or withheld, for the students whose records the caller's organisation keeps."""
    sealer: Sealer = request.app.state.sealer
    sets: PolicySets = request.app.state.policy_sets
    row = await callers_decision(tx, caller, decision_id)
    policy_set = await sets.held(row.policy_hash)
    outcome = RecordedOutcome.of(open_outcome(sealer, row))
    decision = recorded_decision(row, open_record(sealer, row), outcome, readers=await readers_of(tx, caller), fallen=None)
    claimed = policy_set.claims.get((decision.basis, decision.action))
    permit = None if claimed is None else claimed.annotations.id
    subjects = tuple(
        ExplainedSubject(student_id=subject.student_id, elements=tuple(_elements(subject, permit))) for subject in decision.subjects
    )
    named = {one.rule for subject in subjects for one in subject.elements if one.rule is not None} | set(decision.policies)
    return DecisionExplanation(
        decision_id=row.id,
        decided_at=row.decided_at,
        policy_hash=row.policy_hash,
        outcome=decision.outcome,
        basis=decision.basis,
        action=decision.action,
        subjects=subjects,
        rules=tuple(_rule(policy_set, identifier) for identifier in sorted(named) if identifier in policy_set.policies),
    )


def _elements(subject: SubjectOutcome, permit: str | None) -> Iterator[ExplainedElement]:
    for element in subject.permitted:
        yield ExplainedElement(element=element, permitted=True, rule=permit)
    for one in subject.withheld:
        yield ExplainedElement(
            element=one.element,
            permitted=False,
            rule=one.policy,
            reason=one.reason,
            citation=one.citation,
            failed=one.failed,
            same_for_every_student=one.same_for_every_student,
        )


def _rule(policy_set: PolicySet, identifier: str) -> ExplainedRule:
    annotations = policy_set.policies[identifier].annotations
    return ExplainedRule(
        id=annotations.id,
        title=annotations.title,
        citation=annotations.citation,
        authority=annotations.authority,
        effective=annotations.effective,
        reviewed=annotations.reviewed,
    )
