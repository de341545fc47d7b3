"""Other nodes are called at public addresses, or in networks that a setting names; whatever the trust list says of them."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from safepassage.problems.exchanges import PeerAddressRefused, PeerUnavailable
from safepassage.trust_members import Endpoints, Member
from services.records.exchange.peer_tokens import PeerCredentials
from services.records.exchange.peers import Peers
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("DOOR-ssrf")
@pytest.mark.parametrize(
    ("inside", "expected"), [((), PeerAddressRefused), (("10.0.0.0/8",), PeerAddressRefused), (("127.0.0.0/8",), PeerUnavailable)]
)
async def test_a_member_whose_address_is_inside_is_not_called_unless_a_setting_names_its_network(
    inside: tuple[str, ...], expected: type[Exception]
) -> None:
    connections: list[int] = []

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    key = SigningKey.generate()
    about = {"entity_id": url, "organisation": "B", "state": "XB", "endpoints": Endpoints(gateway=url), "statement_keys": [key.jwk]}
    member = Member.model_validate(about)
    settings = ServiceSettings(
        entity_id="https://node.example", database_url="sqlite+inline:///nowhere", keys_directory=Path("nowhere"), inside_networks=inside
    )
    credentials = PeerCredentials(settings.entity_id, client_key=key, dpop_key=key)
    peers = Peers(settings, credentials, StandingClock(datetime(2026, 10, 20, tzinfo=UTC)), timeout_seconds=5)
    try:
        with pytest.raises(expected):
            await peers.get_openly(member, "/v1/receipt-keys")
    finally:
        await peers.close()
        server.close()
        await server.wait_closed()
    assert bool(connections) == (expected is PeerUnavailable)
