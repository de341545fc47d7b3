"""Paging, filters, sorting and selection as the standard has them, over what is permitted and nothing else."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.records.oneroster.conftest import STUDENTS, Roster

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("FORM-oneroster")
async def test_pages_follow_the_link_header_and_hold_everybody_once(roster: Roster) -> None:
    for collection, query in (("students", {}), ("students", {"sort": "familyName"}), ("enrollments", {}), ("users", {"orderBy": "desc"})):
        whole = await roster.consumer.get(collection, limit=1000, **query)
        [member] = whole
        seen: list[str] = []
        asked: dict[str, str] = {"limit": "3" if member == "users" else "15", **query}
        while asked:
            answer = await roster.consumer.send(collection, **asked)
            seen += [one["sourcedId"] for one in json.loads(answer.body)[member]]
            assert answer.headers["x-total-count"] == str(len(whole[member]))
            links = {
                part.partition('rel="')[2].rstrip('"'): part.partition("<")[2].partition(">")[0]
                for part in answer.headers["link"].split(", ")
            }
            assert {"first", "last"} <= set(links)
            asked = {name: value[0] for name, value in parse_qs(urlsplit(links.get("next", "")).query).items()}
        assert seen == [one["sourcedId"] for one in whole[member]]


@pytest.mark.requirement("FORM-oneroster")
async def test_a_filter_finds_by_comparisons_joined_by_and_and_or(roster: Roster) -> None:
    users = (await roster.consumer.get("students"))["users"]
    one, other = users[0], users[1]

    async def found(text: str) -> set[str]:
        return {user["sourcedId"] for user in (await roster.consumer.get("students", filter=text))["users"]}

    assert await found(f"sourcedId='{one['sourcedId']}'") == {one["sourcedId"]}
    assert await found(f"sourcedId='{one['sourcedId']}' OR sourcedId='{other['sourcedId']}'") == {one["sourcedId"], other["sourcedId"]}
    assert await found(f"sourcedId='{one['sourcedId']}' AND sourcedId='{other['sourcedId']}'") == set()
    assert await found(f"givenName='{one['givenName'].upper()}' AND familyName='{one['familyName']}'") >= {one["sourcedId"]}
    assert await found("status='active'") == {user["sourcedId"] for user in users}
    assert await found("status!='active'") == set()
    assert await found(f"givenName~'{one['givenName'][1:4]}'") >= {one["sourcedId"]}
    school = one["primaryOrg"]["sourcedId"]
    there = {user["sourcedId"] for user in users if user["primaryOrg"]["sourcedId"] == school}
    assert await found(f"roles.org.sourcedId='{school}'") == there
    assert await found(f"grades~'{one['grades'][0]}'") == {user["sourcedId"] for user in users if one["grades"][0] in user["grades"]}


async def test_what_changed_since_an_instant_is_found_and_nothing_older(roster: Roster) -> None:
    for collection in ("students", "demographics", "enrollments", "users"):
        [(member, everything)] = (await roster.consumer.get(collection, limit=1000)).items()
        assert everything[0]["dateLastModified"] == "2026-10-20T12:00:00.000Z"
        for text, count in (
            (">='2026-10-20T12:00:00Z'", len(everything)),
            (">'2026-10-20T12:00:00Z'", 0),
            (">'2026-10-20T07:59:59-04:00'", len(everything)),
            ("<'2026-10-20'", 0),
            (">='2026-10-21'", 0),
        ):
            answer = await roster.consumer.send(collection, filter=f"dateLastModified{text}", limit=1000)
            assert len(json.loads(answer.body)[member]) == count, (collection, text)
            assert answer.headers["x-total-count"] == str(count)


async def test_objects_are_sorted_by_a_field_either_way_and_by_an_unknown_one_stay_as_they_are(roster: Roster) -> None:
    names = sorted(user["familyName"].casefold() for user in (await roster.consumer.get("students"))["users"])

    async def sorted_by(**query: str) -> list[str]:
        return [user["familyName"].casefold() for user in (await roster.consumer.get("students", **query))["users"]]

    assert await sorted_by(sort="familyName") == names
    assert await sorted_by(sort="familyName", orderBy="desc") == names[::-1]
    assert await sorted_by(sort="shoeSize") == await sorted_by()


async def test_only_the_fields_asked_for_are_given(roster: Roster) -> None:
    users = (await roster.consumer.get("students", fields="sourcedId,givenName"))["users"]
    assert len(users) == len(STUDENTS)
    assert all(set(user) == {"sourcedId", "givenName"} for user in users)
    one = (await roster.consumer.get(f"students/{users[0]['sourcedId']}", fields="familyName"))["user"]
    assert set(one) == {"familyName"}


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ({"filter": "givenName"}, (400, "invalid_filter_field")),
        ({"filter": "shoeSize='40'"}, (400, "invalid_filter_field")),
        ({"filter": "givenName='a' XOR givenName='b'"}, (400, "invalid_filter_field")),
        ({"filter": "dateLastModified>'yesterday'"}, (400, "invalid_filter_field")),
        ({"fields": "shoeSize"}, (400, "invalid_selection_field")),
        ({"fields": ""}, (400, "invalid_selection_field")),
        ({"limit": 0}, (400, "invaliddata")),
        ({"limit": 10_001}, (400, "invaliddata")),
        ({"limit": "many"}, (400, "invaliddata")),
        ({"offset": -1}, (400, "invaliddata")),
        ({"orderBy": "up"}, (400, "invaliddata")),
    ],
)
async def test_a_query_that_is_not_one_is_refused_as_the_standard_says(
    roster: Roster, query: dict[str, str | int], refused: tuple[int, str]
) -> None:
    assert await roster.consumer.refused("students", **query) == refused
