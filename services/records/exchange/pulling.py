"""Where this node cannot be called: it fetches what other nodes have for it, takes each as if it had been delivered, and says what it
would have answered. What it sends itself, it delivers as ever.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from pydantic import ValidationError

from safepassage import envelope, message_batches, packed
from safepassage.envelope import MAX_BODY_BYTES
from safepassage.message_batches import MAX_ANSWER_BYTES, BatchAnswers, split_batch
from safepassage.node_statement import CONTENT_TYPE as JOSE
from safepassage.problems import SuiteError
from safepassage.problems.envelopes import EnvelopeMalformed
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.pulled import OUTBOX_PATH, PULLED_KINDS, STATEMENTS_PATH, PulledAnswer, PulledAnswers, PulledKind, id_of
from safepassage.trust_members import Member
from services.records.exchange.accepting import take_request
from services.records.exchange.batches import Take, answer_alone
from services.records.exchange.exchange import Exchange
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.receipts import take_processed
from services.records.exchange.receiving import take_envelope
from services.records.exchange.receiving_endings import take_ending
from services.records.exchange.shown_paths import JSON
from services.records.exchange.trust_lists import fetch_lists
from services.records.transfers.taking import take_notice

log = logging.getLogger(__name__)

TAKES: Final[dict[PulledKind, Take]] = {
    "requests": take_request,
    "envelopes": take_envelope,
    "receipts": take_processed,
    "notices": take_notice,
    "endings": take_ending,
}
PAGES: Final = 1000
"""Of one kind and round: a node that always has a next page does not keep the others waiting."""


async def pull_round(exchange: Exchange) -> int:
    """Fetch from every other member; gives how many messages were taken. A member that does not answer is left for the next round."""
    await exchange.trust.refresh()
    if not exchange.pulls:
        return 0
    others = [one for one in exchange.trust.current().members if one.entity_id != exchange.entity_id and not one.pulls]
    return sum(await asyncio.gather(*(_from(exchange, member) for member in others if member.status == "active")))


async def _from(exchange: Exchange, member: Member) -> int:
    taken, now = 0, exchange.clock()
    try:
        exchange.breakers.require_closed(member.entity_id, now)
        await _hand_in_statement(exchange, member)
        await fetch_lists(exchange, member)
        for kind in PULLED_KINDS:
            taken += await _all_of(exchange, member, kind)
    except SuiteError as error:
        exchange.breakers.failed(member.entity_id, now)
        log.info("nothing fetched", extra={"peer": member.entity_id, "code": error.code})
    else:
        exchange.breakers.answered(member.entity_id)
    return taken


async def _hand_in_statement(exchange: Exchange, member: Member) -> None:
    """The member cannot fetch it. Raises PeerUnavailable where it does not take it."""
    statement = exchange.own_statement.due_for(member.entity_id, exchange.clock())
    if statement is None:
        return
    answer = await exchange.peers.post_openly(member, STATEMENTS_PATH, statement, content_type=JOSE)
    if answer.status != 204:
        raise PeerUnavailable("the peer does not take our statement")
    exchange.own_statement.taken_by(member.entity_id, statement, exchange.clock())


async def _all_of(exchange: Exchange, member: Member, kind: PulledKind) -> int:
    taken, query = 0, dict[str, str | int]()
    for _ in range(PAGES):
        longest = MAX_BODY_BYTES + MAX_ANSWER_BYTES
        answer = await exchange.peers.get(member, f"{OUTBOX_PATH}/{kind}", query, longest_answer=longest)
        if answer.status not in (200, 204):
            raise PeerUnavailable("the peer gives nothing out now")
        if answer.status == 200:
            taken += await _take(exchange, member, kind, _messages(answer))
        if answer.next is None:
            break
        query = dict(parse_qsl(urlsplit(answer.next).query))
    return taken


def _messages(answer: PeerAnswer) -> list[bytes]:
    match answer.content_type:
        case envelope.CONTENT_TYPE:
            return [answer.body]
        case message_batches.CONTENT_TYPE:
            return split_batch(answer.body)
        case packed.PACKED:
            return _legible([answer.body])
        case packed.PACKED_BATCH:
            return _legible(split_batch(answer.body))
    raise PeerUnavailable("the peer gives out something else")


def _legible(messages: Sequence[bytes]) -> list[bytes]:
    """Unpacked. What cannot be is left where it is, as what has no id is."""
    legible = []
    for message in messages:
        with suppress(EnvelopeMalformed):
            legible.append(packed.unpacked(message))
    return legible


async def _take(exchange: Exchange, member: Member, kind: PulledKind, messages: Sequence[bytes]) -> int:
    """Each as if it had been delivered; then the answers."""
    request, peer = Request({"type": "http", "method": "GET", "path": OUTBOX_PATH, "headers": [], "state": {}}), member.entity_id
    known = [(found, message) for message in messages if (found := id_of(kind, message)) is not None]
    if not known:
        return 0
    said = await asyncio.gather(*(answer_alone(exchange, request, peer, message, TAKES[kind]) for _, message in known))
    answers = [
        PulledAnswer(id=identifier, status=one.status, body=one.body, retry_after=one.retry_after)
        for (identifier, _), one in zip(known, said, strict=True)
    ]
    again = [
        answer
        for answer, heard in zip(answers, await _tell(exchange, member, kind, answers), strict=True)
        if await exchange.paths.shown(member, "receipts", answer.body.encode(), heard)
    ]
    if again:
        await _tell(exchange, member, kind, again)
    return len(known)


async def _tell(exchange: Exchange, member: Member, kind: PulledKind, answers: Sequence[PulledAnswer]) -> list[PeerAnswer]:
    body = PulledAnswers(answers=tuple(answers)).model_dump_json().encode()
    answer = await exchange.peers.post(member, f"{OUTBOX_PATH}/{kind}/answers", body, content_type=JSON, longest_answer=MAX_ANSWER_BYTES)
    try:
        heard = BatchAnswers.model_validate_json(answer.body).answers if answer.status == 200 else ()
    except ValidationError as error:
        raise PeerUnavailable("the peer answers something else") from error
    if len(heard) != len(answers):
        raise PeerUnavailable("the peer does not take our answers")
    return [PeerAnswer(one.status, one.body.encode(), None) for one in heard]
