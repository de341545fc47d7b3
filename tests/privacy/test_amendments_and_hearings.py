"""A record is amended, or contested in a hearing that has what 34 CFR 99.22 asks for, or a statement goes with it from then on."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.wire_rights import Amendment, Hearing, Statement
from shared.officials import official_of
from tests.links import linked
from tests.privacy.node import problem_of
from tests.privacy.rights import (
    AFTER_THE_HEARING,
    HELD,
    Staff,
    amendment,
    decision,
    hearing_decision,
    looks_absent,
    official,
    parent_of,
    schedule,
)
from tests.privacy.world import BIRCH, STAFF, World

pytestmark = pytest.mark.anyio


async def test_the_district_decides_and_either_answer_starts_its_clock(world: World) -> None:
    staff = Staff(world)
    for outcome, following in (("granted", "amend-record"), ("refused", "inform-of-hearing-right")):
        asked = await staff.amend(await world.student())
        assert (asked.state, asked.decided_by) == ("received", str(world.oak.id))
        assert await staff.kinds() == ["decide-amendment"]
        decided = await staff.post(f"/v1/amendments/{asked.id}/decision", decision(outcome), Amendment, status=200)
        assert decided.state == outcome
        (duty,) = await staff.duties()
        assert (duty.kind, duty.about, duty.figure) == (following, f"amendment:{asked.id}", "ours")
        answer = await staff.client.post(f"/v1/duties/{duty.id}/completion", {"evidence_ref": "letter 16"})
        assert answer.status == 200


async def test_a_school_of_the_district_decides_too_and_the_state_agency_does_not(world: World) -> None:
    asked = await Staff(world).amend(await world.student())
    path = f"/v1/amendments/{asked.id}/decision"
    sea = await Staff(world, world.sea).client.post(path, decision())
    assert (sea.status, problem_of(sea).code) == (403, "not-the-originating-agency")
    await Staff(world).post(path, decision("granted"), Amendment, status=200)
    own = await world.student(custodian_id=world.oak_school.id, originating_agency=str(world.oak_school.id))
    asked = await Staff(world, world.oak_school).amend(own)
    assert asked.decided_by == str(world.oak.id)
    await Staff(world, world.oak_school).post(f"/v1/amendments/{asked.id}/decision", decision(), Amendment, status=200)


async def test_who_signed_in_decides_as_themselves(world: World) -> None:
    asked, person = await Staff(world).amend(await world.student()), digest_of(b"somebody who signed in")
    application, path = world.node.client(world.oak, *STAFF, person=person), f"/v1/amendments/{asked.id}/decision"
    answer = await application.post(path, decision())
    assert (answer.status, problem_of(answer).code) == (403, "not-permitted")
    assert (await application.post(path, decision(official=official(official_of(person))))).status == 200


async def test_a_district_does_not_decide_for_the_state_agency_above_it(world: World) -> None:
    facts = await world.student(originating_agency=str(world.sea.id))
    asked = await Staff(world).amend(facts)
    assert (asked.state, asked.decided_by) == ("forwarded", str(world.sea.id))
    answer = await Staff(world).client.post(f"/v1/amendments/{asked.id}/decision", decision())
    assert problem_of(answer).code == "not-the-originating-agency"
    await Staff(world, world.sea).post(f"/v1/amendments/{asked.id}/decision", decision(), Amendment, status=200)


async def test_a_state_agency_forwards_to_the_district_which_owes_the_decision(world: World) -> None:
    facts = await world.student()
    asked = await Staff(world, world.sea).amend(facts)
    assert (asked.state, [event.kind for event in asked.events]) == ("forwarded", ["forwarded"])
    assert await Staff(world).kinds() == ["decide-amendment"]
    decided = await Staff(world).post(f"/v1/amendments/{asked.id}/decision", decision("granted"), Amendment, status=200)
    read = await world.node.client(world.sea, *STAFF).get(f"/v1/amendments/{asked.id}")
    assert Amendment.model_validate_json(read.body) == decided


async def test_what_another_state_made_is_decided_by_the_district_that_keeps_it_or_written_to_its_own(world: World) -> None:
    kept = await world.student(originating_agency=f"{BIRCH}#elder-district")
    assert (await Staff(world).amend(kept)).decided_by == str(world.oak.id)
    held_by_the_state = await world.student(originating_agency=f"{BIRCH}#elder-district", custodian_id=world.sea.id)
    asked = await Staff(world, world.sea).amend(held_by_the_state)
    assert (asked.state, asked.decided_by) == ("forwarded", f"{BIRCH}#elder-district")
    answer = await Staff(world, world.sea).client.post(f"/v1/amendments/{asked.id}/decision", decision())
    assert problem_of(answer).code == "not-the-originating-agency"


@pytest.mark.parametrize("decided_on", ["2026-10-19", "2026-10-21"])
async def test_it_is_decided_between_its_receipt_and_today(world: World, decided_on: str) -> None:
    asked = await Staff(world).amend(await world.student())
    answer = await Staff(world).client.post(f"/v1/amendments/{asked.id}/decision", decision(decided_on=decided_on))
    assert (answer.status, problem_of(answer).field) == (422, "decided_on")


async def test_only_a_refusal_is_heard_and_once(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    asked = await staff.amend(facts)
    body = {"amendment_id": str(asked.id), "acting_for": parent_of(world, facts), "received_on": "2026-10-20", "request_ref": "l 15"}
    assert problem_of(await staff.client.post("/v1/hearings", body)).code == "step-not-possible"
    await staff.post(f"/v1/amendments/{asked.id}/decision", decision(), Amendment, status=200)
    made = await staff.post("/v1/hearings", body, Hearing)
    assert made.state == "requested"
    assert await staff.kinds() == ["hold-hearing"]
    assert problem_of(await staff.client.post("/v1/hearings", body)).code == "step-not-possible"


@pytest.mark.requirement("FERPA-99.22")
async def test_a_hearing_with_everything_is_decided_and_each_step_ends_its_clock(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    hearing = await staff.hearing(facts)
    await staff.step(hearing, "schedule", schedule())
    world.node.clock.instant, decided = AFTER_THE_HEARING, hearing
    holding = linked("privacy.request_hearing", "privacy.record_hearing", hearing)
    deciding = linked("privacy.request_hearing", "privacy.decide_hearing", hearing)
    for path, leads, body in (
        (holding, linked("privacy.record_hearing", "privacy.read_hearing", path=holding), HELD),
        (deciding, linked("privacy.decide_hearing", "privacy.read_hearing", path=deciding), hearing_decision("amend")),
    ):
        decided = await staff.post(path, body, Hearing, status=200)
        assert Hearing.model_validate_json((await staff.client.get(leads)).body) == decided
    assert (decided.state, [event.kind for event in decided.events]) == ("amend", ["scheduled", "held", "amend"])
    assert await staff.kinds() == ["amend-record"]
    [decide] = [duty for duty in await staff.duties("state=done") if duty.kind == "decide-hearing"]
    assert decided.decision_overdue_at == decide.overdue_at != decided.overdue_at
    assert await staff.kinds("state=done") == ["decide-amendment", "decide-hearing", "hold-hearing", "inform-of-hearing-right"]
    assert not any(duty.late for duty in await staff.duties("state=done"))


@pytest.mark.requirement("FERPA-99.22")
@pytest.mark.parametrize(
    ("changes", "field", "citation"),
    [
        ({"schedule": {"notice_given_on": "2026-11-03"}}, "schedule.notice_given_on", "99.22(b)"),
        ({"schedule": {"officer": {"pairwise_id": "o-1"}}, "decision": {"officer_pairwise_id": "o-1"}}, "schedule.officer", "99.22(c)"),
        ({"schedule": {"officer": {"pairwise_id": "O-1 "}}, "decision": {"officer_pairwise_id": "O-1 "}}, "schedule.officer", "99.22(c)"),
        ({"decision": {"officer_pairwise_id": "h-2"}}, "officer_pairwise_id", "99.22(c)"),
        ({"decision": {"decided_on": "2026-11-02"}}, "decided_on", "99.22(f)"),
        ({"decision": {"decided_on": "2026-11-07"}}, "decided_on", "99.22(e)"),
        ({"record": {"held_at": "2026-11-03T14:00:00.000Z"}}, "record.held_at", "99.22(b)"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_a_hearing_that_lacks_a_condition_decides_nothing(world: World, changes: dict[str, Any], field: str, citation: str) -> None:
    staff = Staff(world)
    hearing = await staff.hearing(await world.student())
    changed = changes.get("schedule", {})
    officer = schedule()["officer"] | changed.get("officer", {})
    await staff.step(hearing, "schedule", schedule(**changed | {"officer": officer}))
    world.node.clock.instant = AFTER_THE_HEARING
    await staff.step(hearing, "record", HELD | changes.get("record", {}))
    answer = await staff.client.post(f"/v1/hearings/{hearing.id}/decision", hearing_decision(**changes.get("decision", {})))
    assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, "hearing-short", field)
    assert citation in (problem_of(answer).detail or "")
    assert "decide-hearing" in await staff.kinds()


@pytest.mark.parametrize("missing", ["notice_ref", "place_ref", "officer"])
@pytest.mark.one_row_on_postgresql
async def test_a_notice_without_place_officer_or_proof_is_none(world: World, missing: str) -> None:
    staff = Staff(world)
    hearing = await staff.hearing(await world.student())
    body = {name: value for name, value in schedule().items() if name != missing}
    assert (await staff.client.post(f"/v1/hearings/{hearing.id}/schedule", body)).status == 422


@pytest.mark.parametrize("missing", ["document", "evidence_summary_ref", "reasons_ref", "solely_on_evidence_ref"])
@pytest.mark.one_row_on_postgresql
async def test_a_decision_without_writing_summary_reasons_or_evidence_is_none(world: World, missing: str) -> None:
    staff = Staff(world)
    hearing = await staff.hearing(await world.student())
    body = {name: value for name, value in hearing_decision().items() if name != missing}
    assert (await staff.client.post(f"/v1/hearings/{hearing.id}/decision", body)).status == 422


async def test_a_hearing_is_not_held_before_its_notice_or_tomorrow_and_only_by_the_agency(world: World) -> None:
    staff = Staff(world)
    hearing = await staff.hearing(await world.student())
    assert problem_of(await staff.client.post(f"/v1/hearings/{hearing.id}/record", HELD)).code == "request-incomplete"
    world.node.clock.instant = AFTER_THE_HEARING
    assert problem_of(await staff.client.post(f"/v1/hearings/{hearing.id}/record", HELD)).code == "step-not-possible"
    sea = Staff(world, world.sea).client
    assert problem_of(await sea.post(f"/v1/hearings/{hearing.id}/schedule", schedule())).code == "not-the-originating-agency"


async def test_a_statement_is_placed_when_the_record_stands_and_within_what_was_contested(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    hearing = await staff.decided(facts)
    assert await staff.kinds() == ["inform-of-statement-right"]
    outside = await staff.client.post("/v1/statements", staff.statement(facts, hearing, relates_to=["identity.name"]))
    assert (outside.status, problem_of(outside).field) == (422, "relates_to")
    placed = await staff.post(
        "/v1/statements", staff.statement(facts, hearing, relates_to=["discipline.incidents", "academics.transcript"]), Statement
    )
    assert (placed.placed_by, placed.student_id) == ("parent", facts.student_id)
    read = await staff.client.get(linked("privacy.place_statement", "privacy.read_statement", placed))
    assert Statement.model_validate_json(read.body) == placed
    (duty,) = await staff.duties()
    assert (duty.kind, duty.about) == ("load-statement", f"statement:{placed.id}")
    second = await staff.post("/v1/statements", staff.statement(facts, hearing), Statement)
    assert second.id != placed.id


async def test_no_statement_without_a_hearing_that_let_the_record_stand(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    amended = await staff.decided(facts, "amend")
    answer = await staff.client.post("/v1/statements", staff.statement(facts, amended))
    assert problem_of(answer).code == "step-not-possible"


@pytest.mark.requirement("FERPA-99.21")
async def test_from_then_on_every_decision_names_the_statement(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    before = await world.node.decide(world.by_transfer(facts))
    placed = await staff.placed(facts)
    decision = await world.node.decide(world.by_transfer(facts))
    assert before.statements == ()
    (of,) = decision.statements
    assert (of.student_id, [one.id for one in of.statements], of.statements[0].relates_to) == (
        facts.student_id,
        [placed.id],
        ("academics.transcript",),
    )
    newer = facts.model_copy(update={"facts_version": 2})
    assert (await world.node.push(newer)).status == 204
    assert (await world.node.decide(world.by_transfer(newer))).statements == decision.statements
    other = await world.student()
    assert (await world.node.decide(world.by_transfer(other))).statements == ()


@pytest.mark.requirement("FERPA-99.21")
async def test_a_package_that_waits_without_the_statement_is_not_sent(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    hearing = await staff.decided(facts)
    waiting = await world.node.decide(world.by_transfer(facts))
    unconcerned = await world.node.decide(world.by_transfer(facts, elements=("identity.name",)))
    assert (await world.node.standing(waiting.id)).stands
    await staff.post("/v1/statements", staff.statement(facts, hearing), Statement)
    fallen = await world.node.standing(waiting.id)
    assert (fallen.stands, fallen.reason, fallen.citation) == (False, "statement-placed", "34 CFR 99.21(c)(2)")
    assert (await world.node.standing(unconcerned.id)).stands
    assert (await world.node.standing((await world.node.decide(world.by_transfer(facts))).id)).stands


async def test_another_districts_requests_look_absent(world: World) -> None:
    staff, facts = Staff(world), await world.student()
    placed = await staff.placed(facts)
    hearing = placed.hearing_id
    made = Hearing.model_validate_json((await staff.client.get(f"/v1/hearings/{hearing}")).body)
    await looks_absent(world, world.elm, "GET", f"/v1/statements/{placed.id}")
    await looks_absent(world, world.elm, "GET", f"/v1/hearings/{hearing}")
    await looks_absent(world, world.elm, "POST", f"/v1/hearings/{hearing}/schedule", schedule())
    await looks_absent(world, world.elm, "GET", f"/v1/amendments/{made.amendment_id}")
    await looks_absent(world, world.elm, "POST", f"/v1/amendments/{made.amendment_id}/decision", decision())
    assert (await Staff(world, world.elm).client.post("/v1/amendments", amendment(world, facts))).status == 404
    assert (await staff.client.get(f"/v1/hearings/{placed.id}")).status == 404


async def test_each_step_is_told_and_repeated_once(world: World) -> None:
    staff, facts, key = Staff(world), await world.student(), str(uuid4())
    hearing = await staff.decided(facts)
    body = staff.statement(facts, hearing)
    first = await staff.post("/v1/statements", body, Statement, key=key)
    world.node.clock.advance(minutes=1)
    assert await staff.post("/v1/statements", body, Statement, key=key) == first
    told = [event.context.operation for event in await world.node.events() if event.class_ == "rights"]
    assert told == [
        "amendment-received",
        "amendment-refused",
        "hearing-requested",
        "hearing-scheduled",
        "hearing-held",
        "hearing-decided",
        "statement-placed",
    ]
    assert world.node.clock() - AFTER_THE_HEARING == timedelta(minutes=1)
