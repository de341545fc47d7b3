"""99.10(e) reaches what a party holds: while somebody waits to inspect, no destruction of it is taken, and none is overdue."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from safepassage.wire_duties import DestructionOwed
from safepassage.wire_policy import Agreement, Obligations
from services.privacy import destruction_holds
from services.privacy.readiness.agreement_measures import obligation_measures
from services.privacy.subjects import FORGOTTEN
from services.privacy.tables import DecisionRow, DestructionAttestationRow, ObligationRow, SubjectRow
from shared.contracts.privacy import SubjectFacts
from tests.privacy.node import Client, problem_of
from tests.privacy.rights import Staff, parent_of
from tests.privacy.test_destructions import ENDED, vendor, word
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def received(world: World, client: Client, *facts: SubjectFacts) -> Agreement:
    """An agreement under which the vendor received the students' records, and that has ended."""
    agreement = await world.agreement()
    await world.node.decide(world.by_contract(agreement, *facts), by=client)
    world.node.clock.instant = ENDED + timedelta(hours=2)
    return agreement


async def inspected(world: World, facts: SubjectFacts) -> Any:
    """A request to inspect that has come."""
    return await Staff(world).inspect(facts, received_on="2027-06-30")


async def owed(world: World, agreement: Agreement, client: Client | None = None) -> DestructionOwed:
    client = client or world.node.client(world.oak, "obligations:read")
    answer = await client.get(f"/v1/agreements/{agreement.id}/destruction")
    assert answer.status == 200, answer.body
    return DestructionOwed.model_validate_json(answer.body)


async def obligation(world: World, state: str = "open") -> Any:
    client = world.node.client(world.oak, "obligations:read")
    (one,) = Obligations.model_validate_json((await client.get("/v1/obligations", f"state={state}")).body).obligations
    return one


async def measured(world: World) -> tuple[int, int, int]:
    state = world.node.app.state
    async with state.database.reading() as tx:
        found = await obligation_measures(tx, state.sealer, now=world.node.clock())
    return found["destructions_due"], found["destructions_shown"], found["destructions_held"]


@pytest.mark.requirement("FERPA-99.10")
@pytest.mark.parametrize("at", ["oak", "sea"])
async def test_a_vendors_word_is_not_taken_while_somebody_waits_to_inspect(world: World, at: str) -> None:
    client, facts = vendor(world), await world.student()
    agreement = await received(world, client, await world.student(), facts)
    staff = Staff(world, getattr(world, at))
    request = await staff.inspect(facts, received_on="2027-06-30")
    answer = await client.post("/v1/destruction-attestations", word(client, agreement))
    assert (answer.status, problem_of(answer).code, problem_of(answer).retry) == (409, "inspection-outstanding", "after")
    assert await world.node.count(DestructionAttestationRow) == 0
    one = await obligation(world)
    assert (one.kind, one.suspended, one.discharged_at) == ("destroy-by", True, None)
    by_hand = await world.node.client(world.oak, "obligations:discharge").post(
        f"/v1/obligations/{one.id}/discharge", {"evidence_ref": "letter"}
    )
    assert problem_of(by_hand).code == "inspection-outstanding"
    told = await owed(world, agreement, client)
    assert (told.held, told.overdue, told.owed, told.due_at) == (True, False, 1, one.due_at)
    assert await measured(world) == (0, 0, 1)
    step = {"step": "inspected", "evidence_ref": "desk 4"}
    assert (await staff.client.post(f"/v1/inspections/{request.id}/steps", step)).status == 200
    one, told = await obligation(world), await owed(world, agreement, client)
    assert (one.suspended, told.held, told.overdue) == (False, False, True)
    assert await measured(world) == (1, 0, 0)
    assert (await client.post("/v1/destruction-attestations", word(client, agreement))).status == 201
    assert (await obligation(world, "discharged")).suspended is False
    assert (await owed(world, agreement)).owed == 0


async def test_a_request_about_a_student_whom_the_party_never_received_holds_nothing(world: World) -> None:
    client, other = vendor(world), await world.student()
    agreement = await received(world, client, await world.student())
    denied = world.by_contract(agreement, other, purpose="commercial")
    assert (await world.node.decide(denied, by=client)).outcome == "deny"
    await inspected(world, other)
    assert (await obligation(world)).suspended is False
    assert (await client.post("/v1/destruction-attestations", word(client, agreement))).status == 201


@pytest.mark.requirement("FERPA-99.10")
async def test_whoever_waits_for_another_record_of_the_child_holds_what_a_party_received_of_this_one(world: World) -> None:
    client, facts = vendor(world), await world.student()
    agreement = await received(world, client, facts)
    asked_for = await world.student(same_child=(facts.student_id,))
    await inspected(world, asked_for)
    answer = await client.post("/v1/destruction-attestations", word(client, agreement))
    assert (answer.status, problem_of(answer).code) == (409, "inspection-outstanding")
    assert (await obligation(world)).suspended is True
    async with world.node.app.state.database.transaction() as tx:
        (await tx.get_one(SubjectRow, asked_for.student_id)).sealed = FORGOTTEN
    assert (await obligation(world)).suspended is False, "of whoever is forgotten nobody knows of whom else it was the record"


async def test_a_request_that_was_withdrawn_holds_nothing(world: World) -> None:
    client, facts = vendor(world), await world.student()
    agreement = await received(world, client, facts)
    request = await inspected(world, facts)
    step = {"step": "withdrawn", "evidence_ref": "call 1", "acting_for": parent_of(world, facts)}
    await Staff(world).client.post(f"/v1/inspections/{request.id}/steps", step)
    assert (await client.post("/v1/destruction-attestations", word(client, agreement))).status == 201


async def test_what_cannot_be_looked_through_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, waiting = vendor(world), await world.student()
    agreement = await received(world, client, await world.student())
    await inspected(world, waiting)
    assert not (await owed(world, agreement)).held
    monkeypatch.setattr(destruction_holds, "AT_ONCE", 1)
    monkeypatch.setattr(destruction_holds, "AT_MOST", 1)
    assert (await owed(world, agreement)).held


@pytest.mark.parametrize("place", range(3))
async def test_every_decision_of_an_agreement_is_looked_through_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(destruction_holds, "AT_ONCE", 1)
    monkeypatch.setattr(destruction_holds, "AT_MOST", 4)
    client, agreement = vendor(world), await world.agreement()
    students = [await world.student() for _ in range(3)]
    for facts in students:
        await world.node.decide(world.by_contract(agreement, facts), by=client)
        world.node.clock.advance(seconds=1)
    world.node.clock.instant = ENDED + timedelta(hours=2)
    assert not (await owed(world, agreement)).held
    await inspected(world, await world.student())
    assert not (await owed(world, agreement)).held, "all three were looked through"
    await inspected(world, students[place])
    assert (await owed(world, agreement)).held


async def test_another_partys_agreement_looks_absent(world: World) -> None:
    agreement = await received(world, vendor(world), await world.student())
    stranger, request_id = world.node.client(world.elm, "obligations:read"), UUID(int=5)
    answers = [
        await stranger.get(f"/v1/agreements/{identifier}/destruction", request_id=request_id) for identifier in (agreement.id, uuid4())
    ]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].body == answers[1].body


@pytest.mark.requirement("FERPA-99.10")
async def test_of_all_that_is_owed_the_destruction_alone_of_what_was_received_of_the_child_waits(world: World) -> None:
    client, facts, other = vendor(world), await world.student(), await world.student()
    waits = await received(world, client, facts)
    of_the_child = await _newest_decision(world)
    world.node.clock.instant = ENDED - timedelta(days=60)
    goes_on = await received(world, client, other)
    of_another = await _newest_decision(world)
    await inspected(world, facts)

    def duty(agreement: Agreement | None, decision: UUID, kind: str = "destroy-by", **done: Any) -> ObligationRow:
        return ObligationRow(id=uuid4(), kind=kind, agreement_id=agreement and agreement.id, decision_id=decision, **done)

    now = world.node.clock()
    held = [duty(waits, of_another), duty(waits, of_the_child), duty(None, of_the_child)]
    free = [
        duty(goes_on, of_another),
        duty(goes_on, of_the_child),
        duty(None, of_another),
        duty(waits, of_the_child, "no-redisclosure"),
        duty(waits, of_the_child, discharged_at=now),
        duty(waits, of_the_child, waived_at=now),
    ]
    state = world.node.app.state
    async with state.database.reading() as tx:
        assert await destruction_holds.suspended(tx, state.sealer, [*free, *held]) == {row.id for row in held}
        assert await destruction_holds.suspended(tx, state.sealer, free) == frozenset()


async def _newest_decision(world: World) -> UUID:
    async with world.node.app.state.database.reading() as tx:
        return (await tx.scalars(select(DecisionRow.id).order_by(DecisionRow.id.desc()).limit(1))).one()


async def test_what_is_owed_is_due_when_the_first_of_it_is_and_overdue_from_that_instant_on(world: World) -> None:
    agreement = await world.agreement(by=world.sea, district_ids=[str(world.oak.id), str(world.elm.id)])
    for district in (world.oak, world.elm):
        facts = await world.student(district=district)
        await world.node.decide(world.by_contract(agreement, facts), by=vendor(world))
    later = ENDED + timedelta(days=30)
    async with world.node.app.state.database.transaction() as tx:
        rows = (await tx.scalars(select(ObligationRow).where(ObligationRow.kind == "destroy-by").order_by(ObligationRow.id))).all()
        rows[0].due_at = later
    reader = world.node.client(world.sea, "obligations:read")
    for at, overdue in ((ENDED - timedelta(milliseconds=1), False), (ENDED, True)):
        world.node.clock.instant = at
        found = await owed(world, agreement, reader)
        assert (found.owed, found.due_at, found.overdue, found.held) == (2, ENDED, overdue, False)
