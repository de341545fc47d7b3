"""A peer that gives no token: the log tells it from a dead line, with OAuth's word and nothing else of the answer."""

import logging

import pytest
from aiohttp import web

from safepassage.problems.exchanges import PeerUnavailable
from services.records.exchange.peer_tokens import word_of
from shared.telemetry import JsonLines
from tests.records.exchange.door_of_a_peer import door_of_a_peer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"error": "invalid_dpop_proof", "error_description": "31337"}', "invalid_dpop_proof"),
        (b'{"error":"invalid_client"}', "invalid_client"),
        (b'{"error":"Tyrone Dyer"}', None),
        (b"<html>31337</html>", None),
        (b"", None),
    ],
)
async def test_why_there_is_no_token_is_a_word_of_the_log(body: bytes, word: str | None, caplog: pytest.LogCaptureFixture) -> None:
    async def token(_: web.Request) -> web.Response:
        return web.Response(status=400, body=body, content_type="application/json")

    async with door_of_a_peer(web.post("/oauth/token", token)) as (peers, member):
        with caplog.at_level(logging.WARNING), pytest.raises(PeerUnavailable):
            await peers.get(member, "/v1/peer/pins", {})
    (record,) = caplog.records
    line = JsonLines().format(record)
    assert '"message":"no token from the peer"' in line
    assert ('"code":' in line, word_of(body)) == (word is not None, word)
    assert word is None or f'"code":"{word}"' in line
    assert "31337" not in line
    assert "Tyrone" not in line
