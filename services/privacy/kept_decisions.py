"""What is kept of a decision: its rows, what it obliges to, the duties that it starts, and what the log is told of it. All sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from safepassage.wire_decisions import AccessRecord
from services.privacy.asked_by import AskedBy
from services.privacy.decision_events import event_of, events_of
from services.privacy.duties import DUTY_OPENED, KEY, rows_of, start
from services.privacy.duty_exchanges import DUTY_SERVED, serve, serving
from services.privacy.evaluation import Evaluation, Judge
from services.privacy.obligations import DUTY, OBLIGATION_OPENED, open_obligations, rows_owed
from services.privacy.recorded import DecisionRecord, sealed_columns
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionCustodianRow, DecisionRow
from services.privacy.transfer_duties import transfer_clocks
from shared import prepared
from shared.contracts.audit import Event
from shared.contracts.privacy import Decision
from shared.group_commit import Changes
from shared.outbox import Outbox

_KEEP, _KEEP_READER = insert(DecisionRow), insert(DecisionCustodianRow)


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
    owed = [(OBLIGATION_OPENED[dialect], row) for row in sorted(one.owed, key=DUTY)]
    duties = [(DUTY_OPENED[dialect], row) for row in sorted(one.starting, key=KEY)]
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
