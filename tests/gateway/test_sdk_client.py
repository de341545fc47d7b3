"""The SDK's client against the gateway: what one of them means the other understands."""

from pathlib import Path
from uuid import UUID

import httpx2 as httpx
import pytest

from safepassage.client import Client, ClientFile, ClientKey
from safepassage.problems.requests import NotFound, NotPermitted
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation
from tests.conftest import StandingClock
from tests.gateway.house import ISSUER, House, open_house


async def client_of(house: House, *scopes: str) -> Client:
    """A client of the state agency."""
    held = [one for one in await house.hand.organisations() if one.kind == "sea"]
    organisation = held[0] if held else await house.organisation("sea")
    key = ClientKey.generate()
    new = NewClient(
        organisation_id=organisation.id,
        name="SDK",
        kind="operations",
        role="administrator",
        scopes=scopes,
        jwks=JwkSet(keys=(ClientJwk.model_validate(key.jwk),)),
    )
    registered = await house.hand.register_client(new)
    file = ClientFile(issuer=ISSUER, client_id=str(registered.id), key=key.private_jwk(), scopes=scopes)
    return Client(file, transport=httpx.ASGITransport(house.app), clock=house.clock)


@pytest.mark.anyio
async def test_the_sdk_administers_a_node(house: House) -> None:
    async with await client_of(house, "admin:organisations", "admin:clients") as client:
        vendor = await client.add_organisation(NewOrganisation.model_validate({"kind": "vendor", "name": "V", "valid_from": "2020-01-01"}))
        assert (await client.read_organisation(vendor.id)).name == "V"
        changed = await client.change_organisation(vendor.model_copy(update={"name": "W"}))
        assert (changed.name, changed.version) == ("W", 2)
        with pytest.raises(NotFound):
            await client.read_organisation(UUID(int=1))


@pytest.mark.anyio
async def test_the_sdk_is_told_what_is_missing(house: House) -> None:
    async with await client_of(house, "admin:clients") as client:
        with pytest.raises(NotPermitted, match="admin:organisations"):
            await client.read_organisation(UUID(int=1))


@pytest.mark.anyio
async def test_the_sdk_follows_a_node_that_wants_nonces(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    async with (
        open_house(tmp_path, node_keys, clock, template=empty_store, require_proof_nonce=True) as house,
        await client_of(house, "admin:organisations") as client,
    ):
        with pytest.raises(NotFound):
            await client.read_organisation(UUID(int=1))


@pytest.mark.anyio
async def test_the_sdk_gets_a_new_token_when_the_old_one_ends(house: House) -> None:
    async with await client_of(house, "admin:organisations") as client:
        for _ in range(3):
            with pytest.raises(NotFound):
                await client.read_organisation(UUID(int=1))
            house.clock.advance(minutes=6)
            await house.app.state.standing.refresh()
    tokens = [event for event in await house.entries() if event.class_ == "authentication"]
    assert len(tokens) == 3
