"""One token, one audience (RFC 8707); one client, one audience of its assertions (FAPI 2.0 or SMART, never both)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from safepassage.problems.requests import InvalidRequest
from tests.gateway.by_hand import Party, ask_token
from tests.gateway.house import ISSUER, House, claims_of

ODS = "https://ods.alder.example"
TOKEN_URL = f"{ISSUER}/oauth/token"
PATH = "/v1/decisions/019a0000-0000-7000-8000-000000000000"


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-audience")
async def test_a_token_for_another_server_does_not_open_the_node(house: House, reader: Party) -> None:
    await house.sea_party("decisions:read", registered={"resource": ODS})
    refused = await house.call(reader, await house.token(reader, resource=ODS), "GET", PATH)
    assert (refused.status, refused.code) == (401, "access-token-not-valid")
    own = await house.token(reader, resource=ISSUER)
    assert claims_of(own)["aud"] == ISSUER
    assert (await house.call(reader, own, "GET", PATH)).status == 200


@pytest.mark.anyio
async def test_a_token_is_for_no_server_that_is_not_registered_and_for_one_alone(house: House, reader: Party) -> None:
    await house.sea_party("decisions:read", registered={"resource": ODS})
    for resource in ("https://other.example", f"{ODS}/", "records", f"{ISSUER}/v1", "https://ODS.alder.example", " "):
        answer = await ask_token(house.app, reader, house.now, form=reader.form(house.now, resource=resource))
        assert (answer.status, answer.code) == (400, "invalid_target"), resource
    twice = urlencode([*reader.form(house.now).items(), ("resource", ODS), ("resource", ISSUER)])
    assert (await ask_token(house.app, reader, house.now, form=twice)).code == "invalid_request"
    assert [event for event in await house.entries() if event.class_ == "authentication"] == []


@pytest.mark.anyio
async def test_two_clients_are_not_the_same_server(house: House) -> None:
    await house.sea_party("decisions:read", registered={"resource": ODS})
    with pytest.raises(InvalidRequest) as refused:
        await house.sea_party("decisions:read", registered={"resource": ODS})
    assert refused.value.field == "resource"


SMART: dict[str, Any] = {"assertion_audience": "token-url"}


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-audience")
async def test_an_assertion_names_the_audience_that_its_client_is_registered_for_and_never_the_other(house: House, reader: Party) -> None:
    smart = await house.sea_party("decisions:read", registered=SMART)
    seconds = int(house.now.timestamp())
    cases: list[tuple[Party, Any, int, int]] = [
        (reader, ISSUER, 60, 200),
        (reader, ISSUER, 61, 401),
        (reader, TOKEN_URL, 60, 401),
        (reader, [ISSUER, TOKEN_URL], 60, 401),
        (smart, TOKEN_URL, 300, 200),
        (smart, TOKEN_URL, 301, 401),
        (smart, ISSUER, 60, 401),
        (smart, [TOKEN_URL], 60, 401),
        (smart, [ISSUER, TOKEN_URL], 60, 401),
        (smart, f"{TOKEN_URL}/", 60, 401),
    ]
    for party, audience, lasts, status in cases:
        form = party.form(house.now, client_assertion=party.assertion(house.now, aud=audience, exp=seconds + lasts))
        answer = await ask_token(house.app, party, house.now, form=form)
        assert answer.status == status, (audience, lasts, answer.body)
        assert status == 200 or answer.code == "invalid_client"
