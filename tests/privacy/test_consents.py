"""Who may record a consent, what it must have, and who sees it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from safepassage.problems.records import NoSuchStudent
from safepassage.wire_policy import Consent
from services.privacy.tables import ConsentEventRow, ConsentRow
from shared.contracts.privacy import RightsHolder
from shared.in_process import Answer
from tests.privacy.node import problem_of
from tests.privacy.world import BIRCH, SCHEDULE, STAFF, World

pytestmark = pytest.mark.anyio


async def post(world: World, body: dict[str, Any]) -> Answer:
    return await world.node.client(world.oak, *STAFF).post("/v1/consents", body)


async def test_a_parents_written_consent_is_recorded(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    assert (consent.grantor_role, consent.granted_at) == ("parent", world.node.clock())
    read = await world.node.client(world.sea, *STAFF).get(f"/v1/consents/{consent.id}")
    assert Consent.model_validate_json(read.body) == consent


@pytest.mark.requirement("BAD-foreign")
async def test_another_districts_consent_looks_absent(world: World) -> None:
    consent, request_id = await world.consent(await world.student()), uuid4()
    elm = world.node.client(world.elm, *STAFF)
    foreign = await elm.get(f"/v1/consents/{consent.id}", request_id=request_id)
    unknown = await elm.get(f"/v1/consents/{uuid4()}", request_id=request_id)
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert foreign.status == 404
    body = world.withdrawal(consent)
    foreign = await elm.post(f"/v1/consents/{consent.id}/withdrawal", body, request_id=request_id)
    unknown = await elm.post(f"/v1/consents/{uuid4()}/withdrawal", body, request_id=request_id)
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert (await world.node.count(ConsentEventRow)) == 1


async def test_another_districts_student_looks_absent(world: World) -> None:
    facts, request_id = await world.student(), uuid4()
    elm = world.node.client(world.elm, *STAFF)
    foreign = await elm.post("/v1/consents", world.new_consent(facts), request_id=request_id)
    unknown = await elm.post("/v1/consents", world.new_consent(facts, student_id=str(uuid4())), request_id=request_id)
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert problem_of(foreign).code == NoSuchStudent.code


async def test_without_the_scope_nobody_acts_for_a_parent(world: World) -> None:
    client = world.node.client(world.oak, "records:read", "agreements:write")
    answer = await client.post("/v1/consents", world.new_consent(await world.student()))
    assert answer.status == 403


async def test_a_stranger_gives_no_consent(world: World) -> None:
    facts = await world.student()
    answer = await post(world, world.new_consent(facts, acting_for=world.acting_for(uuid4()).model_dump(mode="json")))
    assert (answer.status, problem_of(answer).code) == (403, "rights-not-held")
    assert await world.node.count(ConsentRow) == 0


@pytest.mark.requirement("FERPA-99.4")
@pytest.mark.parametrize(
    ("ended_on", "status"), [(date(2026, 10, 20), 403), (date(2026, 10, 21), 201), (date(2020, 1, 1), 403), (None, 201)]
)
async def test_a_parent_consents_until_a_document_ends_the_rights(world: World, ended_on: date | None, status: int) -> None:
    parent = uuid4()
    holder = RightsHolder(person_id=parent, relation="father", ended_on=ended_on, ended_by="order 26-11", **{"from": date(2012, 3, 4)})
    facts = await world.student(rights_holders=(holder,))
    answer = await post(world, world.new_consent(facts, acting_for=world.acting_for(parent).model_dump(mode="json")))
    assert answer.status == status


@pytest.mark.requirement("FERPA-99.5")
@pytest.mark.parametrize(
    ("birth_date", "zone", "who"),
    [
        (date(2008, 10, 20), "America/New_York", "student"),
        (date(2008, 10, 21), "America/New_York", "parent"),
        (date(2008, 10, 21), "Pacific/Auckland", "student"),  # noon UTC on the 20th is the 21st there
        (date(2008, 10, 20), "Pacific/Pago_Pago", "student"),
        (date(2008, 2, 29), "America/New_York", "student"),
    ],
)
async def test_at_eighteen_in_their_own_time_zone_only_the_student_consents(world: World, birth_date: date, zone: str, who: str) -> None:
    facts = await world.student(birth_date=birth_date, time_zone=zone)
    persons = {"parent": world.parents[facts.student_id], "student": facts.student_id}
    for role, person_id in persons.items():
        body = world.new_consent(facts, acting_for=world.acting_for(person_id).model_dump(mode="json"), signed_on="2026-10-19")
        answer = await post(world, body)
        assert answer.status == (201 if role == who else 403), (role, answer.body)


@pytest.mark.requirement("FERPA-99.5")
async def test_a_student_in_college_consents_at_any_age(world: World) -> None:
    facts = await world.student(attends_postsecondary=True)
    assert (await post(world, world.new_consent(facts))).status == 403
    own = world.new_consent(facts, acting_for=world.acting_for(facts.student_id).model_dump(mode="json"))
    assert Consent.model_validate_json((await post(world, own)).body).grantor_role == "student"


@pytest.mark.requirement("FERPA-99.30")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"signed_on": "2026-10-21"}, "signed_on"),
        ({"expires_at": "2026-10-20T12:00:00.000Z"}, "expires_at"),
        ({"signature": "electronic"}, "electronic_approval"),
        ({"acting_for": {"authenticated_at": "2026-10-20T12:00:01.000Z"}}, "acting_for.authenticated_at"),
        (
            {"signature": "electronic", "electronic_approval": "box ticked", "acting_for": {"assurance_level": "ial1"}},
            "acting_for.assurance_level",
        ),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_what_is_no_written_consent_is_not_recorded(world: World, change: dict[str, Any], field: str) -> None:
    body = world.new_consent(await world.student())
    answer = await post(world, body | change | {"acting_for": body["acting_for"] | change.get("acting_for", {})})
    assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (422, "consent-incomplete", field)
    assert await world.node.count(ConsentRow) == 0


async def test_an_electronic_consent_with_approval_is_recorded(world: World) -> None:
    assert (await world.consent(await world.student(), signature="electronic", electronic_approval="box ticked")).signature == "electronic"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"elements": ["identity.shoe_size"]}, "unknown-element"),
        ({"purposes": ["targeted-ads"]}, "unknown-purpose"),
        ({"recipient_id": str(uuid4())}, "no-such-recipient"),
        ({"recipient_id": "somebody"}, "no-such-recipient"),
        ({"recipient_id": "https://cedar.example#river-school"}, "no-such-recipient"),
        ({"recipient_id": f"{BIRCH}#"}, "no-such-recipient"),
        ({"recipient_id": f"{BIRCH}#two words"}, "invalid-request"),
        ({"recipient_id": f"{BIRCH}\0#x"}, "invalid-request"),
        ({"elements": []}, "invalid-request"),
        ({"document": "short"}, "invalid-request"),
        ({"note": "call Jane Doe"}, "invalid-request"),
    ],
)
@pytest.mark.one_row_on_postgresql
async def test_what_the_node_does_not_know_is_refused_and_not_echoed(world: World, change: dict[str, Any], code: str) -> None:
    answer = await post(world, world.new_consent(await world.student()) | change)
    assert (answer.status, problem_of(answer).code) == (422, code)
    for value in ("shoe_size", "targeted-ads", "somebody", "cedar.example", "Jane"):
        assert value not in answer.body.decode()


async def test_a_school_behind_another_node_may_be_the_recipient(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts, recipient_id=f"{BIRCH}#river-school", purposes=["enrollment"])
    asked = world.by_transfer(facts, basis="consent", consent_id=consent.id, elements=SCHEDULE)
    assert (await world.node.decide(asked)).outcome == "permit"
    await world.withdraw(consent)
    assert (await world.node.decide(asked)).outcome == "deny"


async def test_another_spelling_of_an_id_names_nobody(world: World) -> None:
    answer = await post(world, world.new_consent(await world.student(), recipient_id=str(world.vendor.id).upper()))
    assert problem_of(answer).code == "no-such-recipient"


async def test_a_withdrawal_is_final(world: World) -> None:
    consent = await world.consent(await world.student())
    world.node.clock.advance(minutes=5)
    assert (await world.withdraw(consent)).withdrawn_at == world.node.clock()
    again = await world.node.client(world.oak, *STAFF).post(f"/v1/consents/{consent.id}/withdrawal", world.withdrawal(consent))
    assert (again.status, problem_of(again).code) == (409, "consent-withdrawn")
    assert await world.node.count(ConsentEventRow) == 2


async def test_the_other_parent_may_withdraw_and_a_stranger_may_not(world: World) -> None:
    mother, father = uuid4(), uuid4()
    holders = tuple(RightsHolder(person_id=one, relation="parent", **{"from": date(2012, 3, 4)}) for one in (mother, father))
    facts = await world.student(rights_holders=holders)
    consent = await world.consent(facts, acting_for=world.acting_for(mother).model_dump(mode="json"))
    path, staff = f"/v1/consents/{consent.id}/withdrawal", world.node.client(world.oak, *STAFF)
    body = world.withdrawal(consent)
    stranger = await staff.post(path, body | {"acting_for": world.acting_for(uuid4()).model_dump(mode="json")})
    assert (stranger.status, problem_of(stranger).code) == (403, "rights-not-held")
    assert (await staff.post(path, body | {"acting_for": world.acting_for(father).model_dump(mode="json")})).status == 200


async def test_who_gave_a_consent_may_take_it_back_after_the_rights_have_ended(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    await world.student(student_id=facts.student_id, version=2, rights_holders=())
    assert (await world.withdraw(consent)).withdrawn_at is not None


async def test_the_same_request_again_makes_no_second_consent(world: World) -> None:
    facts, key = await world.student(), str(uuid4())
    staff, body = world.node.client(world.oak, *STAFF), world.new_consent(facts)
    once = await staff.post("/v1/consents", body, key=key)
    again = await staff.post("/v1/consents", body, key=key)
    assert (once.status, once.body) == (again.status, again.body)
    other = await staff.post("/v1/consents", body | {"signed_on": "2026-10-18"}, key=key)
    assert (other.status, problem_of(other).code) == (422, "idempotency-key-reused")
    assert await world.node.count(ConsentRow) == 1
    path, key = f"/v1/consents/{Consent.model_validate_json(once.body).id}/withdrawal", str(uuid4())
    withdrawal = world.withdrawal(Consent.model_validate_json(once.body))
    assert (await staff.post(path, withdrawal, key=key)).body == (await staff.post(path, withdrawal, key=key)).body


async def test_each_change_leaves_a_behind_entry_of_codes_and_ids(world: World) -> None:
    consent = await world.consent(await world.student())
    await world.withdraw(consent)
    granted, withdrawn = [event for event in await world.node.events() if event.class_ == "consent"]
    assert (granted.context.operation, withdrawn.context.operation) == ("consent-granted", "consent-withdrawn")
    assert granted.subjects == withdrawn.subjects == (consent.student_id,)
    assert granted.custodians == (world.oak.id,)
    assert granted.actor.acting_for == consent.acting_for.person_id
    assert (granted.context.consent_id, withdrawn.context.reason) == (consent.id, "asked-by-parent")
    assert "desk log" not in granted.model_dump_json()


async def test_what_happened_to_a_consent_cannot_be_rewritten(world: World) -> None:
    consent = await world.consent(await world.student())
    for change in (update(ConsentEventRow).values(kind="withdrawn"), delete(ConsentEventRow)):
        with pytest.raises(DBAPIError):
            async with world.node.app.state.database.transaction() as tx:
                await tx.execute(change)
    async with world.node.app.state.database.reading() as tx:
        kept = (await tx.execute(select(ConsentEventRow.kind).where(ConsentEventRow.consent_id == consent.id))).scalars().all()
    assert kept == ["granted"]


@pytest.mark.parametrize(("signed_on", "status"), [("2026-10-20", 201), ("2026-10-21", 201), ("2026-10-22", 422)])
async def test_who_signs_where_it_is_tomorrow_already_has_a_day_that_has_come(world: World, signed_on: str, status: int) -> None:
    """Midnight is over at the agency that takes it in, and not where the student goes to school."""
    facts = await world.student(time_zone="America/Los_Angeles")
    world.node.clock.instant = datetime(2026, 10, 21, 5, 30, tzinfo=UTC)
    answer = await world.node.client(world.oak, *STAFF).post("/v1/consents", world.new_consent(facts, signed_on=signed_on))
    assert answer.status == status, answer.body
