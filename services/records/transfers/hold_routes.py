"""`/v1/transfer-holds`: records that are held until a person of the custodian has looked at both sides' evidence."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection, Select, select, update

from safepassage.problems.requests import InvalidRequest
from safepassage.problems.transfers import HoldResolved, NoSuchHold
from safepassage.wire_transfers import HoldResolution, TransferHold, TransferHoldPage
from services.records.exchange.exchange import Exchange
from services.records.exchange.stored_rows import row_at
from services.records.tables import IdempotencyRow, OrganisationRow, PeerRequestRow, StudentRow, TransferHoldRow
from services.records.transfers.effects import end_claim
from services.records.transfers.holding import hold_codes, hold_event, look_again
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit, next_link
from shared.database import ReadOnly
from shared.group_commit import Writing
from shared.idempotency import IdempotencyKey, effect_at, keep_at, request_digest
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/transfer-holds", tags=["transfers"])

PATH = "/v1/transfer-holds"
OPERATION = "resolve_transfer_hold"
Resolver = Annotated[Caller, caller_with("matches:resolve")]
Digest = Annotated[str, Depends(request_digest)]


@router.get("", responses=responses(InvalidRequest))
async def list_transfer_holds(
    caller: Resolver, request: Request, response: Response, tx: ReadOnly, now: Now, limit: Limit = 100, cursor: Cursor = None
) -> TransferHoldPage:
    """The requests that wait for a person of the caller's organisation, the oldest first."""
    exchange: Exchange = request.app.state.exchange
    bound_to = f"transfer-holds:{caller.client_id}"
    position = request.app.state.cursors.read(cursor, bound_to=bound_to)
    query = _callers(caller).where(TransferHoldRow.outcome.is_(None), TransferHoldRow.expires_at > now)
    if position is not None:
        query = query.where(TransferHoldRow.id > UUID(position["after"]))
    rows = (await tx.execute(query.order_by(TransferHoldRow.id).limit(limit + 1))).all()
    if len(rows) > limit:
        after = request.app.state.cursors.sign({"after": str(rows[limit - 1].id)}, bound_to=bound_to)
        response.headers["link"] = next_link(PATH, {"limit": limit, "cursor": after})
    return TransferHoldPage(holds=tuple(_said(exchange, row) for row in rows[:limit]))


@router.post("/{hold_id}/resolution", responses=responses(NoSuchHold, HoldResolved))
async def resolve_transfer_hold(
    hold_id: UUID, resolution: HoldResolution, caller: Resolver, request: Request, key: IdempotencyKey, digest: Digest, now: Now
) -> TransferHold:
    """Release the record, or say that it does not leave for this request. What is released may leave at once.

    A claim that is refused stands in nobody's way any more: others for the same child are looked at again.
    """
    exchange: Exchange = request.app.state.exchange
    about: dict[str, Any] = {"client_id": caller.client_id, "operation": OPERATION, "key": key, "digest": digest}

    def resolve(tx: Writing) -> TransferHold:
        earlier = effect_at(tx.connection, IdempotencyRow, **about)
        row = _row(tx.connection, caller, hold_id)
        if earlier is None:
            if row.outcome is not None or row.expires_at <= now:
                raise HoldResolved
            _resolve(tx, exchange, caller, row, resolution, now)
            keep_at(tx.connection, IdempotencyRow, **about, effect_id=hold_id, now=now)
        return _said(exchange, _row(tx.connection, caller, hold_id))

    return await exchange.write(resolve)


def _resolve(tx: Writing, exchange: Exchange, caller: Caller, row: Any, resolution: HoldResolution, now: datetime) -> None:
    done = {"outcome": resolution.outcome, "reason": resolution.reason, "resolved_by": caller.client_id, "resolved_at": now}
    request = row_at(tx.connection, PeerRequestRow, row.request_id, lock=True)
    if request is None:
        raise NoSuchHold
    # Looked at again while this hold is still open, by which its request is found.
    look_again(tx, exchange, row.student_id, now)
    tx.connection.execute(update(TransferHoldRow).where(TransferHoldRow.id == row.id).values(done))
    tx.record(hold_event(row, request, outcome=resolution.outcome, reason=resolution.reason, actor=client_actor(caller.claims)))
    if resolution.outcome == "refused":
        end_claim(tx, exchange, request.id, row.student_id, by="person", now=now)


def _row(connection: Connection, caller: Caller, hold_id: UUID) -> Any:
    """Raises NoSuchHold, alike for one that is not there and one of another custodian."""
    row = connection.execute(_callers(caller).where(TransferHoldRow.id == hold_id)).first()
    if row is None:
        raise NoSuchHold
    return row


def _callers(caller: Caller) -> Select[Any]:
    """Holds of students whose record the caller's organisation or one below it keeps."""
    own = belongs_to(StudentRow.custodian_id, OrganisationRow, caller.organisation_id)
    # Of each hold its student: few wait, and all whose record the organisation keeps may be a hundred thousand.
    kept = select(StudentRow.id).where(StudentRow.id == TransferHoldRow.student_id, own)
    return (
        select(TransferHoldRow.__table__, PeerRequestRow.exchange_id, PeerRequestRow.requester, PeerRequestRow.recipient_organisation)
        .join(PeerRequestRow, PeerRequestRow.id == TransferHoldRow.request_id)
        .where(kept.exists())
    )


def _said(exchange: Exchange, row: Any) -> TransferHold:
    return TransferHold.model_validate(
        {
            "id": row.id,
            "exchange_id": row.exchange_id,
            "requester": row.requester,
            "recipient_organisation": row.recipient_organisation,
            "student_id": row.student_id,
            "custodian_id": row.custodian_id,
            "codes": hold_codes(exchange, row),
            "opened_at": row.opened_at,
            "expires_at": row.expires_at,
            "outcome": row.outcome,
            "reason": row.reason,
            "resolved_at": row.resolved_at,
        }
    )
