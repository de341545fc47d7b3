"""Notices as districts see them: sent about the requests of their own schools, received about the students whose records they keep."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select

from safepassage.notice import FARTHEST_DAYS, is_of_the_time
from safepassage.problems.exchanges import NoSuchExchange
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.transfers import NoticeOutOfPlace
from safepassage.wire_transfers import NewTransferNotice, TransferNotice, TransferNoticePage
from services.records.exchange.exchange import Exchange
from services.records.exchange.requests import VisibleRequest
from services.records.exchange.states import Asked
from services.records.exchange.stored_rows import row_at
from services.records.tables import ArrivedNoticeRow, ExchangeRequestRow, IdempotencyRow, OrganisationRow, OutgoingNoticeRow
from services.records.transfers.notices import kinds_told, notice_row, tell, told_received, told_sent
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit, next_link
from shared.database import ReadOnly
from shared.group_commit import Writing
from shared.idempotency import IdempotencyKey, effect_at, keep_at, request_digest
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to, within

router = APIRouter(tags=["transfers"])

PATH = "/v1/transfer-notices"
OPERATION = "send_transfer_notice"
Asker = Annotated[Caller, caller_with("exchange:request")]
Reader = Annotated[Caller, caller_with("exchange:request", "matches:resolve")]
Digest = Annotated[str, Depends(request_digest)]

OVER = (Asked.REFUSED, Asked.REJECTED)


@router.post(
    "/v1/exchange-requests/{exchange_id}/notices", status_code=201, responses=responses(NoSuchExchange, NoticeOutOfPlace, InvalidRequest)
)
async def send_transfer_notice(
    row: VisibleRequest, new: NewTransferNotice, caller: Asker, request: Request, key: IdempotencyKey, digest: Digest, now: Now
) -> TransferNotice:
    """Tell the state that was asked what became of the child: came, never came, left again. It leaves signed, sealed and logged."""
    exchange: Exchange = request.app.state.exchange
    about: dict[str, Any] = {"client_id": caller.client_id, "operation": OPERATION, "key": key, "digest": digest}

    def make(tx: Writing) -> OutgoingNoticeRow:
        earlier = effect_at(tx.connection, IdempotencyRow, **about)
        if earlier is not None:
            held = row_at(tx.connection, OutgoingNoticeRow, earlier)
            if held is not None:
                return held
        asked = row_at(tx.connection, ExchangeRequestRow, row.id, lock=True)
        if asked is None:
            raise NoSuchExchange
        _require_in_place(new, Asked(asked.state), kinds_told(tx.connection, exchange, row.id, row.holder))
        _require_of_the_time(new, now)
        made = _made(exchange, asked, new, caller, now)
        tell(tx, exchange, made)
        keep_at(tx.connection, IdempotencyRow, **about, effect_id=made.id, now=now)
        return made

    return told_sent(exchange, await exchange.write(make))


def _require_in_place(new: NewTransferNotice, state: Asked, told: frozenset[str]) -> None:
    """Raises NoticeOutOfPlace. A child that never came, or left again, is a new transfer when it comes."""
    if state in OVER or told & {"no-show", "withdrawn"} or new.kind in told:
        raise NoticeOutOfPlace
    if new.kind in ("enrolled", "withdrawn") and state != Asked.APPLIED:
        raise NoticeOutOfPlace


def _require_of_the_time(new: NewTransferNotice, now: datetime) -> None:
    """Raises InvalidRequest: the other node would take no such notice."""
    if not is_of_the_time(new.effective_on, now):
        raise InvalidRequest(f"a day within {FARTHEST_DAYS} days of today", field="effective_on")


def _made(exchange: Exchange, asked: ExchangeRequestRow, new: NewTransferNotice, caller: Caller, now: datetime) -> OutgoingNoticeRow:
    return notice_row(
        exchange,
        exchange_id=asked.id,
        peer=asked.holder,
        organisation_id=asked.receiving_organisation_id,
        student_id=asked.student_id,
        kind=new.kind,
        effective_on=new.effective_on,
        official=new.official,
        actor=client_actor(caller.claims),
        now=now,
    )


@router.get(PATH, responses=responses(InvalidRequest))
async def list_transfer_notices(
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    exchange_id: Annotated[UUID | None, Query(description="Of this exchange alone.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TransferNoticePage:
    """Notices sent and received about the requests and students of the caller's organisation, the newest first."""
    bound_to = f"transfer-notices:{caller.client_id}:{exchange_id or ''}"
    position = request.app.state.cursors.read(cursor, bound_to=bound_to)
    exchange: Exchange = request.app.state.exchange
    found: list[TransferNotice] = []
    tables: tuple[tuple[type[Any], Any], ...] = ((OutgoingNoticeRow, told_sent), (ArrivedNoticeRow, told_received))
    for row, told in tables:
        query = select(row).where(row.particulars != b"")
        if exchange_id is None:
            query = query.where(row.organisation_id.in_(within(OrganisationRow, caller.organisation_id)))
        else:  # whoever names an exchange is not told by the time it takes that another district has it
            query = query.where(row.exchange_id == exchange_id, belongs_to(row.organisation_id, OrganisationRow, caller.organisation_id))
        if position is not None:
            query = query.where(row.id < UUID(position["before"]))
        rows = (await tx.execute(query.order_by(row.id.desc()).limit(limit + 1))).scalars().all()
        found += [told(exchange, one) for one in rows]
    found.sort(key=lambda one: one.id, reverse=True)
    if len(found) > limit:
        before = request.app.state.cursors.sign({"before": str(found[limit - 1].id)}, bound_to=bound_to)
        about = {} if exchange_id is None else {"exchange_id": str(exchange_id)}
        response.headers["link"] = next_link(PATH, {**about, "limit": limit, "cursor": before})
    return TransferNoticePage(notices=tuple(found[:limit]))
