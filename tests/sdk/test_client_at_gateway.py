"""The client against a real gateway: what one signs, the other verifies."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from safepassage.client import Client, ClientFile, ClientKey, calls
from safepassage.client.call import Call
from safepassage.problems.access import ProofUsedBefore
from safepassage.problems.calls import TokenNotGranted
from safepassage.problems.requests import NotPermitted
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from tests.conftest import StandingClock
from tests.gateway.house import ISSUER, House, open_house


@pytest.fixture
async def house(tmp_path: Path, node_keys: Path, clock: StandingClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock) as opened:
        yield opened


async def registered(house: House, *scopes: str, purposes: tuple[str, ...] = ()) -> ClientFile:
    key = ClientKey.generate()
    held = [one for one in await house.hand.organisations() if one.kind == "sea"] or [await house.organisation("sea")]
    new = NewClient(
        organisation_id=held[0].id,
        name="An information system",
        kind="information-system",
        role="registrar",
        scopes=scopes,
        purposes=purposes,
        jwks=JwkSet(keys=(ClientJwk.model_validate(key.jwk),)),
    )
    client_id = str((await house.hand.register_client(new)).id)
    await house.app.state.standing.refresh()
    return ClientFile(issuer=ISSUER, client_id=client_id, key=key.private_jwk(), scopes=scopes)


def client_of(house: House, file: ClientFile, *, purpose: str | None = None) -> Client:
    return Client(file, purpose=purpose, transport=httpx2.ASGITransport(house.app), clock=house.clock)


@pytest.mark.anyio
async def test_a_client_asks_what_its_token_may_do(house: House) -> None:
    file = await registered(house, "decisions:read", purposes=("enrollment", "instruction"))
    async with client_of(house, file, purpose="enrollment") as client:
        info = await client.read_token_info()
    assert [one.scope for one in info.scopes] == ["decisions:read"]
    assert info.authorization_details[0]["purpose"] == "enrollment"


@pytest.mark.anyio
async def test_a_registered_client_gets_a_token_and_is_heard_behind_the_door(house: House) -> None:
    file = await registered(house, "exchange:request", "decisions:read", purposes=("enrollment", "instruction"))
    async with client_of(house, file, purpose="enrollment") as client:
        path = f"/v1/exchange-requests/{UUID(int=5)}"
        assert await client.run(Call("GET", path, lambda response: response.json())) == {"answered": True}
        heard = house.heard()
        assert heard.principal.caller is not None
        assert (heard.path, heard.principal.caller.client_id) == (path, file.client_id)
        assert heard.principal.caller.details["purpose"] == "enrollment"
        assert "authorization" not in heard.by_name
        house.clock.advance(seconds=299)
        await house.app.state.standing.refresh()
        await client.run(Call("GET", path, lambda response: response.json()))


@pytest.mark.anyio
async def test_organisations_and_clients_are_administered_by_the_methods_of_the_client(house: House) -> None:
    file = await registered(house, "admin:organisations", "admin:clients")
    async with client_of(house, file) as client:
        sea = (await house.hand.organisations())[0]
        assert (await client.read_organisation(sea.id)).name == sea.name
        assert [each.id async for page in client.pages(calls.list_clients(limit=1)) for each in page.clients]


@pytest.mark.anyio
async def test_a_gateway_that_wants_nonces_gets_them(tmp_path: Path, node_keys: Path, clock: StandingClock) -> None:
    async with open_house(tmp_path, node_keys, clock, require_proof_nonce=True) as house:
        file = await registered(house, "admin:organisations")
        async with client_of(house, file) as client:
            sea = (await house.hand.organisations())[0]
            assert (await client.read_organisation(sea.id)).id == sea.id


@pytest.mark.anyio
async def test_what_the_gateway_refuses_arrives_as_its_problem(house: House) -> None:
    file = await registered(house, "admin:organisations")
    async with client_of(house, file) as client:
        with pytest.raises(NotPermitted):
            await client.read_exchange_request(UUID(int=5))
    async with client_of(house, file, purpose="recruiting") as client:
        with pytest.raises(TokenNotGranted, match="invalid_authorization_details"):
            await client.read_exchange_request(UUID(int=5))
    stranger = file.model_copy(update={"key": ClientKey.generate().private_jwk()})
    async with client_of(house, stranger) as client:
        with pytest.raises(TokenNotGranted, match="invalid_client"):
            await client.read_exchange_request(UUID(int=5))


@pytest.mark.anyio
async def test_headers_for_curl_are_good_for_one_request(house: House) -> None:
    file = await registered(house, "exchange:request")
    path = f"/v1/exchange-requests/{UUID(int=5)}"
    async with client_of(house, file) as client, httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app), base_url=ISSUER) as curl:
        headers = await client.headers_for("GET", path)
        assert (await curl.get(path, headers=headers)).status_code == 200
        assert (await curl.get(path, headers=headers)).json()["code"] == ProofUsedBefore.code


@pytest.mark.anyio
async def test_a_token_whose_client_was_disabled_is_not_asked_for_again_and_again(house: House) -> None:
    file = await registered(house, "exchange:request")
    async with client_of(house, file) as client:
        await client.headers_for("GET", "/v1/exchange-requests")
        await house.hand.disable_client(UUID(file.client_id))
        await house.app.state.standing.refresh()
        with pytest.raises(TokenNotGranted):
            await client.read_exchange_request(UUID(int=5))
