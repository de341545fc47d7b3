"""One evaluation: facts in, the policies' answer out, with everything that led to it, and what of it is signed. What fails is denied."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from safepassage.canonical import canonical_json, digest_of
from safepassage.decision import decision_of
from safepassage.ids import uuid7
from safepassage.wire_decisions import Withheld
from services.privacy.alike_questions import AlikeQuestions, circumstances_of
from services.privacy.facts import Facts
from services.privacy.policy import GroupOutcome, Outcome, PolicyInput, PolicySet, decide
from services.privacy.policy.credential_input import credential_input
from shared.contracts.privacy import CREDENTIAL_ACTIONS, Decision, DecisionRequest
from shared.keys import SigningKey

log = logging.getLogger(__name__)

FAILED = "evaluation-failed"


@dataclass(frozen=True)
class Judge:
    """What decides: the policies, the key that signs what they permit, and whose node it is."""

    policy_set: PolicySet
    key: SigningKey
    naming: SigningKey
    """Names duties and exchanges in the store (services.privacy.naming)."""
    issuer: str
    node_organisation_id: UUID

    def under(self, policy_set: PolicySet) -> "Judge":
        """The same judge under another set."""
        return self if policy_set is self.policy_set else replace(self, policy_set=policy_set)


@dataclass(frozen=True)
class Evaluation:
    """What was asked and what was answered."""

    request: DecisionRequest
    facts: Facts
    outcome: Outcome
    now: datetime
    recorded_input: bytes
    """Canonical."""
    recorded_outcome: bytes
    """Canonical."""

    @cached_property
    def permitted(self) -> tuple[str, ...]:
        """The union of what is permitted to any subject, sorted."""
        return tuple(sorted({element for group in self.outcome.groups for element in group.permitted}))

    @property
    def valid_until(self) -> datetime:
        """As long as was asked for, and no longer than the facts hold by themselves."""
        asked = self.now + timedelta(seconds=self.request.valid_for_seconds)
        holds_until = self.outcome.holds_until
        return asked if holds_until is None else min(asked, holds_until)


def evaluate(  # a question, and who asks it when
    judge: Judge,
    request: DecisionRequest,
    facts: Facts,
    *,
    caller_organisation_id: UUID | None,
    now: datetime,
    together: tuple[AlikeQuestions, DecisionRequest] | None = None,
) -> Evaluation:
    """Ask the policies. It does not raise: an evaluation that fails denies all.

    together  the questions of which this is one, under the judge's policy set and for the same caller and instant, and the request
              without its student
    """
    try:
        if together is not None:
            questions, without_student = together
            recorded_input, outcome = questions.answer(request, facts, without_student=without_student)
        else:
            policy_input = _input_of(judge, request, facts, caller_organisation_id, now)
            recorded_input = policy_input.canonical()
            outcome = decide(policy_input, judge.policy_set, canonical=recorded_input)
        recorded_outcome = outcome.canonical()
    except Exception as error:
        log.error("evaluation failed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        recorded_input = canonical_json(request.model_dump(mode="json", by_alias=True))
        outcome = _all_denied(request, recorded_input, judge.policy_set)
        recorded_outcome = outcome.canonical()
    if outcome.alerts:
        log.error("decision denied with an alert", extra={"event": "decision-alert", "code": outcome.alerts[0]})
    return Evaluation(request, facts, outcome, now, recorded_input, recorded_outcome)


def _input_of(judge: Judge, request: DecisionRequest, facts: Facts, caller: UUID | None, now: datetime) -> PolicyInput:
    if request.action in CREDENTIAL_ACTIONS:
        return credential_input(request, now=now, caller_organisation_id=caller, tree=facts.tree, evidence=facts.grounds.evidence)
    node = judge.node_organisation_id
    beside = circumstances_of(request, facts, node_organisation_id=node, caller_organisation_id=caller, now=now)
    return beside.input_of(request.subjects, facts.subjects)


def denied(judge: Judge, evaluation: Evaluation) -> Evaluation:
    """The same with everything denied. INVARIANT: nothing is ever permitted on facts that are made up."""
    log.error("made-up facts were permitted something, and are denied all", extra={"event": "decision-alert"})
    outcome = _all_denied(evaluation.request, evaluation.recorded_input, judge.policy_set)
    return replace(evaluation, outcome=outcome, recorded_outcome=outcome.canonical())


def decision_on(judge: Judge, evaluation: Evaluation, *, granted: bool = True) -> Decision:
    """The answer, with what it permits signed; nothing is signed, nor owed, if the asker may not act on it (`granted`)."""
    request, outcome, now = evaluation.request, evaluation.outcome, evaluation.now
    decision_id, valid_until, permitted = uuid7(now), evaluation.valid_until, evaluation.permitted
    token = None
    if permitted and granted:
        claims = decision_of(
            iss=judge.issuer,
            jti=decision_id,
            sub=request.subject_ids[0] if len(request.subject_ids) == 1 else None,
            action=request.action,
            recipient=request.recipient.id,
            exchange_id=request.exchange_id,
            elements=permitted,
            policy_hash=outcome.policy_hash,
            iat=int(now.timestamp()),
            exp=int(valid_until.timestamp()),
        )
        token = judge.key.sign_compact(typ=claims.TYPE, payload=claims.claims())
    return Decision(
        id=decision_id,
        decided_at=now,
        valid_until=valid_until,
        outcome=outcome.outcome,
        subjects=outcome.subjects,
        policies=outcome.policies,
        citations=outcome.citations,
        obligations=outcome.obligations,
        reviewed=outcome.reviewed,
        required=outcome.required,
        policy_hash=outcome.policy_hash,
        input_hash=outcome.input_hash,
        token=token,
        statements=evaluation.facts.statements,
    )


def _all_denied(request: DecisionRequest, recorded_input: bytes, policy_set: PolicySet) -> Outcome:
    withheld = tuple(Withheld(element=element, reason=FAILED) for element in request.elements)
    students = tuple((str(identifier), 0) for identifier in request.subject_ids)
    return Outcome(
        groups=(GroupOutcome((), withheld),),
        group_of=students or ((None, 0),),
        policies=(),
        citations=(),
        obligations=(),
        reviewed=policy_set.reviewed,
        alerts=(FAILED,),
        holds_until_milliseconds=None,
        policy_hash=policy_set.policy_hash,
        input_hash=digest_of(recorded_input),
    )
