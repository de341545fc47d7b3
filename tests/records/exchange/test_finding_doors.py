"""A requester that does without comparisons: it hears so at once, and its door is looked at again."""

from typing import Any

import pytest

from safepassage.trust_members import Member
from services.records.exchange.peers import PeerAnswer
from services.records.finding.comparing import PATH
from services.records.tables import OutgoingEnvelopeRow
from tests.records.exchange.test_findings import at_alder, at_birch, sought
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


class NoSuchDoor:
    """A fault: birch_has_no_door_for_comparisons. Of a node that does without them, or something in between."""

    def __init__(self, states: TwoStates, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
        self.asked = 0
        peers = states.alder.exchange.peers
        post = peers.post

        async def without(member: Member, path: str, content: bytes, **about: Any) -> PeerAnswer:
            if path != PATH:
                return await post(member, path, content, **about)
            self.asked += 1
            return PeerAnswer(status, b"not here", None)

        monkeypatch.setattr(peers, "post", without)


@pytest.mark.requirement("FIND-unnamed")
@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_requester_that_has_no_door_to_compare_hears_at_once_that_nothing_is_told_and_is_asked_again_a_day_later(
    own_states: TwoStates, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    states, here, gone = own_states, own_states.child(), own_states.child()
    await states.alder.load(here)
    with monkeypatch.context() as patched:
        door = NoSuchDoor(states, patched, status)
        asked = [await sought(states, child) for child in (here, gone)]
        await states.settle()
        assert [(await at_birch(states, one)).state for one in asked] == ["not-provided"] * 2
        assert door.asked == 1  # the second time it is known
        rows = [await at_alder(states, exchange_id) for exchange_id in asked]
        assert [(row.attempts, row.next_attempt_at == row.expires_at) for row in rows] == [(0, True)] * 2
    await states.advance(hours=23)
    before = await sought(states, here)
    await states.settle()
    assert (await at_birch(states, before)).state == "not-provided"
    await states.advance(hours=1)
    after = await sought(states, here)
    await states.settle()
    assert (await at_birch(states, after)).state == "applied"  # it has been upgraded


async def test_any_other_answer_of_a_requester_counts_as_none(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    child = states.child()
    await states.alder.load(child)
    exchange_id = await sought(states, child)
    door, row = NoSuchDoor(states, monkeypatch, 403), await at_alder(states, exchange_id)
    await states.alder.one("answering", row.id)
    assert door.asked == 1
    assert [one for one in await states.alder.rows(OutgoingEnvelopeRow) if one.request_id == row.id] == []
    assert (await at_alder(states, exchange_id)).attempts == 1
