"""Getting another node's statement: exactly that URL, nothing long, nothing slow, no redirect, https or asked-for loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from safepassage.node_statement import WELL_KNOWN_PATH
from safepassage.trust_members import Endpoints, Member
from shared.keys import SigningKey
from shared.peer_statements import MAX_BYTES, FromPeer
from shared.settings import ServiceSettings


class Peer:
    """Another node's gateway, as bad as it likes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.status, self.headers, self.body, self.waits = 200, [(b"content-type", b"application/jose")], b"a.b.c\n", False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append((scope["method"], scope["path"]))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        if self.waits:
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[str]:
    """The peer's base URL."""
    config = uvicorn.Config(peer, port=0, host="127.0.0.1", lifespan="off", log_config=None, log_level=50, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 uvicorn offers no event
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def settings(*, development: bool) -> ServiceSettings:
    return ServiceSettings(
        entity_id="https://node.example",
        database_url="sqlite+inline:///nowhere",
        keys_directory=Path("nowhere"),
        insecure_development=development,
    )


def member(url: str) -> Member:
    key = SigningKey.generate().jwk
    return Member.model_validate(
        {"entity_id": url, "organisation": "B", "state": "XB", "endpoints": Endpoints(gateway=url), "statement_keys": [key]}
    )


@pytest.mark.anyio
async def test_a_statement_is_got_from_the_members_own_url() -> None:
    peer = Peer()
    async with serving(peer) as url:
        fetch = FromPeer(settings(development=True))
        assert await fetch.get(member(url), kid="anything") == "a.b.c"
        await fetch.close()
    assert peer.asked == [("GET", WELL_KNOWN_PATH)]


@pytest.mark.anyio
async def test_what_is_not_plainly_there_is_not_taken() -> None:
    peer = Peer()
    async with serving(peer) as url:
        fetch = FromPeer(settings(development=True), seconds=0.3)
        for status, headers, body, waits in (
            (302, [(b"location", f"{url}/elsewhere".encode())], b"", False),
            (404, [], b"a.b.c", False),
            (200, [], b"x" * (MAX_BYTES + 1), False),
            (200, [], "ä.b.c".encode(), False),
            (200, [], b"", True),
        ):
            peer.status, peer.headers, peer.body, peer.waits = status, headers, body, waits
            with pytest.raises((ValueError, OSError)):
                await fetch.get(member(url), kid=None)
        await fetch.close()
    assert {path for _, path in peer.asked} == {WELL_KNOWN_PATH}, "no redirect is followed"


@pytest.mark.anyio
async def test_http_is_for_the_loopback_in_development_that_was_asked_for() -> None:
    peer = Peer()
    async with serving(peer) as url:
        fetch = FromPeer(settings(development=False))
        with pytest.raises(ValueError, match="https"):
            await fetch.get(member(url), kid=None)
        await fetch.close()
    assert peer.asked == []


@pytest.mark.anyio
async def test_a_peer_that_does_not_answer_is_a_fault_of_the_connection() -> None:
    fetch = FromPeer(settings(development=True))
    with pytest.raises(OSError):  # noqa: PT011 whichever
        await fetch.get(member("http://127.0.0.1:1"), kid=None)
    await fetch.close()
