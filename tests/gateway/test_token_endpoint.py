import pytest

from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import House, claims_of


@pytest.mark.anyio
async def test_a_client_gets_a_token_for_its_key(house: House, reader: Party) -> None:
    answer = await ask_token(house.app, reader, house.now)
    assert answer.status == 200, answer.body
    claims = claims_of(answer.json["access_token"])
    assert claims["client_id"] == claims["sub"] == reader.client_id
    assert claims["cnf"]["jkt"] == reader.proof_key.thumbprint()
    assert answer.json["scope"] == "decisions:read exchange:request"


@pytest.mark.anyio
async def test_a_token_opens_a_route(house: House, reader: Party) -> None:
    token = await house.token(reader)
    answer = await house.call(reader, token, "GET", "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000")
    assert (answer.status, answer.json) == (200, {"answered": True}), answer
    heard = house.heard()
    assert heard.principal.caller is not None
    assert heard.principal.caller.client_id == reader.client_id
