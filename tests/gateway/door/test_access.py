"""AuthZEN at the door: where its decision point is, and that a request's own id comes back and is believed nowhere."""

import json

import pytest

from safepassage.wire_access import OBLIGATION_KINDS, WELL_KNOWN_PATH
from services.gateway.door.routing_table import ROUTES
from tests.gateway.by_hand import ask
from tests.gateway.house import ISSUER, House

pytestmark = pytest.mark.anyio

PATH = "/access/v1/evaluation"


async def test_the_metadata_names_this_node_and_every_operation_of_the_table(house: House) -> None:
    answer = await ask(house.app, "GET", WELL_KNOWN_PATH)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    said = answer.json
    assert said["policy_decision_point"] == ISSUER
    endpoints = {value for name, value in said.items() if name.endswith("_endpoint")}
    assert endpoints == {ISSUER + route.template for route in ROUTES if route.template.startswith("/access/")}
    assert said["supported_obligations"] == list(OBLIGATION_KINDS)


@pytest.mark.requirement("AZ-request-id")
@pytest.mark.parametrize("given", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "pep/42#a", "x" * 200])
async def test_the_callers_request_id_is_in_the_answer_and_not_inside(house: House, given: str) -> None:
    party = await house.sea_party("access:evaluate")
    token = await house.token(party)
    headers = [("X-Request-ID", given), ("content-type", "application/json")]
    answer = await house.call(party, token, "POST", PATH, headers=headers, body=b"{}")
    assert (answer.status, answer.headers["x-request-id"]) == (200, given)
    assert house.heard("privacy").by_name["x-request-id"] != given
    refused = await house.call(party, token, "POST", PATH, headers=[("X-Request-ID", given), ("content-type", "text/plain")], body=b"{}")
    assert (refused.status, refused.headers["x-request-id"]) == (415, given)
    assert json.loads(refused.body)["request_id"] != given


@pytest.mark.parametrize("given", ["", "x" * 201, "with space", "caf\xe9"])
async def test_an_id_that_is_none_is_not_said_again(house: House, given: str) -> None:
    party = await house.sea_party("access:evaluate")
    headers = [("X-Request-ID", given), ("content-type", "application/json")]
    answer = await house.call(party, await house.token(party), "POST", PATH, headers=headers, body=b"{}")
    assert answer.status == 200
    assert answer.headers["x-request-id"] != given
    assert answer.headers["x-request-id"] == house.heard("privacy").by_name["x-request-id"]


async def test_elsewhere_the_request_id_is_ours(house: House) -> None:
    party = await house.sea_party("decisions:read")
    path = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
    answer = await house.call(party, await house.token(party), "GET", path, headers=[("X-Request-ID", "mine")])
    assert answer.headers["x-request-id"] != "mine"


async def test_vendors_are_given_no_scope_to_ask(house: House) -> None:
    with pytest.raises(Exception, match="vendor"):
        await house.party(await house.organisation("vendor"), "access:evaluate")
