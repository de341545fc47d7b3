"""What an exchange's receipts end in privacy, at both ends: the duty to send the record, and the duty to ask for it."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import Connection, select

from safepassage.canonical import digest_of
from safepassage.problems.rights import NoSuchDuty
from services.privacy.clocks import DUTY_RULES
from services.privacy.duties import Clock, details_of, evidence_of, rows_of, start
from services.privacy.tables import DutyRow
from services.records.exchange import asking
from services.records.exchange.states import Asked
from tests.records.exchange.operators import requeued
from tests.records.exchange.two_states import Case, State, TwoStates, hard_case

pytestmark = pytest.mark.anyio


def at(states: TwoStates) -> datetime:
    """This instant, as a store has it."""
    now = states.clock()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


async def duties(state: State) -> dict[str, tuple[datetime | None, str | None]]:
    """Every duty of a child at a node, with when and by what it was done."""
    privacy = state.node.applications["privacy"].state
    async with privacy.database.reading() as tx:
        rows = (await tx.execute(select(DutyRow).where(DutyRow.kind == "of-a-child"))).scalars().all()
    return {details_of(privacy.sealer, row).kind: (row.done_at, evidence_of(privacy.sealer, row)) for row in rows}


async def opened(state: State, kind: str, organisation_id: UUID) -> UUID:
    """A duty of the receiving district, as its staff opens it."""
    privacy, now = state.node.applications["privacy"].state, state.clock()
    assert DUTY_RULES[kind].opened_by != "node"
    clock = Clock(kind, organisation_id, "America/New_York", now, about=f"child:{kind}")
    [row] = rows_of(privacy.sealer, [clock], now=now, secret=privacy.judge.naming)

    def store(connection: Connection) -> None:
        start(connection, [row])

    await privacy.database.write(store)
    duty_id: UUID = row["id"]
    return duty_id


@pytest.mark.requirement("DUTY-served")
async def test_receipts_end_the_duties_of_both_ends(states: TwoStates) -> None:
    student = hard_case("military")
    await states.alder.load(student)
    asked = states.new_request(student.selector)
    receiving = UUID(asked.evidence.receiving_organisation.id)
    named = [await opened(states.birch, kind, receiving) for kind in ("mic3-request-records", "idea-obtain-records")]
    case = await states.ask(student.selector, duty_ids=named)
    assert {kind: done for kind, (done, _) in (await duties(states.birch)).items()} == dict.fromkeys(
        ("mic3-request-records", "idea-obtain-records")
    )
    await case.deliver_request()
    await states.birch.tell()
    accepted = digest_of(((await case.asked()).accepted or "").encode())
    at_birch = await duties(states.birch)
    assert at_birch["mic3-request-records"] == (at(states), f"exchange:{case.id}:accepted:{accepted}")
    assert at_birch["idea-obtain-records"] == (None, None)
    await case.answer()
    assert (await duties(states.alder))["mic3-send-records"] == (None, None)
    await case.finish()
    r1 = digest_of(((await case.package()).r1 or "").encode())
    assert (await duties(states.alder))["mic3-send-records"] == (at(states), f"exchange:{case.id}:delivered:{r1}")
    [received] = await case.received()
    filed = digest_of((received.r2 or "").encode())
    assert (await duties(states.birch))["idea-obtain-records"] == (at(states), f"exchange:{case.id}:filed:{filed}")


async def test_an_answer_without_a_record_ends_no_duty_to_send(states: TwoStates) -> None:
    student = hard_case("foster")
    await states.alder.load(student)
    district = states.alder.organisation(student.district.key)
    await states.alder.change_organisation(district, onward_transfer_agreed=None)
    case = await states.ask(student.selector)
    await states.settle()
    [answer] = await case.envelopes()
    assert (answer.kind, answer.r1 is None) == ("not-provided", False)
    assert (await duties(states.alder))["foster-send-records"] == (None, None)
    await states.alder.change_organisation(district, onward_transfer_agreed="board minute 12")


async def test_a_duty_that_is_not_there_stops_the_request_before_it_leaves(states: TwoStates) -> None:
    student = states.child()
    with pytest.raises(NoSuchDuty):
        await states.ask(student.selector, duty_ids=[UUID(int=7)])


@pytest.mark.requirement("DUTY-served")
async def test_a_request_that_is_made_anew_serves_the_duties_of_the_one_that_came_to_nothing(states: TwoStates) -> None:
    student = states.child()
    await states.alder.load(student)
    receiving = UUID(states.new_request(student.selector).evidence.receiving_organisation.id)
    named = await opened(states.birch, "foster-contact-school", receiving)
    case = await states.ask(student.selector, duty_ids=[named])
    await asking.end(states.birch.exchange, await case.asked(), Asked.EXPIRED, None)
    letter = await requeued(states.birch, case.id)
    assert letter.requeued_as is not None
    anew = Case(states, letter.requeued_as)
    await anew.deliver_request()
    await states.birch.tell()
    accepted = digest_of(((await anew.asked()).accepted or "").encode())
    assert (await duties(states.birch))["foster-contact-school"] == (at(states), f"exchange:{anew.id}:accepted:{accepted}")
    await anew.answer()
    await anew.finish()
