"""Handing messages over to peers: those that wait for the same peer at the same moment go in one call (safepassage.message_batches).

Each is answered as it would be alone, by the same bytes; a message that is alone goes alone, to the route for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

from pydantic import ValidationError

from safepassage.envelope import CONTENT_TYPE as ENVELOPE_TYPE
from safepassage.message_batches import CONTENT_TYPE, MAX_ANSWER_BYTES, MOST, BatchAnswers, batch_body, grouped
from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.trust_members import Member
from services.records.exchange.peers import PeerAnswer, Peers
from shared.gathered import Gathered

Kind = Literal["requests", "envelopes", "receipts"]

AT_ONCE = 4
"""Calls to one peer with one kind of messages: while one is on its way the next ones gather."""
JOSE = "application/jose"


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
}


@dataclass(frozen=True)
class _Message:
    member: Member
    content: bytes


class Deliveries:
    """Of one process."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._gathered: Gathered[tuple[str, Kind], _Message, PeerAnswer] = Gathered(self._send, most=MOST, at_once=AT_ONCE)

    async def hand_over(self, member: Member, kind: Kind, content: bytes) -> PeerAnswer:
        """One attempt. Raises PeerUnavailable, PeerAddressRefused. Not within a transaction."""
        return await self._gathered((member.entity_id, kind), _Message(member, content))

    async def _send(self, key: tuple[str, Kind], messages: Sequence[_Message]) -> Sequence[PeerAnswer | Exception]:
        door, member = _DOORS[key[1]], messages[-1].member
        answers: list[PeerAnswer | Exception] = []
        for group in grouped([message.content for message in messages]):
            answers.extend(await self._send_group(member, door, group))
        return answers

    async def _send_group(self, member: Member, door: _Door, group: Sequence[bytes]) -> Sequence[PeerAnswer | Exception]:
        try:
            if len(group) == 1:
                return [await self._peers.post(member, door.one, group[0], content_type=door.content_type)]
            body = batch_body(group)
            answer = await self._peers.post(member, door.several, body, content_type=CONTENT_TYPE, longest_answer=MAX_ANSWER_BYTES)
            if answer.status == 200:
                return _answers(answer.body, len(group))
        except SuiteError as error:
            return [error] * len(group)
        if not 400 <= answer.status < 500 or answer.status in (401, 429):
            return [answer] * len(group)  # of the peer as a whole, and unsigned: it counts as no answer to any of them
        # Something in between, or a peer of an older version, does not let these pass together: what it is about must not hold up the rest.
        half = len(group) // 2
        return [*await self._send_group(member, door, group[:half]), *await self._send_group(member, door, group[half:])]


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
