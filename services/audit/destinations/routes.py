"""`/v1/log/destinations`: where the log is sent as it grows, made, looked at and deleted by the state agency."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.destinations import (
    DestinationNotAllowed,
    LogDestinationExists,
    LogDestinationsFull,
    NoSuchLogDestination,
)
from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.webhooks import PRIVATE, public_text
from safepassage.wire_destinations import (
    LogDestination,
    LogDestinations,
    MadeLogDestination,
    NewLogDestination,
    WebhookReceiver,
)
from services.audit.destinations.changes import record_change, require_state
from services.audit.destinations.configuration import Configuration, DestinationSeals, HeldKey, new_key
from services.audit.destinations.doors import require_allowed
from services.audit.destinations.standing import shown
from services.audit.drafts import KINDS
from services.audit.search_log import record_search
from services.audit.tables import LogDestinationRow, LogRow
from shared.caller import Caller, caller_with
from shared.clock import EPOCH
from shared.inserts import insert_into
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/destinations", tags=["log"])

MOST: Final = 20
Keeper = Annotated[Caller, caller_with("audit:destinations")]
ERRORS = responses(NotPermitted, LogFrozen, LogUnavailable)


@router.put(
    "/{destination_id}",
    status_code=201,
    responses=ERRORS | responses(PurposeMissing, InvalidRequest, DestinationNotAllowed, LogDestinationExists, LogDestinationsFull),
)
async def make_log_destination(
    destination_id: UUID, new: NewLogDestination, request: Request, caller: Keeper, now: Now
) -> MadeLogDestination:
    """Send the log to a receiver from now on, under an id of your choice (a UUID, best version 7). Its secret is shown this once.

    What is sent has no student, no free text and nothing of secret orders: less than an export for the same purpose.
    """
    state = request.app.state
    require_state(caller)
    if caller.purpose is None:
        raise PurposeMissing
    if not set(new.classes) <= KINDS.keys():
        raise InvalidRequest("a class that the log does not have", field="classes")
    receiver = new.receiver
    keys = (HeldKey(text=new_key(receiver.signature)),) if isinstance(receiver, WebhookReceiver) else ()
    members: dict[str, Any] = new.model_dump(include={"name", "classes", "batch_entries"})
    configuration = Configuration(**members, receiver=receiver, purpose=caller.purpose, keys=keys)
    require_allowed(configuration, state.settings)
    async with state.database.reading() as tx:
        await _require_room(tx, destination_id)
    entry = await record_change(
        state.sequencer, caller, destination_id, "made", now=now, purpose=caller.purpose, address=configuration.address
    )
    async with state.database.transaction() as tx:
        await _require_room(tx, destination_id)
        seals = await DestinationSeals.of(tx, state.keys)
        first = await tx.scalar(select(func.min(LogRow.year)))
        values: dict[str, Any] = {
            "id": destination_id,
            "sealed": seals.seal(destination_id, configuration),
            "made_at": now,
            "state": "active",
            "log": entry.log if new.start == "now" else first,
            "at": entry.at if new.start == "now" else 0,
            "holder": "",
            "leased_until": EPOCH,
            "due_at": now,
            "failures": 0,
        }
        added = insert_into(tx, LogDestinationRow).values(**values).on_conflict_do_nothing().returning(LogDestinationRow)
        row = (await tx.scalars(added)).one_or_none()
        if row is None:  # another request for the same one was faster
            raise LogDestinationExists
        return made(await shown(tx, row, configuration, now=now), configuration)


@router.get("", responses=ERRORS)
async def list_log_destinations(request: Request, caller: Keeper, now: Now) -> LogDestinations:
    """Where each destination stands: what it has got, how far it is behind, what it answered last."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        rows = (await tx.scalars(select(LogDestinationRow).order_by(LogDestinationRow.made_at, LogDestinationRow.id))).all()
        seals = await DestinationSeals.of(tx, state.keys)
        found = [await shown(tx, row, seals.find(row.id, row.sealed), now=now) for row in rows]
    await record_search(state.sequencer, caller, operation="log-destinations-read", student_id=None, count=len(found), now=now)
    return LogDestinations(destinations=tuple(found))


@router.get("/{destination_id}", responses=ERRORS | responses(NoSuchLogDestination))
async def read_log_destination(destination_id: UUID, request: Request, caller: Keeper, now: Now) -> LogDestination:
    """Where one destination stands."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        found = await shown_one(tx, state, destination_id, now=now)
    await record_search(state.sequencer, caller, operation="log-destinations-read", student_id=None, count=1, now=now)
    return found


@router.delete("/{destination_id}", responses=ERRORS | responses(NoSuchLogDestination))
async def delete_log_destination(destination_id: UUID, request: Request, caller: Keeper, now: Now) -> LogDestination:
    """Send it nothing more, and forget its keys. It is shown a last time."""
    state = request.app.state
    require_state(caller)
    async with state.database.reading() as tx:
        await one_of(tx, destination_id)
    await record_change(state.sequencer, caller, destination_id, "deleted", now=now)
    async with state.database.transaction() as tx:
        found = await shown_one(tx, state, destination_id, now=now)
        await tx.delete(await one_of(tx, destination_id))
    return found


async def one_of(tx: AsyncSession, destination_id: UUID, *, locked: bool = False) -> LogDestinationRow:
    """The destination's row. Raises NoSuchLogDestination."""
    row: LogDestinationRow | None = await tx.get(LogDestinationRow, destination_id, with_for_update=locked or None)
    if row is None:
        raise NoSuchLogDestination
    return row


async def shown_one(tx: AsyncSession, state: Any, destination_id: UUID, *, now: datetime) -> LogDestination:
    """Where a destination stands. Raises NoSuchLogDestination."""
    row = await one_of(tx, destination_id)
    configuration = (await DestinationSeals.of(tx, state.keys)).find(row.id, row.sealed)
    return await shown(tx, row, configuration, now=now)


def made(destination: LogDestination, configuration: Configuration) -> MadeLogDestination:
    """With what is shown once: the newest key, or its public half."""
    if not configuration.keys:
        return MadeLogDestination(destination=destination)
    key = configuration.keys[0].text
    if key.startswith(PRIVATE):
        return MadeLogDestination(destination=destination, public_key=public_text(key))
    return MadeLogDestination(destination=destination, secret=key)


async def _require_room(tx: AsyncSession, destination_id: UUID) -> None:
    """Raises LogDestinationExists, LogDestinationsFull."""
    if await tx.get(LogDestinationRow, destination_id) is not None:
        raise LogDestinationExists
    if (await tx.scalar(select(func.count()).select_from(LogDestinationRow)) or 0) >= MOST:
        raise LogDestinationsFull
