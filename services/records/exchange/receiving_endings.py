"""`POST /v1/peer/endings`: another node tells that a message of an exchange ended. What was told to have ended is not taken any more."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from safepassage.claims import Verified, require_lifetime, require_parties, verify_message
from safepassage.compact import MAX_LENGTH, kid_of
from safepassage.ending import Ending
from safepassage.problems.dead_letters import EndingOfAnotherExchange, TooManyEndings
from safepassage.problems.exchanges import BeingStored
from services.records.exchange import operator_events
from services.records.exchange.accepting import Peer
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.refusable import OF_A_MESSAGE
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.states import UNDELIVERED, Asked, Outgoing
from services.records.exchange.states import Request as PeerRequest
from services.records.exchange.stored_rows import change, row_at
from services.records.exchange.withdrawing import give_up
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow
from shared.group_commit import Writing
from shared.problems import responses

router = APIRouter(prefix="/v1/peer", tags=["peers"])

MOST: Final = 32
"""Withdrawn answers that are remembered of one request."""
GIVEN_UP: Final = "given-up-by-requester"


@router.post(
    "/endings",
    status_code=204,
    responses={
        **responses(
            *OF_A_MESSAGE,
            EndingOfAnotherExchange,
            TooManyEndings,
            BeingStored,
        ),
        200: {"description": "It has arrived: the receipt R1", "content": {JOSE: {}}},
    },
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def receive_ending(request: Request, caller: Peer) -> Response:
    """Take sp-ending+jws. 204: noted, and the message is refused if it still comes. 200 with R1: it had come before."""
    body = await body_of_type(request, content_type=JOSE, limit=MAX_LENGTH)
    return await take_ending(request.app.state.exchange, request, caller.peer, body)


async def take_ending(exchange: Exchange, request: Request, peer: str, body: bytes) -> Response:
    """The answer to one ending of `peer`, which was sent or fetched. Raises what may be tried again."""
    token = compact_in(body, longest=MAX_LENGTH)

    async def answer() -> Response:
        r1 = await _take(exchange, await _verified(exchange, peer, token, exchange.clock()))
        return Response(status_code=204) if r1 is None else Response(r1, 200, media_type=JOSE)

    return await or_refused(exchange, request, peer=peer, jws=token, size=len(body), answer=answer)


async def _verified(exchange: Exchange, peer: str, token: str, now: datetime) -> Verified[Ending]:
    await exchange.trust.refresh()
    exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(token, max_length=MAX_LENGTH))
    verified = verify_message(token, kind=Ending, keys=keys)
    require_parties(iss=verified.message.iss, aud=verified.message.aud, issuer=peer, audience=exchange.entity_id)
    require_lifetime(iat=verified.message.iat, exp=None, now=now)
    return verified


async def _take(exchange: Exchange, ending: Verified[Ending]) -> str | None:
    """R1 of an answer that is here; None where the ending is noted."""
    if ending.message.envelope_id is not None:
        return await exchange.write(lambda tx: _note_answer(tx, ending))
    for row in await exchange.write(lambda tx: _close_request(tx, ending)):
        never_sent = row.state == Outgoing.SEALED
        await give_up(exchange, row, Outgoing.WITHDRAWN, reason=GIVEN_UP, never_sent=never_sent, aside=False)
    return None


def _note_answer(tx: Writing, ending: Verified[Ending]) -> str | None:
    """INVARIANT: under the lock that an answer is stored under, so that it is stored or withdrawn and never both."""
    message = ending.message
    asked = row_at(tx.connection, ExchangeRequestRow, message.exchange_id, lock=True)
    if asked is None or (asked.holder, asked.request_digest) != (message.iss, message.request_digest):
        raise EndingOfAnotherExchange
    held = None if message.envelope_id is None else row_at(tx.connection, IncomingEnvelopeRow, message.iss, message.envelope_id)
    if held is not None and held.r1 is None:
        raise BeingStored(retry_after_seconds=1)
    if held is not None:
        return held.r1
    withdrawn = (asked.withdrawn_answers or "").split()
    if str(message.envelope_id) not in withdrawn:
        if len(withdrawn) >= MOST:
            raise TooManyEndings
        noted = " ".join([*withdrawn, str(message.envelope_id)])
        change(tx.connection, ExchangeRequestRow, asked.id, when=tuple(Asked), withdrawn_answers=noted)
    tx.record(operator_events.ended(message, digest=ending.digest, custodian_id=asked.receiving_organisation_id))
    return None


def _close_request(tx: Writing, ending: Verified[Ending]) -> list[OutgoingEnvelopeRow]:
    """The requester wants no answer any more. Gives what is not delivered of it."""
    message, requests, sent = ending.message, PeerRequestRow.__table__, OutgoingEnvelopeRow.__table__
    found = select(requests.c.id, requests.c.request_digest, requests.c.student_id)
    held = tx.connection.execute(found.where(requests.c.requester == message.iss, requests.c.exchange_id == message.exchange_id)).first()
    if held is None or held.request_digest != message.request_digest:
        raise EndingOfAnotherExchange
    open_ = (PeerRequest.ACCEPTED, PeerRequest.WAITING, PeerRequest.ANSWERED)
    if change(tx.connection, PeerRequestRow, held.id, when=open_, state=PeerRequest.CLOSED, next_attempt_at=None):
        tx.record(operator_events.ended(message, digest=ending.digest, custodian_id=None))
    waiting = tx.connection.execute(select(sent).where(sent.c.request_id == held.id, sent.c.state.in_(UNDELIVERED)))
    return [OutgoingEnvelopeRow(**row._asdict()) for row in waiting]
