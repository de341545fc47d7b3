"""A node that wants a nonce in each proof, one at its token endpoint and another elsewhere, is called at once as often as one likes."""

import asyncio
import json

import pytest
from aiohttp import web

from safepassage.canonical import from_base64url, json_object
from tests.records.exchange.door_of_a_peer import door_of_a_peer

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

    async with door_of_a_peer(web.post("/oauth/token", token), web.post("/v1/peer/notices", notice)) as (peers, member):
        calls = (peers.post(member, "/v1/peer/notices", json.dumps(at).encode(), content_type="application/jose") for at in range(3))
        assert [answer.status for answer in await asyncio.gather(*calls)] == [200] * 3
    assert (tokens, refused) == (1, 3)
