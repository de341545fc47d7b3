"""A request to inspect: 45 days from its receipt and not one more, at the state agency too, and nothing is destroyed meanwhile."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from safepassage.problems.rights import RequestIncomplete
from safepassage.wire_rights import Inspection, InspectionPage
from services.privacy.rights import received_at
from services.privacy.tables import RightsEventRow, RightsRequestRow
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff, inspection, looks_absent, parent_of
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio

OVERDUE = datetime(2026, 12, 5, 5, 0, tzinfo=UTC)
"""The first instant of the 46th day after 20 October in New York; clocks have gone back meanwhile."""


async def take(staff: Staff, made: Inspection, **step: Any) -> Inspection:
    taken: Inspection = await staff.post(f"/v1/inspections/{made.id}/steps", {"evidence_ref": "visit 4"} | step, Inspection, status=200)
    return taken


@pytest.mark.requirement("FERPA-99.10")
async def test_the_clock_runs_45_days_from_the_day_of_receipt(world: World) -> None:
    staff = Staff(world)
    made = await staff.inspect(await world.student())
    assert (made.state, made.overdue_at, made.custodian_id) == ("outstanding", OVERDUE, world.oak.id)
    (duty,) = await staff.duties()
    assert (duty.kind, duty.overdue_at, duty.about, duty.state) == ("inspect-records", OVERDUE, f"inspection:{made.id}", "open")
    states = []
    for instant in (duty.due_from - timedelta(milliseconds=1), duty.due_from, OVERDUE - timedelta(milliseconds=1), OVERDUE):
        world.node.clock.instant = instant
        states.append((await staff.duties())[0].state)
    assert states == ["open", "due", "due", "overdue"]


@pytest.mark.requirement("FERPA-99.10")
async def test_nothing_moves_the_due_date(world: World) -> None:
    staff = Staff(world)
    made = await staff.inspect(await world.student())
    for change in (
        update(RightsRequestRow).values(overdue_at=OVERDUE + timedelta(days=30)),
        delete(RightsEventRow),
        delete(RightsRequestRow),
    ):
        await take(staff, made, step="explained") if change.is_delete else None
        with pytest.raises(DBAPIError):
            async with world.node.app.state.database.transaction() as tx:
                await tx.execute(change)
    answer = await staff.client.post(f"/v1/inspections/{made.id}/steps", {"step": "extended", "evidence_ref": "x"})
    assert answer.status == 422


async def test_a_request_that_is_recorded_late_is_overdue_at_once(world: World) -> None:
    staff = Staff(world)
    await staff.inspect(await world.student(), received_on="2026-09-04")
    (duty,) = await staff.duties("state=overdue")
    assert duty.late


@pytest.mark.parametrize(("received_on", "status"), [("2026-10-20", 201), ("2026-10-21", 422)])
async def test_nothing_is_received_tomorrow(world: World, received_on: str, status: int) -> None:
    answer = await Staff(world).client.post("/v1/inspections", inspection(world, await world.student(), received_on=received_on))
    assert answer.status == status
    if status == 422:
        assert problem_of(answer).field == "received_on"


def test_a_day_has_come_that_has_come_for_who_took_it_in_and_the_clock_starts_with_it_where_it_runs() -> None:
    now, here = datetime(2026, 10, 21, 5, 30, tzinfo=UTC), "America/Los_Angeles"
    of: dict[str, Any] = {"now": now, "taken_in": "America/New_York"}
    assert received_at(date(2026, 10, 21), here, **of) == datetime(2026, 10, 21, 7, tzinfo=UTC)
    with pytest.raises(RequestIncomplete):
        received_at(date(2026, 10, 22), here, **of)
    with pytest.raises(RequestIncomplete):
        received_at(date(2026, 10, 21), here, now=now, taken_in=here)


async def test_a_state_agency_owes_an_inspection_of_what_it_keeps(world: World) -> None:
    made = await Staff(world, world.sea).inspect(await world.student())
    assert made.custodian_id == world.sea.id
    assert await Staff(world, world.sea).kinds() == ["inspect-records"]
    assert await Staff(world).kinds() == []


@pytest.mark.parametrize(
    ("on", "overdue"),
    [("2026-10-30", datetime(2026, 10, 30, 4, tzinfo=UTC)), ("2026-12-20", OVERDUE), ("2026-12-05", OVERDUE)],
)
async def test_before_a_meeting_on_the_iep_and_in_no_case_after_45_days(world: World, on: str, overdue: datetime) -> None:
    staff = Staff(world)
    made = await staff.inspect(await world.student(), law="idea", before={"kind": "iep-meeting", "on": on})
    assert made.overdue_at == overdue
    (duty,) = await staff.duties()
    assert (duty.kind, duty.checked, duty.overdue_at) == ("inspect-records-before-meeting", False, overdue)


async def test_a_meeting_that_was_before_the_request_is_no_limit_that_can_be_kept(world: World) -> None:
    body = inspection(world, await world.student(), law="idea", before={"kind": "iep-meeting", "on": "2026-10-20"})
    answer = await Staff(world).client.post("/v1/inspections", body)
    assert (answer.status, problem_of(answer).field) == (422, "before.on")
    ferpa = inspection(world, await world.student(), before={"kind": "iep-meeting", "on": "2026-11-20"})
    assert (await Staff(world).client.post("/v1/inspections", ferpa)).status == 422


async def test_explanations_leave_it_outstanding_and_the_review_or_a_copy_complies(world: World) -> None:
    staff = Staff(world)
    for last in ("inspected", "copy-given"):
        made = await staff.inspect(await world.student())
        assert (await take(staff, made, step="explained")).state == "outstanding"
        assert (await take(staff, made, step="arranged")).state == "outstanding"
        done = await take(staff, made, step=last)
        assert (done.state, [event.kind for event in done.events]) == ("complied", ["explained", "arranged", last])
    assert [(duty.state, duty.late) for duty in await staff.duties("state=done")] == [("done", False)] * 2
    again = await staff.client.post(f"/v1/inspections/{made.id}/steps", {"step": "inspected", "evidence_ref": "x"})
    assert (again.status, problem_of(again).code) == (409, "step-not-possible")


async def test_only_the_person_or_a_rights_holder_withdraws_it(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    made = await staff.inspect(facts)
    step = {"step": "withdrawn", "evidence_ref": "call 9", "acting_for": world.acting_for(uuid4()).model_dump(mode="json")}
    answer = await staff.client.post(f"/v1/inspections/{made.id}/steps", step)
    assert problem_of(answer).code == "rights-not-held"
    assert (await take(staff, made, step="withdrawn", acting_for=parent_of(world, facts))).state == "withdrawn"
    nameless = await staff.client.post(f"/v1/inspections/{made.id}/steps", {"step": "withdrawn", "evidence_ref": "x"})
    assert nameless.status == 422


async def test_who_holds_no_rights_inspects_nothing(world: World) -> None:
    facts = await world.student()
    stranger = world.acting_for(uuid4()).model_dump(mode="json")
    answer = await Staff(world).client.post("/v1/inspections", inspection(world, facts, acting_for=stranger))
    assert (answer.status, problem_of(answer).code) == (403, "rights-not-held")
    grown = await world.student(attends_postsecondary=True)
    assert (await Staff(world).client.post("/v1/inspections", inspection(world, grown))).status == 403
    own = inspection(world, grown, acting_for=world.acting_for(grown.student_id).model_dump(mode="json"))
    assert (await Staff(world).client.post("/v1/inspections", own)).status == 201


async def test_another_districts_request_looks_absent(world: World) -> None:
    made = await Staff(world).inspect(await world.student())
    await looks_absent(world, world.elm, "GET", f"/v1/inspections/{made.id}")
    await looks_absent(world, world.elm, "POST", f"/v1/inspections/{made.id}/steps", {"step": "inspected", "evidence_ref": "x"})
    assert (await Staff(world, world.elm).client.post("/v1/inspections", inspection(world, await world.student()))).status == 404
    read = await world.node.client(world.sea, *STAFF).get(f"/v1/inspections/{made.id}")
    assert Inspection.model_validate_json(read.body) == made


async def test_pages_follow_one_another_those_due_first_in_front(world: World) -> None:
    staff, seen = Staff(world), []
    for day in ("2026-10-03", "2026-10-01", "2026-10-02"):
        await staff.inspect(await world.student(), received_on=day)
    query = "limit=2"
    while True:
        page = InspectionPage.model_validate_json((await staff.client.get("/v1/inspections", query)).body)
        seen += [one.received_on.day for one in page.inspections]
        if page.next is None:
            break
        query = f"limit=2&cursor={page.next}"
    assert seen == [1, 2, 3]


async def test_what_happened_is_told_in_codes_and_ids_and_repeated_once(world: World) -> None:
    staff, facts, key = Staff(world), await world.student(), str(uuid4())
    made = await staff.post("/v1/inspections", inspection(world, facts), Inspection, key=key)
    assert await staff.post("/v1/inspections", inspection(world, facts), Inspection, key=key) == made
    assert await world.node.count(RightsRequestRow) == 1
    path, key = f"/v1/inspections/{made.id}/steps", str(uuid4())
    for _ in range(2):
        await staff.post(path, {"step": "explained", "evidence_ref": "visit 4"}, Inspection, status=200, key=key)
    assert await world.node.count(RightsEventRow) == 1
    told = [event for event in await world.node.events() if event.class_ == "rights"]
    assert [event.context.operation for event in told] == ["inspection-requested", "inspection-explained"]
    assert told[0].subjects == (facts.student_id,)
    assert told[0].actor.acting_for == world.parents[facts.student_id]
    assert not any(word in event.model_dump_json() for event in told for word in ("letter", "visit", "desk log"))
