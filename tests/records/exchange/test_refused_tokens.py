"""A peer that gives no token: the log tells it from a dead line, with OAuth's word and nothing else of the answer."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from safepassage.problems.exchanges import PeerUnavailable
from safepassage.trust_members import Endpoints, Member
from services.records.exchange.peer_tokens import PeerCredentials, word_of
from services.records.exchange.peers import Peers
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from shared.telemetry import JsonLines
from tests.conftest import StandingClock

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

    app = web.Application()
    app.add_routes([web.post("/oauth/token", token)])
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
        with caplog.at_level(logging.WARNING), pytest.raises(PeerUnavailable):
            await peers.get(Member.model_validate(about), "/v1/peer/pins", {})
    finally:
        await peers.close()
        await runner.cleanup()
    (record,) = caplog.records
    line = JsonLines().format(record)
    assert '"message":"no token from the peer"' in line
    assert ('"code":' in line, word_of(body)) == (word is not None, word)
    assert word is None or f'"code":"{word}"' in line
    assert "31337" not in line
    assert "Tyrone" not in line
