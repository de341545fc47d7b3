"""Consumers look for what a rostering service has at one address: there is an OpenAPI document, of this node, that says what is so."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from services.records.formats.oneroster_query import Object
from services.records.oneroster.discovery import NAMES
from services.records.oneroster.routes import ALL, CORE, DEMOGRAPHICS
from tests.records.oneroster.conftest import PATH, Roster

pytestmark = pytest.mark.anyio

OF_THE_STANDARD = {
    "/courses/{courseSourcedId}/classes", "/students/{studentSourcedId}/classes", "/teachers/{teacherSourcedId}/classes",
    "/schools/{schoolSourcedId}/classes/{classSourcedId}/enrollments", "/terms/{termSourcedId}/gradingPeriods", "/users/{sourcedId}",
}  # fmt: skip


async def discovered(roster: Roster, operation: str = "discover_rostering_service") -> Any:
    answer = await roster.consumer.send(f"discovery/{NAMES[operation]}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    return json.loads(answer.body)


@pytest.mark.requirement("FORM-oneroster")
async def test_a_consumer_finds_the_service_its_operations_and_its_scopes(roster: Roster) -> None:
    document = await discovered(roster)
    assert document == await discovered(roster, "discover_rostering_service_by_guide")
    entity_id = document["servers"][0]["url"].removesuffix(PATH)
    flow = document["components"]["securitySchemes"]["OAuth2CC"]["flows"]["clientCredentials"]
    assert (flow["tokenUrl"], set(flow["scopes"])) == (f"{entity_id}/oauth/token", {ALL, CORE, DEMOGRAPHICS})
    assert set(document["paths"]) >= OF_THE_STANDARD
    operations = [one["get"] for one in document["paths"].values()]
    assert len({one["operationId"] for one in operations}) == len(operations) == 41
    for path, one in document["paths"].items():
        named = [each["name"] for each in one["get"]["parameters"] if each["in"] == "path"]
        assert named == re.findall(r"{(\w+)}", path)
        reaches = DEMOGRAPHICS if path.startswith("/demographics") else CORE
        assert one["get"]["security"] == [{"OAuth2CC": [ALL]}, {"OAuth2CC": [reaches]}]


async def test_what_it_says_of_answers_is_so(roster: Roster) -> None:
    document = await discovered(roster)

    def holds(answer: Object, reference: str) -> None:
        schema = {"$ref": f"#/components/schemas/{reference}", "components": document["components"]}
        jsonschema_rs.Draft4Validator(schema).validate(answer)

    collections = [path for path in document["paths"] if "{" not in path]
    assert len(collections) == 12
    for path in collections:
        answer = await roster.consumer.get(path.removeprefix("/"), limit=1000)
        told = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        holds(answer, told.rpartition("/")[2])
        [(collection, objects)] = answer.items()
        known = document["components"]["schemas"][told.rpartition("/")[2]]["properties"][collection]["items"]["$ref"]
        members = set(document["components"]["schemas"][known.rpartition("/")[2]]["properties"])
        assert all(set(one) <= members for one in objects)
    refusal = await roster.consumer.send("users/nobody")
    holds(json.loads(refusal.body), "imsx_StatusInfo")


@pytest.mark.requirement("FORM-oneroster")
async def test_as_many_subjects_are_named_as_have_codes_and_no_student_is_a_primary_teacher(roster: Roster) -> None:
    for collection in ("courses", "classes"):
        those = (await roster.consumer.get(collection, limit=1000))[collection]
        assert any("subjectCodes" in one for one in those)
        assert all(len(one.get("subjects", ())) == len(one.get("subjectCodes", ())) for one in those)
    assert {one["primary"] for one in (await roster.consumer.get("enrollments", limit=1000))["enrollments"]} == {"false"}
