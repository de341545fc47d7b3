"""`/v1/log/destinations/{destination_id}/...`: trying a destination, stopping it for a while, another key, entries once more."""

import time
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.destinations import (
    DestinationNotAllowed,
    DestinationUnsigned,
    LogDestinationAltered,
    LogDestinationNotActive,
    LogDestinationNotPaused,
    NoSuchLogDestination,
    NothingToReplay,
    ReplayUnderWay,
)
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_destinations import (
    LogDestination,
    MadeLogDestination,
    NewLogReplay,
    PingAnswer,
    SecretRotation,
    SyslogReceiver,
    WebhookReceiver,
)
from services.audit.destinations.changes import record_change, require_state
from services.audit.destinations.configuration import DestinationSeals, new_key
from services.audit.destinations.reading import published_sizes
from services.audit.destinations.routes import ERRORS, Keeper, made, one_of, shown_one
from services.audit.destinations.standing import shown
from services.audit.openings import Place
from services.audit.tables import LogDestinationRow, LogRow, SegmentRow
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/destinations/{destination_id}", tags=["log"])

MOST_OF_A_REPLAY: Final = 1_000_000
_ERRORS = ERRORS | responses(NoSuchLogDestination)


@router.post("/secret-rotation", responses=_ERRORS | responses(InvalidRequest, DestinationUnsigned, LogDestinationAltered))
async def rotate_log_destination_secret(
    destination_id: UUID, rotation: SecretRotation, request: Request, caller: Keeper, now: Now
) -> MadeLogDestination:
    """Sign with another key from now on. The one before signs too, until the receiver has both or only the new one."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        row = await one_of(tx, destination_id)
        if isinstance((await DestinationSeals.of(tx, state.keys)).open(row.id, row.sealed).receiver, SyslogReceiver):
            raise DestinationUnsigned
    await record_change(state.sequencer, caller, destination_id, "secret-rotated", now=now)
    async with state.database.transaction() as tx:
        row = await one_of(tx, destination_id, locked=True)
        seals = await DestinationSeals.of(tx, state.keys)
        configuration = seals.open(row.id, row.sealed)
        if not isinstance(configuration.receiver, WebhookReceiver):
            raise DestinationUnsigned
        until = now + timedelta(hours=rotation.overlap_hours)
        configuration = configuration.with_key(new_key(configuration.receiver.signature), former_until=until, now=now)
        row.sealed = seals.seal(row.id, configuration)
        await tx.flush()
        return made(await shown(tx, row, configuration, now=now), configuration)


@router.post("/ping", responses=_ERRORS | responses(DestinationNotAllowed, LogDestinationAltered))
async def ping_log_destination(destination_id: UUID, request: Request, caller: Keeper, now: Now) -> PingAnswer:
    """Send it a message that tells of no entry, now, in whatever state it is. Where it stands is not changed by that."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        await one_of(tx, destination_id)
    await record_change(state.sequencer, caller, destination_id, "pinged", now=now)
    began = time.monotonic()
    attempt = await state.courier.ping(destination_id)
    taken = round((time.monotonic() - began) * 1000)
    return PingAnswer(delivered=attempt.delivered, status=attempt.status, fault=attempt.fault, milliseconds=taken)


@router.post("/pause", responses=_ERRORS | responses(LogDestinationNotActive))
async def pause_log_destination(destination_id: UUID, request: Request, caller: Keeper, now: Now) -> LogDestination:
    """Send it nothing for now. What is on its way may still arrive."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        if (await one_of(tx, destination_id)).state != "active":
            raise LogDestinationNotActive
    await record_change(state.sequencer, caller, destination_id, "paused", now=now)
    async with state.database.transaction() as tx:
        row = await one_of(tx, destination_id, locked=True)
        if row.state != "active":
            raise LogDestinationNotActive
        row.state = "paused"
        await tx.flush()
        return await shown_one(tx, state, destination_id, now=now)


@router.post("/resumption", responses=_ERRORS | responses(LogDestinationNotPaused))
async def resume_log_destination(destination_id: UUID, request: Request, caller: Keeper, now: Now) -> LogDestination:
    """Go on at once where it stands: paused, or disabled because it failed or was gone."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        if (await one_of(tx, destination_id)).state == "active":
            raise LogDestinationNotPaused
    await record_change(state.sequencer, caller, destination_id, "resumed", now=now)
    async with state.database.transaction() as tx:
        row = await one_of(tx, destination_id, locked=True)
        if row.state == "active":
            raise LogDestinationNotPaused
        row.state, row.disabled_because, row.failures, row.failing_since, row.due_at = "active", None, 0, None, now
        await tx.flush()
        return await shown_one(tx, state, destination_id, now=now)


@router.post(
    "/replays", status_code=202, responses=_ERRORS | responses(InvalidRequest, LogDestinationNotActive, ReplayUnderWay, NothingToReplay)
)
async def replay_log_entries(destination_id: UUID, asked: NewLogReplay, request: Request, caller: Keeper, now: Now) -> LogDestination:
    """Have entries that it has got sent to it again, in order, between those that are new; under the ids of the same batches or others.

    What the destination has not got yet comes anyway.
    """
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        start, end, count = await _stretch(tx, await one_of(tx, destination_id), asked)
    await record_change(state.sequencer, caller, destination_id, "replay-asked", now=now, count=count)
    async with state.database.transaction() as tx:
        row = await one_of(tx, destination_id, locked=True)
        _require_free(row)
        row.replay_id, row.replay_asked_at = uuid7(now), now
        row.replay_log, row.replay_at, row.replay_until = start.log, start.at, None
        row.replay_end_log, row.replay_end_at = end.log, end.at
        await tx.flush()
        return await shown_one(tx, state, destination_id, now=now)


def _require_free(row: LogDestinationRow) -> None:
    if row.state != "active":
        raise LogDestinationNotActive
    if row.replay_id is not None:
        raise ReplayUnderWay


async def _stretch(tx: AsyncSession, row: LogDestinationRow, asked: NewLogReplay) -> tuple[Place, Place, int]:
    """From where to where, and how many entries that is. Raises NothingToReplay, ReplayUnderWay, LogDestinationNotActive."""
    _require_free(row)
    has = Place(row.log, row.at)
    start, end = (await _since(tx, asked.since), has) if asked.since is not None else await _named(tx, asked, has)
    if start is None or start >= end:
        raise NothingToReplay
    sizes: dict[int, int] = {year: size for year, size in (await published_sizes(tx)).items() if start.log <= year < end.log}
    count = sum(sizes.values()) + end.at - start.at
    if count > MOST_OF_A_REPLAY:
        raise NothingToReplay("more entries than may be asked for at once")
    return start, end, count


async def _since(tx: AsyncSession, since: datetime) -> Place | None:
    # `t` is a name that a row has for itself
    query: Any = select(SegmentRow.log, SegmentRow.start).where(SegmentRow.log >= since.year - 1, SegmentRow.t >= int(since.timestamp()))
    found = (await tx.execute(query.order_by(SegmentRow.log, SegmentRow.start).limit(1))).one_or_none()
    return None if found is None else Place(found[0], found[1])


async def _named(tx: AsyncSession, asked: NewLogReplay, has: Place) -> tuple[Place | None, Place]:
    year = await tx.scalar(select(LogRow.year).where(LogRow.origin == asked.log))
    if year is None or asked.start is None or asked.end is None:
        return None, has
    return Place(year, asked.start), min(Place(year, asked.end), has)
