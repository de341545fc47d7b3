"""A client asks what its token may do, and what it is told is what the door does."""

import json
from typing import Any

import pytest

from safepassage.wire_tokens import TokenInfo
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth.scopes import SCOPES
from tests.gateway.by_hand import Party, ask
from tests.gateway.house import House

INFO = "/oauth/token_info"


@pytest.mark.anyio
async def test_it_says_what_the_token_is_for_and_how_long_it_counts(house: House) -> None:
    party = await house.sea_party("decisions:read", "records:load", purposes=("audit-evaluation", "research"))
    details = '[{"type":"student_data_access","purpose":"research","datatypes":["attendance"]}]'
    token = await house.token(party, scope="decisions:read", authorization_details=details)
    answer = await house.call(party, token, "GET", INFO)
    info = TokenInfo.model_validate_json(answer.body)
    assert [(one.scope, one.summary) for one in info.scopes] == [("decisions:read", SCOPES["decisions:read"].summary)]
    assert info.authorization_details == ({"type": "student_data_access", "purpose": "research", "datatypes": ["attendance"]},)
    assert (info.client_id, info.organisation_kind, info.organisation_name) == (party.client_id, "sea", "A sea")
    assert info.key == party.proof_key.thumbprint()
    assert (info.expires_at - info.issued_at).total_seconds() == 300


@pytest.mark.anyio
@pytest.mark.parametrize("narrowed", [{}, {"actions": ["request"]}, {"actions": ["read"], "datatypes": ["attendance"]}], ids=str)
async def test_the_operations_that_it_names_are_those_that_the_door_opens(house: House, narrowed: dict[str, Any]) -> None:
    reader = await house.sea_party("decisions:read", "records:read", "exchange:request", purposes=["assessment"])
    details = [{"type": "student_data_access", "purpose": "assessment", **narrowed}]
    token = await house.token(reader, authorization_details=json.dumps(details))
    info = TokenInfo.model_validate_json((await house.call(reader, token, "GET", INFO)).body)
    named = {(one.method, one.path) for one in info.operations}
    assert ("GET", INFO) in named
    for route in ROUTES:
        if route.accepts != "clients" or route.service == "gateway" or route.body_bytes or "{rest}" in route.template:
            continue
        segments = [str(house.now.year) if one.startswith("{") else one for one in route.template.split("/")]
        answer = await house.call(reader, token, route.method, "/".join(segments))
        assert (answer.status != 403) == ((route.method, route.template) in named), route.template


@pytest.mark.anyio
async def test_nobody_is_told_without_a_token_and_a_proof(house: House, reader: Party) -> None:
    assert (await ask(house.app, "GET", INFO)).code == "not-authenticated"
    token = await house.token(reader)
    assert (await ask(house.app, "GET", INFO, headers=[("authorization", f"DPoP {token}")])).code == "proof-not-valid"
    other = Party(reader.client_id, reader.issuer)
    assert (await house.call(other, token, "GET", INFO)).code == "proof-not-valid"
