"""How each pull and push ended is kept, by a code of ours, so that whoever answers for a system sees that it has been failing.

# INVARIANT: nothing that a system says is kept here: its words may hold a child's.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from safepassage.problems import SuiteError
from safepassage.problems.ed_fi import EdFiSystemChangesTooFast, EdFiSystemRefused, EdFiSystemUnavailable
from safepassage.problems.records import RosterTooLargeHere
from safepassage.wire_ed_fi import EdFiFault
from services.records.ed_fi.api import EdFiApi
from services.records.ed_fi.pulling import Pulled, Store, pull
from services.records.ed_fi.refused import RefusedFor
from services.records.ed_fi.sending import Sent
from services.records.ed_fi.systems import EdFiSystem
from services.records.tables import EdFiStandingRow
from shared.clock import Clock
from shared.database import Database
from shared.inserts import insert_into
from shared.keys import KeyFileUnusable

PULL, PUSH = "pull", "push"
"""Directions."""


def fault_of(error: BaseException) -> EdFiFault:
    """What is told of an error. Pure."""
    if isinstance(error, EdFiSystemRefused):
        return error.fault if isinstance(error, RefusedFor) else "not-its-api"
    if isinstance(error, RosterTooLargeHere):
        return "too-much"
    if isinstance(error, EdFiSystemChangesTooFast):
        return "changes-too-fast"
    if isinstance(error, EdFiSystemUnavailable):
        return "no-answer"
    if isinstance(error, KeyFileUnusable):
        return "secret-unusable"
    return "node-busy" if isinstance(error, SuiteError) and error.status == 503 else "internal-fault"


async def noted_pull(api: EdFiApi, store: Store, *, clock: Clock) -> Pulled:
    """As `pull`, and how it went is kept. Raises as it."""
    began = clock()
    await _begun(store.database, api.system, PULL, began, next_at=began + api.system.pulled_every)
    try:
        pulled = await pull(api, store, now=began)
    except Exception as error:
        await _failed(store.database, api.system, PULL, fault_of(error), began=began, now=clock())
        raise
    counts = {} if pulled.report is None else {name: pulled.report.counts.get(name, 0) for name in ("students", "created", "changed")}
    if pulled.whole and pulled.report is not None and not counts["students"]:
        # A client that may not read students any more is told of none: for the API that is no error.
        await _failed(store.database, api.system, PULL, "no-students", began=began, now=clock())
    else:
        await _succeeded(store.database, api.system, PULL, counts, now=clock(), still="no-students" if pulled.report is None else None)
    return pulled


async def note_push(database: Database, api: EdFiApi, sent: Sequence[Sent], *, now: datetime) -> None:
    """Keep how students were put into a system: of each of whom something was to go."""
    every = [one.outcome for student in sent for one in student.outcomes]
    fault = next((fault_of(student.stopped_by) for student in sent if student.stopped_by is not None), None)
    counts = {"students": len(sent)} | {name: every.count(name) for name in ("created", "updated", "refused", "not-sent")}
    if fault is None and every and not counts["created"] + counts["updated"] and counts["refused"]:
        fault = "all-refused"
    await _begun(database, api.system, PUSH, now, next_at=None)
    if fault is None:
        await _succeeded(database, api.system, PUSH, counts, now=now)
    else:
        await _failed(database, api.system, PUSH, fault, began=now, now=now, counts=counts)


async def _begun(database: Database, system: EdFiSystem, direction: str, now: datetime, *, next_at: datetime | None) -> None:
    async with database.transaction() as tx:
        first = {"organisation_id": system.organisation_id, "system": system.name, "direction": direction, "faults": 0, "counts": "{}"}
        await tx.execute(insert_into(tx, EdFiStandingRow).values(**first, attempted_at=now).on_conflict_do_nothing())
        row = await tx.get_one(EdFiStandingRow, (system.organisation_id, system.name, direction), with_for_update=True)
        row.attempted_at, row.ended_at, row.next_at = now, None, next_at


async def _succeeded(
    database: Database, system: EdFiSystem, direction: str, counts: Mapping[str, int], *, now: datetime, still: str | None = None
) -> None:
    """`still`: a fault that an attempt which found nothing new does not mend."""
    async with database.transaction() as tx:
        row = await tx.get_one(EdFiStandingRow, (system.organisation_id, system.name, direction), with_for_update=True)
        row.ended_at = now
        if still is None or row.fault != still:
            row.succeeded_at, row.fault, row.faults, row.failing_since = now, None, 0, None
            row.counts = json.dumps(counts)


async def _failed(
    database: Database,
    system: EdFiSystem,
    direction: str,
    fault: str,
    *,
    began: datetime,
    now: datetime,
    counts: Mapping[str, int] | None = None,
) -> None:
    async with database.transaction() as tx:
        row = await tx.get_one(EdFiStandingRow, (system.organisation_id, system.name, direction), with_for_update=True)
        row.ended_at = now
        if row.succeeded_at is not None and row.succeeded_at > began:
            return  # another one did what this one was for meanwhile
        row.fault, row.faults, row.failing_since = fault, row.faults + 1, row.failing_since or now
        if counts is not None:
            row.counts = json.dumps(counts)
