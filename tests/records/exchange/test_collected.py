"""What came from another state goes once the receiver's own system has had it for long enough; until then, and of nobody else, it stays."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.problems.exchanges import ReceivedRecordDestroyed
from safepassage.problems.requests import TemporarilyUnavailable
from services.privacy.tables import RightsRequestRow
from services.records.destroying import Collected, Destroying, over
from services.records.exchange.collecting import collects, destroy_collected
from services.records.exchange.works import _destroyed
from services.records.shredding import Shredded, Shredder
from services.records.tables import ExchangeRequestRow, SectionRow
from shared.caller import Caller
from shared.internal_token import CallerClaims
from tests.records.exchange.two_states import Case, State, TwoStates
from tests.silent_services import silent

pytestmark = pytest.mark.anyio

LEA, SCHOOL, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def destroying(birch: State) -> Destroying:
    state = birch.records.state
    shredder = Shredder(state.vault, state.outbox, birch.clock, about="collected:P30D", jurisdiction="US-XB")
    return Destroying(state.database, shredder, over(state.siblings))


async def here(states: TwoStates, case: Case) -> int:
    """Sections of what came with an exchange."""
    async with states.birch.records.state.database.reading() as tx:
        return len((await tx.scalars(select(SectionRow.section).where(SectionRow.source == str(case.id)))).all())


@pytest.mark.requirement("KEYS-collected")
async def test_what_the_receiving_districts_system_has_collected_goes_and_what_nobody_has_collected_stays(states: TwoStates) -> None:
    collected, awaited, untouched = [await states.queued() for _ in range(3)]
    for case in (collected, awaited, untouched):
        await case.finish()
    before = states.clock()
    states.clock.advance(seconds=1)
    async with states.birch.client("new-district") as client:
        for case in (collected, awaited, collected):
            await client.read_received_record(case.id)
    first = (await collected.asked()).collected_at
    states.clock.advance(seconds=1)
    async with states.birch.client("new-district") as client:
        await client.read_received_record(collected.id)
    assert first is not None
    assert before < first < states.clock() - timedelta(seconds=0.5)
    assert (await collected.asked()).collected_at == first, "the first time counts"
    assert (await untouched.asked()).collected_at is None
    student = (await awaited.asked()).student_id
    about = {"custodian_id": uuid4(), "taken_by_id": uuid4(), "recorded_at": before, "sealed": b"-"}
    async with states.birch.node.applications["privacy"].state.database.transaction() as tx:
        tx.add(RightsRequestRow(id=uuid4(), kind="inspection", student_id=student, **about))
    assert await destroying(states.birch).collected_before(before) == Collected(Shredded(0, 0), 0)
    with silent(states.birch.node.applications["records"], "privacy"), pytest.raises(TemporarilyUnavailable):
        await destroying(states.birch).collected_before(states.clock())
    assert await here(states, collected)
    gone = await destroying(states.birch).collected_before(states.clock())
    assert (gone.destroyed.students, gone.left) == (1, 1)
    assert [bool(await here(states, case)) for case in (collected, awaited, untouched)] == [False, True, True]
    again = await destroying(states.birch).collected_before(states.clock())
    assert again == Collected(Shredded(0, 0), 1)
    async with states.birch.client("new-district") as client:
        with pytest.raises(ReceivedRecordDestroyed):
            await client.read_received_record(collected.id)
        assert (await client.read_received_record(untouched.id)).identity is not None


@pytest.mark.requirement("KEYS-collected")
async def test_of_a_child_whom_the_receiver_had_already_its_own_part_stays_and_what_came_is_said_to_be_gone(states: TwoStates) -> None:
    child = states.child()
    district = states.birch.organisation(RECEIVING_DISTRICT)
    own = await states.birch.load(child, district=district, school=district)
    case = await states.queued(child)
    await case.finish()
    async with states.birch.client("new-district") as client:
        await client.read_received_record(case.id)
        states.clock.advance(seconds=1)
        await destroying(states.birch).collected_before(states.clock())
        with pytest.raises(ReceivedRecordDestroyed):
            await client.read_received_record(case.id)
    assert await here(states, case) == 0
    async with states.birch.records.state.database.reading() as tx:
        assert (await tx.scalars(select(SectionRow.section).where(SectionRow.student_id == own))).all()


@pytest.mark.requirement("KEYS-collected")
async def test_where_what_stays_of_one_record_was_altered_what_came_of_the_others_goes(states: TwoStates) -> None:
    district, cases, own = states.birch.organisation(RECEIVING_DISTRICT), list[Case](), list[UUID]()
    for _ in range(2):
        child = states.child()
        own.append(await states.birch.load(child, district=district, school=district))
        cases.append(await states.queued(child))
        await cases[-1].finish()
    async with states.birch.client("new-district") as client:
        for case in cases:
            await client.read_received_record(case.id)
    states.clock.advance(seconds=1)
    async with states.birch.records.state.database.transaction() as tx:
        altered = update(SectionRow).where(SectionRow.student_id == own[0], SectionRow.source != str(cases[0].id))
        await tx.execute(altered.values(sealed=bytes(80)))
    gone = await destroying(states.birch).collected_before(states.clock())
    assert gone.left
    assert [bool(await here(states, case)) for case in cases] == [True, False]


@pytest.mark.requirement("KEYS-collected")
async def test_a_node_that_is_told_after_how_many_days_destroys_it_by_itself_and_no_other_does(states: TwoStates) -> None:
    case = await states.queued()
    await case.finish()
    exchange = states.birch.exchange
    async with states.birch.client("new-district") as client:
        await client.read_received_record(case.id)
    await long_ago(states, case, days=30)
    assert await destroy_collected(exchange) is None
    before = exchange.settings
    exchange.settings = before.model_copy(update={"shred_collected_after_days": 31})
    try:
        assert await _destroyed(exchange, date.min) == states.clock().date()
        assert await here(states, case), "a day too early"
        exchange.settings = before.model_copy(update={"shred_collected_after_days": 30})
        with silent(states.birch.node.applications["records"], "privacy"):
            assert await _destroyed(exchange, date.min) == date.min, "it is tried again"
        assert await here(states, case)
        assert await _destroyed(exchange, date.min) == states.clock().date()
    finally:
        exchange.settings = before
    assert not await here(states, case)


async def long_ago(states: TwoStates, case: Case, *, days: int) -> None:
    """It was collected so many days before now, and a second."""
    collected = states.clock() - timedelta(days=days, seconds=1)
    async with states.birch.exchange.database.transaction() as tx:
        (await tx.get_one(ExchangeRequestRow, case.id)).collected_at = collected


def caller(kind: str, organisation_id: UUID, person: str | None = None) -> Caller:
    claims = CallerClaims.model_validate(
        {
            "client_id": "sis",
            "organisation_id": organisation_id,
            "organisation_kind": kind,
            "role": "registrar",
            "scopes": ["records:read"],
            "person": person,
            "authenticated_at": None if person is None else "2026-10-20T12:00:00.000Z",
        }
    )
    return Caller(claims, None)  # type: ignore[arg-type]  # nobody asks who speaks


@pytest.mark.parametrize(
    ("who", "does"),
    [
        (caller("school", SCHOOL), True),
        (caller("lea", LEA), True),
        (caller("sea", OTHER), False),
        (caller("school", SCHOOL, "A" * 43), False),
    ],
)
def test_a_system_of_the_receiver_or_its_district_collects_and_no_person_and_no_state_agency(who: Caller, does: bool) -> None:
    assert collects(ExchangeRequestRow(receiving_organisation_id=SCHOOL), who) == does


def test_of_what_a_state_agency_asked_for_itself_its_system_collects() -> None:
    assert collects(ExchangeRequestRow(receiving_organisation_id=OTHER), caller("sea", OTHER))
