"""The notices of the general laws on breaches as duties: without a date where the law names none, in front, and waived with a reason."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_duties import Duty, DutyPage
from services.privacy.clocks import NOTICE_RULES
from services.privacy.readiness.duty_measures import duty_measures
from shared.breach_clocks import CLOCK_OF_DUTY
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff, looks_absent
from tests.privacy.test_duties import done, opened
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

UNDATED, DATED = "breach-people-told-ak-both", "breach-people-told-al-both"
WAIVER = {"because": "data-encrypted", "evidence_ref": "letter 5"}


async def waived(staff: Staff, duty: Duty, *, key: str | None = None) -> Duty:
    made: Duty = await staff.post(f"/v1/duties/{duty.id}/waiver", WAIVER, Duty, status=200, key=key)
    return made


async def test_each_notice_of_each_state_can_be_opened_and_is_found_by_its_kind(world: World) -> None:
    staff = Staff(world)
    for kind, rule in NOTICE_RULES.items():
        duty = await opened(staff, kind=kind, about="breach:1")
        counted = CLOCK_OF_DUTY[kind].counted
        assert (duty.kind, duty.citation, duty.wording, duty.waivable) == (kind, rule.citation, rule.wording, True)
        assert ((duty.overdue_at is not None), (duty.due_from is not None)) == (counted, counted)
        assert (duty.state == "undelayed", duty.late) == (not counted, False), kind
    assert len(await staff.duties("limit=500")) == len(NOTICE_RULES)
    for family in ("breach-people-told", "breach-authority-told"):
        found = await staff.kinds(f"kind={family}&limit=500")
        assert sorted(found) == sorted(kind for kind, rule in NOTICE_RULES.items() if rule.family == family)
    assert await staff.kinds(f"kind={UNDATED}") == [UNDATED]


async def test_one_without_a_date_is_never_late_and_stands_until_it_is_done(world: World) -> None:
    staff = Staff(world)
    duty = await opened(staff, kind=UNDATED)
    world.node.clock.advance(days=4000)
    (listed,) = await staff.duties()
    assert (listed.state, listed.late, listed.overdue_at) == ("undelayed", False, None)
    assert [len(await staff.duties(f"state={one}")) for one in ("undelayed", "open", "due", "overdue", "done")] == [1, 0, 0, 0, 0]
    ended = await done(staff, duty)
    assert (ended.state, ended.late) == ("done", False)
    assert await staff.duties() == ()


async def test_pages_have_those_without_a_date_by_when_they_began(world: World) -> None:
    staff, at = Staff(world), world.node.clock()
    for days, kind in ((60, DATED), (30, UNDATED), (1, DATED), (2, UNDATED), (0, "mic3-send-records")):
        await opened(staff, kind=kind, started_at=(at - timedelta(days=days)).isoformat().replace("+00:00", "Z"))
    for sort in ("overdue_at", "-overdue_at", "kind", "begins_at"):
        whole = await staff.duties(f"sort={sort}")
        assert len(whole) == 5
        seen: list[Duty] = []
        query = f"sort={sort}&limit=2"
        while True:
            page = DutyPage.model_validate_json((await staff.client.get("/v1/duties", query)).body)
            seen += page.duties
            if page.next is None:
                break
            query = f"sort={sort}&limit=2&cursor={page.next}"
        assert tuple(seen) == whole, sort
    ranked = [duty.overdue_at or duty.begins_at for duty in await staff.duties()]
    assert ranked == sorted(ranked)


async def test_a_notice_is_waived_once_with_a_reason_and_stays_listed(world: World) -> None:
    staff, key = Staff(world), str(uuid4())
    for kind in (UNDATED, DATED):
        duty = await opened(staff, kind=kind)
        key = str(uuid4())
        ended = await waived(staff, duty, key=key)
        assert (ended.state, ended.waived_because, ended.waived_at, ended.evidence_ref, ended.done_at) == (
            "waived", "data-encrypted", world.node.clock(), "letter 5", None,
        )  # fmt: skip
        assert (await waived(staff, duty, key=key)) == ended
        for path, body in (("waiver", WAIVER), ("completion", {"evidence_ref": "x"})):
            again = await staff.client.post(f"/v1/duties/{duty.id}/{path}", body)
            assert (again.status, problem_of(again).code) == (409, "duty-waived")
    world.node.clock.advance(days=400)
    assert [len(await staff.duties(f"state={one}")) for one in ("waived", "outstanding", "undelayed", "overdue", "done")] == [2, 0, 0, 0, 0]
    assert not any(duty.late for duty in await staff.duties("state=all"))
    told = [event.context for event in await world.node.events() if event.class_ == "duty" and event.context.operation == "duty-waived"]
    assert [(one.reason, one.outcome) for one in told] == [(UNDATED, "data-encrypted"), (DATED, "data-encrypted")]


async def test_no_other_duty_and_none_that_is_done_is_waived(world: World) -> None:
    staff = Staff(world)
    for kind in ("mic3-send-records", "breach-families-told-ny", "annual-notice"):
        answer = await staff.client.post(f"/v1/duties/{(await opened(staff, kind=kind)).id}/waiver", WAIVER)
        assert (answer.status, problem_of(answer).code) == (409, "duty-not-waivable"), kind
    duty = await opened(staff, kind=UNDATED)
    for wrong in ({"because": "too-much-work"}, {"evidence_ref": ""}):
        assert (await staff.client.post(f"/v1/duties/{duty.id}/waiver", WAIVER | wrong)).status == 422
    await looks_absent(world, world.elm, "POST", f"/v1/duties/{duty.id}/waiver", WAIVER)
    await done(staff, duty)
    answer = await staff.client.post(f"/v1/duties/{duty.id}/waiver", WAIVER)
    assert (answer.status, problem_of(answer).code) == (409, "duty-done")


async def test_when_the_people_are_told_what_follows_begins(world: World) -> None:
    staff = Staff(world)
    told = await opened(staff, kind="breach-people-told-la-both", about="breach:7")
    other = await opened(staff, kind="breach-people-told-ca-agency", about="breach:7")
    world.node.clock.advance(days=3)
    await done(staff, other)
    assert await staff.kinds() == ["breach-people-told-la-both"]
    await done(staff, told)
    (begun,) = await staff.duties()
    assert (begun.kind, begun.about, begun.begins_at) == (
        "breach-authority-told-la-both-attorney-general", "breach:7", world.node.clock(),
    )  # fmt: skip


async def test_the_scorecard_counts_neither_those_without_a_date_nor_those_waived(world: World) -> None:
    staff, state = Staff(world), world.node.app.state

    async def measured() -> tuple[Any, Any]:
        found = await state.database.read(lambda connection: duty_measures(connection, state.sealer, now=world.node.clock()))
        return found["breach_duties"], found["breach_duties_in_time"]

    undated, unbinding, late = [await opened(staff, kind=kind) for kind in (UNDATED, DATED, "breach-people-told-az-both")]
    await done(staff, undated)
    await waived(staff, unbinding)
    assert await measured() == (0, 0)
    world.node.clock.advance(days=60)
    assert await measured() == (1, 0)
    await done(staff, late)
    assert await measured() == (1, 0)
