"""What this node knows of each other node is told as its store and this process have it: keys, whether it answers, what waits."""

from datetime import datetime, timedelta

import pytest

from safepassage.problems import SuiteError
from safepassage.trust_list import verify_next_trust_lists
from safepassage.wire_peers import PeerStanding, PeerStandings, WaitingForPeer
from services.records.exchange.breakers import OPENS_AFTER
from services.records.exchange.epochs import KEPT, LASTS, epoch_of
from tests.records.exchange.listener import birch_away
from tests.records.exchange.test_peers_standing import install, next_list
from tests.records.exchange.test_reconciliations import a_day_later, compared, done
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


async def told(state: State) -> PeerStandings:
    """What its operators and auditors are told."""
    async with state.client("state-agency") as agency:
        return await agency.list_peers()


async def only_peer(state: State) -> PeerStanding:
    [peer] = (await told(state)).peers
    return peer


def in_milliseconds(at: datetime) -> datetime:
    """As a store keeps it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


async def test_keys_are_told_by_the_statement_that_verifies_now_and_ones_own_with_the_day_they_are_destroyed(own_states: TwoStates) -> None:
    states = own_states
    assert (await only_peer(states.alder)).statement is None, "none was needed yet"
    await done(states)
    found, now = await told(states.alder), states.clock()
    [birch] = found.peers
    assert birch.entity_id == states.birch.entity_id
    assert birch.statement is not None
    assert birch.statement.suite == found.suites[0]
    published = states.birch.exchange.epochs.published(now)
    assert {key.kid for key in birch.statement.keys} == {key.kid for key in published}
    assert {key.kid for key in found.own_keys} == states.alder.exchange.epochs.kids(now)
    for key in found.own_keys:
        assert (key.not_after - key.not_before, key.destroyed_at - key.not_before) == (LASTS, KEPT)
    assert found.own_keys[0].epoch == epoch_of(now) + 1, "the newest first"
    await states.advance(days=15)  # no statement lives longer than 14 days
    late = await only_peer(states.alder)
    assert (late.statement, late.statement_problem) == (None, "message-expired")


async def test_what_arrived_what_waits_and_whether_anybody_answers_is_told(own_states: TwoStates) -> None:
    states = own_states
    assert await only_peer(states.alder) == PeerStanding.model_validate({"entity_id": states.birch.entity_id, "waiting": {}})
    await done(states)
    at = states.clock()
    quiet = await only_peer(states.alder)
    assert quiet.delivered_at == at.replace(microsecond=0), "a receipt is of a second"
    assert quiet.heard_at == in_milliseconds(at)
    assert quiet.waiting == WaitingForPeer()
    await states.advance(minutes=1)
    waits = await states.queued()
    async with birch_away(states):
        for number in range(1, OPENS_AFTER + 1):
            await waits.deliver()
            peer = await only_peer(states.alder)
            assert (peer.failures, peer.rests_until is not None) == (number, number == OPENS_AFTER)
            assert (peer.waiting.answers, peer.waiting.since) == (1, in_milliseconds(at + timedelta(minutes=1)))
            await states.advance(hours=3)
    await waits.deliver()
    back = await only_peer(states.alder)
    assert (back.failures, back.rests_until, back.waiting.answers) == (0, None, 0)
    assert back.delivered_at == states.clock().replace(microsecond=0)
    await states.advance(days=31)
    assert (await only_peer(states.alder)).delivered_at is None, "of the last 30 days"


async def test_each_side_of_a_comparison_is_told_by_kind_of_message_and_of_one_node_where_it_is_asked_for(own_states: TwoStates) -> None:
    states = own_states
    await done(states)
    day = await a_day_later(states)
    await compared(states.alder, day)
    async with states.alder.client("state-agency") as agency:
        [found] = (await agency.list_reconciliations(peer=states.birch.entity_id)).content.days
        assert (await agency.list_reconciliations(peer="https://nobody.example")).content.days == ()
    counts = {one.stream: (one.ours.model_dump(), one.theirs.model_dump()) for one in found.counts}
    assert set(counts) == {"requests-sent", "requests-received", "answers-sent", "answers-received"}
    assert counts["answers-sent"][0]["applied"] == counts["answers-sent"][1]["applied"] == 1
    assert counts["requests-received"][0]["arrived"] == counts["requests-received"][1]["arrived"] == 1
    [one_day] = (await only_peer(states.alder)).days
    assert (one_day.day, one_day.state) == (day, "agreed")


async def test_a_list_that_is_not_taken_is_told_with_why_and_the_one_that_is_held_stays(own_states: TwoStates) -> None:
    states = own_states
    first = states.alder.folder.trust_list.read_bytes()
    before = (await told(states.alder)).trust_list
    assert before.held is not None
    assert (before.refused, before.shown_serial) == (None, None)
    assert (before.held.signatures, before.held.threshold, before.held.roots) == (1, 1, 1)
    held = states.alder.exchange.trust.verified
    assert held is not None
    second = next_list(states, change={states.birch.entity_id: {"status": "suspended"}})
    following = verify_next_trust_lists([second], held=held, now=states.clock(), development=True)
    third = next_list(states, change={}, previous=following)
    install(states.alder, third)
    await states.alder.exchange.trust.refresh()
    behind = (await told(states.alder)).trust_list
    assert (behind.held, behind.refused, behind.shown_serial) == (before.held, "trust-list-rolled-back", before.held.serial + 2)
    for newer in (second, third):
        install(states.alder, newer)
        await states.alder.exchange.trust.refresh()
    now = (await told(states.alder)).trust_list
    assert now.held is not None
    assert (now.held.serial, now.refused) == (before.held.serial + 2, None)
    install(states.alder, first)
    await states.alder.exchange.trust.refresh()
    back = (await told(states.alder)).trust_list
    assert (back.held, back.refused, back.shown_serial) == (now.held, "trust-list-rolled-back", before.held.serial)
    install(states.alder, b"no list")
    await states.alder.exchange.trust.refresh()
    assert (await told(states.alder)).trust_list.model_dump(exclude={"held"}) == {"refused": "trust-list-malformed", "shown_serial": None}


async def test_a_member_that_is_suspended_is_still_told_of_and_a_district_is_told_nothing(own_states: TwoStates) -> None:
    states = own_states
    install(states.alder, next_list(states, change={states.birch.entity_id: {"status": "suspended"}}))
    await states.alder.exchange.trust.refresh()
    assert (await only_peer(states.alder)).entity_id == states.birch.entity_id
    async with states.alder.client("former-district") as district:
        with pytest.raises(SuiteError) as refused:
            await district.list_peers()
    assert refused.value.status == 403
