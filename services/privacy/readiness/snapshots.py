"""Scorecards that are kept: one a day by itself, and one whenever an official wants it. So the score has a history."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.readiness import NoSuchSnapshot
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.wire_readiness import AreaScore, Score, Scorecard, Snapshot, SnapshotPage, SnapshotSummary
from services.privacy.behind import event_of
from services.privacy.readiness.attestations import newest_attestations
from services.privacy.readiness.evidence import held_measures, measure_here
from services.privacy.readiness.officials import Attester, Reader
from services.privacy.readiness.scorecard import assess
from services.privacy.tables import ReadinessSnapshotRow
from shared.contracts.audit import Actor, Context, Event
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly
from shared.idempotency import Once
from shared.inserts import insert_into
from shared.problems import responses

router = APIRouter(prefix="/v1/readiness/snapshots", tags=["readiness"])

WAIT_FOR_REPORTS: Final = timedelta(hours=1)
"""A day's scorecard waits so long for every service to report; then it is taken with what is there."""


SCORES: Final = TypeAdapter(tuple[Score, tuple[AreaScore, ...]])
"""What a list of snapshots says of each."""


async def scorecard_now(tx: AsyncSession, *, node: str, now: datetime) -> Scorecard:
    """The scorecard as it stands, from what is held."""
    return assess(node=node, measures=await held_measures(tx), attestations=await newest_attestations(tx), now=now)


@router.post("", status_code=201, responses=responses(NotPermitted, LogUnavailable))
async def take_snapshot(request: Request, caller: Attester, once: Annotated[Once, Depends()]) -> Snapshot:
    """Measure what can be measured at once, and keep the scorecard."""
    state = request.app.state
    async with state.database.reading() as tx:
        earlier = await once.earlier(tx, caller, "take_snapshot")
        if earlier is not None:
            return _snapshot(await _row(tx, earlier))
    await measure_here(request.app)
    now: datetime = state.clock()
    async with state.database.transaction() as tx:
        earlier = await once.earlier(tx, caller, "take_snapshot")
        if earlier is not None:
            return _snapshot(await _row(tx, earlier))
        card = await scorecard_now(tx, node=state.settings.entity_id, now=now)
        row = ReadinessSnapshotRow(id=uuid7(now), taken_at=now, day=None, **_stored(card))
        tx.add(row)
        await tx.flush()
        await once.keep(tx, caller, "take_snapshot", row.id, now)
        context = Context(operation="readiness-kept", about=f"readiness:{row.id}", count=card.total.points)
        state.outbox.record(tx, event_of("policy", f"readiness:{row.id}:kept", caller, context))
        return _snapshot(row)


@router.get("", responses=responses(NotPermitted, InvalidRequest))
async def list_snapshots(
    request: Request, response: Response, caller: Reader, tx: ReadOnly, limit: Limit = 100, cursor: Cursor = None
) -> SnapshotPage:
    """The scores over time, the newest first."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_snapshots:{caller.client_id}"
    query = select(ReadinessSnapshotRow).order_by(ReadinessSnapshotRow.id.desc()).limit(limit + 1)
    position = cursors.read(cursor, bound_to=bound_to)
    if position is not None:
        query = query.where(ReadinessSnapshotRow.id < UUID(position["before"]))
    rows = (await tx.execute(query)).scalars().all()
    following = None
    if len(rows) > limit:
        following = cursors.sign({"before": str(rows[limit - 1].id)}, bound_to=bound_to)
        response.headers["link"] = next_link("/v1/readiness/snapshots", {"limit": limit, "cursor": following})
    return SnapshotPage(snapshots=tuple(_summary(row) for row in rows[:limit]), next=following)


@router.get("/{snapshot_id}", responses=responses(NotPermitted, NoSuchSnapshot))
async def read_snapshot(snapshot_id: UUID, _: Reader, tx: ReadOnly) -> Snapshot:
    """A scorecard as it was."""
    return _snapshot(await _row(tx, snapshot_id))


async def take_daily(app: FastAPI, *, now: datetime, running_since: datetime) -> bool:
    """Keep the day's scorecard (UTC), unless it is kept. Replicas that try at once keep one. Whether this call kept it.

    It waits for every service to report, but no longer than an hour of a day that the process has seen.
    """
    state = app.state
    async with state.database.transaction() as tx:
        if (await tx.execute(select(ReadinessSnapshotRow.id).where(ReadinessSnapshotRow.day == now.date()))).scalar_one_or_none():
            return False
        card = await scorecard_now(tx, node=state.settings.entity_id, now=now)
        if card.not_reported and now - max(_midnight(now), running_since) < WAIT_FOR_REPORTS:
            return False
        identifier = uuid7(now)
        values = {"id": identifier, "taken_at": now, "day": now.date(), **_stored(card)}
        statement = insert_into(tx, ReadinessSnapshotRow).values(**values).on_conflict_do_nothing(index_elements=["day"])
        if (await tx.execute(statement.returning(ReadinessSnapshotRow.id))).scalar_one_or_none() is None:
            return False
        event = {
            "class": "policy",
            "key": f"readiness:{identifier}:kept",
            "actor": Actor(kind="system", job="readiness"),
            "context": Context(operation="readiness-kept", about=f"readiness:{identifier}", count=card.total.points),
        }
        state.outbox.record(tx, Event.model_validate(event))
    return True


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


async def _row(tx: AsyncSession, snapshot_id: UUID) -> ReadinessSnapshotRow:
    row = (await tx.execute(select(ReadinessSnapshotRow).where(ReadinessSnapshotRow.id == snapshot_id))).scalar_one_or_none()
    if row is None:
        raise NoSuchSnapshot
    return row


def _stored(card: Scorecard) -> dict[str, str]:
    return {"scores": SCORES.dump_json((card.total, card.areas)).decode(), "whole": card.model_dump_json()}


def _members(row: ReadinessSnapshotRow) -> dict[str, object]:
    total, areas = SCORES.validate_json(row.scores)
    return {"id": row.id, "taken_at": row.taken_at, "occasion": "on-demand" if row.day is None else "daily", "total": total, "areas": areas}


def _summary(row: ReadinessSnapshotRow) -> SnapshotSummary:
    return SnapshotSummary.model_validate(_members(row))


def _snapshot(row: ReadinessSnapshotRow) -> Snapshot:
    return Snapshot.model_validate(_members(row) | {"scorecard": Scorecard.model_validate_json(row.whole)})
