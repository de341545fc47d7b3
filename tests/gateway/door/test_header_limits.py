"""How much header each operation takes, and that nobody is asked who they are before that."""

from typing import Any

import pytest

from node.merged_document import merged
from safepassage.problems.access import HeadersTooLarge
from services.gateway.door.header_limit import BROWSER, COUNTED, ENDPOINT, MACHINE, PROBE, TOKEN, HeaderLimit, require_header
from services.gateway.door.http_protocol import MAX_FIELDS, MAX_HEADER_BYTES
from services.gateway.door.route import Route
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.proof_of_possession import MAX_LENGTH as LONGEST_PROOF
from services.gateway.oauth.tokens import MAX_LENGTH as LONGEST_TOKEN
from tests.gateway.by_hand import Answer, Party, ask
from tests.gateway.door.test_http_protocol import HOST, OK, heard, serving, spoken
from tests.gateway.house import House

USUAL = 2 * 1024
"""What a program sends beside its credentials."""
PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"


def expected(route: Route) -> HeaderLimit:
    """By who may come in."""
    if route.template in ("/livez", "/readyz"):
        return PROBE
    if route.template in ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect"):
        return ENDPOINT
    if route.accepts in ("clients", "peers"):
        return TOKEN
    shown = route.is_page or route.template.startswith(("/docs", "/public")) or route.template == "/openapi.json"
    return BROWSER if shown else MACHINE


@pytest.mark.requirement("DOOR-bounded")
def test_every_route_has_a_limit_by_who_may_come_and_any_connection_may_send_more() -> None:
    assert [route for route in ROUTES if route.header != expected(route)] == []
    for limit in {route.header for route in ROUTES}:
        assert limit.bytes < MAX_HEADER_BYTES, limit
        assert limit.fields < MAX_FIELDS, limit
    assert TOKEN.bytes >= LONGEST_TOKEN + LONGEST_PROOF + USUAL
    assert ENDPOINT.bytes >= LONGEST_PROOF + USUAL


def more(limit: HeaderLimit, *, over: int = 0) -> list[tuple[str, str]]:
    """Fields that fill a limit to the last byte, and so many more: together with a Host, which is there anyway."""
    taken = len("host") + len("node.example") + 4 + len("x-more") + 4
    return [("host", "node.example"), ("x-more", "a" * (limit.bytes - taken + over))]


def many(limit: HeaderLimit, *, over: int = 0) -> list[tuple[str, str]]:
    """The same of fields."""
    return [("host", "node.example"), *((f"x-{number}", "a") for number in range(limit.fields - 1 + over))]


async def asked(house: House, route: Route, headers: list[tuple[str, str]], number: int) -> Answer:
    """Without any credential, by an address that asks nothing else."""
    target = route.template.replace(":path}", "}").replace("{", "").replace("}", "")
    return await ask(house.app, route.method, target, headers=headers, address=f"2001:db8:{number:x}::1")


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
async def test_a_byte_or_field_more_is_refused_at_every_operation_before_anybody_is_asked_who_they_are(house: House) -> None:
    for number, route in enumerate(ROUTES):
        for headers in (more(route.header, over=1), many(route.header, over=1)):
            answer = await asked(house, route, headers, number)
            assert answer.status == HeadersTooLarge.status, route
            if answer.headers["content-type"] == "application/problem+json":
                assert (answer.code, answer.json["remedy"]) == (HeadersTooLarge.code, HeadersTooLarge.remedy)
                assert answer.json["detail"].endswith(f"takes {route.header.bytes // 1024} KiB of header, in {route.header.fields} fields")
        if route.accepts != "anonymous":
            assert (await asked(house, route, more(route.header), number)).status in (303, 401, 403), route
    assert [one for one in house.behind["records"].heard if not one.path.startswith("/internal/")] == []


@pytest.mark.anyio
async def test_what_just_fits_is_answered(house: House, reader: Party) -> None:
    for limit, path in ((PROBE, "/livez"), (MACHINE, "/oauth/jwks"), (BROWSER, "/sign-in")):
        for headers in (more(limit), many(limit)):
            assert (await ask(house.app, "GET", path, headers=headers)).status == 200, path
    token = await house.token(reader)
    assert (await house.call(reader, token, "GET", PATH, headers=[("x-more", "a" * 20_000)])).status == 200
    refused = await house.call(reader, token, "GET", PATH, headers=[("x-more", "a" * 25_000)])
    assert (refused.status, refused.code) == (431, "headers-too-large")
    assert (await house.call(reader, token, "GET", PATH)).status == 200


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
async def test_the_protocol_has_counted_what_the_door_would() -> None:
    asked_of_it = b"GET / HTTP/1.1\r\n" + HOST + b"X-More: " + b"a" * 500 + b"\r\nAccept:\r\n\r\n"
    async with serving() as port:
        for again in (asked_of_it, asked_of_it * 2):
            assert (await spoken(again, port=port)).startswith(OK)
    assert len(heard) >= 2
    for scope in heard[-2:]:
        counted = scope["state"][COUNTED]
        assert counted == sum(len(name) + len(value) + 4 for name, value in scope["headers"]) == 540
        for state in (scope["state"], {}):
            require_header(HeaderLimit(counted), {**scope, "state": state})
            with pytest.raises(HeadersTooLarge):
                require_header(HeaderLimit(counted - 1), {**scope, "state": state})


@pytest.mark.requirement("DOOR-described")
def test_the_document_names_the_limits_of_each_operation() -> None:
    described: dict[str, Any] = {
        "paths": {"/livez": {"get": {"operationId": "a", "responses": {}}}},
        "components": {"schemas": {"Problem": {}}},
    }
    limits = merged({"gateway": described})["paths"]["/livez"]["get"]["x-limits"]
    assert limits == {"header_bytes": PROBE.bytes, "header_fields": PROBE.fields, "body_bytes": 0}
