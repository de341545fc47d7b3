"""A node that wants a nonce in each proof, one at its token endpoint and another elsewhere, is called at once as often as one likes."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from safepassage.canonical import from_base64url, json_object
from safepassage.trust_members import Endpoints, Member
from services.records.exchange.peer_tokens import PeerCredentials
from services.records.exchange.peers import Peers
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

OF_TOKENS, OF_THE_REST = {"dpop-nonce": "for-tokens"}, {"dpop-nonce": "for-the-rest"}


def nonce_in(request: web.Request) -> object:
    return json_object(from_base64url(request.headers["dpop"].split(".")[1])).get("nonce")


@pytest.mark.requirement("EX-other-makers")
async def test_calls_that_go_at_once_take_one_token_and_each_its_nonce() -> None:
    tokens, refused, together = 0, 0, asyncio.Barrier(3)

    async def token(request: web.Request) -> web.Response:
        nonlocal tokens
        if nonce_in(request) != "for-tokens":
            return web.json_response({"error": "use_dpop_nonce"}, status=400, headers=OF_TOKENS)
        tokens += 1
        return web.json_response({"access_token": "t", "token_type": "DPoP", "expires_in": 300}, headers=OF_TOKENS)

    async def notice(request: web.Request) -> web.Response:
        nonlocal refused
        if nonce_in(request) != "for-the-rest":
            refused += 1
            if refused <= 3:
                await together.wait()  # all three were sent before the first was answered
            return web.Response(status=401, headers={"www-authenticate": 'DPoP error="use_dpop_nonce"', **OF_THE_REST})
        return web.Response(status=200, headers=OF_THE_REST)

    app = web.Application()
    app.add_routes([web.post("/oauth/token", token), web.post("/v1/peer/notices", notice)])
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
        member = Member.model_validate(about)
        calls = (peers.post(member, "/v1/peer/notices", json.dumps(at).encode(), content_type="application/jose") for at in range(3))
        assert [answer.status for answer in await asyncio.gather(*calls)] == [200] * 3
    finally:
        await peers.close()
        await runner.cleanup()
    assert (tokens, refused) == (1, 3)
