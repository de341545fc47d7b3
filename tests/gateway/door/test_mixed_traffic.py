"""Answers of all lengths, in one piece and in many, over kept connections, some left in the middle: each caller gets their own, whole."""

import asyncio
import random
from itertools import cycle
from uuid import UUID

import aiohttp
import pytest
from starlette.types import Receive, Scope, Send

from shared.service_connection import CHUNK
from tests.gateway.door.production import Production, production, serving

__all__ = ["production"]

SIZES = (0, 1, 1_800, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 77)
WAYS = ("one piece", "one piece", "chunks", "pieces")
CALLERS, EACH, SECONDS = 6, 40, 8.0
"""A request that is not answered within SECONDS was lost on the way."""
PREFIX = "/v1/exchange-requests/"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """As processes run: uvloop reads on, where asyncio's own loop gives others a turn in between."""
    return "asyncio", {"use_uvloop": True}


async def of_all_sizes(scope: Scope, receive: Receive, send: Send) -> None:
    """A service that answers with as many bytes, in such a way, as the id that is asked for says: that id again and again."""
    asked = UUID(scope["path"].removeprefix(PREFIX))
    body, way = answer_to(asked), WAYS[asked.int >> 8 & 3]
    length = [] if way == "chunks" else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json"), *length]})
    if way == "pieces":
        for start in range(0, len(body), 100_000):
            await send({"type": "http.response.body", "body": body[start : start + 100_000], "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": body, "more_body": False})


def answer_to(asked: UUID) -> bytes:
    size = SIZES[asked.int & 255]
    return (asked.bytes * (size // 16 + 1))[:size]


@pytest.mark.anyio
async def test_each_caller_gets_the_whole_answer_to_their_own_request_in_time(
    production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, leaving = random.Random(20), cycle([False] * 9 + [True])

    async def call(session: aiohttp.ClientSession, number: int) -> None:
        for n in range(EACH):
            asked = UUID(int=number << 64 | n << 32 | drawn.randrange(4) << 8 | drawn.randrange(len(SIZES)))
            path = f"{PREFIX}{asked}"
            proof = production.party.proof(production.house.now, "GET", path, token=production.token)
            fields = {"Host": "node.example", "Authorization": f"DPoP {production.token}", "DPoP": proof}
            async with asyncio.timeout(SECONDS), session.get(f"http://127.0.0.1:{production.port}{path}", headers=fields) as answer:
                assert answer.status == 200
                if next(leaving):
                    await answer.content.read(1)
                    answer.close()
                else:
                    assert await answer.read() == answer_to(asked)

    async with serving(of_all_sizes) as port, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CALLERS)) as session:
        production.elsewhere(monkeypatch, port)
        async with asyncio.TaskGroup() as callers:
            for number in range(CALLERS):
                callers.create_task(call(session, number))
