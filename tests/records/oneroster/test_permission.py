"""What agreement, policies and token withhold is in no object, filter, order or count, and what leaves is on the log first."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from node.synthetic import SyntheticStudent
from services.records.oneroster.routes import ALL, CORE, DEMOGRAPHICS
from tests.records.one_state import OTHER_VENDOR, some_students
from tests.records.oneroster.conftest import STUDENTS, Consumer, Roster

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("FORM-oneroster-mask")
async def test_what_is_not_scheduled_is_in_no_object_and_no_filter_finds_it(roster: Roster) -> None:
    few = await roster.under("enrollment.enrollments")
    users = (await few.get("users"))["users"]
    assert len(users) == len(STUDENTS)
    assert all((user["givenName"], user["familyName"]) == ("", "") for user in users)
    assert all(not {"email", "identifier", "userIds", "agents", "userMasterIdentifier"} & set(user) for user in users)
    name = (await roster.consumer.get("students"))["users"][0]["familyName"]
    assert (await few.get("students", filter=f"familyName='{name}'"))["users"] == []
    plain = [user["sourcedId"] for user in users]
    assert [user["sourcedId"] for user in (await few.get("students", sort="familyName"))["users"]] == plain
    for collection in ("demographics", "enrollments", "classes", "courses"):
        answer = await few.send(collection)
        assert (json.loads(answer.body)[collection], answer.headers["x-total-count"]) == ([], "0")
    sections = await roster.under("academics.current_courses")
    before = await roster.state.logged("read")
    assert len((await sections.get("students"))["users"]) == len(STUDENTS)
    assert [tuple((entry.context or {})["elements"]) for entry in (await roster.state.logged("read"))[len(before) :]] == [
        ("academics.current_courses",)
    ]


@pytest.mark.requirement("FORM-oneroster-mask")
async def test_where_an_enrolment_is_withheld_no_school_of_several_districts_is_told(roster: Roster) -> None:
    few = await roster.under("identity.name", districts=("0300001", "0300002"))
    users = (await few.get("students"))["users"]
    [state] = [org for org in (await few.get("orgs"))["orgs"] if org["type"] == "state"]
    assert {user["roles"][0]["org"]["sourcedId"] for user in users} == {state["sourcedId"]}
    assert all("primaryOrg" not in user and "grades" not in user for user in users)
    for school in (await few.get("schools"))["orgs"]:
        assert (await few.get(f"schools/{school['sourcedId']}/students"))["users"] == []


async def test_a_token_narrowed_to_a_section_gives_no_other(roster: Roster) -> None:
    narrowed = Consumer(roster.state, roster.consumer.agreement_id, narrowed=("enrollment", "identity.birth_date"))
    assert all(user["familyName"] == "" for user in (await narrowed.get("students"))["users"])
    assert all(
        set(one) <= {"sourcedId", "status", "dateLastModified", "birthDate", "metadata"}
        and set(one.get("metadata", {}).get("safepassage.notSaid", {})) <= {"identity.birth_date"}
        for one in (await narrowed.get("demographics"))["demographics"]
    )
    vendor = roster.state.vendor()
    vendor.claims = vendor.claims.model_copy(update={"details": {"purpose": "instruction", "datatypes": ["enrollment"]}})
    page = await vendor.page(roster.consumer.agreement_id)  # type: ignore[arg-type]  # the roster's consumer has one
    assert {element for entry in page.students for element in entry.elements()} == {"enrollment.enrollments"}


async def test_a_token_for_one_agreement_reads_under_no_other(roster: Roster) -> None:
    vendor = roster.state.vendor()
    vendor.claims = vendor.claims.model_copy(update={"details": {"purpose": "instruction", "agreement_id": str(uuid4())}})
    answer = await vendor.send("GET", "/v1/roster-entries", query=f"agreement_id={roster.consumer.agreement_id}")
    assert answer.status == 404


@pytest.mark.requirement("FORM-oneroster")
async def test_scopes_open_what_the_standard_says(roster: Roster) -> None:
    core = Consumer(roster.state, roster.consumer.agreement_id, scope=CORE)
    demographics = Consumer(roster.state, roster.consumer.agreement_id, scope=DEMOGRAPHICS)
    assert (await core.send("students")).status == (await demographics.send("demographics")).status == 200
    assert await core.refused("demographics") == await demographics.refused("students") == (403, "forbidden")
    assert await Consumer(roster.state, roster.consumer.agreement_id, scope="records:read").refused("orgs") == (403, "forbidden")


async def test_without_agreement_purpose_or_a_right_to_it_nothing_is_read(roster: Roster) -> None:
    agreement = roster.consumer.agreement_id
    for path in ("students", "orgs", "classes"):
        assert await Consumer(roster.state, None).refused(path) == (403, "forbidden")
        assert (await Consumer(roster.state, agreement, purpose=None).refused(path))[1] in ("forbidden", "invaliddata")
        assert await Consumer(roster.state, agreement, organisation_id=OTHER_VENDOR).refused(path) == (404, "unknownobject")
        assert await Consumer(roster.state, uuid4()).refused(path) == (404, "unknownobject")
    district = roster.state.district("0300001", ALL)
    answer = await district.send("GET", "/ims/oneroster/rostering/v1p2/students")
    assert answer.status == 403
    other = await Consumer(roster.state, agreement, purpose="assessment").send("students")
    assert (json.loads(other.body), other.headers["x-total-count"]) == ({"users": []}, "0")


@pytest.mark.requirement("FORM-oneroster-mask")
async def test_who_is_in_a_page_is_on_the_log_before_it_leaves_and_who_is_not_is_not(roster: Roster) -> None:
    before = await roster.state.logged("read")
    users = (await roster.consumer.get("students", limit=3, sort="familyName"))["users"]
    [entry] = (await roster.state.logged("read"))[len(before) :]
    names = sorted(roster.students[one].load.record.document()["identity"]["name"]["first"] for one in entry.student_ids)
    assert names == sorted(user["givenName"] for user in users)
    assert entry.context is not None
    assert (entry.context["operation"], entry.context["agreement_id"]) == ("oneroster-read", str(roster.consumer.agreement_id))
    assert "identity.name" in entry.context["elements"]
    assert not set(entry.context["elements"]) & {"identity.sex", "identity.birth_date", "academics.current_courses"}
    await roster.consumer.get("classes")
    assert len(await roster.state.logged("read")) == len(before) + 1
    with roster.state.audit_gone():
        answer = await roster.consumer.send("students")
    assert (answer.status, json.loads(answer.body)["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"]) == (
        503,
        "server_busy",
    )
    assert users[0]["familyName"].encode() not in answer.body


async def test_an_agreement_that_has_ended_or_not_begun_reads_nothing_not_even_its_schools(roster: Roster) -> None:
    clock = roster.state.clock
    held = clock.instant
    try:
        for days in (-40, 300):
            clock.instant = held + timedelta(days=days)
            for path in ("orgs", "academicSessions", "classes", "students"):
                assert await roster.consumer.refused(path) == (404, "unknownobject")
    finally:
        clock.instant = held


async def test_a_statement_of_disagreement_goes_with_what_it_relates_to_whatever_is_selected(roster: Roster) -> None:
    consumer = await roster.under("identity.name", "contacts.guardians", districts=(contested().district.key,))
    loaded = await roster.state.district(contested().district.key).load(with_statement(contested()).load)
    await roster.state.tell()
    name = contested().load.record.document()["identity"]["name"]
    shown = (await consumer.get("students", filter=f"givenName='{name['first']}'", fields="familyName"))["users"]
    stated = [user for user in shown if "metadata" in user]
    assert [one["statement"] for one in stated[0]["metadata"]["safepassage.statementsOfDisagreement"]] == ["It is not my name."]
    assert str(loaded.id) not in json.dumps(shown)


def contested() -> SyntheticStudent:
    """A student of another district than the module's."""
    return next(one for one in some_students(60) if one.case is None and one.district.key == "0300002")


def with_statement(one: SyntheticStudent) -> SyntheticStudent:
    """With a statement about the name."""
    statement = {
        "id": "018f0000-0000-7000-8000-0000000000aa",
        "relates_to": ["identity.name"],
        "statement": "It is not my name.",
        "placed_by": "parent",
        "placed_on": "2026-01-02",
    }
    record = type(one.load.record).model_validate({**one.load.record.document(), "statements": [statement]})
    return type(one)(**{**vars(one), "load": one.load.model_copy(update={"record": record})})
