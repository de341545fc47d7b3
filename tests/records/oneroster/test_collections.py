"""A vendor reads a roster as OneRoster has it: every collection, what belongs to what, and nothing beyond the agreement."""

import json

import pytest

from services.records.formats.archive import Archive
from services.records.formats.oneroster import read_oneroster
from services.records.oneroster.routes import ALL
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OTHER_VENDOR, VENDOR
from tests.records.oneroster.conftest import PATH, SCHEDULE, STUDENTS, Consumer, Roster

pytestmark = pytest.mark.anyio


async def test_students_are_users_with_the_scheduled_elements_and_the_vendors_own_ids(roster: Roster) -> None:
    users = (await roster.consumer.get("students"))["users"]
    expected = sorted(one.load.record.document()["identity"]["name"]["first"] for one in STUDENTS)
    assert sorted(user["givenName"] for user in users) == expected
    for user in users:
        assert (user["status"], user["enabledUser"], user["roles"][0]["role"]) == ("active", "true", "student")
        assert user["roles"][0]["org"]["type"] == "org"
        assert user["roles"][0]["org"]["href"].endswith(f"{PATH}/orgs/{user['roles'][0]['org']['sourcedId']}")
        assert "phone" not in user
    text = json.dumps(users)
    assert not any(str(student) in text for student in roster.students)
    assert {user["sourcedId"] for user in users} == {user["sourcedId"] for user in (await roster.consumer.get("students"))["users"]}


@pytest.mark.requirement("FORM-oneroster")
async def test_every_reference_leads_to_an_object_that_is_there(roster: Roster) -> None:
    get = roster.consumer.get
    held = {
        "org": {one["sourcedId"] for one in (await get("orgs"))["orgs"]},
        "academicSession": {one["sourcedId"] for one in (await get("academicSessions"))["academicSessions"]},
        "course": {one["sourcedId"] for one in (await get("courses"))["courses"]},
        "class": {one["sourcedId"] for one in (await get("classes"))["classes"]},
        "user": {one["sourcedId"] for one in (await get("users", limit=1000))["users"]},
    }
    assert all(held.values())
    found = 0
    for collection in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments"):
        waiting = list((await get(collection, limit=1000))[collection])
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                if "href" in value:
                    found += 1
                    assert value["sourcedId"] in held[value["type"]]
                    assert value["href"].endswith(f"/{value['sourcedId']}")
                else:
                    waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)
    assert found > 60


async def test_what_a_collection_has_is_read_one_by_one_too(roster: Roster) -> None:
    singles = {"orgs": "org", "academicSessions": "academicSession", "courses": "course", "classes": "class", "users": "user"}
    singles |= {"demographics": "demographics", "enrollments": "enrollment"}
    for collection, single in singles.items():
        every = (await roster.consumer.get(collection, limit=1000))[collection]
        for one in (every[0], every[-1]):
            assert (await roster.consumer.get(f"{collection}/{one['sourcedId']}"))[single] == one
    for path, collection, single in (
        ("students", "users", "user"),
        ("schools", "orgs", "org"),
        ("terms", "academicSessions", "academicSession"),
    ):
        one = (await roster.consumer.get(path))[collection][0]
        assert (await roster.consumer.get(f"{path}/{one['sourcedId']}"))[single] == one


async def test_the_classes_of_a_student_and_the_students_of_a_class_agree(roster: Roster) -> None:
    get = roster.consumer.get
    enrolled = {(one["user"]["sourcedId"], one["class"]["sourcedId"]) for one in (await get("enrollments", limit=1000))["enrollments"]}
    classes = (await get("classes", limit=1000))["classes"]
    assert {held for _, held in enrolled} == {one["sourcedId"] for one in classes}
    for one in classes[:2]:
        there = {student for student, held in enrolled if held == one["sourcedId"]}
        in_school = f"schools/{one['school']['sourcedId']}/classes/{one['sourcedId']}"
        assert {user["sourcedId"] for user in (await get(f"classes/{one['sourcedId']}/students"))["users"]} == there
        assert {user["sourcedId"] for user in (await get(f"{in_school}/students"))["users"]} == there
        assert {place["user"]["sourcedId"] for place in (await get(f"{in_school}/enrollments"))["enrollments"]} == there
        course = f"courses/{one['course']['sourcedId']}/classes"
        assert one["sourcedId"] in {other["sourcedId"] for other in (await get(course))["classes"]}
    student = next(iter(enrolled))[0]
    for path in (f"students/{student}/classes", f"users/{student}/classes"):
        assert {one["sourcedId"] for one in (await get(path))["classes"]} == {held for of, held in enrolled if of == student}


async def test_schools_have_their_students_classes_courses_and_terms(roster: Roster) -> None:
    get = roster.consumer.get
    schools = (await get("schools"))["orgs"]
    seen: list[str] = []
    for school in schools:
        within = f"schools/{school['sourcedId']}"
        students = (await get(f"{within}/students"))["users"]
        assert all(user["primaryOrg"]["sourcedId"] == school["sourcedId"] for user in students)
        seen += [user["sourcedId"] for user in students]
        classes = (await get(f"{within}/classes", limit=1000))["classes"]
        assert all(one["school"]["sourcedId"] == school["sourcedId"] for one in classes)
        assert {one["course"]["sourcedId"] for one in classes} == {
            one["sourcedId"] for one in (await get(f"{within}/courses", limit=1000))["courses"]
        }
        assert (await get(f"{within}/terms"))["academicSessions"][0]["type"] == "term"
    assert sorted(seen) == sorted(user["sourcedId"] for user in (await get("students"))["users"])


async def test_of_teachers_and_grading_periods_there_are_none_and_that_is_no_error(roster: Roster) -> None:
    get = roster.consumer.get
    [term] = (await get("terms"))["academicSessions"]
    school = (await get("schools"))["orgs"][0]["sourcedId"]
    held = (await get("classes"))["classes"][0]
    assert (await get("teachers"))["users"] == (await get(f"schools/{school}/teachers"))["users"] == []
    in_school = f"schools/{held['school']['sourcedId']}/classes/{held['sourcedId']}"
    assert (await get(f"classes/{held['sourcedId']}/teachers"))["users"] == (await get(f"{in_school}/teachers"))["users"] == []
    assert (await get("gradingPeriods"))["academicSessions"] == []
    assert (await get(f"terms/{term['sourcedId']}/gradingPeriods"))["academicSessions"] == []
    assert len((await get(f"terms/{term['sourcedId']}/classes"))["classes"]) > 3
    for path in ("teachers/x", "teachers/x/classes", "gradingPeriods/x", "terms/x/gradingPeriods", "terms/x/classes"):
        assert await roster.consumer.refused(path) == (404, "unknownobject")


async def test_guardians_are_agents_of_their_student_and_are_users(roster: Roster) -> None:
    users = {user["sourcedId"]: user for user in (await roster.consumer.get("users", limit=1000))["users"]}
    students = [user for user in users.values() if user["roles"][0]["role"] == "student"]
    agents = [agent["sourcedId"] for user in students for agent in user.get("agents", [])]
    assert sorted(agents) == sorted(one for one, user in users.items() if user["roles"][0]["role"] != "student")
    assert len(agents) > len(students)


async def test_demographics_are_under_the_ids_of_the_students(roster: Roster) -> None:
    those = (await roster.consumer.get("demographics"))["demographics"]
    assert {one["sourcedId"] for one in those} == {user["sourcedId"] for user in (await roster.consumer.get("students"))["users"]}
    assert sorted(one["birthDate"] for one in those) == sorted(
        one.load.record.document()["identity"]["birth_date"]["birth_date"] for one in STUDENTS
    )
    assert {one["sex"] for one in those} <= {"male", "female", "other"}


async def test_an_agreement_reaches_its_own_districts_and_no_other(roster: Roster) -> None:
    both = await roster.under(*SCHEDULE, districts=(DISTRICT, OTHER_DISTRICT))
    names = {org["name"] for org in (await both.get("orgs"))["orgs"]}
    own = {org["name"] for org in (await roster.consumer.get("orgs"))["orgs"]}
    assert own < names
    assert len((await both.get("students"))["users"]) == len(STUDENTS) + 2
    foreign = [
        user
        for user in (await both.get("students"))["users"]
        if user["primaryOrg"]["sourcedId"] not in _ids(await roster.consumer.get("orgs"))
    ]
    assert len(foreign) == 2
    assert await roster.consumer.refused(f"students/{foreign[0]['sourcedId']}") == (404, "unknownobject")
    assert await roster.consumer.refused(f"schools/{foreign[0]['primaryOrg']['sourcedId']}/students") == (404, "unknownobject")


def _ids(orgs: dict[str, list[dict[str, str]]]) -> set[str]:
    return {one["sourcedId"] for one in orgs["orgs"]}


async def test_two_vendors_share_no_id_of_a_student_or_a_class(roster: Roster) -> None:
    other = Consumer(roster.state, await roster.state.agree(SCHEDULE, recipient_id=OTHER_VENDOR), organisation_id=OTHER_VENDOR)
    for collection in ("users", "classes", "enrollments", "courses", "demographics"):
        mine = {one["sourcedId"] for one in (await roster.consumer.get(collection, limit=1000))[collection]}
        theirs = {one["sourcedId"] for one in (await other.get(collection, limit=1000))[collection]}
        assert mine
        assert len(mine) == len(theirs)
        assert not mine & theirs
        assert await other.refused(f"{collection}/{min(mine)}") == (404, "unknownobject")
    student = (await roster.consumer.get("students", limit=1))["users"][0]["sourcedId"]
    assert await other.refused(f"students/{student}/classes") == (404, "unknownobject")


async def test_the_package_is_the_same_roster_and_is_on_the_log(roster: Roster) -> None:
    before = await roster.state.logged("read")
    caller = roster.state.caller(VENDOR, "vendor", ALL, purpose="instruction")
    answer = await caller.send("GET", "/v1/roster-package", query=f"agreement_id={roster.consumer.agreement_id}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    parsed = read_oneroster(Archive.of_zip(answer.body), today=NOON.date())
    assert set(parsed.findings.reasons) <= {"column-kept"}  # what was not said: metadata.safepassage.notSaid
    users = (await roster.consumer.get("students"))["users"]
    assert {one.source_id for one in parsed.students} == {user["sourcedId"] for user in users}
    by_id = {user["sourcedId"]: user for user in users}
    for one in parsed.students:
        assert one.record is not None
        elements = set(one.record.elements())
        assert {"identity.name", "identity.birth_date", "enrollment.enrollments", "academics.current_courses"} <= elements
        assert ("contacts.guardians" in elements) == ("agents" in by_id[one.source_id])
        assert "contacts.telephones" not in elements
    entry = (await roster.state.logged("read"))[len(before)]
    assert set(entry.student_ids) == set(roster.students)
