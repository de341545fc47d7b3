"""Explanations: of a recorded decision, per element, which rule, which condition failed, and where the law asks for it."""

import asyncio
from collections.abc import Iterator, Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import NoSuchDecision, PolicySetNotHeld
from safepassage.wire_decisions import SubjectOutcome
from safepassage.wire_explanation import DecisionExplanation, ExplainedChange, ExplainedElement, ExplainedRule, ExplainedSubject
from services.privacy.own_organisations import own_organisations
from services.privacy.policy import PolicyInput, PolicySet
from services.privacy.policy.counterfactual import counterfactuals
from services.privacy.policy_sets import PolicySets
from services.privacy.recorded import RecordedOutcome, RecordedRow, open_input, open_outcome, open_record, recorded_decision
from services.privacy.recorded_decisions import Reader, callers_decision
from services.privacy.sealing import Sealer
from shared.database import Database
from shared.problems import responses

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])


@router.get("/{decision_id}/explanation", responses=responses(NoSuchDecision, PolicySetNotHeld, PolicySetNotUsable))
async def explain_decision(decision_id: UUID, request: Request, caller: Reader) -> DecisionExplanation:
    """Why each element was permitted or withheld, and what would permit it, of the students whose records the organisation keeps."""
    sealer: Sealer = request.app.state.sealer
    sets: PolicySets = request.app.state.policy_sets
    database: Database = request.app.state.database

    def read(connection: Connection) -> tuple[RecordedRow, frozenset[UUID]]:
        return callers_decision(connection, caller, decision_id), own_organisations(connection, caller.organisation_id)

    row, readers = await database.read(read)
    policy_set = await sets.held(row.policy_hash)
    outcome = RecordedOutcome.of(open_outcome(sealer, row))
    decision = recorded_decision(row, open_record(sealer, row), outcome, readers=readers, fallen=None)
    claimed = policy_set.claims.get((decision.basis, decision.action))
    permit = None if claimed is None else claimed.annotations.id
    changes, group_of = await asyncio.to_thread(_changes, open_input(sealer, row), policy_set)
    subjects = tuple(
        ExplainedSubject(
            student_id=subject.student_id,
            elements=tuple(_elements(subject, permit, changes.get(group_of.get(str(subject.student_id), 0), {}))),
        )
        for subject in decision.subjects
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


Changes = Mapping[str, ExplainedChange]
"""By element."""


def _changes(recorded: bytes, policy_set: PolicySet) -> tuple[Mapping[int, Changes], Mapping[str, int]]:
    """What would permit, by group of students and element, and the group of each student; nothing where the input is none of the rules'."""
    try:
        policy_input = PolicyInput.model_validate_json(recorded, strict=True)
    except ValueError:  # an evaluation that failed, and denied
        return {}, {}
    found: dict[int, dict[str, ExplainedChange]] = {}
    for one in counterfactuals(policy_input, policy_set):
        if one.change is not None:
            found.setdefault(one.group, {})[one.element] = ExplainedChange.model_validate(one.change)
    return found, {student: -1 if group is None else group for student, _, group in policy_input.subjects}


def _elements(subject: SubjectOutcome, permit: str | None, changes: Changes) -> Iterator[ExplainedElement]:
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
            would_be_permitted_by=changes.get(one.element),
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
