"""One evaluation: facts in, the policies' answer out, kept with everything that led to it. What fails is denied, and kept too."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from safepassage.canonical import canonical_json, digest_of
from safepassage.decision import decision_of
from safepassage.ids import uuid7
from safepassage.wire_decisions import AccessRecord, Withheld
from services.privacy.alike_questions import AlikeQuestions, circumstances_of
from services.privacy.asked_by import AskedBy
from services.privacy.decision_events import event_of, events_of
from services.privacy.duties import DUTY_OPENED, rows_of, start
from services.privacy.duty_exchanges import DUTY_SERVED, serve, serving
from services.privacy.facts import Facts
from services.privacy.obligations import OBLIGATION_OPENED, open_obligations, rows_owed
from services.privacy.policy import GroupOutcome, Outcome, PolicyInput, PolicySet, decide
from services.privacy.policy.credential_input import credential_input
from services.privacy.recorded import DecisionRecord, sealed_columns
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionCustodianRow, DecisionRow
from services.privacy.transfer_duties import transfer_clocks
from shared import prepared
from shared.contracts.audit import Event
from shared.contracts.privacy import CREDENTIAL_ACTIONS, Decision, DecisionRequest
from shared.group_commit import Changes
from shared.keys import SigningKey
from shared.outbox import Outbox

log = logging.getLogger(__name__)

FAILED = "evaluation-failed"

_KEEP, _KEEP_READER = insert(DecisionRow), insert(DecisionCustodianRow)


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


@dataclass(frozen=True)
class Kept:
    """The rows of a decision that is kept: itself, who may read it, what it obliges to, duties that start, behind-entries. All sealed."""

    decision: dict[str, Any]
    readers: list[dict[str, Any]]
    owed: list[dict[str, Any]]
    starting: list[dict[str, Any]]
    links: list[dict[str, Any]]
    told: list[dict[str, Any]]


def kept(  # what it is kept with
    outbox: Outbox,
    sealer: Sealer,
    judge: Judge,
    evaluation: Evaluation,
    decision: Decision,
    by: AskedBy,
    access: AccessRecord | None = None,
    duty_keys: Sequence[str] = (),
) -> Kept:
    """What is to be kept of a decision. All is sealed here, before a transaction holds a lock.

    access     what an enforcement point was told, where one asked
    duty_keys  duties of the asker that the exchange is to serve
    """
    request, obligations, now = evaluation.request, evaluation.outcome.obligations, evaluation.now
    readers = tuple(dict.fromkeys(evaluation.facts.custodians)) or (by.organisation_id or judge.node_organisation_id,)
    clocks = transfer_clocks(request, evaluation.facts.subjects, evaluation.facts.organisations, now=now)
    starting = rows_of(sealer, clocks, now=now, secret=judge.naming)
    served = [*(row["key"] for row in starting), *(() if decision.token is None else duty_keys)]
    owed: list[dict[str, Any]] = []
    if decision.token is not None:
        owed = rows_owed(obligations, decision_id=decision.id, agreement_id=request.agreement_id, custodian_ids=readers, now=now)
    return Kept(
        decision=_columns(sealer, evaluation, decision, by, access),
        readers=[{"decision_id": decision.id, "custodian_id": reader} for reader in readers],
        owed=owed,
        starting=starting,
        links=[] if request.exchange_id is None else serving(judge.naming, request.exchange_id, served),
        told=[outbox.row_of(event) for event in _told(evaluation, decision, by, access)],
    )


def _told(evaluation: Evaluation, decision: Decision, by: AskedBy, access: AccessRecord | None) -> list[Event]:
    request, custodians = evaluation.request, evaluation.facts.custodians
    permitted, groups = evaluation.permitted, evaluation.outcome.groups
    event = event_of(request, decision, custodians=custodians, permitted=permitted, groups=groups, by=by, access=access)
    return events_of(event, decision, students=request.subject_ids, custodians=custodians)


def keeping(outbox: Outbox, one: Kept, *, dialect: str) -> Changes:
    """What `keep` stores of a single decision, as changes."""
    readers = [(_KEEP_READER, row) for row in one.readers]
    owed = [(OBLIGATION_OPENED[dialect], row) for row in one.owed]
    duties = [(DUTY_OPENED[dialect], row) for row in one.starting]
    served = [(DUTY_SERVED[dialect], row) for row in one.links]
    return Changes([(_KEEP, one.decision), *readers, *owed, *duties, *served, *map(outbox.adding, one.told)])


def keep(connection: Connection, outbox: Outbox, several: Sequence[Kept]) -> None:
    """Store decisions, in their order: a statement for all rows of a table."""
    prepared.change_each(connection, _KEEP, [one.decision for one in several])
    prepared.change_each(connection, _KEEP_READER, [row for one in several for row in one.readers])
    open_obligations(connection, [row for one in several for row in one.owed])
    start(connection, [row for one in several for row in one.starting])
    serve(connection, [row for one in several for row in one.links])
    outbox.add_to(connection, *(row for one in several for row in one.told))


def _columns(sealer: Sealer, evaluation: Evaluation, decision: Decision, by: AskedBy, access: AccessRecord | None) -> dict[str, Any]:
    outcome = evaluation.outcome
    record = DecisionRecord(
        request=evaluation.request,
        asked_by=by.asker,
        custodian_ids=evaluation.facts.custodians,
        epochs=evaluation.facts.epochs,
        input_hash=outcome.input_hash,
        token=decision.token,
        access=access,
        statement_ids=tuple(one.id for of in evaluation.facts.statements for one in of.statements),
    )
    return sealed_columns(
        sealer,
        decision_id=decision.id,
        decided_at=evaluation.now,
        valid_until=decision.valid_until,
        policy_hash=outcome.policy_hash,
        record=record,
        policy_input=evaluation.recorded_input,
        outcome=evaluation.recorded_outcome,
    )


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
