"""Deciding what records asks: one question, or several of one moment, each on its facts alone and kept before any is answered."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from safepassage.problems import SuiteError
from safepassage.problems.requests import InvalidRequest
from safepassage.wire import Digest
from services.privacy import foreseen
from services.privacy.asked_by import AskedBy
from services.privacy.duty_exchanges import duties_served, named_duties
from services.privacy.evaluation import Judge, decision_on, denied, evaluate
from services.privacy.facts import Facts, read_facts
from services.privacy.held_students import rows_of_each
from services.privacy.kept_decisions import Kept, keep, keeping, kept
from services.privacy.policy_schedule import deciding_hash
from services.privacy.policy_sets import PolicySets
from services.privacy.sealing import Sealer
from services.privacy.subjects import HeldSubject
from shared.asked_once import asked_once
from shared.clock import Clock
from shared.contracts.privacy import CREDENTIAL_ACTIONS, Decision, DecisionRequest
from shared.database import Database
from shared.group_commit import GroupCommit
from shared.internal_token import Principal
from shared.outbox import Outbox

SLICE = 8
"""Questions that are decided before others get their turn: some ms."""


@dataclass(frozen=True)
class _Seen:
    """One question with what it is decided on, read in the snapshot of all."""

    asked: DecisionRequest
    facts: Facts
    now: datetime
    policy_hash: Digest
    duty_keys: list[str]


async def decide_each(state: Any, principal: Principal, asked: Sequence[DecisionRequest]) -> list[Decision | SuiteError]:
    """Decide per element, on facts read in one snapshot, and keep the decisions and their behind-entries before they are answered.

    Gives, in their order, the decision of each or the problem for which there is none: InvalidRequest, FactsBehind, NoSuchDuty, SealBroken,
    PoliciesUnavailable. INVARIANT: none is decided otherwise, nor left out, for another's sake.

    state  of privacy's application
    """
    database: Database = state.database
    write: GroupCommit = state.write
    clock: Clock = state.clock
    outbox: Outbox = state.outbox
    asked_at = clock()  # before the snapshot: services.privacy.policy_schedule
    judge: Judge = state.judge
    always = (judge.node_organisation_id, _organisation(principal))
    seen = await foreseen.read(
        database, asked, lambda connection: _seen_together(connection, state, principal, asked, asked_at), always=always, at=asked_at
    )
    decided: list[Decision | SuiteError] = []
    rows: list[Kept] = []
    for place, one in enumerate(seen):
        if isinstance(one, SuiteError):
            decided.append(one)
            continue
        try:
            decision, row = await _decided(state, principal, one)
        except SuiteError as error:
            decided.append(error)
            continue
        decided.append(decision)
        rows.append(row)
        if place % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    if rows:
        await write(keeping(outbox, rows[0], dialect=database.dialect) if len(rows) == 1 else lambda tx: keep(tx.connection, outbox, rows))
        outbox.wake()
    return decided


async def _decided(state: Any, principal: Principal, seen: _Seen) -> tuple[Decision, Kept]:
    """The decision and what is to be kept of it. Raises PoliciesUnavailable."""
    sets: PolicySets = state.policy_sets
    judge: Judge = state.judge
    sealer: Sealer = state.sealer
    judge = judge.under(await sets.in_force(seen.policy_hash))
    evaluation = evaluate(judge, seen.asked, seen.facts, caller_organisation_id=_organisation(principal), now=seen.now)
    if seen.asked.is_about_nobody and evaluation.permitted:
        evaluation = denied(judge, evaluation)
    decision = decision_on(judge, evaluation)
    return decision, kept(state.outbox, sealer, judge, evaluation, decision, AskedBy(principal), duty_keys=seen.duty_keys)


def _seen_together(
    connection: Connection, state: Any, principal: Principal, asked: Sequence[DecisionRequest], asked_at: datetime
) -> list[_Seen | SuiteError]:
    with asked_once():
        every = zip(asked, rows_of_each(connection, asked), strict=True)
        return [_seen(connection, state, principal, one, rows, asked_at) for one, rows in every]


def _seen(
    connection: Connection,
    state: Any,
    principal: Principal,
    asked: DecisionRequest,
    rows: Mapping[UUID, HeldSubject] | None,
    asked_at: datetime,
) -> _Seen | SuiteError:
    judge: Judge = state.judge
    asker = _organisation(principal)
    try:
        _require_subjects(asked)
        ids: dict[str, Any] = {"node_organisation_id": judge.node_organisation_id, "caller_organisation_id": asker}
        facts = read_facts(connection, state.sealer, asked, **ids, rows=rows)
        now = facts.not_before(asked_at)
        duties = named_duties(connection, asked.duty_ids, asker) + duties_served(connection, judge.naming, asked.in_place_of)
        return _Seen(asked, facts, now, deciding_hash(connection, now), duties)
    except SuiteError as error:
        return error


def _organisation(principal: Principal) -> UUID | None:
    return None if principal.caller is None else principal.caller.organisation_id


def _require_subjects(asked: DecisionRequest) -> None:
    """Raises InvalidRequest unless each student is named once, and none for the action `request`."""
    students = {subject.student_id for subject in asked.subjects}
    if len(students) != len(asked.subjects):
        raise InvalidRequest("a student is named twice", field="subjects")
    if (asked.action == "request" or asked.action in CREDENTIAL_ACTIONS) != (not asked.subjects):
        raise InvalidRequest("students are named for every action but `request` and those about educators", field="subjects")
    if (asked.action == "send-credentials") != (asked.educator is not None):
        raise InvalidRequest("an educator is named for the action `send-credentials` alone", field="educator")
    if asked.nobody is not None and (not asked.subjects or students != {asked.nobody.student_id}):
        raise InvalidRequest("who is nobody is the one student of the request", field="nobody")
    if (asked.duty_ids or asked.in_place_of) and (asked.action != "request" or asked.exchange_id is None):
        raise InvalidRequest("a request to another state serves duties", field="duty_ids")
