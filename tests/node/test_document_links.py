"""Each operation that makes something leads to what can be done with it, or says why it leads nowhere."""

from collections.abc import Iterator
from typing import Any

from node.document_links import ELSEWHERE, ID, NOWHERE, creations, link
from tests.isolation.coverage import document, operations


def made() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By operation: the schema of its answer, and its links."""
    found = {}
    for _, status, operation in creations(document()["paths"]):
        answer = operation["responses"][status]
        found[operation["operationId"]] = (answer["content"]["application/json"]["schema"], answer.get("links", {}))
    return found


def test_each_creation_leads_somewhere_or_says_why_not() -> None:
    nowhere = {name for name, (_, links) in made().items() if not links}
    assert sorted(nowhere - NOWHERE.keys()) == [], "name in node/document_links.py where it leads, or why nowhere"
    assert sorted(NOWHERE.keys() - nowhere) == [], "it leads somewhere"
    assert sorted((ID.keys() | ELSEWHERE.keys()) - made().keys()) == [], "it makes nothing"
    assert len(made()) > 40


def linked() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each link, with the operation that leads there and the answer that it is in."""
    for members in document()["paths"].values():
        for operation in members.values():
            for answer in operation["responses"].values():
                for one in answer.get("links", {}).values():
                    yield operation["operationId"], answer, one


def test_each_link_names_an_operation_with_all_of_its_path_and_a_member_that_is_answered() -> None:
    for name, answer, one in linked():
        _, path = operations()[one["operationId"]]
        assert {f"{{{parameter}}}" for parameter in one["parameters"]} == {part for part in path.split("/") if part.startswith("{")}, name
        for said in one["parameters"].values():
            source, _, member = said.partition("#/")
            if source == "$response.body":
                schema = answer["content"]["application/json"]["schema"]
                assert all(member in members for members in _members(schema)), (name, member)
            else:
                assert said.removeprefix("$request.path.") in operations()[name][1], (name, said)
    assert len(list(linked())) > 150


def test_what_is_below_a_collection_and_what_the_thing_itself_is_are_linked() -> None:
    def made() -> dict[str, Any]:
        return {"201": {"content": {"application/json": {}}}}

    paths: dict[str, Any] = {
        "/v1/things": {"get": {"operationId": "list"}, "post": {"operationId": "make", "responses": made()}},
        "/v1/things/{thing_id}": {
            "get": {"operationId": "read"},
            "put": {"operationId": "put", "responses": made()},
            "delete": {"operationId": "drop", "responses": {"204": {}}},
        },
        "/v1/things/{thing_id}/end": {"post": {"operationId": "end", "responses": {"204": {}, "404": {}}}},
        "/v1/things/{thing_id}/parts": {"post": {"operationId": "add", "responses": made()}},
        "/v1/things/{thing_id}/parts/{part_id}": {
            "delete": {"operationId": "remove", "responses": {"200": {"content": {"text/html": {}}}}}
        },
        "/v1/thingsome/{thing_id}": {"get": {"operationId": "other"}},
    }
    link(paths)
    found = {
        operation["operationId"]: {
            name: (status, one["parameters"])
            for status, answer in operation.get("responses", {}).items()
            for name, one in answer.get("links", {}).items()
        }
        for operations in paths.values()
        for operation in operations.values()
    }
    made_id, own = {"thing_id": "$response.body#/id"}, {"thing_id": "$request.path.thing_id"}
    part = own | {"part_id": "$response.body#/id"}
    assert found == {
        "list": {},
        "make": dict.fromkeys(("add", "drop", "end", "put", "read"), ("201", made_id)),
        "read": {},
        "put": dict.fromkeys(("add", "drop", "end", "read"), ("201", own)),
        "drop": {},
        "end": {"read": ("204", own)},
        "add": {"read": ("201", own), "remove": ("201", part)},
        "remove": {},
        "other": {},
    }, "a page leads nowhere"


def _members(schema: dict[str, Any]) -> Iterator[set[str]]:
    """What each form of an answer has; nothing is said of an answer that is any object."""
    if "$ref" in schema:
        yield from _members(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    elif "oneOf" in schema:
        for one in schema["oneOf"]:
            yield from _members(one)
    elif "properties" in schema:
        yield set(schema["properties"])
