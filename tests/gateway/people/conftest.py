"""A house in which people sign in, and the provider at which they do."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.keys import write_secret
from tests.conftest import StandingClock
from tests.gateway.door.production import serving
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import CLIENT_KEY, OpenIdProvider
from tests.gateway.people.signing_in import PEOPLE


@pytest.fixture
def peoples(tmp_path: Path) -> dict[str, Any]:
    """Settings of a house in which people sign in."""
    file = tmp_path / "people-client.json"
    write_secret(file, json.dumps(CLIENT_KEY.as_dict(private=True)).encode())
    return PEOPLE | {"people_client_key_file": file}


@pytest.fixture
async def peopled(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any]
) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **peoples) as opened:
        yield opened


@pytest.fixture
async def provider(clock: StandingClock) -> AsyncIterator[OpenIdProvider]:
    """An OpenID provider on a socket of the loopback."""
    made = OpenIdProvider(clock)
    async with serving(made) as port:
        made.issuer = f"http://127.0.0.1:{port}"
        yield made


@pytest.fixture
async def signing(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], provider: OpenIdProvider
) -> AsyncIterator[House]:
    """A house whose people sign in at `provider`."""
    settings = peoples | {"people_issuer": provider.issuer, "insecure_development": True}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as opened:
        await opened.organisation("sea", name="Department of Education")
        yield opened
