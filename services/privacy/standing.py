"""Standing: does a decision that permitted still hold? A revocation works on what waits to be delivered (decisions 3)."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import FactsBehind
from safepassage.wire import Digest
from safepassage.wire_decisions import Fall, Withheld
from services.privacy import foreseen
from services.privacy.deciding import SLICE
from services.privacy.evaluation import Evaluation, Judge, evaluate
from services.privacy.facts import Facts, read_facts
from services.privacy.held_students import rows_of_each
from services.privacy.policy_schedule import deciding_hash
from services.privacy.policy_sets import PolicySets
from services.privacy.recorded import DecisionRecord, RecordedOutcome, open_outcome, open_record
from services.privacy.sealing import Sealer
from services.privacy.subjects import HeldSubject
from services.privacy.tables import DecisionFallRow, DecisionRow
from shared import prepared
from shared.actors import actor_of
from shared.asked_once import asked_once
from shared.clock import Clock
from shared.contracts.audit import Context, Event
from shared.contracts.privacy import Standing
from shared.database import Database
from shared.inserts import insert_into
from shared.internal_token import Principal
from shared.outbox import Outbox

TABLE = "decision_fall"

UNKNOWN = Standing(stands=False, reason="unknown-decision")
EXPIRED = Standing(stands=False, reason="decision-expired")
NOTHING_PERMITTED = Standing(stands=False, reason="nothing-permitted")
FACTS_MISSING = Standing(stands=False, reason="facts-missing")


async def standing_of(state: Any, decision_id: UUID, *, by: Principal) -> Standing:
    """How one decision stands."""
    [standing] = await standings_of(state, [decision_id], by=by)
    return standing


async def standings_of(state: Any, decision_ids: Sequence[UUID], *, by: Principal) -> list[Standing]:
    """Decide each recorded request again, for now, on fresh facts and by the set in force. What was permitted must still be permitted.

    # INVARIANT: a decision that has fallen once stays fallen, so that two attempts to deliver cannot be told differently.

    state  of privacy's application
    """
    database: Database = state.database
    clock: Clock = state.clock
    asked_at = clock()  # before the snapshot: services.privacy.policy_schedule
    known = await _known_each(database, decision_ids, state=state, asked_at=asked_at)
    standings = []
    for place, (decision_id, one) in enumerate(zip(decision_ids, known, strict=True)):
        standings.append(one if isinstance(one, Standing) else await _stands(state, decision_id, one, by=by))
        if place % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    return standings


async def _known_each(database: Database, decision_ids: Sequence[UUID], *, state: Any, asked_at: datetime) -> list["_Known | Standing"]:
    def ask(connection: Connection) -> list[_Known | Standing]:
        return _known_together(connection, decision_ids, state=state, asked_at=asked_at)

    if database.is_sqlite or len(decision_ids) != 1:
        return await database.read(ask)
    ids = {"ids": [*decision_ids]}
    [settled] = [_recorded(state.sealer, decision_ids[0], row, asked_at) for row in await database.find(_RECORDED, ids) or [None]]
    if isinstance(settled, Standing):
        return [settled]
    record, judge = settled[1], state.judge
    always = (judge.node_organisation_id, record.asked_by.organisation_id)
    # INVARIANT: what was found so tells what is to be asked, and is asked again with it: one snapshot decides.
    return await foreseen.read(database, [record.request], ask, beside=[(_RECORDED, ids)], always=always, at=asked_at)


async def _stands(state: Any, decision_id: UUID, known: "_Known", *, by: Principal) -> Standing:
    database: Database = state.database
    sets: PolicySets = state.policy_sets
    judge: Judge = state.judge
    record, facts = known.record, known.facts
    judge = judge.under(await sets.in_force(known.policy_hash))
    evaluation = evaluate(judge, record.request, facts, caller_organisation_id=record.asked_by.organisation_id, now=known.now)
    lost = next(_lost(known.outcome, evaluation, record.statement_ids), None)
    if lost is None:
        return Standing(stands=True)
    async with database.transaction() as tx:
        await _keep_fall(tx, state.sealer, state.outbox, decision_id, record, facts, lost, by, evaluation.now)
    return Standing(stands=False, reason=lost.reason, citation=lost.citation)


@dataclass(frozen=True)
class _Known:
    """A recorded decision and the facts of now, of one snapshot."""

    record: DecisionRecord
    outcome: RecordedOutcome
    facts: Facts
    now: datetime
    policy_hash: Digest


def _known_together(connection: Connection, decision_ids: Sequence[UUID], *, state: Any, asked_at: datetime) -> list[_Known | Standing]:
    """Of each what is looked at again; or how the decision stands, where that is certain already."""
    with asked_once():
        found = {row.id: row for row in prepared.rows(connection, _RECORDED, {"ids": list(dict.fromkeys(decision_ids))})}
        settled = [_recorded(state.sealer, one, found.get(one), asked_at) for one in decision_ids]
        asked = [one for one in settled if not isinstance(one, Standing)]
        rows = iter(rows_of_each(connection, [record.request for _, record in asked]))
        return [
            one if isinstance(one, Standing) else _known(connection, *one, next(rows), state=state, asked_at=asked_at) for one in settled
        ]


def _recorded(sealer: Sealer, decision_id: UUID, row: Any | None, asked_at: datetime) -> tuple[Any, DecisionRecord] | Standing:
    """The row with its record; or how the decision stands, where the row says so."""
    if row is None:
        return UNKNOWN
    if row.fall is not None:
        fallen = _opened(sealer, decision_id, row.fall)
        return Standing(stands=False, reason=fallen.reason, citation=fallen.citation)
    if asked_at >= row.valid_until:
        return EXPIRED
    return row, open_record(sealer, row)


def _known(
    connection: Connection, row: Any, record: DecisionRecord, rows: Mapping[UUID, HeldSubject] | None, *, state: Any, asked_at: datetime
) -> _Known | Standing:
    judge: Judge = state.judge
    sealer: Sealer = state.sealer
    try:
        facts = read_facts(
            connection,
            sealer,
            record.request,
            node_organisation_id=judge.node_organisation_id,
            caller_organisation_id=record.asked_by.organisation_id,
            at_stated_version=False,
            rows=rows,
        )
    except FactsBehind:
        return FACTS_MISSING
    now = facts.not_before(asked_at)
    outcome, policy_hash = RecordedOutcome.of(open_outcome(sealer, row)), deciding_hash(connection, now)
    return NOTHING_PERMITTED if record.token is None else _Known(record, outcome, facts, now, policy_hash)


_RECORDED = (
    select(DecisionRow.__table__, DecisionFallRow.sealed.label("fall"))
    .join_from(DecisionRow, DecisionFallRow, DecisionFallRow.decision_id == DecisionRow.id, isouter=True)
    .where(DecisionRow.id.in_(bindparam("ids", expanding=True)))
)


_FALL = select(DecisionFallRow.sealed).where(DecisionFallRow.decision_id == bindparam("decision_id"))


def fall_of(connection: Connection, sealer: Sealer, decision_id: UUID) -> Fall | None:
    """Why the decision fell, if it did. Raises SealBroken."""
    row = prepared.row(connection, _FALL, {"decision_id": decision_id})
    return None if row is None else _opened(sealer, decision_id, row.sealed)


def _opened(sealer: Sealer, decision_id: UUID, sealed: bytes) -> Fall:
    return Fall.model_validate_json(sealer.open(sealed, table=TABLE, row=decision_id, of="fall"))


def _contested_since(outcome: RecordedOutcome, evaluation: Evaluation, known: Collection[UUID]) -> Iterator[Withheld]:
    """What was permitted and is to leave with a statement that was placed since: the package that waits does not have it."""
    permitted = {element for subject in outcome.subjects for element in subject.permitted}
    for of in evaluation.facts.statements:
        for statement in of.statements:
            parts = [
                element for element in permitted if element in statement.relates_to or element.partition(".")[0] in statement.relates_to
            ]
            if parts and statement.id not in known:
                yield Withheld(element=min(parts), reason="statement-placed", citation="34 CFR 99.21(c)(2)")


def _lost(outcome: RecordedOutcome, evaluation: Evaluation, known: Collection[UUID]) -> Iterator[Withheld]:
    """What was permitted then and is withheld now."""
    yield from _contested_since(outcome, evaluation, known)
    for then, now in zip(outcome.subjects, evaluation.outcome.subjects, strict=True):
        permitted = set(then.permitted)
        yield from (one for one in now.withheld if one.element in permitted)


async def _keep_fall(  # what it is kept with
    tx: AsyncSession,
    sealer: Sealer,
    outbox: Outbox,
    decision_id: UUID,
    record: DecisionRecord,
    facts: Facts,
    lost: Withheld,
    by: Principal,
    now: datetime,
) -> None:
    fall = Fall(at=now, reason=lost.reason, citation=lost.citation)
    values: dict[str, Any] = {
        "decision_id": decision_id,
        "fallen_at": now,
        "sealed": sealer.seal(fall.model_dump_json().encode(), table=TABLE, row=decision_id, of="fall"),
    }
    statement = insert_into(tx, DecisionFallRow).values(**values).on_conflict_do_nothing().returning(DecisionFallRow.decision_id)
    if (await tx.execute(statement)).scalar_one_or_none() is None:
        return  # another attempt found it fallen at the same time, and told
    context = Context(
        operation="standing",
        outcome="fallen",
        basis=record.request.basis,
        reason=lost.reason,
        citations=() if lost.citation is None else (lost.citation,),
        exchange_id=record.request.exchange_id,
        decision_id=decision_id,
        consent_id=record.request.consent_id,
        agreement_id=record.request.agreement_id,
    )
    event = {
        "class": "decision",
        "key": f"decision:{decision_id}:fallen",
        "subjects": record.request.subject_ids,
        "custodians": facts.custodians,
        "actor": actor_of(by),
        "context": context,
    }
    outbox.record(tx, Event.model_validate(event))
