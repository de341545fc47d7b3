"""Delivery: what waits is asked about before every attempt, and is sent as it was stored, until it is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from safepassage.canonical import digest_of
from safepassage.compact import split
from services.records.exchange.states import Outgoing
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, code_of, genuine
from tests.records.exchange.listener import birch_away
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def agreement_ended(case: Case) -> AsyncIterator[None]:
    """The child's district no longer agrees that its records are passed on."""
    district = (await case.package()).custodian_id
    assert district is not None
    await case.alder.change_organisation(district, onward_transfer_agreed=None)
    yield
    await case.alder.change_organisation(district, onward_transfer_agreed="agreed again")


@pytest.mark.requirement("EX-fallen")
async def test_an_agreement_that_ends_between_two_attempts_stops_the_second_one(states: TwoStates) -> None:
    case = await states.queued()
    async with birch_away(states) as knocks:
        await case.deliver()
        assert (await case.package()).state == Outgoing.IN_FLIGHT
        first = knocks.connections
        assert first > 0
        async with agreement_ended(case):
            await states.advance(seconds=10)
            await states.alder.one("dispatching", (await case.package()).id)
        assert knocks.connections == first
    row = await case.package()
    assert (row.state, row.ciphertext) == (Outgoing.WITHDRAWN, None)
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert entry["context"]["outcome"] == "unconfirmed"
    assert entry["context"]["envelope_id"] == str(row.id)


async def test_what_falls_before_the_first_attempt_never_leaves_and_the_peer_hears_what_everybody_hears(states: TwoStates) -> None:
    case = await states.queued()
    async with agreement_ended(case):
        await case.deliver()
        await case.answer()
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert entry["context"]["outcome"] == "never-sent"
    await case.finish()
    assert [row.kind for row in await case.received()] == ["not-provided"]
    assert (await case.told()).state == "not-provided"


async def test_what_stands_again_leaves_under_a_new_decision(states: TwoStates) -> None:
    case = await states.queued()
    first = await case.package()
    async with agreement_ended(case):
        await case.deliver()
    await case.answer()
    [withdrawn, again] = await case.envelopes()
    assert (withdrawn.id, withdrawn.state, again.state) == (first.id, Outgoing.WITHDRAWN, Outgoing.QUEUED)
    assert again.decision_id not in (None, first.decision_id)
    await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-fallen")
async def test_while_privacy_does_not_answer_no_connection_is_opened(states: TwoStates) -> None:
    case = await states.queued()
    async with birch_away(states) as knocks, states.alder.without("privacy"):
        await case.deliver()
        assert knocks.connections == 0
    row = await case.package()
    assert (row.state, row.attempts) == (Outgoing.QUEUED, 0)
    assert row.next_attempt_at is not None
    assert row.next_attempt_at > states.clock()
    await case.finish()
    assert (await case.package()).state == Outgoing.PROCESSED


@pytest.mark.requirement("EX-1")
async def test_a_peer_that_was_away_gets_the_same_bytes_later(states: TwoStates) -> None:
    case = await states.queued()
    before = await case.package()
    async with birch_away(states):
        await case.deliver()
    failed = await case.package()
    assert (failed.state, failed.attempts) == (Outgoing.IN_FLIGHT, 1)
    assert failed.next_attempt_at is not None
    assert timedelta(seconds=4) <= failed.next_attempt_at - states.clock() <= timedelta(seconds=6)
    await case.finish()
    [received] = await case.received()
    assert received.jws == before.jws
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-2")
async def test_a_lost_receipt_brings_the_same_bytes_again_and_the_same_receipt(states: TwoStates) -> None:
    case = await states.queued()
    forger, body = Forger(states), (await genuine(case)).body
    first, again = await forger.send(body), await forger.send(body)
    assert (first.status, again.status, first.body) == (200, 200, again.body)
    await case.finish()
    assert (await forger.send(body)).body == first.body
    assert len(await case.received()) == 1
    row = await case.package()
    assert (row.r1, row.state) == (first.body.decode(), Outgoing.PROCESSED)


async def test_a_receipt_of_filing_that_overtakes_the_first_one_is_enough(states: TwoStates) -> None:
    case = await states.queued()
    await Forger(states).send((await genuine(case)).body)
    await case.file()
    await case.acknowledge()
    row = await case.package()
    assert (row.r1, row.state, row.ciphertext) == (None, Outgoing.PROCESSED, None)
    assert split(row.r2 or "")[1]["outcome"] == "applied"


@pytest.mark.requirement("EX-2", "EX-8")
async def test_another_envelope_under_the_same_id_is_refused_and_on_record(states: TwoStates) -> None:
    case = await states.queued()
    forger, held = Forger(states), await genuine(case)
    await forger.send(held.body)
    changed = {**held.claims, "iat": held.claims["iat"] - 1}
    answer = await forger.send_claims(changed, held.ciphertext)
    assert (answer.status, code_of(answer)) == (422, "message-id-reused")
    digest = digest_of(forger.sign(changed).encode())
    [told] = [one for one in await waiting_for_the_log(states.birch, "trust", None) if one["digests"]["ct"] == digest]
    assert (told["context"]["reason"], told["context"]["outcome"]) == ("message-id-reused", "id-reused")
    await case.finish()


@pytest.mark.requirement("EX-2")
async def test_a_second_package_for_a_request_is_refused(states: TwoStates) -> None:
    case = await states.queued()
    held = await genuine(case)
    await case.finish()
    last = held.claims["envelope_id"][-1]
    claims = {**held.claims, "envelope_id": held.claims["envelope_id"][:-1] + ("0" if last != "0" else "1")}
    assert code_of(await Forger(states).send_claims(claims, held.ciphertext)) == "exchange-closed"


@pytest.mark.requirement("EX-2")
async def test_a_duplicate_of_what_is_being_stored_is_told_to_come_again_and_is_then_given_the_one_receipt(states: TwoStates) -> None:
    case = await states.queued()
    body = (await genuine(case)).body
    async with states.birch.without("audit"):
        await Forger(states).send(body)
        [stored] = await case.received()
        again = await Forger(states).send(body)
    assert (again.status, code_of(again), again.retry_after) == (409, "being-stored", timedelta(seconds=1))
    await states.birch.one("storing", (stored.issuer, stored.id))
    [stored] = await case.received()
    taken = await Forger(states).send(body)
    assert (taken.status, taken.body) == (200, (stored.r1 or "").encode())
    await case.finish()


@pytest.mark.requirement("EX-4")
async def test_while_the_log_is_down_nothing_leaves_on_either_side(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    async with birch_away(states) as knocks, states.alder.without("audit"):
        await case.answer()
        sealed = await case.package()
        assert (sealed.state, sealed.jws) == (Outgoing.SEALED, None)
        await case.deliver()
        assert knocks.connections == 0
    await states.alder.one("queueing", sealed.id)
    async with states.birch.without("audit"):
        await case.deliver()
    [stored] = await case.received()
    assert (stored.state, stored.r1) == ("stored", None)
    assert (await case.package()).state == Outgoing.IN_FLIGHT
    await states.birch.one("storing", (stored.issuer, stored.id))
    await case.finish()
    row = await case.package()
    assert (row.state, (await case.told()).state) == (Outgoing.PROCESSED, "applied")
    assert split(row.r1 or "")[1]["envelope_digest"] == digest_of((row.jws or "").encode())
