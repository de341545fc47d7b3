"""A peer of another make that has its door alone: what its routes answer, for a test to say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from safepassage.trust_members import Endpoints, Member
from services.records.exchange.peer_tokens import PeerCredentials
from services.records.exchange.peers import Peers
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from tests.conftest import StandingClock


@asynccontextmanager
async def door_of_a_peer(*routes: web.RouteDef) -> AsyncIterator[tuple[Peers, Member]]:
    """Who calls it, and the peer."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    key = SigningKey.generate()
    about = {"entity_id": url, "organisation": "B", "state": "XB", "endpoints": Endpoints(gateway=url), "statement_keys": [key.jwk]}
    settings = ServiceSettings(
        entity_id="https://node.example", database_url="sqlite+inline:///nowhere", keys_directory=Path("nowhere"), insecure_development=True
    )
    credentials = PeerCredentials(settings.entity_id, client_key=key, dpop_key=key)
    peers = Peers(settings, credentials, StandingClock(datetime(2026, 10, 20, tzinfo=UTC)), timeout_seconds=5)
    try:
        yield peers, Member.model_validate(about)
    finally:
        await peers.close()
        await runner.cleanup()
