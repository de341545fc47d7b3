"""`POST /v1/peer/envelopes`: an answer to a request of ours. Verified whole before anything of it is kept; stored, logged, acknowledged.

INVARIANT: an envelope that does not prove that its disclosure was decided and logged first is refused, whatever else is right with it.
"""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, bindparam, select

from safepassage.body import Body
from safepassage.compact import kid_of
from safepassage.envelope import (
    CONTENT_TYPE,
    Envelope,
    ExpectedAnswer,
    SignedEnvelope,
    read_envelope,
    split_body,
    verify_envelope,
)
from safepassage.logged import Logged
from safepassage.packed import PACKED, unpacked
from safepassage.problems import envelopes, messages
from safepassage.problems.bodies import BodyIncomplete
from safepassage.problems.dead_letters import AnswerWithdrawn
from safepassage.problems.envelopes import EnvelopeMalformed, OtherExchange
from safepassage.problems.exchanges import BeingStored, ExchangeClosed, MessageIdReused
from safepassage.problems.requests import BodyTooLarge, LogUnavailable
from services.records import bodies
from services.records.exchange import events
from services.records.exchange.accepting import Peer
from services.records.exchange.answer_keys import kids_expected
from services.records.exchange.deliveries import JOSE
from services.records.exchange.due import SOON
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.refusable import OF_A_MESSAGE, OF_A_PROOF
from services.records.exchange.refusals import body_of_type, media_type_of, or_refused
from services.records.exchange.states import OPEN_FOR_A_PACKAGE, Asked, Incoming
from services.records.exchange.stored_rows import row_at, store
from services.records.exchange.storing import Received, acknowledge
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow
from shared import prepared
from shared.group_commit import Writing
from shared.plain_route import caller_route
from shared.problems import responses

router = APIRouter(prefix="/v1/peer", tags=["peers"])

BINARY: Final = {"schema": {"type": "string", "format": "binary"}}


@caller_route(router, "/envelopes", "exchange:peer")
@router.post(
    "/envelopes",
    responses=responses(
        *OF_A_MESSAGE,
        *OF_A_PROOF,
        EnvelopeMalformed,
        MessageIdReused,
        BeingStored,
        ExchangeClosed,
        AnswerWithdrawn,
        envelopes.OtherExchange,
        envelopes.OtherRecipient,
        envelopes.OtherCiphertext,
        messages.MessageExpired,
        messages.EncryptionKeyUnknown,
        messages.SuiteNotSupported,
        envelopes.LeafOfAnotherExchange,
        envelopes.DecisionMissing,
        BodyIncomplete,
        LogUnavailable,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {CONTENT_TYPE: BINARY, PACKED: BINARY}}},
    response_class=Response,
)
async def receive_envelope(request: Request, caller: Peer) -> Response:
    """Take an answer to a request of ours. 200 with receipt R1 (sp-receipt+jws) says: stored and logged here."""
    exchange: Exchange = request.app.state.exchange
    limit = exchange.settings.max_envelope_bytes
    if media_type_of(request) == PACKED:
        return await take_packed(exchange, request, caller.peer, await body_of_type(request, content_type=PACKED, limit=limit))
    return await take_envelope(exchange, request, caller.peer, await body_of_type(request, content_type=CONTENT_TYPE, limit=limit))


async def take_packed(exchange: Exchange, request: Request, peer: str, message: bytes) -> Response:
    """As `take_envelope`, of an envelope that travelled packed."""
    body = unpacked(message)
    del message  # as large as the body, and not needed while that waits for the log
    return await take_envelope(exchange, request, peer, body)


async def take_envelope(exchange: Exchange, request: Request, peer: str, body: bytes) -> Response:
    """The answer to one envelope of `peer`, which came alone or with others. Raises what may be tried again."""
    now = exchange.clock()
    if len(body) > exchange.settings.max_envelope_bytes:
        raise BodyTooLarge
    jws = split_body(body)[0]

    async def answer() -> Response:
        r1 = await _stored(exchange, peer, body, jws, now)
        return Response(r1, 200, media_type=JOSE)

    return await or_refused(exchange, request, peer=peer, jws=jws, size=len(body), answer=answer)


async def _stored(exchange: Exchange, peer: str, body: bytes, jws: str, now: datetime) -> str:
    """R1 for the envelope, which is stored (T1), logged (L) and acknowledged (T2) when it is given; the same for a duplicate."""
    await exchange.trust.refresh()
    member = exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(jws))
    signed = read_envelope(body, issuer=peer, audience=exchange.entity_id, keys=keys)
    message = signed.message

    held, asked = await asyncio.gather(
        exchange.find(IncomingEnvelopeRow, peer, message.envelope_id), exchange.find(ExchangeRequestRow, message.exchange_id)
    )
    if held is not None:
        return _again(held, signed)
    if asked is None or asked.holder != message.iss:
        raise OtherExchange
    require_not_withdrawn(asked.withdrawn_answers, message.envelope_id)
    expected = await expected_answer(exchange, asked, message, now)
    row = _stored_row(signed, asked, now)

    def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[SignedEnvelope, Logged]:
        logs = member.log_identities()
        return signed, verify_envelope(signed, expected=expected, logs=logs, pinned=pinned, now=now, consistency=path)

    def t1(tx: Writing, _: SignedEnvelope, __: Logged) -> IncomingEnvelopeRow | None:
        return _t1(tx.connection, row, message.body)

    with exchange.doing("storing", (row.issuer, row.id)):
        before = await exchange.peer_logs.take(member, message.checkpoint, verify, t1)
        if before is not None:
            return _again(before, signed)
        await exchange.milestones.reached("receiver after_T1")
        return await acknowledge(exchange, Received(row, asked))


def _again(held: IncomingEnvelopeRow, signed: SignedEnvelope) -> str:
    """A duplicate gets the bytes of the first time. Raises MessageIdReused, BeingStored."""
    if held.envelope_digest != signed.jws.digest:
        raise MessageIdReused
    if held.r1 is None:
        raise BeingStored(retry_after_seconds=1)
    return held.r1


async def expected_answer(exchange: Exchange, asked: ExchangeRequestRow, message: Envelope, now: datetime) -> ExpectedAnswer:
    """What we asked this peer for.

    Raises ExchangeClosed, SealedToAnotherKey; OtherExchange for a record where none was asked for, or the other way round.
    """
    _require_open(Asked(asked.state), message.kind)
    if message.kind not in ("not-provided", kind_wanted(asked)):
        raise OtherExchange("an answer to another kind of request")
    return ExpectedAnswer(
        exchange_id=asked.id,
        request_digest=asked.request_digest,
        recipient_organisation=str(asked.receiving_organisation_id),
        enc_kids=await kids_expected(exchange, asked, message, now),
        suites=exchange.signing.suites,
    )


def kind_wanted(asked: ExchangeRequestRow) -> str:
    """Of an answer that gives what a request of ours asks for."""
    return "credentials" if asked.is_educators else "package" if asked.finding_id is None else "perhaps"


def _require_open(state: Asked, kind: str) -> None:
    """A request takes one package. That nothing is provided may be said at any time, and changes nothing any more after a package."""
    if state in (Asked.REFUSED, Asked.EXPIRED) or (kind != "not-provided" and state not in OPEN_FOR_A_PACKAGE):
        raise ExchangeClosed


def require_not_withdrawn(withdrawn: str | None, envelope_id: UUID) -> None:
    """INVARIANT: what the holder has told to have ended is not taken any more; it was told, so it may count on that.

    Raises AnswerWithdrawn.
    """
    if withdrawn is not None and str(envelope_id) in withdrawn.split():
        raise AnswerWithdrawn


def _stored_row(signed: SignedEnvelope, asked: ExchangeRequestRow, now: datetime) -> IncomingEnvelopeRow:
    message = signed.message
    event = events.received(message, organisation_id=asked.receiving_organisation_id)
    return IncomingEnvelopeRow(
        issuer=message.iss,
        id=message.envelope_id,
        exchange_id=message.exchange_id,
        kind=message.kind,
        state=Incoming.STORED,
        jws=signed.jws.token,
        envelope_digest=signed.jws.digest,
        ciphertext=signed.ciphertext,
        event=event.model_dump_json(by_alias=True, exclude_none=True),
        stored_at=now,
        attempts=0,
        next_attempt_at=now + SOON,
    )


def _require_whole(connection: Connection, row: IncomingEnvelopeRow) -> None:
    """INVARIANT: a receipt is given only once every chunk of the body that the envelope signs is stored. Raises BodyIncomplete."""
    body = bodies.body_at(connection, kind=bodies.INCOMING, peer=row.issuer, envelope_id=row.id)
    if body is None or body.jws != row.jws or bodies.missing_at(connection, body.id, body.chunks):
        raise BodyIncomplete(retry_after_seconds=5)


_STATE = (
    select(ExchangeRequestRow.state, ExchangeRequestRow.withdrawn_answers)
    .where(ExchangeRequestRow.id == bindparam("exchange_id"))
    .with_for_update()
)
_OTHER_PACKAGE = select(IncomingEnvelopeRow.id).where(
    IncomingEnvelopeRow.exchange_id == bindparam("exchange_id"),
    IncomingEnvelopeRow.id != bindparam("id_"),
    IncomingEnvelopeRow.kind != "not-provided",
    IncomingEnvelopeRow.state != Incoming.REJECTED,
)


def _t1(connection: Connection, row: IncomingEnvelopeRow, body: Body | None) -> IncomingEnvelopeRow | None:
    """Store it. Gives the row of the same id if one was stored in the meantime.

    Raises ExchangeClosed, AnswerWithdrawn, BodyIncomplete, and nothing is stored then.
    """
    about = {"exchange_id": row.exchange_id}
    [asked] = prepared.rows(connection, _STATE, about)
    state = Asked(asked.state)
    if not store(connection, row):
        return row_at(connection, IncomingEnvelopeRow, row.issuer, row.id)
    require_not_withdrawn(asked.withdrawn_answers, row.id)
    _require_open(state, row.kind)
    if body is not None:
        _require_whole(connection, row)
    if row.kind != "not-provided" and prepared.rows(connection, _OTHER_PACKAGE, {**about, "id_": row.id}):
        raise ExchangeClosed
    return None
