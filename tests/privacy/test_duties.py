"""Duties are open, due, overdue or done; listed for those whose they are; and none vanishes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from safepassage.wire_duties import Duty, DutyPage
from services.privacy.clocks import DUTY_RULES, NOTICE_RULES
from services.privacy.tables import DutyRow
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff, looks_absent
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

BY_HAND = sorted(kind for kind, rule in DUTY_RULES.items() if rule.opened_by != "node" and kind not in NOTICE_RULES)


def new_duty(kind: str = "mic3-send-records", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "started_at": "2026-10-20T11:00:00.000Z", "evidence_ref": "request 7"} | more


async def opened(staff: Staff, **more: Any) -> Duty:
    duty: Duty = await staff.post("/v1/duties", new_duty(**more), Duty)
    return duty


async def done(staff: Staff, duty: Duty, *, key: str | None = None) -> Duty:
    made: Duty = await staff.post(f"/v1/duties/{duty.id}/completion", {"evidence_ref": "receipt 9"}, Duty, status=200, key=key)
    return made


@pytest.mark.parametrize("kind", BY_HAND)
async def test_staff_start_the_clocks_that_the_node_cannot_see(world: World, kind: str) -> None:
    duty = await opened(Staff(world), kind=kind)
    rule = DUTY_RULES[kind]
    assert (duty.citation, duty.figure, duty.checked) == (rule.citation, rule.figure, rule.checked)
    assert (duty.organisation_id, duty.state in ("open", "due"), duty.late) == (world.oak.id, True, False)


@pytest.mark.requirement("DUTY-clocks")
@pytest.mark.parametrize(
    ("kind", "first_too_late"),
    [
        ("mic3-send-records", "2026-10-31T04:00"),
        ("mic3-immunisations", "2026-11-20T05:00"),
        ("copy-of-disclosure-record", "2026-11-20T05:00"),
        ("notify-of-conflict", "2026-12-05T05:00"),
        ("mckinney-vento-contact-school", "2026-10-21T04:00"),
        ("foster-contact-school", "2026-10-21T04:00"),
        ("msix-new-child", "2026-11-04T05:00"),
        ("msix-moved", "2026-10-27T04:00"),
        ("annual-notice", "2027-10-21T04:00"),
        ("answer-public-question", "2026-11-20T05:00"),
        ("breach-contractor-tells-agency-ny", "2026-10-28T04:00"),
        ("breach-agency-tells-state-ny", "2026-10-31T04:00"),
        ("breach-families-told-ny", "2026-12-20T05:00"),
        ("breach-families-told-il", "2026-11-20T05:00"),
        ("breach-provider-tells-agency", "2026-10-23T11:00"),
    ],
)
async def test_each_clock_has_both_its_sides(world: World, kind: str, first_too_late: str) -> None:
    staff = Staff(world)
    duty = await opened(staff, kind=kind)
    assert duty.overdue_at == datetime.fromisoformat(first_too_late).replace(tzinfo=UTC)
    states = []
    for instant in (duty.overdue_at - timedelta(milliseconds=1), duty.overdue_at):
        world.node.clock.instant = instant
        (listed,) = await staff.duties()
        states.append((listed.state, listed.late))
    assert states == [("due", False), ("overdue", True)]


async def test_a_duty_is_done_with_evidence_late_or_not_and_stays_listed(world: World) -> None:
    staff, key = Staff(world), str(uuid4())
    first, second = await opened(staff), await opened(staff)
    ended = await done(staff, first, key=key)
    assert (ended.state, ended.late, ended.done_at) == ("done", False, world.node.clock())
    world.node.clock.instant = second.overdue_at
    assert (await done(staff, first, key=key)).done_at == ended.done_at
    assert (await done(staff, second)).late
    again = await staff.client.post(f"/v1/duties/{first.id}/completion", {"evidence_ref": "x"})
    assert (again.status, problem_of(again).code) == (409, "duty-done")
    assert [len(await staff.duties(f"state={state}")) for state in ("outstanding", "done", "all", "overdue")] == [0, 2, 2, 0]
    async with world.node.app.state.database.reading() as tx:
        row = await tx.get_one(DutyRow, first.id)
    opened_with = world.node.app.state.sealer.open(row.sealed_start, table="duty", row=row.id, of=f"start:{row.key}")
    done_with = world.node.app.state.sealer.open(row.sealed_evidence, table="duty", row=row.id, of=f"evidence:{row.key}")
    assert (opened_with, done_with) == (b"request 7", b"receipt 9")


@pytest.mark.requirement("DUTY-sealed")
async def test_the_store_does_not_tell_which_law_protects_a_child(world: World) -> None:
    staff = Staff(world)
    telling = [kind for kind in BY_HAND if DUTY_RULES[kind].tells_of_a_child]
    assert len(telling) == 17
    facts, exchange = await world.student(), f"exchange:{uuid4()}"
    for kind in telling:
        duty = await opened(staff, kind=kind, student_id=str(facts.student_id), about=exchange)
        assert (duty.kind, duty.student_id, duty.about) == (kind, facts.student_id, exchange)
        assert (await opened(staff, kind=kind, student_id=str(facts.student_id), about=exchange)).id == duty.id
    async with world.node.app.state.database.reading() as tx:
        rows = (await tx.execute(select(DutyRow))).scalars().all()
    assert len(rows) == len(telling)
    for row in rows:
        clear = " ".join(str(value) for name, value in vars(row).items() if not name.startswith(("sealed", "_")))
        assert row.kind == "of-a-child"
        assert not any(word in clear for word in (*telling, str(facts.student_id), exchange, "idea", "foster", "homeless"))
    assert await staff.kinds("kind=foster-contact-school&limit=1") == ["foster-contact-school"]
    assert sorted(await staff.kinds()) == sorted(telling)


async def test_the_same_clock_is_started_once(world: World) -> None:
    staff = Staff(world)
    about = f"exchange:{uuid4()}"
    first = await opened(staff, about=about)
    world.node.clock.advance(days=2)
    assert (await opened(staff, about=about)).id == first.id
    assert await world.node.count(DutyRow) == 1


@pytest.mark.parametrize("kind", ["copy-of-what-was-disclosed", "idea-obtain-records"])
async def test_two_children_of_one_list_have_a_clock_each(world: World, kind: str) -> None:
    staff, about = Staff(world), "l" * 128
    for _ in range(2):
        facts = await world.student()
        for _ in range(2):
            duty = await opened(staff, kind=kind, student_id=str(facts.student_id), about=about)
            assert duty.student_id == facts.student_id
    assert await world.node.count(DutyRow) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "inspect-records"}, "kind"),
        ({"kind": "agreement-expiry"}, "kind"),
        ({"kind": "be-kind"}, "kind"),
        ({"started_at": "2026-10-20T12:00:00.001Z"}, "started_at"),
    ],
)
async def test_what_the_node_starts_itself_or_what_has_not_started_is_not_opened_by_hand(
    world: World, change: dict[str, Any], field: str
) -> None:
    answer = await Staff(world).client.post("/v1/duties", new_duty(**change))
    assert (answer.status, problem_of(answer).field) == (422, field)


async def test_what_ends_with_its_request_cannot_be_declared_done(world: World) -> None:
    staff = Staff(world)
    await staff.inspect(await world.student())
    (duty,) = await staff.duties()
    answer = await staff.client.post(f"/v1/duties/{duty.id}/completion", {"evidence_ref": "x"})
    assert problem_of(answer).code == "duty-ends-by-itself"
    before = {"kind": "iep-meeting", "on": "2026-11-20"}
    await staff.inspect(await world.student(), law="idea", before=before)
    (other,) = await staff.duties("kind=inspect-records-before-meeting")
    answer = await staff.client.post(f"/v1/duties/{other.id}/completion", {"evidence_ref": "x"})
    assert problem_of(answer).code == "duty-ends-by-itself"


async def test_of_a_yearly_notice_the_next_begins_with_it(world: World) -> None:
    staff = Staff(world)
    given = await opened(staff, kind="annual-notice")
    world.node.clock.instant = given.due_from
    await done(staff, given)
    (following,) = await staff.duties()
    assert (following.kind, following.about, following.begins_at) == ("annual-notice", f"duty:{given.id}", given.due_from)


async def test_an_organisation_sees_its_own_and_those_below_it(world: World) -> None:
    oak, elm, sea = Staff(world), Staff(world, world.elm), Staff(world, world.sea)
    own, other = await opened(oak), await opened(elm)
    school = await opened(oak, organisation_id=str(world.oak_school.id))
    facts = await world.student()
    child = await opened(oak, kind="idea-obtain-records", student_id=str(facts.student_id))
    assert (child.student_id, child.organisation_id) == (facts.student_id, world.oak.id)
    assert {duty.id for duty in await oak.duties()} == {own.id, school.id, child.id}
    assert {duty.id for duty in await elm.duties()} == {other.id}
    assert len(await sea.duties()) == 4
    assert {duty.id for duty in await sea.duties(f"organisation_id={world.elm.id}")} == {other.id}
    assert await elm.duties(f"organisation_id={world.oak.id}") == ()
    assert {duty.id for duty in await Staff(world, world.oak_school).duties()} == {school.id}
    await looks_absent(world, world.elm, "POST", f"/v1/duties/{own.id}/completion", {"evidence_ref": "x"})
    for organisation in (world.elm.id, world.sea.id, uuid4()):
        answer = await oak.client.post("/v1/duties", new_duty(organisation_id=str(organisation)))
        assert (answer.status, problem_of(answer).code) == (403, "organisation-not-yours")
    assert (await elm.client.post("/v1/duties", new_duty(student_id=str(facts.student_id)))).status == 404
    assert (await Staff(world, world.oak, "duties:read").client.post("/v1/duties", new_duty())).status == 403


async def test_pages_have_the_most_overdue_in_front_and_a_cursor_is_of_one_list(world: World) -> None:
    staff = Staff(world)
    for hours in (30, 10, 20, 40):
        at = (world.node.clock() - timedelta(days=hours)).isoformat().replace("+00:00", "Z")
        await opened(staff, started_at=at)
    whole = await staff.duties()
    assert [duty.overdue_at for duty in whole] == sorted(duty.overdue_at for duty in whole)
    seen: list[Duty] = []
    query = "limit=3"
    while True:
        page = DutyPage.model_validate_json((await staff.client.get("/v1/duties", query)).body)
        seen += page.duties
        if page.next is None:
            break
        query, cursor = f"limit=3&cursor={page.next}", page.next
    assert tuple(seen) == whole
    for other in (f"state=all&cursor={cursor}", f"kind=annual-notice&cursor={cursor}", "cursor=AAAA", "state=late"):
        assert (await staff.client.get("/v1/duties", other)).status == 422
    assert await staff.duties("kind=annual-notice") == ()


async def test_it_is_told_in_codes_and_ids(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    await done(staff, await opened(staff, student_id=str(facts.student_id)))
    told = [event for event in await world.node.events() if event.class_ == "duty"]
    assert [(event.context.operation, event.context.reason) for event in told] == [
        ("duty-opened", "mic3-send-records"),
        ("duty-done", "mic3-send-records"),
    ]
    assert {event.subjects for event in told} == {(facts.student_id,)}
    assert "receipt 9" not in told[1].model_dump_json()


async def test_an_agreement_warns_ninety_days_before_its_end_until_it_is_over(world: World) -> None:
    staff = Staff(world)
    agreement = await world.agreement()
    (duty,) = await staff.duties()
    ends_at = datetime(2027, 7, 1, 4, tzinfo=UTC)
    assert (duty.kind, duty.overdue_at, duty.state) == ("agreement-expiry", ends_at, "open")
    assert duty.due_from == datetime(2027, 4, 2, 4, tzinfo=UTC)
    world.node.clock.instant = duty.due_from
    assert [one.state for one in await staff.duties()] == ["due"]
    path = f"/v1/agreements/{agreement.id}/termination"
    await world.node.client(world.oak, "agreements:write").post(path, {"reason": "replaced"})
    assert await staff.duties() == ()
    assert [one.state for one in await staff.duties("state=done")] == ["done"]
