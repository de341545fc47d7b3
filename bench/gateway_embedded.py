"""The door in the process of its services, as in an embedded node: what it costs over the call that it passes on. No sockets."""

import asyncio
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from bench.figures import Figure, as_served
from bench.gateway_processes import RECORD
from node.keys import create_node_keys
from services.gateway.door.upstreams import SameProcess
from shared.clock import system_clock
from shared.in_process import call
from shared.siblings import InProcess
from shared.telemetry import JsonLines, Lines
from tests.conftest import StandingClock
from tests.gateway.house import House, open_house

RUNS, REQUESTS = 5, 2_000
PATH, OPEN_PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000", "/v1/receipt-keys"

Fields = list[tuple[bytes, bytes]]


def run() -> list[Figure]:
    """Measure; medians of five runs."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_run(Path(name)))


async def _run(folder: Path) -> list[Figure]:
    create_node_keys(folder / "keys")
    unlimited: dict[str, Any] = {
        "client_requests_per_second": 100_000,
        "client_burst": 1_000_000,
        "anonymous_requests_per_second": 100_000,
        "anonymous_burst": 1_000_000,
    }
    clock = StandingClock(system_clock())
    with _logging():
        async with open_house(folder, folder / "keys", clock, **unlimited) as house:
            return await _figures(house)


async def _figures(house: House) -> list[Figure]:
    for service in ("records", "privacy"):
        transport = InProcess()
        transport.app = _service
        house.app.state.door.upstreams[service] = SameProcess(transport)
    as_served()
    party = await house.sea_party("exchange:request")
    token = await house.token(party)

    def proven() -> list[Fields]:
        proofs = (party.proof(house.now, "GET", PATH, token=token) for _ in range(REQUESTS))
        return [[(b"authorization", f"DPoP {token}".encode()), (b"dpop", proof.encode())] for proof in proofs]

    alone = await _alone()
    open_, shown, refused = [
        await _cost(house, path, requests) for path, requests in ((OPEN_PATH, _nothing), (PATH, proven), (PATH, _nothing))
    ]
    return [
        Figure("embedded: over the service itself, no token", open_ - alone, "µs CPU", "<= 60", f"the call itself {alone:.0f} µs"),
        Figure("embedded: the same, kept token, a proof each", shown - alone, "µs CPU", "", "an ES256 signature verified"),
        Figure("embedded: refused, no token", refused, "µs CPU", "<= 60"),
    ]


@contextmanager
def _logging() -> Iterator[None]:
    """A line for each request is made and written, to nowhere: as a process does it that was started (shared.telemetry.log_to_stderr)."""
    root = logging.getLogger()
    with Path(os.devnull).open("w") as nowhere:
        handler = Lines(nowhere)
        handler.setFormatter(JsonLines())
        before, root.handlers = root.handlers, [handler]
        root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.handlers = before
            root.setLevel(logging.WARNING)


def _nothing() -> list[Fields]:
    return [[]] * REQUESTS


async def _cost(house: House, path: str, requests: Callable[[], Sequence[Fields]]) -> float:
    """Microseconds of CPU for one request through the door."""
    costs = []
    for _ in range(RUNS):
        made = requests()
        began = time.process_time()
        for fields in made:
            await _ask(house, path, fields)
        costs.append((time.process_time() - began) / len(made) * 1e6)
    return statistics.median(costs)


async def _ask(house: House, path: str, fields: Fields) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        pass

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"node.example"), *fields],
        "client": ("127.0.0.1", 5),
        "scheme": "http",
        "root_path": "",
    }
    await house.app(scope, receive, send)


async def _alone() -> float:
    costs = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(REQUESTS):
            await call(_service, "GET", PATH, query="", headers={"host": "node.example"}, body=b"")
        costs.append((time.process_time() - began) / REQUESTS * 1e6)
    return statistics.median(costs)


async def _service(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": RECORD, "more_body": False})
