"""`/v1/transfer-confirmations/{exchange_id}`: the written confirmation that a student transferred, for the graduation rate.

34 CFR 200.34(b)(3). Made of what is stored; whoever asks is in the log before it is answered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select

from safepassage.chain_messages import ChainMessages, kept_messages
from safepassage.claims import read_closed
from safepassage.notice import NoticeContent
from safepassage.problems.exchanges import NoSuchExchange
from safepassage.problems.requests import LogUnavailable
from safepassage.problems.transfers import TransferNotConfirmed
from safepassage.request import Selector
from safepassage.transfer_confirmation import (
    ConfirmationSignature,
    ConfirmedNotice,
    SignedConfirmation,
    TransferConfirmation,
    confirmation_digest,
    told_of,
)
from services.records.exchange.chain_rows import kept
from services.records.exchange.exchange import Exchange
from services.records.tables import ArrivedNoticeRow, OrganisationRow, PeerRequestRow, StudentRow
from services.records.transfers.confirmation_document import confirmation_document
from services.records.transfers.notices import content_of
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.problems import responses
from shared.telemetry import request_id_of
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/transfer-confirmations", tags=["transfers"])

Reader = Annotated[Caller, caller_with("audit:accounting")]
PDF = "application/pdf"
OF_ENROLLMENT = ("enrolled", "no-show", "withdrawn")


@router.get("/{exchange_id}", responses=responses(NoSuchExchange, TransferNotConfirmed, LogUnavailable))
async def read_transfer_confirmation(exchange_id: UUID, request: Request, caller: Reader) -> SignedConfirmation:
    """The confirmation with all that proves it: signed messages of the receiving side, and their entries in both logs."""
    return await _confirmed(request, caller, exchange_id, form="json")


@router.get(
    "/{exchange_id}/document",
    responses={
        **responses(NoSuchExchange, TransferNotConfirmed, LogUnavailable),
        200: {"description": "A page to print, with the confirmation as an attached file.", "content": {PDF: {}}},
    },
    response_class=Response,
)
async def read_transfer_confirmation_document(exchange_id: UUID, request: Request, caller: Reader) -> Response:
    """The confirmation as a page to print. The file that it carries is verified as the JSON is."""
    signed = await _confirmed(request, caller, exchange_id, form="pdf")
    return Response(confirmation_document(signed), media_type=PDF, headers={"cache-control": "no-store"})


@dataclass(frozen=True)
class _Held:
    request: PeerRequestRow
    custodian_id: UUID
    messages: ChainMessages | None
    notices: tuple[ArrivedNoticeRow, ...]


async def _confirmed(request: Request, caller: Caller, exchange_id: UUID, *, form: str) -> SignedConfirmation:
    exchange: Exchange = request.app.state.exchange
    held = await exchange.read(lambda connection: _held(connection, caller, exchange_id))
    signed = _signed(exchange, held)
    event = Event(
        class_="read",
        key=f"{exchange_id}:confirmation:{request_id_of(request.scope)}",
        subjects=() if held.request.student_id is None else (held.request.student_id,),
        custodians=(held.custodian_id,),
        actor=client_actor(caller.claims),
        context=Context(operation="transfer-confirmation", outcome=form, purpose=caller.purpose, exchange_id=exchange_id),
    )
    # INVARIANT: nothing is shown before the log has the read.
    await exchange.own_log.append(event, by=caller.principal)
    return signed


def _held(connection: Connection, caller: Caller, exchange_id: UUID) -> _Held:
    """Raises NoSuchExchange, alike for one that is not there and one about a student whose record others keep."""
    mine = belongs_to(StudentRow.custodian_id, OrganisationRow, caller.organisation_id)
    query = (
        select(PeerRequestRow.__table__, StudentRow.custodian_id)
        .join(StudentRow, StudentRow.id == PeerRequestRow.student_id)
        .where(PeerRequestRow.exchange_id == exchange_id, mine)
        .order_by(PeerRequestRow.received_at, PeerRequestRow.id)
    )
    found = connection.execute(query.limit(1)).first()
    if found is None:
        raise NoSuchExchange
    values = dict(found._mapping)
    custodian_id = values.pop("custodian_id")
    row = PeerRequestRow(**values)
    one = kept(connection, exchange_id, peer=row.requester)
    table = ArrivedNoticeRow.__table__
    of_both = (table.c.issuer == row.requester, table.c.exchange_id == exchange_id, table.c.particulars != b"")
    in_order = (table.c.arrived_at, table.c.entry_index)  # of one millisecond no id tells which came first; the log does
    notices = [ArrivedNoticeRow(**one._mapping) for one in connection.execute(select(table).where(*of_both).order_by(*in_order))]
    return _Held(row, custodian_id, None if one is None else one.messages, tuple(notices))


def _signed(exchange: Exchange, held: _Held) -> SignedConfirmation:
    """Raises TransferNotConfirmed, NoSuchStudent where the particulars were destroyed with the record."""
    filed = _filed(held.messages)
    contents = _as_they_stand((row, content_of(exchange, row)) for row in held.notices)
    receipt = filed.answers[0].r2
    said = kept_messages(filed).answers[0].r2
    if receipt is None or said is None:
        raise TransferNotConfirmed
    follows = told_of(said.message, [content for _, content in contents])
    selector = read_closed(exchange.open_particulars(held.request.id, held.request.particulars), model=Selector)
    now = exchange.clock().replace(microsecond=0)
    told = TransferConfirmation(
        exchange_id=held.request.exchange_id,
        sending_node=exchange.entity_id,
        receiving_node=held.request.requester,
        recipient_organisation=said.message.recipient_organisation,
        recipient=selector.enrollment.receiving_organisation,
        person=selector.person,
        subject_salt=selector.subject_salt,
        confirmed=follows.confirmed,
        enrolled_on=follows.enrolled_on,
        record_filed_at=datetime.fromtimestamp(said.message.iat, UTC),
        messages=filed,
        notices=tuple(ConfirmedNotice(notice=row.token, content=content, taken=row.taken) for row, content in contents),
        assembled_at=now,
    )
    word = ConfirmationSignature(
        iss=exchange.entity_id,
        exchange_id=told.exchange_id,
        confirmation_digest=confirmation_digest(told),
        iat=int(now.timestamp()),
    )
    return SignedConfirmation(confirmation=told, signature=exchange.signing.sign_compact(typ=word.TYPE, payload=word.claims()))


def _as_they_stand(notices: Iterable[tuple[ArrivedNoticeRow, NoticeContent]]) -> list[tuple[ArrivedNoticeRow, NoticeContent]]:
    """Those of the enrolment there, of each kind what arrived last: another maker's node may correct a day, as often as it likes."""
    last = {content.kind: (row, content) for row, content in notices if content.kind in OF_ENROLLMENT}
    return list(last.values())


def _filed(messages: ChainMessages | None) -> ChainMessages:
    """The messages with the one answer that was filed. Raises TransferNotConfirmed."""
    if messages is not None:
        for answer, said in zip(messages.answers, kept_messages(messages).answers, strict=True):
            if said.envelope.message.kind == "package" and said.r2 is not None:
                return messages.model_copy(update={"answers": (answer,)})
    raise TransferNotConfirmed("the receiving side has not said that it filed the record")
