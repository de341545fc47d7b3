"""`POST /v1/peer/outbox/{kind}/answers`: what a node that fetched messages would have answered, had they been delivered to it.

Each counts as the answer to a delivery would: a receipt that verifies, a refusal that is signed, and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request, Response

from safepassage.canonical import digest_of
from safepassage.message_batches import BatchAnswers
from safepassage.problems.exchanges import NoSuchEnvelope
from safepassage.problems.trust import NotAMember
from safepassage.pulled import OUTBOX_PATH, PulledAnswer, PulledAnswers, PulledKind
from safepassage.trust_members import Member
from services.records.exchange import acknowledging, asking, dispatching, telling_endings
from services.records.exchange.accepting import Peer
from services.records.exchange.batches import answer_alone
from services.records.exchange.exchange import Exchange
from services.records.exchange.peer_refusals import refusal_of, refused_as
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.receipts import Answered, take_receipt
from services.records.exchange.states import SENDABLE, Asked, Notice, Telling
from services.records.tables import EndingRow, ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, OutgoingNoticeRow
from services.records.transfers import noticing
from shared.problems import responses

router = APIRouter()

Settle = Callable[[Exchange, Member, PulledAnswer, PeerAnswer], Awaitable[None]]


@router.post(f"{OUTBOX_PATH}/{{kind}}/answers", tags=["peers"], responses=responses(NotAMember))
async def answer_outbox(kind: PulledKind, answers: PulledAnswers, request: Request, caller: Peer) -> BatchAnswers:
    """Take the answers to what was fetched. 204 for each that was taken; a problem for one that says nothing of its message."""
    exchange: Exchange = request.app.state.exchange
    peer = caller.peer
    await exchange.trust.refresh()
    member = exchange.trust.member(peer)

    async def take(_: Exchange, __: Request, ___: str, body: bytes) -> Response:
        said = PulledAnswer.model_validate_json(body)
        pause = None if said.retry_after is None else timedelta(seconds=min(said.retry_after, 10**7))
        await _SETTLES[kind](exchange, member, said, PeerAnswer(said.status, said.body.encode(), pause))
        return Response(status_code=204)

    members = [answer.model_dump_json().encode() for answer in answers.answers]
    settled = await asyncio.gather(*(answer_alone(exchange, request, peer, one, take) for one in members))
    return BatchAnswers(answers=tuple(settled))


async def _request(exchange: Exchange, member: Member, said: PulledAnswer, answer: PeerAnswer) -> None:
    row = await exchange.find(ExchangeRequestRow, said.id)
    if row is None or row.holder != member.entity_id:
        raise NoSuchEnvelope
    if answer.status == 202:
        await asking.accept(exchange, row, member, answer)
    elif row.state == Asked.PREPARED:
        code = await refused_as(exchange, answer, peer=row.holder, about=row.request_digest)
        await asking.end(exchange, row, Asked.REFUSED, code)


async def _envelope(exchange: Exchange, member: Member, said: PulledAnswer, answer: PeerAnswer) -> None:
    row = await exchange.find(OutgoingEnvelopeRow, said.id)
    if row is None or row.recipient_node != member.entity_id:
        raise NoSuchEnvelope
    if answer.status == 200:
        await take_receipt(exchange, member, said.body, outcomes=("received",), answered=Answered(row, None))
    elif row.state in SENDABLE:
        refusal = await refusal_of(exchange, answer, peer=row.recipient_node, about=row.envelope_digest or "")
        await dispatching.refused(exchange, row, refusal)


async def _receipt(exchange: Exchange, member: Member, said: PulledAnswer, answer: PeerAnswer) -> None:
    key = (member.entity_id, said.id)
    row = await exchange.find(IncomingEnvelopeRow, *key)
    if row is None or row.r2 is None:
        raise NoSuchEnvelope
    if answer.status != 204:
        await refused_as(exchange, answer, peer=row.issuer, about=digest_of(row.r2.encode("ascii")))
    await acknowledging.end(exchange, key)


async def _notice(exchange: Exchange, member: Member, said: PulledAnswer, answer: PeerAnswer) -> None:
    row = await exchange.find(OutgoingNoticeRow, said.id)
    if row is None or row.peer != member.entity_id or row.token is None:
        raise NoSuchEnvelope
    if row.state == Notice.QUEUED:
        await noticing.answered(exchange, row, member, answer)


async def _ending(exchange: Exchange, member: Member, said: PulledAnswer, answer: PeerAnswer) -> None:
    row = await exchange.find(EndingRow, said.id)
    if row is None or row.peer != member.entity_id:
        raise NoSuchEnvelope
    if row.state == Telling.WAITING:
        code = await telling_endings.understood(exchange, row, member, answer)
        await telling_endings.end(exchange, row, Telling.TOLD if code is None else Telling.REFUSED, code)


_SETTLES: Final[dict[PulledKind, Settle]] = {
    "requests": _request,
    "envelopes": _envelope,
    "receipts": _receipt,
    "notices": _notice,
    "endings": _ending,
}
