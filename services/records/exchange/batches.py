"""`POST /v1/peer/{request,envelope,receipt}-batches`: several messages of a peer in one call, each answered as it would be alone.

INVARIANT: a member is refused, stored, logged or acknowledged by what it is itself; that others came with it has no part in it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response

from safepassage.message_batches import CONTENT_TYPE, MAX_BODY_BYTES, BatchAnswer, BatchAnswers, split_batch
from safepassage.packed import PACKED_BATCH
from safepassage.problems import SuiteError
from safepassage.problems.batches import BatchMalformed
from safepassage.problems.requests import BodyTooLarge, UnsupportedMediaType
from services.records.exchange.accepting import Peer, take_request
from services.records.exchange.exchange import Exchange
from services.records.exchange.receipts import take_processed
from services.records.exchange.receiving import BINARY, take_envelope, take_packed
from services.records.exchange.refusals import body_of_type, media_type_of
from shared.caller import Caller
from shared.plain_route import caller_route
from shared.problems import render, responses, unexpected
from shared.telemetry import request_id_of

log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/peer", tags=["peers"])

Take = Callable[[Exchange, Request, str, bytes], Awaitable[Response]]

RESPONSES = responses(BatchMalformed, UnsupportedMediaType, BodyTooLarge)
BODY = {"requestBody": {"required": True, "content": {CONTENT_TYPE: BINARY}}}
ENVELOPES = {"requestBody": {"required": True, "content": {CONTENT_TYPE: BINARY, PACKED_BATCH: BINARY}}}


@caller_route(router, "/request-batches", "exchange:peer")
@router.post("/request-batches", response_model=BatchAnswers, responses=RESPONSES, openapi_extra=BODY)
async def accept_peer_requests(request: Request, caller: Peer) -> Response:
    """Take up to 100 requests of another node (application/vnd.safepassage.batch.v1), each as `accept_peer_request` does."""
    return await each(request, caller, take_request)


@caller_route(router, "/envelope-batches", "exchange:peer")
@router.post("/envelope-batches", response_model=BatchAnswers, responses=RESPONSES, openapi_extra=ENVELOPES)
async def receive_envelopes(request: Request, caller: Peer) -> Response:
    """Take up to 100 answers to requests of ours, each as `receive_envelope` does."""
    if media_type_of(request) == PACKED_BATCH:
        return await each(request, caller, take_packed, content_type=PACKED_BATCH)
    return await each(request, caller, take_envelope)


@caller_route(router, "/receipt-batches", "exchange:peer")
@router.post("/receipt-batches", response_model=BatchAnswers, responses=RESPONSES, openapi_extra=BODY)
async def receive_receipts(request: Request, caller: Peer) -> Response:
    """Take up to 100 receipts R2, each as `receive_receipt` does."""
    return await each(request, caller, take_processed)


async def each(request: Request, caller: Caller, take: Take, *, content_type: str = CONTENT_TYPE) -> Response:
    """Take each member of the batch that `request` brings."""
    exchange: Exchange = request.app.state.exchange
    peer = caller.peer
    members = split_batch(await body_of_type(request, content_type=content_type, limit=MAX_BODY_BYTES))
    log.info("messages came together", extra={"peer": peer, "route": request.url.path, "count": len(members)})
    answers = await asyncio.gather(*(answer_alone(exchange, request, peer, member, take) for member in members))
    return Response(BatchAnswers(answers=tuple(answers)).model_dump_json(exclude_none=True), media_type="application/json")


async def answer_alone(exchange: Exchange, request: Request, peer: str, member: bytes, take: Take) -> BatchAnswer:
    """What the member would be answered alone; whatever goes wrong with it is its answer."""
    try:
        response = await take(exchange, request, peer, member)
    except SuiteError as error:
        response = render(error, request_id_of(request.scope))
    except Exception as error:
        response = render(unexpected(error, request_id_of(request.scope)), request_id_of(request.scope))
    pause = response.headers.get("retry-after", "")
    seconds = int(pause) if pause.isdecimal() else None
    return BatchAnswer(status=response.status_code, body=bytes(response.body).decode(), retry_after=seconds)
