"""A filter by what every object says alike, by ids or by a school opens those alone who can meet it, and finds what a look at all finds."""

from typing import Any

import pytest

from services.records.formats.oneroster_query import parse_filter
from services.records.formats.oneroster_vocabulary import FIELDS
from services.records.oneroster import contents, routes
from services.records.oneroster.asking import Asked, Parameters
from services.records.oneroster.narrowing import Narrowed, narrowed
from tests.records.one_state import DISTRICT, OTHER_DISTRICT
from tests.records.oneroster.conftest import ELSEWHERE, SCHEDULE, STUDENTS, Roster
from tests.records.oneroster.test_paging import opened

pytestmark = pytest.mark.anyio

ALL = len(STUDENTS)
SINCE = "dateLastModified>='2020-01-01T00:00:00Z'"
NOBODY = "00000000-0000-4000-8000-000000000000"


def filters_of(collection: str, objects: list[dict[str, Any]]) -> dict[str, int | None]:
    """Filters with how many students are opened for each; None where a school has as many as it has."""
    one, other = objects[0]["sourcedId"], objects[-1]["sourcedId"]
    found: dict[str, int | None] = {
        "status='active'": ALL,
        f"status='Active' AND {SINCE}": ALL,
        "status='tobedeleted'": 0,
        f"status!='active' OR sourcedId='{one}'": 1,
        f"sourcedId='{one}'": 1,
        f"sourcedId='{one.upper()}' OR sourcedId='{other}'": 2,
        f"sourcedId='{one}' AND {SINCE}": 1,
        f"sourcedId='{one}' AND sourcedId='{other}'": 1,
        f"sourcedId='{NOBODY}'": 0,
        "sourcedId='somebody'": 0,
        f"sourcedId!='{one}'": ALL,
        f"sourcedId~'{one[:6]}'": ALL,
        f"sourcedId='{one}' OR dateLastModified>'2020-01-01'": ALL,
    }
    if collection in ("students", "users"):
        school, agent = objects[0]["primaryOrg"]["sourcedId"], next(user["agents"][0]["sourcedId"] for user in objects if "agents" in user)
        found |= {
            "roles.role='student'": ALL,
            f"roles.role='student' AND enabledUser='true' AND {SINCE}": ALL,
            "enabledUser='false'": 0 if collection == "students" else ALL,
            "roles.role='parent'": 0 if collection == "students" else ALL,
            "roles.role!='student' AND status='active'": 0 if collection == "students" else ALL,
            f"agents.sourcedId='{agent}'": 1,
            f"roles.org.sourcedId='{school}'": None,
            f"primaryOrg.sourcedId='{school.upper()}' AND roles.role='student'": None,
            f"roles.org.sourcedId='{school}' OR givenName='Ana'": ALL,
            f"roles.org.sourcedId='{NOBODY}'": ALL,
        }
    if collection == "enrollments":
        user, school = objects[0]["user"]["sourcedId"], objects[0]["school"]["sourcedId"]
        found |= {"role='student'": ALL, "role='teacher'": 0, f"user.sourcedId='{user}'": 1, f"school.sourcedId='{school}'": ALL}
    return found


@pytest.mark.requirement("FORM-oneroster", "FORM-oneroster-mask")
@pytest.mark.parametrize("collection", ["students", "users", "demographics", "enrollments"])
async def test_it_finds_what_a_look_at_everybody_finds_and_opens_fewer(
    roster: Roster, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [objects] = (await roster.consumer.get(collection, limit=1000)).values()
    for text, most in filters_of(collection, objects).items():
        plans = roster.state.records.state.oneroster_plans
        with monkeypatch.context() as patched:
            patched.setattr(routes, "narrowed", Narrowed)
            answer = await roster.consumer.send(collection, limit=1000, filter=text)
            whole, count = answer.body, answer.headers["x-total-count"]
        for key in [*plans._plans]:
            plans.drop(key)
        with opened(monkeypatch) as counted:
            answer = await roster.consumer.send(collection, limit=1000, filter=text)
        assert (answer.status, answer.body, answer.headers["x-total-count"]) == (200, whole, count), text
        if most is None:
            assert 0 < sum(counted) < ALL, text
        else:
            assert sum(counted) == most, text


@pytest.mark.requirement("FORM-oneroster", "FORM-oneroster-mask")
async def test_of_the_classes_of_a_school_those_of_its_district_are_opened(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    both = await roster.under(*SCHEDULE, districts=(DISTRICT, OTHER_DISTRICT))
    mine = {one["sourcedId"] for one in (await roster.consumer.get("enrollments", limit=1000))["enrollments"]}
    [place, *_] = [one for one in (await both.get("enrollments", limit=1000))["enrollments"] if one["sourcedId"] in mine]
    school, class_ = place["school"]["sourcedId"], place["class"]["sourcedId"]
    for collection, text in (
        ("enrollments", f"class.sourcedId='{class_}'"),
        ("enrollments", f"class.sourcedId='{class_}' OR school.sourcedId='{school}'"),
        ("classes", f"sourcedId='{class_}'"),
        ("classes", f"school.sourcedId='{school}'"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(routes, "narrowed", Narrowed)
            [whole] = (await both.get(collection, limit=1000, filter=text)).values()
        plans = roster.state.records.state.oneroster_plans
        for key in [*plans._plans]:
            plans.drop(key)
        with opened(monkeypatch) as counted:
            [found] = (await both.get(collection, limit=1000, filter=text)).values()
        assert found == whole != []
        assert sum(counted) == ALL, text
    with opened(monkeypatch) as counted:
        await both.get("classes", limit=1000, filter="title~'a'")
    assert sum(counted) == ALL + len(ELSEWHERE)


@pytest.mark.requirement("FORM-oneroster-mask")
async def test_whom_another_agreement_reaches_is_not_found_by_an_id(roster: Roster) -> None:
    [mine, *_] = (await roster.consumer.get("students"))["users"]
    elsewhere = await roster.under("identity.name", districts=(OTHER_DISTRICT,))
    for collection, field in (("students", "sourcedId"), ("users", "sourcedId"), ("enrollments", "user.sourcedId")):
        assert [*(await elsewhere.get(collection, filter=f"{field}='{mine['sourcedId']}'")).values()] == [[]]
    school = mine["primaryOrg"]["sourcedId"]
    assert (await elsewhere.get("users", filter=f"roles.org.sourcedId='{school}'"))["users"] == []
    nameless = await roster.under("identity.birth_date")
    assert (await nameless.get("students", filter=f"sourcedId='{mine['sourcedId']}'"))["users"] == []


@pytest.mark.parametrize(
    ("collection", "text", "windowed"),
    [
        ("users", f"roles.role='student' AND {SINCE}", True),
        ("users", "enabledUser='true' OR roles.role='student'", True),
        ("users", "enabledUser='true' OR roles.role='parent'", False),
        ("users", "status='active'", False),
        ("students", f"{SINCE} AND status='active'", True),
        ("students", f"{SINCE} OR status='active'", True),
        ("students", f"{SINCE} AND givenName='Ana'", False),
    ],
)
def test_pages_of_students_alone_are_cut_in_the_store(collection: str, text: str, windowed: bool) -> None:
    asked = Asked.of(Parameters(filter=text), "users")
    narrow = narrowed(contents.users if collection == "users" else contents.students, asked)
    assert (narrow.find in routes.WINDOWED and narrow.asked.only_since) is windowed
    assert parse_filter(text, fields=FIELDS["users"]) == asked.filter
