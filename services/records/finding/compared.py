"""`POST /v1/peer/comparisons`: the node that was asked has points blinded with the request's secret, and sees which meet."""

import asyncio
from datetime import datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, update

from safepassage.claims import Verified
from safepassage.compact import kid_of
from safepassage.finding import MAX_LENGTH, Compared, Comparison, packed, unpacked, verify_comparison
from safepassage.problems.envelopes import OtherExchange
from safepassage.problems.exchanges import ExchangeClosed
from safepassage.problems.messages import MessageExpired
from services.records.exchange.accepting import Peer
from services.records.exchange.deliveries import JOSE
from services.records.exchange.exchange import Exchange
from services.records.exchange.own_requests import selector_of
from services.records.exchange.refusable import OF_A_MESSAGE
from services.records.exchange.refusals import body_of_type, compact_in, or_refused
from services.records.exchange.states import Asked
from services.records.finding.curve import blinded
from services.records.tables import ExchangeRequestRow
from shared.problems import responses

router = APIRouter(prefix="/v1/peer", tags=["peers"])

MOST_COMPARISONS = 3
"""For one request: a holder that died in between compares again, and may try out no more than so many times."""
OPEN = (Asked.PREPARED, Asked.ACCEPTED)


@router.post(
    "/comparisons",
    responses=responses(
        *OF_A_MESSAGE,
        MessageExpired,
        OtherExchange,
        ExchangeClosed,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def compare_points(request: Request, caller: Peer) -> Response:
    """Blind the points of a node that was asked whether it may have a child (sp-comparison+jws). 200 with sp-compared+jws."""
    exchange: Exchange = request.app.state.exchange
    body = await body_of_type(request, content_type=JOSE, limit=MAX_LENGTH)
    token = compact_in(body, longest=MAX_LENGTH)
    now, peer = exchange.clock(), caller.peer

    async def answer() -> Response:
        return Response(await _compared(exchange, peer, token, now), 200, media_type=JOSE)

    return await or_refused(exchange, request, peer=peer, jws=token, size=len(body), answer=answer)


async def _compared(exchange: Exchange, peer: str, token: str, now: datetime) -> str:
    """Raises OtherExchange for a request that was not this peer's to answer or that names the child; ExchangeClosed."""
    await exchange.trust.refresh()
    exchange.trust.member(peer)
    keys = await exchange.signing_keys_of(peer, kid=kid_of(token, max_length=MAX_LENGTH))
    comparison = verify_comparison(token, issuer=peer, audience=exchange.entity_id, keys=keys, now=now)
    message = comparison.message
    points = unpacked(message.points)
    asked = await exchange.find(ExchangeRequestRow, message.exchange_id)
    if asked is None or asked.holder != peer or asked.finding_id is None or asked.request_digest != message.request_digest:
        raise OtherExchange
    if not asked.particulars or not await exchange.write(lambda tx: _counted(tx.connection, asked)):
        raise ExchangeClosed
    secret = exchange.vault.tags.finding_secret(asked.id, selector_of(exchange, asked).subject_salt)
    return _signed(exchange, asked, comparison, await asyncio.to_thread(blinded, secret, points), now)


def _counted(connection: Connection, asked: ExchangeRequestRow) -> bool:
    """INVARIANT: one more comparison is made only of a request that is open and has had fewer than all; the row itself counts."""
    row = ExchangeRequestRow
    free = (row.id == asked.id, row.state.in_(OPEN), row.comparisons < MOST_COMPARISONS)
    return bool(connection.execute(update(row).where(*free).values(comparisons=row.comparisons + 1)).rowcount)


def _signed(exchange: Exchange, asked: ExchangeRequestRow, comparison: Verified[Comparison], points: list[bytes], now: datetime) -> str:
    message = Compared(
        iss=exchange.entity_id,
        aud=asked.holder,
        exchange_id=asked.id,
        comparison_digest=comparison.digest,
        iat=int(now.timestamp()),
        points=packed(points),
    )
    return exchange.signing.sign_compact(typ=message.TYPE, payload=message.claims(), answers=asked.token)
