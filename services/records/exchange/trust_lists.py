"""Trust lists between nodes: who holds a newer one brings it to the others, so that a member who is expelled is soon out everywhere.

Whoever brings a list decides nothing by it: roots have signed it, and it follows the one that is held, or it is refused.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from safepassage.message_batches import CONTENT_TYPE as BATCH_TYPE
from safepassage.message_batches import MAX_BODY_BYTES, batch_body, split_batch
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.messages import MessageNotYetValid
from safepassage.problems.requests import BodyTooLarge, UnsupportedMediaType, UnsupportedVersion
from safepassage.problems.trust import (
    NotAMember,
    TrustListDigestDiffers,
    TrustListExpired,
    TrustListMalformed,
    TrustListNotSigned,
    TrustListRolledBack,
)
from safepassage.trust_list import CONTENT_TYPE, MAX_BYTES
from safepassage.trust_list_steps import LISTS_PATH, PEER_LISTS_PATH
from safepassage.trust_members import Member
from services.records.exchange.accepting import Peer
from services.records.exchange.exchange import Exchange
from services.records.exchange.refusals import body_of_type
from shared.problems import responses

log = logging.getLogger(__name__)

router = APIRouter(tags=["peers"])

MOST_MISSED: Final = 26
"""Lists that a member has missed and is brought, one after the other: half a year of weekly ones. Who missed more gets them by hand."""
AT_ONCE: Final = 7
"""Lists in one answer to who fetches them."""
FETCHED_EVERY: Final = timedelta(minutes=1)
REFUSED: Final = TrustListRolledBack.status
UNKNOWN_THERE: Final = (404, 405)
"""Of a node of an older version."""


@router.post(
    LISTS_PATH,
    status_code=204,
    responses=responses(
        TrustListMalformed,
        TrustListNotSigned,
        TrustListRolledBack,
        TrustListDigestDiffers,
        TrustListExpired,
        MessageNotYetValid,
        UnsupportedVersion,
        UnsupportedMediaType,
        BodyTooLarge,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def take_trust_list(request: Request) -> Response:
    """Take the trust list after the one held. Anybody may bring it: its roots have signed it, or it is refused. 204 also if it is known."""
    exchange: Exchange = request.app.state.exchange
    body = await body_of_type(request, content_type=CONTENT_TYPE, limit=MAX_BYTES)
    await exchange.trust.refresh()
    await exchange.trust.brought(body)
    return Response(status_code=204)


@router.get(
    PEER_LISTS_PATH,
    responses={
        **responses(NotAMember),
        200: {"description": "The next trust lists, the oldest first", "content": {BATCH_TYPE: {}}},
        204: {"description": "There is no newer one"},
    },
    response_class=Response,
)
async def read_newer_lists(request: Request, caller: Peer, after: Annotated[int, Query(ge=0, lt=2**53)]) -> Response:
    """The trust lists after the one that a node holds that cannot be called."""
    exchange: Exchange = request.app.state.exchange
    exchange.trust.member(caller.peer)
    newer = await exchange.trust.following(after, AT_ONCE)
    return Response(batch_body(newer), media_type=BATCH_TYPE) if newer else Response(status_code=204)


async def bring_lists(exchange: Exchange) -> None:
    """Bring the list held to each member that has not had it of this process; who does not answer is brought it the next time."""
    held = exchange.trust.held
    if held is None:
        return
    others = [one for one in held.members if one.entity_id != exchange.entity_id and one.status == "active" and not one.pulls]
    due = [one for one in others if exchange.lists_brought.get(one.entity_id, 0) < held.serial]
    if due:
        documents = await exchange.trust.newest(MOST_MISSED)
        await asyncio.gather(*(_bring(exchange, member, documents, held.serial) for member in due))


async def _bring(exchange: Exchange, member: Member, documents: Sequence[bytes], serial: int) -> None:
    now = exchange.clock()
    try:
        exchange.breakers.require_closed(member.entity_id, now)
        await _all_missed(exchange, member, documents)
    except SuiteError as error:
        log.info("trust list not brought yet", extra={"peer": member.entity_id, "code": error.code})
    else:
        exchange.lists_brought[member.entity_id] = serial


async def _all_missed(exchange: Exchange, member: Member, documents: Sequence[bytes]) -> None:
    """The newest; where the member cannot take that, from the one that it can take. Raises what may be tried again."""
    missed: list[bytes] = []
    for document in documents:
        status = await _told(exchange, member, document)
        if status in UNKNOWN_THERE:
            return
        if status == 204:
            break
        missed.append(document)
    else:
        log.warning("trust list not taken", extra={"peer": member.entity_id})
        return
    for document in reversed(missed):
        if await _told(exchange, member, document) != 204:
            log.warning("trust list not taken", extra={"peer": member.entity_id})
            return


async def _told(exchange: Exchange, member: Member, document: bytes) -> int:
    """How the member answers. Raises PeerUnavailable where that says nothing of the list, PeerAddressRefused."""
    answer = await exchange.peers.post_openly(member, LISTS_PATH, document, content_type=CONTENT_TYPE)
    if answer.status not in (204, REFUSED, *UNKNOWN_THERE):
        raise PeerUnavailable("the peer takes no trust list now")
    return answer.status


async def fetch_lists(exchange: Exchange, member: Member) -> None:
    """Where this node cannot be called: what the member has after the list held, once a minute. Raises as `Peers.get`."""
    now, held = exchange.clock(), exchange.trust.held
    last = exchange.lists_fetched.get(member.entity_id)
    if held is None or (last is not None and now < last + FETCHED_EVERY):
        return
    answer = await exchange.peers.get(member, PEER_LISTS_PATH, {"after": held.serial}, longest_answer=MAX_BODY_BYTES)
    exchange.lists_fetched[member.entity_id] = now
    if answer.status != 200:
        return
    try:
        for document in split_batch(answer.body):
            await exchange.trust.brought(document)
    except SuiteError as error:  # what it has for this node is fetched all the same
        log.warning("trust list of a member not taken", extra={"peer": member.entity_id, "code": error.code})
