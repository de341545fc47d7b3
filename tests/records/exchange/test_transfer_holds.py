"""A record is held until what both sides have on record of the enrolment agrees, or a person releases it."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from node.synthetic import SyntheticStudent
from safepassage.client.transfer_calls import list_transfer_holds
from safepassage.problems.transfers import HoldResolved, NoSuchHold
from safepassage.record.loads import LoadedRecord
from safepassage.wire_transfers import HoldResolution, TransferHold
from services.records.loading import Arriving, Loading
from services.records.reading import read_record
from services.records.subject_facts import EnrolledAt
from services.records.tables import PeerRequestRow, TransferHoldRow
from tests.records.exchange.other_claimants import NAME, claim, notices, say, second_district
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def holds(states: TwoStates) -> dict[Any, TransferHold]:
    """By exchange, what Alder's state agency sees waiting."""
    async with states.alder.client("state-agency") as session:
        return {one.exchange_id: one async for page in session.pages(list_transfer_holds()) for one in page.holds}


async def two_claims(states: TwoStates, child: SyntheticStudent) -> tuple[Case, Case]:
    """The receiving district has the child's record; a second one claims the child too."""
    first_id = states.birch.organisation(RECEIVING_DISTRICT)
    second_id = await second_district(states.birch, but=first_id)
    await states.alder.load(child)
    first = await states.ask(child.selector)
    await states.settle()
    assert (await first.told()).state == "applied"
    second = await claim(states, NAME, second_id, child.selector)
    await states.settle()
    return first, second


async def state_of(case: Case) -> str:
    return (await case.asked()).state


@pytest.mark.requirement("HARD-22")
async def test_of_two_districts_that_claim_a_child_the_second_is_held_and_both_are_told_until_one_takes_it_back(states: TwoStates) -> None:
    first, second = await two_claims(states, states.child())
    held = (await holds(states))[second.id]
    assert held.codes == ("concurrent-claims",)
    assert await state_of(second) == "not-provided"
    assert [one.kind for one in await second.envelopes()] == ["not-provided"]
    assert (await notices(states.birch, "new-district", first)).keys() == {"concurrent-claims"}
    assert (await notices(states.birch, NAME, second)).keys() == {"concurrent-claims"}
    assert (await notices(states.alder, "state-agency", second))["concurrent-claims"].state == "delivered"
    assert second.id not in {one.exchange_id for one in (await notices(states.birch, "new-district", second)).values()}
    await say(states, "new-district", first, "withdrawn")
    await states.settle()
    assert await state_of(second) == "applied"
    assert second.id not in await holds(states)
    [row] = [row for row in await states.alder.rows(TransferHoldRow) if row.id == held.id]
    assert row.outcome == "lifted"


@pytest.mark.requirement("EX-evidence")
async def test_a_person_of_the_custodian_releases_what_is_held_once_and_nobody_else_does(states: TwoStates) -> None:
    _, second = await two_claims(states, states.child())
    held, key = (await holds(states))[second.id], str(uuid4())
    released = HoldResolution(outcome="released", reason="both-districts-called")
    async with states.birch.client("state-agency") as stranger:
        with pytest.raises(NoSuchHold):
            await stranger.resolve_transfer_hold(held.id, released)
    async with states.alder.client("state-agency") as session:
        told = await session.resolve_transfer_hold(held.id, released, idempotency_key=key)
        assert told == await session.resolve_transfer_hold(held.id, released, idempotency_key=key)
        with pytest.raises(HoldResolved):
            await session.resolve_transfer_hold(held.id, HoldResolution(outcome="refused", reason="too-late"))
    assert (told.outcome, told.reason) == ("released", "both-districts-called")
    await states.settle()
    assert await state_of(second) == "applied"


async def test_a_claim_that_a_person_refuses_gets_nothing_and_stands_in_nobodys_way(states: TwoStates) -> None:
    child = states.child()
    _, second = await two_claims(states, child)
    held = (await holds(states))[second.id]
    async with states.alder.client("state-agency") as session:
        await session.resolve_transfer_hold(held.id, HoldResolution(outcome="refused", reason="claim-not-true"))
    await states.settle()
    assert await state_of(second) == "not-provided"
    assert {one.kind for one in await second.envelopes()} == {"not-provided"}
    again = await states.ask(child.selector)
    await states.settle()
    assert await state_of(again) == "applied"


@pytest.mark.requirement("EX-evidence")
async def test_of_two_claims_that_come_at_once_one_alone_gets_the_record(states: TwoStates) -> None:
    child = states.child()
    first_id = states.birch.organisation(RECEIVING_DISTRICT)
    second_id = await second_district(states.birch, but=first_id)
    await states.alder.load(child)
    cases = [await states.ask(child.selector), await claim(states, NAME, second_id, child.selector)]
    for case in cases:
        await case.deliver_request()
    ids = [(await case.request()).id for case in cases]
    await asyncio.gather(*(states.alder.one("answering", identifier) for identifier in ids))
    states.clock.advance(seconds=6)
    await states.settle()
    assert sorted([await state_of(case) for case in cases]) == ["applied", "not-provided"]


async def since(states: TwoStates, child: SyntheticStudent, *enrolled: EnrolledAt) -> None:
    """Alder has the child, with these enrolments."""
    student_id, exchange = await states.alder.load(child), states.alder.exchange
    async with exchange.database.transaction() as tx:
        held = await read_record(tx, exchange.vault, student_id)
        keeper = held.student.custodian_id
        loading = Loading(exchange.vault, exchange.outbox, jurisdiction=exchange.settings.jurisdiction, now=states.clock())
        await loading.store_in(tx, [Arriving(held.record, keeper, str(keeper), enrolled, student_id=student_id)])
    await states.alder.tell()


@pytest.mark.requirement("HARD-20")
async def test_a_child_who_is_enrolled_at_both_ends_is_a_conflict_that_both_are_told_of(states: TwoStates) -> None:
    child, today = states.child(), states.clock().date()
    school = states.alder.organisation(child.school.key)
    left, came_back = today - timedelta(days=200), today - timedelta(days=20)
    await since(states, child, EnrolledAt(school, date(2025, 8, 1), left), EnrolledAt(school, came_back))
    district = states.birch.organisation(RECEIVING_DISTRICT)
    case = await claim(states, "new-district", district, child.selector, entry_date=left + timedelta(days=1))
    await states.settle()
    held = (await holds(states))[case.id]
    assert held.codes == ("concurrent-enrollment",)
    assert (await notices(states.birch, "new-district", case)).keys() == {"concurrent-enrollment"}
    # Birch's district has looked: the child has gone back
    await say(states, "new-district", case, "no-show", on=came_back)
    await states.settle()
    assert case.id not in await holds(states)
    assert {one.kind for one in await case.envelopes()} == {"not-provided"}


async def test_who_has_no_enrolment_of_the_child_on_record_releases_nothing_and_tells_nothing(states: TwoStates) -> None:
    child = states.child()
    document = child.load.record.model_dump(mode="json", exclude_none=True)
    del document["enrollment"]
    await since(states, replace(child, load=child.load.model_copy(update={"record": LoadedRecord.model_validate(document)})))
    case, absent = await states.ask(child.selector), await states.ask(states.child().selector)
    await states.settle()
    assert (await holds(states))[case.id].codes == ("not-enrolled-here",)
    assert await notices(states.birch, "new-district", case) == {}
    [held], [nothing] = await case.received(), await absent.received()
    assert held.kind == nothing.kind == "not-provided"
    sent = [row for row in await states.alder.rows(PeerRequestRow) if row.exchange_id in (case.id, absent.id)]
    assert {row.state for row in sent} == {"waiting"}


async def test_an_enrolment_at_a_school_that_this_node_does_not_know_counts_as_on_record(states: TwoStates) -> None:
    child = states.child()
    await since(states, child)
    case = await states.ask(child.selector)
    await states.settle()
    assert await state_of(case) == "applied"


def left_by(child: SyntheticStudent, code: str, on: date) -> SyntheticStudent:
    """The child with the last enrolment ended so."""
    document = child.load.record.model_dump(mode="json", exclude_none=True)
    for one in document["enrollment"]["enrollments"]:
        if one.get("exit_date") is None:
            one |= {"exit_date": on.isoformat(), "exit_type": {"system": "ceds:000110", "code": code}}
    return replace(child, load=child.load.model_copy(update={"record": LoadedRecord.model_validate(document)}))


@pytest.mark.requirement("HARD-27")
@pytest.mark.parametrize(("code", "expected"), [("73064", "recorded-as-deceased"), ("73077", "recorded-in-institution")])
async def test_who_is_recorded_as_deceased_or_in_an_institution_is_a_persons(states: TwoStates, code: str, expected: str) -> None:
    child = left_by(states.child(), code, states.clock().date() - timedelta(days=3))
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await states.settle()
    assert (await holds(states))[case.id].codes == (expected,)
    assert await notices(states.birch, "new-district", case) == {}
    for file in (states.alder.folder.path / "data").rglob("records*"):
        assert expected.encode() not in file.read_bytes()


@pytest.mark.requirement("HARD-27")
async def test_an_expulsion_goes_to_the_receiving_school_and_holds_nothing(states: TwoStates) -> None:
    child = left_by(states.child(), "01925", states.clock().date() - timedelta(days=3))
    action = {"action": {"system": "ceds:000488", "code": "03086"}, "carries_to_receiving_school": True}
    incident = {"incident_date": "2026-05-01", "role": {"system": "ceds:001373", "code": "Perpetrator"}, "actions": [action]}
    document = child.load.record.model_dump(mode="json", exclude_none=True) | {"discipline": {"incidents": [incident]}, "statements": []}
    child = replace(child, load=child.load.model_copy(update={"record": LoadedRecord.model_validate(document)}))
    await states.alder.load(child)
    case = await states.ask(child.selector, sections=("identity", "enrollment", "discipline"))
    await states.settle()
    async with states.birch.client("new-district") as session:
        received = await session.read_received_record(case.id)
    assert received.discipline is not None
    assert received.discipline.incidents is not None
    [kept] = received.discipline.incidents
    assert kept.actions is not None
    assert kept.actions[0].action.code == "03086"
