"""Loading and reading students: by whom, what is replaced, what is logged first, and what a stranger learns."""

import json
from uuid import uuid4

import pytest

from safepassage.record.loads import ChangedStudent, LoadedRecord
from services.records.tables import EnrollmentRow, OutboxRow, SectionRow, StudentRow
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, STATE_AGENCY, OneState, problem, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students()
OURS = [one for one in STUDENTS if one.district.key == DISTRICT]
CONTESTED = next(one for one in STUDENTS if one.case == "statement-of-disagreement")


async def test_a_loaded_student_is_read_back_whole_with_its_provenance(alder: OneState) -> None:
    one = OURS[0]
    loaded = await alder.district().load(one.load)
    assert loaded.created
    assert loaded.unresolved == ()
    student = await alder.district().read(loaded.id)
    read = student.record.document()
    guardians = read["contacts"].pop("guardians")
    said = one.load.record.document()
    assert [{k: v for k, v in g.items() if k != "person_id"} for g in guardians] == said["contacts"].pop("guardians")
    assert all("person_id" in guardian for guardian in guardians)
    assert {name: read[name] for name in said} == said
    assert student.custodian_id == alder.by_key[DISTRICT]
    origins = {origin.originating_agency for origin in student.record.provenance.values()}
    assert origins == {str(alder.by_key[DISTRICT])}


async def test_the_same_source_id_again_is_the_same_student_and_guardians_keep_their_ids(alder: OneState) -> None:
    sis = alder.district()
    first = await sis.load(OURS[0].load)
    before = await sis.read(first.id)
    again = await sis.load(OURS[0].load)
    after = await sis.read(first.id)
    assert (again.id, again.created, again.version) == (first.id, False, 2)
    assert before.record.contacts == after.record.contacts
    assert len(await alder.rows(StudentRow)) == 1


async def test_a_repeated_request_has_its_effect_once_and_another_under_its_key_is_refused(alder: OneState) -> None:
    sis, key = alder.district(), str(uuid4())
    first = await sis.load(OURS[0].load, key=key)
    again = await sis.load(OURS[0].load, key=key)
    assert (first.id, again.version) == (again.id, 1)
    body = OURS[1].load.model_dump_json(exclude_none=True).encode()
    assert problem(await sis.send("POST", "/v1/students", body, idempotency_key=key)) == "idempotency-key-reused"
    assert problem(await sis.send("POST", "/v1/students", body)) == "idempotency-key-missing"


async def test_a_student_is_enrolled_at_the_loaders_schools_only(alder: OneState) -> None:
    foreign = await alder.district(OTHER_DISTRICT).load(OURS[0].load)
    assert [one.reason for one in foreign.unresolved] == ["enrollment-not-resolved"]
    assert await alder.rows(EnrollmentRow) == []
    answer = await alder.district(DISTRICT).send("GET", f"/v1/students/{foreign.id}")
    assert problem(answer) == "no-such-student"


async def test_a_change_needs_the_version_that_was_read(alder: OneState) -> None:
    sis = alder.district()
    loaded = await sis.load(OURS[0].load)
    shorter = LoadedRecord(identity=OURS[0].load.record.identity, enrollment=OURS[0].load.record.enrollment)
    change = ChangedStudent(version=1, source_system="sis", as_of=OURS[0].load.as_of, record=shorter)
    body = change.model_dump_json(exclude_none=True).encode()
    path = f"/v1/students/{loaded.id}"
    first = await sis.send("PUT", path, body, idempotency_key=str(uuid4()))
    assert (first.status, json.loads(first.body)["version"]) == (200, 2)
    assert problem(await sis.send("PUT", path, body, idempotency_key=str(uuid4()))) == "student-changed"
    assert problem(await alder.district(OTHER_DISTRICT).send("PUT", path, body, idempotency_key=str(uuid4()))) == "no-such-student"
    assert {row.section for row in await alder.rows(SectionRow)} == {"identity", "enrollment"}


async def test_a_statement_of_disagreement_survives_a_load_that_does_not_bring_it(alder: OneState) -> None:
    sis = alder.district(CONTESTED.district.key)
    loaded = await sis.load(CONTESTED.load)
    silent = CONTESTED.load.model_copy(update={"record": CONTESTED.load.record.model_copy(update={"statements": ()})})
    await sis.load(silent)
    record = (await sis.read(loaded.id)).record
    assert record.statements == CONTESTED.load.record.statements
    gone = {name: part for name, part in CONTESTED.load.record.sections() if name != "discipline"}
    await sis.load(CONTESTED.load.model_copy(update={"record": LoadedRecord(**gone)}))
    assert (await sis.read(loaded.id)).record.statements == ()


async def test_the_facts_that_privacy_needs_follow_each_change_in_order(alder: OneState) -> None:
    sis = alder.district()
    loaded = await sis.load(OURS[0].load)
    await sis.load(OURS[0].load)
    waiting = [row for row in await alder.rows(OutboxRow) if row.sibling == "privacy"]
    bodies = [json.loads(alder.records.state.vault.open_text(row.body)) for row in waiting]
    assert [(body["student_id"], body["facts_version"]) for body in bodies] == [(str(loaded.id), 1), (str(loaded.id), 2)]
    assert set(bodies[0]) <= {
        "student_id", "facts_version", "custodian_id", "originating_agency", "attendances", "birth_date", "time_zone",
        "attends_postsecondary", "jurisdiction", "flags", "rights_holders", "same_child",
    }  # fmt: skip
    assert bodies[0]["jurisdiction"] == "US-XA"
    await alder.tell()
    assert await alder.rows(OutboxRow) == []


@pytest.mark.requirement("BAD-foreign")
async def test_another_districts_student_looks_absent(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    elsewhere = alder.district(OTHER_DISTRICT)
    foreign = await elsewhere.send("GET", f"/v1/students/{loaded.id}")
    unknown = await elsewhere.send("GET", f"/v1/students/{uuid4()}")
    assert problem(foreign) == problem(unknown) == "no-such-student"
    assert {**json.loads(foreign.body), "request_id": ""} == {**json.loads(unknown.body), "request_id": ""}


async def test_a_school_sees_its_own_students_and_no_other(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    own = alder.caller(alder.by_key[OURS[0].school.key], "school", "records:read")
    other_key = next(key for key in alder.by_key if key.startswith(DISTRICT) and len(key) == 12 and key != OURS[0].school.key)
    other = alder.caller(alder.by_key[other_key], "school", "records:read")
    assert (await own.read(loaded.id)).id == loaded.id
    assert problem(await other.send("GET", f"/v1/students/{loaded.id}")) == "no-such-student"


async def test_the_state_agency_reads_by_scope_and_purpose_and_never_by_role_alone(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    path = f"/v1/students/{loaded.id}"
    by_role = alder.caller(STATE_AGENCY, "sea", "records:read", purpose="audit-evaluation")
    without_purpose = alder.caller(STATE_AGENCY, "sea", "records:read:state")
    both = alder.caller(STATE_AGENCY, "sea", "records:read:state", purpose="audit-evaluation")
    assert problem(await by_role.send("GET", path)) == "not-permitted"
    assert problem(await without_purpose.send("GET", path)) == "purpose-missing"
    assert (await both.read(loaded.id)).id == loaded.id


async def test_who_left_is_still_seen_by_the_district_that_keeps_the_record(alder: OneState) -> None:
    document = OURS[0].load.model_dump(mode="json", exclude_none=True)
    document["record"]["enrollment"]["enrollments"][0]["exit_date"] = "2026-09-30"
    loaded = await alder.district().load(type(OURS[0].load).model_validate(document))
    assert (await alder.district().read(loaded.id)).id == loaded.id
    school = alder.caller(alder.by_key[OURS[0].school.key], "school", "records:read")
    assert problem(await school.send("GET", f"/v1/students/{loaded.id}")) == "no-such-student"


async def test_only_the_elements_asked_for_are_answered(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    student = await alder.district().read(loaded.id, "elements=identity.name,enrollment.enrollments")
    assert student.record.elements() == ("identity.name", "enrollment.enrollments")
    answer = await alder.district().send("GET", f"/v1/students/{loaded.id}", query="elements=identity.shoe_size")
    assert problem(answer) == "invalid-request"


async def test_who_read_what_and_who_loaded_is_on_the_log(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    await alder.district().read(loaded.id, "elements=identity.name")
    await alder.tell()
    [read] = [entry for entry in await alder.logged("read") if entry.student_ids == (loaded.id,)]
    [load] = [entry for entry in await alder.logged("load") if entry.student_ids == (loaded.id,)]
    assert read.context is not None
    assert (read.context["operation"], read.context["elements"]) == ("student-read", ["identity.name"])
    assert read.actor is not None
    assert read.actor["organisation_id"] == str(alder.by_key[DISTRICT])
    assert load.context is not None
    assert load.context["operation"] == "load"


async def test_nothing_is_answered_while_the_log_takes_no_entries(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    with alder.audit_gone():
        answer = await alder.district().send("GET", f"/v1/students/{loaded.id}")
    assert problem(answer) == "log-unavailable"
    assert (await alder.district().read(loaded.id)).id == loaded.id


async def test_a_vendor_and_a_client_without_the_scope_read_no_student(alder: OneState) -> None:
    loaded = await alder.district().load(OURS[0].load)
    path = f"/v1/students/{loaded.id}"
    assert problem(await alder.vendor().send("GET", path)) == "no-such-student"
    assert problem(await alder.district(DISTRICT, "records:load").send("GET", path)) == "not-permitted"
    assert problem(await alder.district(DISTRICT, "records:read").send("POST", "/v1/students", b"{}")) == "not-permitted"


@pytest.mark.requirement("BAD-named")
async def test_a_record_that_is_not_valid_is_refused_by_field_and_without_its_values(alder: OneState) -> None:
    document = OURS[0].load.model_dump(mode="json", exclude_none=True)
    document["record"]["identity"]["ssn"] = "123-45-6789"
    answer = await alder.district().send("POST", "/v1/students", document, idempotency_key=str(uuid4()))
    assert (answer.status, problem(answer)) == (422, "invalid-request")
    assert b"123-45" not in answer.body
    assert b"record.identity.ssn" in answer.body
    assert await alder.rows(StudentRow) == []
