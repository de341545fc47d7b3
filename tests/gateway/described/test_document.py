"""One document describes the node: it is what the door lets through, it is valid, and it is served as it is pinned."""

import gzip
import json
from functools import lru_cache
from typing import Any

import pytest
from openapi_spec_validator import validate

from node.documents import ROOT, node_document
from node.merged_document import PROOF, SESSION, TOKEN, VISIT, merged
from services.gateway.door.route import shape
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import SCOPES
from tests.gateway.by_hand import ask
from tests.gateway.house import House

NOT_DESCRIBED = {("GET", "/livez"), ("GET", "/readyz")}
"""For whoever runs the node; shared.app has them in no document."""


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((ROOT / "openapi" / "node.json").read_text())
    return whole


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    paths = document()["paths"].items()
    return {(method.upper(), path): operation for path, members in paths for method, operation in members.items()}


@pytest.mark.requirement("ALL-documents")
def test_the_nodes_document_is_pinned() -> None:
    assert (ROOT / "openapi" / "node.json").read_text() == node_document(), "run `make documents` and read the difference"


def test_it_is_a_valid_openapi_document() -> None:
    validate(document())


@pytest.mark.requirement("DOOR-described")
def test_it_has_every_route_of_the_door_and_nothing_else() -> None:
    described = {(method, shape(path)) for method, path in operations()}
    routed = {(route.method, shape(route.template).replace("{rest}", "{}")) for route in ROUTES} - NOT_DESCRIBED
    assert (sorted(described - routed), sorted(routed - described)) == ([], [])
    assert "internal" not in json.dumps(sorted(document()["paths"]))


def test_each_operation_has_a_name_of_its_own_that_says_whose_it_is() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(set(names)) == len(names)
    assert {name.partition(".")[0] for name in names} == {"gateway", "privacy", "records", "audit"}


@pytest.mark.requirement("DOOR-described")
def test_it_says_of_each_operation_which_scopes_open_it() -> None:
    routes = {(route.method, shape(route.template).replace("{rest}", "{}")): route for route in ROUTES}
    for (method, path), operation in operations().items():
        route = routes[method, shape(path)]
        if route.accepts in ("people", "families"):
            assert operation["security"] == [{SESSION if route.accepts == "people" else VISIT: []}], path
            continue
        told = {frozenset(one[TOKEN]) for one in operation["security"]}
        assert told == {route.and_scopes | {scope} for scope in route.scopes}, path
        assert all(one[PROOF] == [] for one in operation["security"])
        assert (operation["security"] == []) == (route.accepts == "anonymous")
    assert document()["components"]["securitySchemes"][TOKEN]["flows"]["clientCredentials"]["scopes"].keys() == SCOPES.keys()


def test_it_has_no_schema_that_no_operation_leads_to_and_lacks_none() -> None:
    text = json.dumps(document())
    for name in document()["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, name
        assert name.partition("_")[0] in {"Gateway", "Privacy", "Records", "Audit"}


def test_two_services_that_describe_one_operation_are_a_fault() -> None:
    one = {"paths": {"/v1/clients": {"get": {"operationId": "a", "responses": {}}}}, "components": {"schemas": {}}}
    with pytest.raises(ValueError, match="two services describe"):
        merged({"gateway": one, "privacy": one})


@pytest.mark.anyio
async def test_it_is_served_to_everybody_as_it_is_pinned_and_once(house: House) -> None:
    answer = await ask(house.app, "GET", "/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.body == (ROOT / "openapi" / "node.json").read_bytes()
    again = await ask(house.app, "GET", "/openapi.json", headers=[("if-none-match", f'"other", {answer.headers["etag"]}')])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    other = await ask(house.app, "GET", "/openapi.json", headers=[("if-none-match", '"other"')])
    assert other.status == 200
    assert other.headers["cache-control"] == "no-cache"


@pytest.mark.anyio
async def test_packed_it_is_another_representation_of_the_same(house: House) -> None:

    plain = await ask(house.app, "GET", "/openapi.json")
    packed = await ask(house.app, "GET", "/openapi.json", headers=[("accept-encoding", "br, gzip")])
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    for said, taken in {
        "gzip;q=0": False,
        "br, GZIP ; q=0.0 , *": False,
        "gzip;q=0.5": True,
        "deflate,gzip": True,
        "notgzip, gzipped": False,
    }.items():
        answer = await ask(house.app, "GET", "/openapi.json", headers=[("accept-encoding", said)])
        assert (answer.headers.get("content-encoding") == "gzip") is taken, said
