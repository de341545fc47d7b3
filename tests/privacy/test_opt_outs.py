"""An opt-out binds the district to which it was told, outlives the enrolment, and is taken back by who may, and nobody else."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from safepassage.canonical import digest_of
from safepassage.wire_directory import DirectoryOptOut, Preference
from services.privacy.opt_outs import held_preferences
from services.privacy.rights import Said
from services.privacy.tables import PreferenceEventRow, PreferenceRow
from shared.contracts.privacy import Attendance, RightsHolder, SubjectFacts
from shared.in_process import Answer
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff, looks_absent, parent_of
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio

FATHER = uuid4()


def opt_out(world: World, facts: SubjectFacts, kind: str = "directory-opt-out", **more: Any) -> dict[str, Any]:
    """A written request of the student's parent, as it is sent."""
    values = {
        "kind": kind,
        "student_id": str(facts.student_id),
        "acting_for": parent_of(world, facts),
        "document": digest_of(b"form"),
        "received_at": "2026-10-20T10:00:00.000Z",
    }
    return values | ({"recruiters": "military"} if kind == "recruiter-opt-out" else {}) | more


async def said(world: World, facts: SubjectFacts, kind: str = "directory-opt-out", **more: Any) -> Preference:
    made: Preference = await Staff(world).post("/v1/preferences", opt_out(world, facts, kind, **more), Preference)
    return made


async def rescind(world: World, preference: Preference, person_id: Any) -> Answer:
    body = {"acting_for": world.acting_for(person_id).model_dump(mode="json"), "reason": "asked"}
    return await world.node.client(world.oak, *STAFF).post(f"/v1/preferences/{preference.id}/rescission", body)


async def held(world: World, *facts: SubjectFacts) -> tuple[Preference, ...]:
    """As a decision would find them."""
    state = world.node.app.state
    found: tuple[Preference, ...] = await state.database.read(
        lambda connection: held_preferences(connection, state.sealer, [one.student_id for one in facts])
    )
    return found


@pytest.mark.requirement("POL-24")
async def test_what_was_known_of_it_at_an_instant_stays_readable(world: World) -> None:
    facts = await world.student()
    made, staff = await said(world, facts), world.node.client(world.oak, *STAFF)

    async def known(seconds: int) -> Answer:
        at = (made.recorded_at + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
        return await staff.get(f"/v1/preferences/{made.id}", f"known_at={at}")

    world.node.clock.advance(seconds=60)
    await rescind(world, made, world.parents[facts.student_id])
    assert [Preference.model_validate_json((await known(at)).body).rescinded_at is None for at in (0, 59, 60)] == [True, True, False]
    assert (problem_of(await known(-1)).code, (await staff.get(f"/v1/preferences/{made.id}", "known_at=2026-10-20T12:00:00")).status) == (
        "no-such-preference",
        422,
    )


@pytest.mark.requirement("FERPA-99.37")
@pytest.mark.parametrize("kind", ["directory-opt-out", "recruiter-opt-out", "disclosure-refusal"])
async def test_what_was_said_is_kept_for_the_students_district(world: World, kind: str) -> None:
    facts = await world.student(custodian_id=world.oak_school.id)
    made = await said(world, facts, kind)
    assert (made.of.kind, made.district_id, made.recorded_at) == (kind, world.oak.id, world.node.clock())
    assert await held(world, facts) == (made,)
    assert await held(world, await world.student()) == ()
    read = await world.node.client(world.sea, *STAFF).get(f"/v1/preferences/{made.id}")
    assert Preference.model_validate_json(read.body) == made


@pytest.mark.requirement("FERPA-99.37")
async def test_it_outlives_the_enrolment_and_does_not_follow_to_another_district(world: World) -> None:
    facts = await world.student()
    made = await said(world, facts)
    gone = facts.model_copy(update={"facts_version": 2, "custodian_id": world.elm.id, "attendances": ()})
    assert (await world.node.push(gone)).status == 204
    (kept,) = await held(world, gone)
    assert (kept.id, kept.district_id, kept.rescinded_at) == (made.id, world.oak.id, None)
    await looks_absent(world, world.elm, "GET", f"/v1/preferences/{made.id}")
    read = await world.node.client(world.oak, *STAFF).get(f"/v1/preferences/{made.id}")
    assert read.status == 200


@pytest.mark.requirement("FERPA-99.37")
@pytest.mark.parametrize(("last_day", "status"), [(date(2026, 10, 20), 200), (date(2026, 10, 19), 403), (None, 200)])
async def test_of_a_student_who_left_only_the_student_takes_it_back(world: World, last_day: date | None, status: int) -> None:
    facts = await world.student()
    made = await said(world, facts)
    attended = Attendance(organisation_id=world.oak_school.id, until=last_day, **{"from": date(2024, 8, 20)})
    await world.node.push(facts.model_copy(update={"facts_version": 2, "attendances": (attended,)}))
    assert (await rescind(world, made, world.parents[facts.student_id])).status == status
    if status == 403:
        assert (await rescind(world, made, facts.student_id)).status == 403  # not of age
        await world.node.push(facts.model_copy(update={"facts_version": 3, "attendances": (attended,), "birth_date": date(2008, 10, 20)}))
        assert (await rescind(world, made, facts.student_id)).status == 200


@pytest.mark.requirement("FERPA-99.37")
async def test_who_attends_another_district_has_left_this_one_and_who_came_today_attends(world: World) -> None:
    facts = await world.student()
    made, parent = await said(world, facts), world.parents[facts.student_id]
    for version, school, status in ((2, world.elm.id, 403), (3, world.oak_school.id, 200)):
        came_today = Attendance(organisation_id=school, **{"from": date(2026, 10, 20)})
        await world.node.push(facts.model_copy(update={"facts_version": version, "attendances": (came_today,)}))
        assert (await rescind(world, made, parent)).status == status


@pytest.mark.requirement("FERPA-99.37")
async def test_on_whose_word_it_was_said_and_taken_back_stays_on_record_under_seal(world: World) -> None:
    facts = await world.student()
    made, parent = await said(world, facts, received_at="2026-10-20T12:00:00.000Z"), world.parents[facts.student_id]
    path, body = f"/v1/preferences/{made.id}/rescission", {"acting_for": parent_of(world, facts), "reason": "asked"}
    staff, key = world.node.client(world.oak, *STAFF), str(uuid4())
    once, again = [await staff.post(path, body, key=key) for _ in range(2)]
    assert (once.status, again.body) == (200, once.body), "the same request again is no second one"
    sealer = world.node.app.state.sealer
    async with world.node.app.state.database.reading() as tx:
        rows = (await tx.scalars(select(PreferenceEventRow).order_by(PreferenceEventRow.kind))).all()
    happened = [
        (
            row.kind,
            row.organisation_id,
            Said.model_validate_json(sealer.open(row.sealed, table="preference_event", row=row.id, of=f"{row.kind}:{made.id}")),
        )
        for row in rows
    ]
    assert [(kind, whose, word.reason) for kind, whose, word in happened] == [
        ("recorded", world.oak.id, None),
        ("rescinded", world.oak.id, "asked"),
    ]
    assert {word.acting_for.person_id for _, _, word in happened if word.acting_for is not None} == {parent}


async def two_parents(world: World) -> SubjectFacts:
    student_id = uuid4()
    mother = world.parents.setdefault(student_id, uuid4())
    holders = tuple(RightsHolder(person_id=one, relation="parent", **{"from": date(2012, 3, 4)}) for one in (mother, FATHER))
    return await world.student(student_id=student_id, rights_holders=holders)


@pytest.mark.parametrize("kind", ["directory-opt-out", "disclosure-refusal"])
async def test_one_parent_does_not_take_back_what_the_other_said(world: World, kind: str) -> None:
    facts = await two_parents(world)
    made = await said(world, facts, kind)
    answer = await rescind(world, made, FATHER)
    assert (answer.status, problem_of(answer).code) == (403, "rights-not-held")
    ended = facts.rights_holders[0].model_copy(update={"ended_on": date(2026, 10, 20), "ended_by": "order 26-3"})
    await world.node.push(facts.model_copy(update={"facts_version": 2, "rights_holders": (ended, facts.rights_holders[1])}))
    assert (await rescind(world, made, world.parents[facts.student_id])).status == 403
    assert Preference.model_validate_json((await rescind(world, made, FATHER)).body).rescinded_at == world.node.clock()
    again = await rescind(world, made, FATHER)
    assert (again.status, problem_of(again).code) == (409, "preference-rescinded")
    assert [one.rescinded_at for one in await held(world, facts)] == [world.node.clock()]


async def test_what_one_parent_refuses_the_others_consent_does_not_open_until_it_is_taken_back(world: World) -> None:
    facts, vendor = await two_parents(world), world.node.client(world.vendor)
    consent = await world.consent(facts)
    asked = world.by_consent(facts, consent)
    before = await world.node.decide(asked, by=vendor)
    father = world.acting_for(FATHER).model_dump(mode="json")
    refusal = await said(world, facts, "disclosure-refusal", acting_for=father, elements=["attendance.summary"])
    after = await world.node.decide(asked, by=vendor)
    assert set(before.subjects[0].permitted) - set(after.subjects[0].permitted) == {"attendance.summary"}
    assert not (await world.node.standing(before.id)).stands
    assert (await world.node.standing(after.id)).stands
    assert (await rescind(world, refusal, FATHER)).status == 200
    world.node.clock.advance(seconds=1)
    again = await world.node.decide(asked, by=vendor)
    assert set(again.subjects[0].permitted) == set(before.subjects[0].permitted)
    other = await world.student()
    assert (await world.node.decide(world.by_consent(other, await world.consent(other)), by=vendor)).outcome == "permit"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"elements": ["identity.shoe_size"]}, "unknown-element"),
        ({"received_at": "2026-10-20T12:00:00.001Z"}, "request-incomplete"),
        ({"kind": "marketing-opt-out"}, "invalid-request"),
        ({"document": "short"}, "invalid-request"),
        ({"kind": "disclosure-refusal", "recipient_id": "somebody"}, "no-such-recipient"),
        ({"kind": "disclosure-refusal", "purposes": ["ads"]}, "unknown-purpose"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_what_is_not_whole_is_not_recorded(world: World, change: dict[str, Any], code: str) -> None:
    answer = await world.node.client(world.oak, *STAFF).post("/v1/preferences", opt_out(world, await world.student(), **change))
    assert (answer.status, problem_of(answer).code) == (422, code)
    assert await world.node.count(PreferenceRow) == 0


async def test_a_stranger_opts_nobody_out_and_another_districts_looks_absent(world: World) -> None:
    facts = await world.student()
    stranger = opt_out(world, facts, acting_for=world.acting_for(uuid4()).model_dump(mode="json"))
    assert problem_of(await world.node.client(world.oak, *STAFF).post("/v1/preferences", stranger)).code == "rights-not-held"
    made = await said(world, facts)
    body = {"acting_for": parent_of(world, facts), "reason": "asked"}
    await looks_absent(world, world.elm, "POST", f"/v1/preferences/{made.id}/rescission", body)
    assert (await world.node.client(world.elm, *STAFF).post("/v1/preferences", opt_out(world, facts))).status == 404


async def test_it_is_told_repeated_once_and_cannot_be_rewritten(world: World) -> None:
    facts, key, staff = await world.student(), str(uuid4()), Staff(world)
    body = opt_out(world, facts, elements=["identity.name"])
    first = await staff.post("/v1/preferences", body, Preference, key=key)
    assert await staff.post("/v1/preferences", body, Preference, key=key) == first
    assert isinstance(first.of, DirectoryOptOut)
    await rescind(world, first, world.parents[facts.student_id])
    told = [event for event in await world.node.events() if event.class_ == "opt-out"]
    assert [(event.context.operation, event.context.elements) for event in told] == [
        ("directory-opt-out-recorded", ("identity.name",)),
        ("directory-opt-out-rescinded", ("identity.name",)),
    ]
    assert {event.custodians for event in told} == {(world.oak.id,)}
    with pytest.raises(DBAPIError):
        async with world.node.app.state.database.transaction() as tx:
            await tx.execute(delete(PreferenceEventRow))
