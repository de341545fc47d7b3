"""`/v1/peer/bodies`: the chunks of a large package, announced by its envelope's JWS, each proven to be part of it before it is stored.

INVARIANT: room is given only for a body whose disclosure was decided and logged first, in answer to a request of ours that wants documents.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection, update

from safepassage.body import CONTENT_TYPE, MAX_CHUNKS, MAX_MESSAGE_BYTES, Body, ChunksWanted, read_chunk
from safepassage.chunks import CHUNK_BYTES, MAX_SEALED_BYTES
from safepassage.compact import kid_of, split
from safepassage.envelope import MAX_JWS_BYTES, Envelope, SignedEnvelope, read_announcement, verify_envelope
from safepassage.ids import uuid7
from safepassage.logged import Logged
from safepassage.problems import attachments, envelopes, exchanges, messages
from safepassage.problems.bodies import BodyNotAnnounced, BodyTooLargeHere, ChunkRefused, NoRoomForBody
from safepassage.problems.dead_letters import AnswerWithdrawn
from safepassage.problems.exchanges import BeingStored, MessageIdReused
from safepassage.problems.requests import BodyTooLarge, UnsupportedMediaType
from safepassage.problems.trust import NotAMember
from services.records import bodies
from services.records.exchange.accepting import Peer
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import selector_of
from services.records.exchange.packing import MOST
from services.records.exchange.peer_logs import Pinned
from services.records.exchange.receiving import expected_answer, require_not_withdrawn
from services.records.exchange.refusable import OF_A_MESSAGE, OF_A_PROOF
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.stored_rows import row_at
from services.records.tables import BodyRow, ExchangeRequestRow, IncomingEnvelopeRow
from shared.group_commit import Writing
from shared.problems import responses

router = APIRouter(prefix="/v1/peer/bodies", tags=["peers"])

Number = Annotated[int, Path(ge=0, lt=MAX_CHUNKS)]


@router.post(
    "",
    responses=responses(
        *OF_A_MESSAGE,
        *OF_A_PROOF,
        envelopes.EnvelopeMalformed,
        MessageIdReused,
        BeingStored,
        exchanges.ExchangeClosed,
        envelopes.OtherExchange,
        envelopes.OtherRecipient,
        envelopes.OtherCiphertext,
        messages.MessageExpired,
        messages.EncryptionKeyUnknown,
        messages.SuiteNotSupported,
        envelopes.LeafOfAnotherExchange,
        envelopes.DecisionMissing,
        AnswerWithdrawn,
        BodyTooLargeHere,
        NoRoomForBody,
        attachments.ScannerNotConfigured,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
)
async def announce_body(request: Request, caller: Peer) -> ChunksWanted:
    """Announce the body of a large package with its envelope's JWS (sp-envelope+jws): the answer says which chunks are wanted.

    Asked again it says which are still missing; when none is, the envelope itself is taken.
    """
    exchange: Exchange = request.app.state.exchange
    content = await body_of_type(request, content_type=JOSE, limit=MAX_JWS_BYTES)
    jws = compact_in(content, longest=MAX_JWS_BYTES)

    async def answer() -> Response:
        wanted = await _announced(exchange, caller.peer, jws, exchange.clock())
        return Response(wanted.model_dump_json(), media_type="application/json")

    return await or_refused(exchange, request, peer=caller.peer, jws=jws, size=len(jws), answer=answer)  # type: ignore[return-value]  # the model's JSON


async def _announced(exchange: Exchange, peer: str, jws: str, now: datetime) -> ChunksWanted:
    await exchange.trust.refresh()
    member = exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(jws))
    signed = read_announcement(jws, issuer=peer, audience=exchange.entity_id, keys=keys)
    message, body = signed.message, _body_of(signed.message)

    def known(connection: Connection) -> tuple[IncomingEnvelopeRow | None, ExchangeRequestRow | None, Any]:
        held = row_at(connection, IncomingEnvelopeRow, peer, message.envelope_id)
        asked = row_at(connection, ExchangeRequestRow, message.exchange_id)
        return held, asked, bodies.body_at(connection, kind=bodies.INCOMING, peer=peer, envelope_id=message.envelope_id)

    held, asked, announced = await exchange.read(known)
    if held is not None:
        if held.envelope_digest != signed.jws.digest:
            raise MessageIdReused
        return ChunksWanted(missing=())
    if asked is None or asked.holder != message.iss:
        raise envelopes.OtherExchange
    require_not_withdrawn(asked.withdrawn_answers, message.envelope_id)
    if announced is None:
        expected = await expected_answer(exchange, asked, message, now)
        _require_wanted(exchange, asked, body)

        def verify(pinned: Pinned, path: list[bytes] | None) -> tuple[SignedEnvelope, Logged]:
            logs = member.log_identities()
            return signed, verify_envelope(signed, expected=expected, logs=logs, pinned=pinned, now=now, consistency=path)

        def give_room(tx: Writing, _: SignedEnvelope, __: Logged) -> None:
            _give_room(tx.connection, exchange, signed, now)

        await exchange.peer_logs.take(member, message.checkpoint, verify, give_room)
    missing = await exchange.read(partial(_missing, peer=peer, signed=signed))
    return ChunksWanted.of(missing)


def _body_of(message: Envelope) -> Body:
    if message.body is None:
        raise envelopes.OtherCiphertext
    return message.body


def _require_wanted(exchange: Exchange, asked: ExchangeRequestRow, body: Body) -> None:
    """Raises BodyTooLargeHere, ScannerNotConfigured, NoRoomForBody."""
    if selector_of(exchange, asked).attachments is None:
        raise BodyTooLargeHere("documents were not asked for")
    settings = exchange.settings
    if body.chunks > settings.max_body_bytes // CHUNK_BYTES + MOST:
        raise BodyTooLargeHere
    exchange.scanner.require_configured()
    bodies.require_disk(exchange.database, more=body.chunks * MAX_SEALED_BYTES, left=settings.min_free_disk_bytes)


def _give_room(connection: Connection, exchange: Exchange, signed: SignedEnvelope, now: datetime) -> None:
    """Raises NoRoomForBody, BeingStored."""
    message, body = signed.message, _body_of(signed.message)
    waiting = bodies.waiting_bytes(connection, message.iss) + body.chunks * MAX_SEALED_BYTES
    if waiting > exchange.settings.max_waiting_bytes_per_peer:
        raise NoRoomForBody(retry_after_seconds=600)
    if bodies.body_at(connection, kind=bodies.INCOMING, peer=message.iss, envelope_id=message.envelope_id) is not None:
        raise BeingStored(retry_after_seconds=1)
    bodies.begin(
        connection,
        uuid7(now),
        kind=bodies.INCOMING,
        now=now,
        peer=message.iss,
        envelope_id=message.envelope_id,
        chunks=body.chunks,
        jws=signed.jws.token,
        expires_at=datetime.fromtimestamp(message.exp, tz=UTC),
    )


def _missing(connection: Connection, peer: str, signed: SignedEnvelope) -> list[int]:
    row = bodies.body_at(connection, kind=bodies.INCOMING, peer=peer, envelope_id=signed.message.envelope_id)
    if row is None:
        raise BodyNotAnnounced
    if row.jws != signed.jws.token:
        raise MessageIdReused
    return bodies.missing_at(connection, row.id, row.chunks)


@router.put(
    "/{envelope_id}/chunks/{number}",
    status_code=204,
    responses=responses(NotAMember, BodyNotAnnounced, ChunkRefused, UnsupportedMediaType, BodyTooLarge),
    openapi_extra={"requestBody": {"required": True, "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
    response_class=Response,
)
async def store_chunk(envelope_id: UUID, number: Number, request: Request, caller: Peer) -> Response:
    """One chunk of an announced body: its path to the root that the envelope signs, 32 bytes a hash, then the chunk. 204: it is stored.

    The same chunk again is taken again. One that is not part of the body ends the package: it is refused with this node's signature.
    """
    exchange: Exchange = request.app.state.exchange
    peer = caller.peer
    exchange.trust.member(peer)
    content = await body_of_type(request, content_type=CONTENT_TYPE, limit=MAX_MESSAGE_BYTES)
    row = await exchange.read(partial(bodies.body_at, kind=bodies.INCOMING, peer=peer, envelope_id=envelope_id))
    now = exchange.clock()
    if row is None or row.expires_at <= now:
        raise BodyNotAnnounced

    async def answer() -> Response:
        body = _body_of(Envelope.model_validate(split(row.jws)[1]))  # verified when it was announced
        try:
            sealed, leaf = read_chunk(content, body=body, number=number)
        except ChunkRefused:
            await exchange.write(lambda tx: _forget(tx.connection, row.id, now))
            raise
        chunk = bodies.Chunk(number, leaf, sealed)
        await exchange.write(lambda tx: bodies.add(tx.connection, row.id, [chunk], now=now))
        return Response(status_code=204)

    return await or_refused(exchange, request, peer=peer, jws=row.jws, size=len(content), answer=answer)


def _forget(connection: Connection, body_id: UUID, now: datetime) -> None:
    """Nothing more is taken of it, and the sweep removes it."""
    connection.execute(update(BodyRow).where(BodyRow.id == body_id).values(expires_at=now))
