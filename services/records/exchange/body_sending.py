"""A large package on its way out: the receiver says which chunks it has not, and is sent those; then the envelope, with the key, goes.

A connection that breaks, or a process that dies at either end, costs the chunks that were on their way. Until the envelope itself is there
the receiver has nothing that opens: a decision that falls meanwhile stops the whole.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import ValidationError

from safepassage.body import CONTENT_TYPE, Body, ChunksWanted, chunk_message, paths_of
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.trust_members import Member
from services.records import bodies
from services.records.exchange.exchange import Exchange
from services.records.exchange.peers import PeerAnswer
from services.records.tables import OutgoingEnvelopeRow

log = logging.getLogger(__name__)

PATH: Final = "/v1/peer/bodies"
AT_ONCE: Final = 4
ASKED_EVERY: Final = 32
"""After so many chunks it is asked again whether the decision still stands."""

Stands = Callable[[], Awaitable[None]]
"""Raises where it does not."""


async def hand_over_body(
    exchange: Exchange, row: OutgoingEnvelopeRow, member: Member, body: Body, require_standing: Stands
) -> PeerAnswer | None:
    """None once the receiver has every chunk. Else its answer, which is no agreement.

    Raises PeerUnavailable, PeerResting, PeerAddressRefused, TemporarilyUnavailable, ChunkNotOpened, and what `require_standing` raises.
    """
    announced = await exchange.deliveries.announce(member, PATH, row.jws or "")
    if announced.status != 200:
        return announced
    wanted = _wanted(announced.body, body)
    if not wanted:
        return None
    leaves = await bodies.leaves_of(exchange.database, row.id)
    if len(leaves) != body.chunks:
        log.error("chunks of a package are gone", extra={"count": body.chunks - len(leaves)})
        raise TemporarilyUnavailable("chunks of the package are not in the store")
    paths = paths_of(leaves)

    async def send(number: int) -> PeerAnswer:
        sealed = await bodies.sealed_chunk(exchange.database, row.id, number)
        message = chunk_message(sealed, path=paths[number])
        return await exchange.deliveries.call(member, "PUT", f"{PATH}/{row.id}/chunks/{number}", message, content_type=CONTENT_TYPE)

    for start in range(0, len(wanted), AT_ONCE):
        if start and start % ASKED_EVERY == 0:
            await require_standing()
        answers = await asyncio.gather(*(send(number) for number in wanted[start : start + AT_ONCE]), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            if answer.status != 204:
                return answer
    return None


def _wanted(answer: bytes, body: Body) -> tuple[int, ...]:
    try:
        numbers = ChunksWanted.model_validate_json(answer).numbers()
    except ValidationError as error:
        raise PeerUnavailable("the peer does not say which chunks it wants") from error
    if any(number >= body.chunks for number in numbers) or len(numbers) > body.chunks:
        raise PeerUnavailable("the peer wants chunks that there are not")
    return numbers
