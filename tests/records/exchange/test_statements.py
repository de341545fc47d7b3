"""A hearing's outcome binds what leaves: from the statement on, the contested part waits until the record holds it, and goes with it."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from node.demo.seats import MOVER_DISTRICT
from node.synthetic import SyntheticStudent
from safepassage.canonical import digest_of
from safepassage.client import Client
from safepassage.package import Package
from safepassage.record import StatementOfDisagreement
from safepassage.record.loads import ChangedStudent
from safepassage.wire_exchange import Official
from safepassage.wire_rights import (
    AmendmentDecision,
    HearingDecision,
    HearingOfficer,
    HearingRecord,
    HearingSchedule,
    NewAmendment,
    NewHearing,
    NewStatement,
    Statement,
)
from services.records.exchange.states import Request
from tests.records.exchange.test_answers import opened
from tests.records.exchange.test_withdrawn_consents import parent_of
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

PART = "identity.birth_date"
ZONE = ZoneInfo("America/New_York")
"""Of the district: dates are of its calendar."""


async def placed(states: TwoStates, district: Client, student_id: UUID) -> Statement:
    """A parent contests the date of birth, is refused and heard, and places a statement: yesterday and today, all by the SDK."""
    parent, now = await parent_of(states, district, student_id), states.clock()
    yesterday = now.astimezone(ZONE).date() - timedelta(days=1)
    asked = await district.request_amendment(
        NewAmendment(
            student_id=student_id,
            acting_for=parent,
            received_on=yesterday,
            request_ref="letter 1",
            relates_to=(PART,),
            grounds="inaccurate",
        )
    )
    official = Official(role="registrar", pairwise_id="o-1", attested_at=now)
    refused = AmendmentDecision(outcome="refused", decided_on=yesterday, official=official, evidence_ref="letter 2")
    await district.decide_amendment(asked.id, refused)
    new = NewHearing(amendment_id=asked.id, acting_for=parent, received_on=yesterday, request_ref="letter 3")
    hearing = await district.request_hearing(new)
    officer = HearingOfficer(role="hearing-officer", pairwise_id="h-1", no_interest_ref="statement 1")
    schedule = HearingSchedule(
        at=now - timedelta(hours=1),
        place_ref="room 4",
        notice_given_on=yesterday - timedelta(days=7),
        notice_ref="letter 4",
        officer=officer,
    )
    await district.schedule_hearing(hearing.id, schedule)
    await district.record_hearing(hearing.id, HearingRecord(held_at=now - timedelta(minutes=50), opportunity_ref="minutes p. 1"))
    decision = HearingDecision(
        outcome="stands",
        decided_on=(now - timedelta(minutes=50)).astimezone(ZONE).date(),
        officer_pairwise_id="h-1",
        document=digest_of(b"decision"),
        evidence_summary_ref="p. 1",
        reasons_ref="p. 2",
        solely_on_evidence_ref="p. 3",
    )
    await district.decide_hearing(hearing.id, decision)
    statement = NewStatement(
        hearing_id=hearing.id, acting_for=parent, relates_to=(PART,), placed_on=decision.decided_on, document=digest_of(b"we disagree")
    )
    return await district.place_statement(statement)


async def load_it(states: TwoStates, district: Client, student_id: UUID, child: SyntheticStudent, statement: Statement) -> None:
    """The district loads the record again, with the statement beside the contested part."""
    beside = StatementOfDisagreement(
        id=statement.id, relates_to=statement.relates_to, statement="We disagree.", placed_by="parent", placed_on=statement.placed_on
    )
    record = child.load.record.model_copy(update={"statements": (*child.load.record.statements, beside)})
    held = await district.read_student(student_id)
    source = child.load.source_system
    await district.change_student(
        student_id, ChangedStudent(version=held.version, source_system=source, as_of=states.clock(), record=record)
    )
    await states.alder.tell()


@pytest.mark.requirement("FERPA-99.21")
async def test_a_contested_part_waits_for_its_statement_and_goes_with_it(states: TwoStates) -> None:
    child = states.child()
    while states.alder.organisation(child.district.key) != states.alder.organisation(MOVER_DISTRICT):
        child = states.child()
    student_id = await states.alder.load(child)
    async with states.alder.client("former-district") as district:
        statement = await placed(states, district, student_id)
        case = await states.ask(child.selector, sections=("identity", "academics"))
        await case.deliver_request()
        await case.answer()
        assert await case.envelopes() == []
        assert (await case.request()).state == Request.ACCEPTED
        await load_it(states, district, student_id, child, statement)
    await case.answer()
    package = await opened(states, await case.package())
    assert isinstance(package, Package)
    assert [one.id for one in package.record.statements if PART in one.relates_to] == [statement.id]
    await case.finish()
    assert [received.kind for received in await case.received()] == ["package"]
