"""The table is compared with what the services really answer: nothing else is reachable, and nothing is in it that is not there."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from node.documents import application
from services.gateway.described.interface import DOCUMENT
from services.gateway.door.no_page import NO_PAGE
from services.gateway.door.paths import Matcher
from services.gateway.door.route import API_HEADERS, DEVELOPER_HEADERS, JSON, PAGE_HEADERS, Route, shape
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import PEER_SCOPE, SCOPES
from shared.plain_route import PlainRoute
from shared.who_may_call import SERVICES, ServiceName

NOT_ROUTED = ("/internal/", "/metrics")
PUBLISHED = {"/openapi.json", "/docs", "/docs/{asset}", "/public", "/public/es", "/public/register.json"}
HEALTH = {("GET", "/livez"), ("GET", "/readyz")}


@dataclass(frozen=True)
class Answered:
    """An operation that a service answers."""

    service: ServiceName
    method: str
    template: str
    scopes: frozenset[frozenset[str]]
    """Of each set, one is needed."""
    has_body: bool


@lru_cache(maxsize=1)
def answered() -> tuple[Answered, ...]:
    """Every operation of every service that is meant to be reached from outside."""
    return tuple(operation for service in SERVICES for operation in _of(service))


def _of(service: ServiceName) -> Iterator[Answered]:
    for context in iter_route_contexts(application(service).routes):
        route, template = context.original_route, context.path
        if template is None or template.startswith(NOT_ROUTED) or (service != "gateway" and ("GET", template) in HEALTH):
            continue
        if template == NO_PAGE.template:  # what is no page
            continue
        if isinstance(route, PlainRoute):  # it answers what another one describes
            continue
        methods = (getattr(route, "methods", None) or set()) - {"HEAD"}
        dependant = route.dependant if isinstance(route, APIRoute) else None
        for method in methods:
            yield Answered(service, method, template, frozenset(_scopes(dependant)), has_body=bool(dependant and dependant.body_params))


def _scopes(dependant: Any) -> Iterator[frozenset[str]]:
    if dependant is None:
        return
    if scopes := getattr(dependant.call, "scopes", ()):
        yield frozenset(scopes)
    for inner in dependant.dependencies:
        yield from _scopes(inner)


def entries() -> dict[tuple[str, str], Route]:
    return {(route.method, shape(route.template)): route for route in ROUTES}


@pytest.mark.requirement("DOOR-table")
def test_every_route_of_a_service_has_exactly_one_entry() -> None:
    here = Counter((route.method, shape(route.template)) for route in ROUTES)
    there = Counter((operation.method, shape(operation.template)) for operation in answered())
    assert [key for key, count in (here + there).items() if here[key] > 1 or there[key] > 1] == []
    assert sorted(there.keys() - here.keys()) == [], "answered by a service, and not in the table"
    assert sorted(here.keys() - there.keys()) == [], "in the table, and answered by no service"


def test_a_plain_route_answers_what_another_describes_and_asks_for_the_same_scopes() -> None:
    described = {(operation.method, operation.template): operation.scopes for operation in answered()}
    plain = [route for service in SERVICES for route in application(service).plain_routes if not route.path.startswith(NOT_ROUTED)]
    messages = ("request", "envelope", "receipt")
    of_peers = {f"/v1/peer/{one}{form}" for one in messages for form in ("s", "-batches")}
    assert {route.path for route in plain} == of_peers | {"/oauth/token"}
    for route in plain:
        if route.path not in of_peers:
            continue
        assert [described[method, route.path] for method in route.methods or ()] == [frozenset({route.scopes})]


def test_an_entry_names_the_service_that_answers_and_the_scopes_that_it_asks_for() -> None:
    table = entries()
    for operation in answered():
        entry = table[operation.method, shape(operation.template)]
        assert entry.service == operation.service, operation
        if operation.scopes:
            assert {entry.scopes, *(frozenset({scope}) for scope in entry.and_scopes)} == operation.scopes, operation


def test_a_body_is_taken_where_the_service_reads_one_and_nowhere_else() -> None:
    table = entries()
    for operation in answered():
        entry = table[operation.method, shape(operation.template)]
        if operation.has_body:
            assert entry.body_bytes > 0, operation
        assert (entry.body_bytes > 0) == bool(entry.media_types), operation
        if operation.method in ("GET", "DELETE"):
            assert entry.body_bytes == 0, operation


def test_nothing_internal_is_routed() -> None:
    assert [route for route in ROUTES if "internal" in route.template or "metrics" in route.template] == []


def test_only_what_must_be_open_is_open() -> None:
    anonymous = {route.template for route in ROUTES if route.accepts == "anonymous" and not route.is_page}
    assert anonymous == {
        "/livez",
        "/readyz",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/introspect",
        "/oauth/register",
        "/oauth/register/{client_id}",
        "/oauth/par",
        "/oauth/jwks",
        "/sign-in/back-channel-logout",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/.well-known/authzen-configuration",
        "/.well-known/safe-passage",
        "/openapi.json",
        "/docs",
        "/docs/{asset}",
        "/public",
        "/public/es",
        "/public/register.json",
        "/v1/receipt-keys",
        "/v1/node-statements",
        "/v1/trust-lists",
        "/.well-known/did.json",
        "/ims/oneroster/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json",
        "/ims/oneroster/rostering/v1p2/discovery/imsorv1p2_rostering_openapi3_v1p0.json",
        "/v1/credential-status-lists/{number}",
        "/v1/witness/add-checkpoint",
        "/v1/witness/{origin_digest}/checkpoint",
        "/v1/mirror/add-entries",
    }
    assert all(not route.scopes for route in ROUTES if route.accepts in ("anonymous", "people", "families"))
    assert {route.template for route in ROUTES if route.accepts == "anonymous" and route.is_page} == {
        "/assets/{version}/{name}",
        "/console/assets/{version}/{name}",
        "/family/language",
        "/family/left",
        "/family/link",
        "/sign-in",
        "/sign-in/start",
        "/sign-in/callback",
        "/sign-in/link",
        "/sign-out/provider",
        "/signed-out",
    }


def test_people_get_pages_of_the_gateway_and_nothing_else() -> None:
    for route in ROUTES:
        if route.accepts == "people":
            assert (route.service, route.is_page, route.method in ("GET", "POST")) == ("gateway", True, True), route
        assert bool(route.roles) == (route.accepts == "people"), route
        assert not route.step_up or route.accepts == "people", route


def test_peers_come_in_by_their_routes_alone() -> None:
    for route in ROUTES:
        assert (route.accepts == "peers") == route.template.startswith("/v1/peer/"), route
        assert (route.accepts == "peers") == (route.scopes == {PEER_SCOPE}), route


def test_every_scope_is_of_the_vocabulary_and_every_scope_opens_something() -> None:
    used = {scope for route in ROUTES for scope in route.scopes}
    assert used - SCOPES.keys() == set()
    assert SCOPES.keys() - used == set()


def test_no_vendor_and_no_peer_may_have_a_scope_of_the_log_or_of_administration() -> None:
    for scope, meaning in SCOPES.items():
        if scope.startswith(("audit:", "admin:", "rights:", "matches:")):
            assert meaning.kinds.isdisjoint({"vendor", "peer", "agency"}), scope


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.template}")
def test_bodies_times_and_headers_are_bounded(route: Route) -> None:
    assert route.body_bytes <= (1024 if route.streams else 64) * 1024 * 1024
    assert 0 < route.answer_seconds <= (1800 if route.streams else 120)
    names = dict(route.headers)
    assert names["x-content-type-options"] == "nosniff"
    assert names["strict-transport-security"].startswith("max-age=63072000")
    assert "default-src 'none'" in names["content-security-policy"]
    assert "frame-ancestors 'none'" in names["content-security-policy"]
    assert names["cache-control"] == ("no-store" if route.template not in PUBLISHED else "no-cache")
    assert names["referrer-policy"] == ("same-origin" if route.is_page else "no-referrer")
    assert "unsafe" not in names["content-security-policy"]
    assert (route.headers in (API_HEADERS, PAGE_HEADERS)) == (route.template not in PUBLISHED)
    assert (route.headers == DEVELOPER_HEADERS) == route.template.startswith("/docs")
    if route.media_types == JSON:
        assert route.body_bytes <= 4 * 1024 * 1024


def test_documents_alone_are_streamed() -> None:
    streamed = {(route.method, route.template) for route in ROUTES if route.streams}
    assert streamed == {(method, "/v1/students/{student_id}/attachments/{attachment_id}") for method in ("GET", "PUT")}


def test_the_table_compiles() -> None:
    assert Matcher(ROUTES).match("POST", b"/oauth/token").template == "/oauth/token"


@pytest.mark.requirement("DOOR-again")
def test_the_table_knows_which_operations_take_a_key_as_the_document_does() -> None:
    paths: dict[str, dict[str, Any]] = json.loads(DOCUMENT.read_text())["paths"]
    described = {
        (method.upper(), shape(path))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if any(one["name"].lower() == "idempotency-key" for one in operation.get("parameters", ()))
    }
    assert {key for key, route in entries().items() if route.keyed} == described
