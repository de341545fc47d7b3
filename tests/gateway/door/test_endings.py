"""What ends says so in each answer and in the document; nothing else does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from openapi_spec_validator import validate

from node.merged_document import merged
from services.gateway.door.endings import ENDINGS, Ending
from services.gateway.door.entrances import entrances
from services.gateway.door.route import Route
from services.gateway.door.routing_table import ROUTES
from tests.gateway.by_hand import Answer, ask
from tests.gateway.house import House

SAID, ENDS = datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 7, 1, 12, 30, tzinfo=UTC)
ENDING = Ending(SAID, ENDS, "GET /v2/decisions.")
HEADERS = {"deprecation": "@1782864000", "sunset": "Thu, 01 Jul 2027 12:30:00 GMT"}
ENDED = (("GET", "/v1/decisions"), ("GET", "/oauth/jwks"))


def table() -> tuple[Route, ...]:
    """The node's own, with two operations that end."""
    return tuple(replace(route, ending=ENDING) if (route.method, route.template) in ENDED else route for route in ROUTES)


def told(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name in HEADERS}


@pytest.fixture
def ending(house: House) -> House:
    house.app.state.door = replace(house.app.state.door, entrances=entrances(house.settings, table()))
    return house


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-endings")
async def test_each_answer_of_what_ends_says_when_whoever_gives_it(ending: House) -> None:
    party = await ending.sea_party("decisions:read", "obligations:read")
    token = await ending.token(party)
    ending.behind["privacy"].answer = (200, [(b"content-type", b"application/json"), (b"link", b'</v1/decisions?c=1>; rel="next"')], b"{}")
    forwarded = await ending.call(party, token, "GET", "/v1/decisions")
    assert (forwarded.status, told(forwarded), "link" in forwarded.headers) == (200, HEADERS, True)
    answered_here = await ask(ending.app, "GET", "/oauth/jwks")
    assert (answered_here.status, told(answered_here)) == (200, HEADERS)
    refused = await ask(ending.app, "GET", "/v1/decisions")
    assert (refused.status, told(refused)) == (401, HEADERS)
    ending.behind["privacy"].answer = (200, [(b"content-type", b"application/json"), (b"sunset", b"never")], b"{}")
    assert told(await ending.call(party, token, "GET", "/v1/decisions")) == HEADERS
    for other in ("/v1/obligations", "/v1/decisions/01980000-0000-7000-8000-000000000001"):
        assert told(await ending.call(party, token, "GET", other)) == {}
    assert told(await ask(ending.app, "POST", "/v1/decisions")) == {}


@pytest.mark.requirement("DOOR-endings")
def test_the_document_says_of_what_ends_that_it_does_and_what_takes_its_place() -> None:
    def operation(name: str) -> dict[str, object]:
        return {"operationId": name, "description": "Decisions.", "responses": {"200": {"description": "so"}}}

    privacy = {"paths": {"/v1/decisions": {"get": operation("decisions")}, "/v1/obligations": {"get": operation("obligations")}}}
    schemas = {"components": {"schemas": {"Problem": {"type": "object"}}}}
    document = merged({"gateway": {"paths": {}, **schemas}, "privacy": {**privacy, **schemas}}, table())
    validate(document)
    [ends] = document["paths"]["/v1/decisions"].values()
    assert (ends["deprecated"], ends["description"]) == (True, "Decisions.\n\nAnswers no more from 2027-07-01. Instead: GET /v2/decisions.")
    [other] = document["paths"]["/v1/obligations"].values()
    assert ("deprecated" in other, other["description"]) == (False, "Decisions.")


def test_nothing_ends_before_that_is_said_or_in_a_time_of_somewhere() -> None:
    with pytest.raises(ValueError, match="before"):
        Ending(SAID, SAID - timedelta(seconds=1), "")
    with pytest.raises(ValueError, match="UTC"):
        Ending(SAID, ENDS.astimezone(timezone(timedelta(hours=-5))), "")


def test_what_the_table_says_to_end_is_there() -> None:
    assert ENDINGS.keys() <= {(route.method, route.template) for route in ROUTES}
    assert {(route.method, route.template): route.ending for route in ROUTES if route.ending is not None} == ENDINGS
