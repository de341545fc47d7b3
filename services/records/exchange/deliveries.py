"""Handing messages over to peers: those that wait for the same peer at the same moment go in one call (safepassage.message_batches).

Each is answered as it would be alone, by the same bytes; a message that is alone goes alone, to the route for one. A peer that did not
answer several calls is left alone for a while (breakers).
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import ValidationError

from safepassage.envelope import CONTENT_TYPE as ENVELOPE_TYPE
from safepassage.message_batches import CONTENT_TYPE, MAX_ANSWER_BYTES, MOST, BatchAnswers, batch_body, grouped
from safepassage.packed import PACKED, PACKED_BATCH, packed
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.pulling import PeerPulls
from safepassage.trust_members import Member
from services.records.exchange.breakers import Breakers
from services.records.exchange.peers import MAX_ANSWER_BYTES as LONGEST_ANSWER
from services.records.exchange.peers import PULLER_LOOKED_AT_AGAIN, PeerAnswer, Peers
from services.records.exchange.shown_paths import ShownPaths, is_wanted
from shared.clock import Clock
from shared.gathered import Gathered

log = logging.getLogger(__name__)

Kind = Literal["requests", "envelopes", "receipts", "notices"]

AT_ONCE = 4
"""Calls to one peer with one kind of messages: while one is on its way the next ones gather."""
JOSE = "application/jose"
NO_SUCH_ROUTE = (404, 405)
"""Of a node that takes no messages together: what it is sent so, it has been sent in vain."""
NO_SUCH_DOOR = (*NO_SUCH_ROUTE, 501)
"""Without a signed refusal: of a node that does without one of the operations that it may do without."""
NOT_OF_THIS_TYPE = 415
"""Of a node that went back to a version before the one that its statement was signed by."""
ASKED_AGAIN_AFTER = timedelta(hours=1)
"""It may have been upgraded."""
DOOR_LOOKED_AT_AGAIN = timedelta(days=1)


class _Door(NamedTuple):
    """Where messages of a kind are handed over."""

    one: str
    several: str
    content_type: str
    """Of one."""


_DOORS: dict[Kind, _Door] = {
    "requests": _Door("/v1/peer/requests", "/v1/peer/request-batches", JOSE),
    "envelopes": _Door("/v1/peer/envelopes", "/v1/peer/envelope-batches", ENVELOPE_TYPE),
    "receipts": _Door("/v1/peer/receipts", "/v1/peer/receipt-batches", JOSE),
    "notices": _Door("/v1/peer/notices", "/v1/peer/notice-batches", JOSE),
}


@dataclass(frozen=True)
class _Message:
    member: Member
    content: bytes


class Deliveries:
    """Of one process."""

    def __init__(
        self,
        peers: Peers,
        breakers: Breakers,
        clock: Clock,
        *,
        paths: ShownPaths | None = None,
        takes_packed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._peers, self._breakers, self._clock, self._paths, self._takes_packed = peers, breakers, clock, paths, takes_packed
        self._alone_until: dict[tuple[str, str], datetime] = {}
        self._left_out_until: dict[tuple[str, str], datetime] = {}
        self._gathered: Gathered[tuple[str, Kind], _Message, PeerAnswer] = Gathered(self._send, most=MOST, at_once=AT_ONCE)

    async def hand_over(self, member: Member, kind: Kind, content: bytes) -> PeerAnswer:
        """One attempt. Raises PeerUnavailable, PeerAddressRefused; PeerResting where none was made. Not within a transaction."""
        if member.pulls:
            raise PeerPulls(retry_after_seconds=PULLER_LOOKED_AT_AGAIN)
        answer = await self._gathered((member.entity_id, kind), _Message(member, content))
        if self._paths is not None and await self._paths.shown(member, kind, content, answer):
            answer = await self._gathered((member.entity_id, kind), _Message(member, content))
        return answer

    async def call(
        self,
        member: Member,
        method: Literal["POST", "PUT"],
        path: str,
        content: bytes,
        *,
        content_type: str,
        longest_answer: int = LONGEST_ANSWER,
    ) -> PeerAnswer:
        """One attempt with what goes with nothing else. Raises as `hand_over`."""
        self._breakers.require_closed(member.entity_id, self._clock())
        if method == "PUT":
            return await self._heard(member.entity_id, self._peers.put(member, path, content, content_type=content_type))
        sent = self._peers.post(member, path, content, content_type=content_type, longest_answer=longest_answer)
        return await self._heard(member.entity_id, sent)

    def is_left_out(self, member: Member, path: str) -> bool:
        """Whether a peer was found to do without an operation, in the last day."""
        until = self._left_out_until.get((member.entity_id, path))
        return until is not None and self._clock() < until

    def note_left_out(self, member: Member, path: str) -> None:
        """The peer does without it. It is looked at again: it may be upgraded, or something stood in between."""
        self._left_out_until[member.entity_id, path] = self._clock() + DOOR_LOOKED_AT_AGAIN

    async def announce(self, member: Member, path: str, token: str) -> PeerAnswer:
        """A signed message alone, as `hand_over` would send it. Raises as that."""
        content = token.encode("ascii")
        answer = await self.call(member, "POST", path, content, content_type=JOSE)
        if self._paths is not None and is_wanted(answer) and await self._paths.show(member, token):
            answer = await self.call(member, "POST", path, content, content_type=JOSE)
        return answer

    async def _send(self, key: tuple[str, Kind], messages: Sequence[_Message]) -> Sequence[PeerAnswer | Exception]:
        door, member = _DOORS[key[1]], messages[-1].member
        answers: list[PeerAnswer | Exception] = []
        for group in grouped([message.content for message in messages]):
            answers.extend(await self._send_group(member, door, group))
        return answers

    def _takes_several(self, member: Member, door: _Door) -> bool:
        until = self._alone_until.get((member.entity_id, door.several))
        return until is None or self._clock() >= until

    async def _send_alone(self, member: Member, door: _Door, group: Sequence[bytes]) -> Sequence[PeerAnswer | Exception]:
        """One after the other: to a peer that has no route for several."""
        return [answer for one in group for answer in await self._send_group(member, door, [one])]

    async def _send_group(self, member: Member, door: _Door, group: Sequence[bytes]) -> Sequence[PeerAnswer | Exception]:
        if len(group) > 1 and not self._takes_several(member, door):
            return await self._send_alone(member, door, group)
        try:
            self._breakers.require_closed(member.entity_id, self._clock())
            answer = await self._call(member, door, group)
            if len(group) == 1:
                return [answer]
            if answer.status == 200:
                return _answers(answer.body, len(group))
        except SuiteError as error:
            return [error] * len(group)
        if not 400 <= answer.status < 500 or answer.status in (401, 429):
            return [answer] * len(group)  # of the peer as a whole, and unsigned: it counts as no answer to any of them
        if answer.status in NO_SUCH_ROUTE:
            self._alone_until[member.entity_id, door.several] = self._clock() + ASKED_AGAIN_AFTER
            return await self._send_alone(member, door, group)
        # Something in between, or a peer of an older version, does not let these pass together: what it is about must not hold up the rest.
        half = len(group) // 2
        return [*await self._send_group(member, door, group[:half]), *await self._send_group(member, door, group[half:])]

    async def _call(self, member: Member, door: _Door, group: Sequence[bytes]) -> PeerAnswer:
        if door.content_type == ENVELOPE_TYPE and self._takes_packed(member.entity_id):
            answer = await self._post(member, door, [packed(one) for one in group], alone=PACKED, together=PACKED_BATCH)
            if answer.status != NOT_OF_THIS_TYPE:
                return answer
        return await self._post(member, door, group, alone=door.content_type, together=CONTENT_TYPE)

    async def _post(self, member: Member, door: _Door, group: Sequence[bytes], *, alone: str, together: str) -> PeerAnswer:
        if len(group) == 1:
            return await self._heard(member.entity_id, self._peers.post(member, door.one, group[0], content_type=alone))
        body = batch_body(group)
        several = self._peers.post(member, door.several, body, content_type=together, longest_answer=MAX_ANSWER_BYTES)
        return await self._heard(member.entity_id, several)

    async def _heard(self, peer: str, call: Awaitable[PeerAnswer]) -> PeerAnswer:
        """One call, of which the breaker hears whether the peer is there."""
        try:
            answer = await call
        except SuiteError:
            self._failed(peer, None)
            raise
        if answer.status == 429 or answer.status >= 500:
            self._failed(peer, answer.retry_after if answer.status == 429 else None)
        else:
            self._breakers.answered(peer)
        return answer

    def _failed(self, peer: str, wished: timedelta | None) -> None:
        if self._breakers.failed(peer, self._clock(), wished=wished):
            log.warning("peer is left alone for a while", extra={"peer": peer})


def _answers(body: bytes, count: int) -> Sequence[PeerAnswer | Exception]:
    try:
        answers = BatchAnswers.model_validate_json(body).answers
    except ValidationError as error:
        raise PeerUnavailable("the peer answers a batch with something else") from error
    if len(answers) != count:
        raise PeerUnavailable("the peer answers another number of messages")
    return [PeerAnswer(one.status, one.body.encode(), _pause(one.retry_after)) for one in answers]


def _pause(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=min(seconds, 10**7))
