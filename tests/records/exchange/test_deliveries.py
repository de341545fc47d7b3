"""Handing over together: what waits for one peer at one moment goes in one call, and each is answered as it would be alone."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from safepassage.message_batches import CONTENT_TYPE, BatchAnswer, BatchAnswers, split_batch
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.trust_members import Member
from services.records.exchange.breakers import Breakers
from services.records.exchange.deliveries import Deliveries, Kind
from services.records.exchange.peers import PeerAnswer, Peers
from shared.clock import system_clock
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


class Peer:
    """A peer that takes what it gets; what is in `refuses` it lets through neither alone nor with others."""

    def __init__(self, *, refuses: Sequence[bytes] = (), batches: int = 200, answers: int | None = None, away: bool = False) -> None:
        self.refuses, self.batches, self.answers, self.away = set(refuses), batches, answers, away
        self.calls: list[tuple[str, list[bytes]]] = []

    async def post(self, _: Any, path: str, content: bytes, *, content_type: str, **__: Any) -> PeerAnswer:
        several = content_type == CONTENT_TYPE
        members = split_batch(content) if several else [content]
        self.calls.append((path, members))
        if self.away:
            raise PeerUnavailable
        if self.refuses & set(members):
            return PeerAnswer(403, b"a wall in between", None)
        if not several:
            return PeerAnswer(200, b"one:" + content, None)
        if self.batches != 200:
            return PeerAnswer(self.batches, b"", timedelta(seconds=7))
        each = [BatchAnswer(status=200, body=f"one:{member.decode()}", retry_after=3) for member in members]
        return PeerAnswer(200, BatchAnswers(answers=tuple(each[: self.answers])).model_dump_json().encode(), None)


def to(peer: Peer) -> Deliveries:
    return Deliveries(cast(Peers, peer), Breakers(lambda: 0.5), system_clock)


def member(entity_id: str = "https://birch.example") -> Member:
    return Member.model_construct(entity_id=entity_id)


async def handed_over(peer: Peer, *contents: bytes) -> list[Any]:
    deliveries = to(peer)
    return await asyncio.gather(*(deliveries.hand_over(member(), "envelopes", one) for one in contents), return_exceptions=True)


async def test_one_alone_goes_alone_and_several_go_in_one_call() -> None:
    peer = Peer()
    [answer] = await handed_over(peer, b"a")
    assert answer == PeerAnswer(200, b"one:a", None)
    assert await handed_over(peer, b"a", b"b") == [PeerAnswer(200, body, timedelta(seconds=3)) for body in (b"one:a", b"one:b")]
    assert peer.calls == [("/v1/peer/envelopes", [b"a"]), ("/v1/peer/envelope-batches", [b"a", b"b"])]


async def test_more_than_a_hundred_go_in_several_calls() -> None:
    peer = Peer()
    answers = await handed_over(peer, *(str(n).encode() for n in range(230)))
    assert [one.body for one in answers] == [f"one:{n}".encode() for n in range(230)]
    assert sorted(len(members) for _, members in peer.calls) == [30, 100, 100]


async def test_kinds_and_peers_are_not_mixed() -> None:
    peer = Peer()
    deliveries = to(peer)
    await asyncio.gather(
        deliveries.hand_over(member(), "envelopes", b"a"),
        deliveries.hand_over(member(), "receipts", b"b"),
        deliveries.hand_over(member("https://cedar.example"), "envelopes", b"c"),
    )
    assert sorted(path for path, _ in peer.calls) == ["/v1/peer/envelopes", "/v1/peer/envelopes", "/v1/peer/receipts"]


async def test_one_that_something_in_between_lets_not_through_does_not_hold_up_the_others() -> None:
    peer = Peer(refuses=[b"c"])
    answers = await handed_over(peer, *(letter.encode() for letter in "abcdefgh"))
    assert [one.status for one in answers] == [200, 200, 403, 200, 200, 200, 200, 200]


async def test_a_peer_that_takes_no_batches_gets_each_alone() -> None:
    peer = Peer(batches=404)
    assert [one.body for one in await handed_over(peer, b"a", b"b", b"c")] == [b"one:a", b"one:b", b"one:c"]


async def test_it_is_not_sent_a_batch_again_before_an_hour_has_passed() -> None:
    peer, clock = Peer(batches=404), StandingClock(system_clock())
    deliveries = Deliveries(cast(Peers, peer), Breakers(lambda: 0.5), clock)

    async def sent(kind: Kind = "envelopes") -> list[int]:
        peer.calls.clear()
        await asyncio.gather(*(deliveries.hand_over(member(), kind, str(number).encode()) for number in range(8)))
        return [len(members) for _, members in peer.calls]

    assert await sent() == [8, *[1] * 8]  # and not in halves, down to each
    assert await sent() == [1] * 8
    assert await sent("receipts") == [8, *[1] * 8]
    clock.advance(hours=1)
    assert await sent() == [8, *[1] * 8]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_where_the_peer_answers_nothing_to_any_all_are_tried_later(status: int) -> None:
    async def check() -> None:
        peer = Peer(batches=status)
        assert [(one.status, one.retry_after) for one in await handed_over(peer, b"a", b"b")] == [(status, timedelta(seconds=7))] * 2
        assert len(peer.calls) == 1

    asyncio.run(check())


async def test_a_peer_that_is_away_is_so_for_each() -> None:
    peer = Peer(away=True)
    assert [type(one) for one in await handed_over(peer, b"a", b"b")] == [PeerUnavailable] * 2
    assert len(peer.calls) == 1


async def test_an_answer_that_is_not_one_for_each_counts_for_none() -> None:
    assert [type(one) for one in await handed_over(Peer(answers=1), b"a", b"b")] == [PeerUnavailable] * 2
