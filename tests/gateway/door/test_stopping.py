"""A gateway process that is told to stop: it says so first, ends what it has begun, and nobody who asks has a request failed."""

import asyncio
import json
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Send

from safepassage.canonical import from_base64url
from services.gateway.oauth.signing_keys import activate, prepare
from shared.clock import system_clock
from tests.gateway.by_hand import Party
from tests.gateway.door.production import PATH, Service, serving
from tests.gateway.processes import GatewayProcess, Gateways, gateways

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

UNREADY_SECONDS = 2.0
JSON = [(b"content-type", b"application/json")]
MANY = 300


class Slow(Service):
    """records, slower than a process takes to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting, self.go_on = asyncio.Event(), asyncio.Event()

    async def slowly(self, receive: Receive, send: Send) -> None:
        """Answer when the test says so."""
        self.waiting.set()
        await self.go_on.wait()
        await self.echo(receive, send)

    async def in_parts(self, receive: Receive, send: Send) -> None:
        """A first part at once, and the rest when the test says so."""
        await send({"type": "http.response.start", "status": 200, "headers": JSON})
        await send({"type": "http.response.body", "body": b"[1,", "more_body": True})
        self.waiting.set()
        await self.go_on.wait()
        await send({"type": "http.response.body", "body": b"2]", "more_body": False})


@pytest.fixture
async def behind() -> AsyncIterator[tuple[Slow, str]]:
    service = Slow()
    async with serving(service) as port:
        yield service, f"http://127.0.0.1:{port}"


@pytest.fixture
async def two(tmp_path: Path, node_keys: Path, empty_store: Path, behind: tuple[Slow, str]) -> AsyncIterator[Gateways]:
    shutil.copy(empty_store, tmp_path / "gateway.db")
    shutil.copytree(node_keys, tmp_path / "keys")
    settings = {"sibling_urls": {"records": behind[1]}, "stop_unready_seconds": UNREADY_SECONDS, "stop_grace_seconds": 20}
    url = f"sqlite+aiosqlite:///{tmp_path}/gateway.db"
    async with gateways(2, database_url=url, keys=tmp_path / "keys", **settings) as made:
        yield made


async def token_of(process: GatewayProcess, party: Party) -> str:
    now = system_clock()
    answer = await process.token(party.form(now), party.proof(now, "POST", "/oauth/token"))
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


def call(process: GatewayProcess, party: Party, token: str) -> Awaitable[Any]:
    proof = party.proof(system_clock(), "GET", PATH, token=token)
    return process.ask("GET", PATH, [("Authorization", f"DPoP {token}"), ("DPoP", proof)])


@pytest.mark.requirement("DOOR-stop")
@pytest.mark.parametrize("way", ["slowly", "in_parts"])
async def test_a_process_that_stops_says_so_goes_on_and_ends_what_it_has_begun(two: Gateways, behind: tuple[Slow, str], way: str) -> None:
    service, (process, _) = behind[0], two.processes
    await two.start(process)
    assert process.process is not None
    party = await two.party("exchange:request")
    token = await token_of(process, party)
    service.act = getattr(service, way)
    begun = asyncio.ensure_future(call(process, party, token))
    await service.waiting.wait()
    process.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(UNREADY_SECONDS):
        while (await process.ask("GET", "/readyz", [])).status != 503:  # noqa: ASYNC110 the signal has its own way there
            await asyncio.sleep(0.01)
    late = await kept_open(process)
    assert late == (200, True), "it answers while others learn that it stops, and keeps no connection"
    async with asyncio.timeout(UNREADY_SECONDS + 5):
        while await listens(process):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert process.process.returncode is None, "it waits for what it has begun"
    service.go_on.set()
    answer = await begun
    assert (answer.status, answer.body) == (200, b"1\r\n0\r\n0\r\n\r\n" if way == "slowly" else b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n")
    assert await asyncio.wait_for(process.process.wait(), 20) == -signal.SIGTERM


async def kept_open(process: GatewayProcess) -> tuple[int, bool]:
    """The status of a request that would keep its connection, and whether it was told to close it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    writer.write(b"GET /livez HTTP/1.1\r\nHost: node.example\r\n\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.close()
    return int(head.split()[1]), b"connection: close" in head


async def listens(process: GatewayProcess) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", process.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


@pytest.mark.requirement("DOOR-stop")
async def test_while_one_process_takes_over_from_another_no_request_fails(two: Gateways) -> None:
    first, second = two.processes
    await two.start()
    party = await two.party("exchange:request")
    token = await token_of(first, party)
    target, statuses, stopped = first, Counter[int](), asyncio.Event()

    async def ask_all_the_while() -> None:
        while statuses.total() < MANY or not stopped.is_set():
            statuses[(await call(target, party, token)).status] += 1

    async def watch() -> None:
        """What stands in front of the processes: it sends requests to one that is ready."""
        nonlocal target
        while (await first.ask("GET", "/readyz", [])).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        target = second

    asking = [asyncio.create_task(ask_all_the_while()) for _ in range(4)]
    watching = asyncio.create_task(watch())
    while statuses.total() < 40:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert first.process is not None
    first.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(first.process.wait(), 30) == -signal.SIGTERM
    stopped.set()
    await asyncio.gather(*asking, watching)
    assert set(statuses) == {200}, statuses
    assert statuses.total() >= MANY


@pytest.mark.requirement("DOOR-rotation")
async def test_at_two_processes_keys_rotate_under_load_and_no_request_fails(two: Gateways, tmp_path: Path) -> None:
    await two.start()
    party, folder = await two.party("exchange:request"), tmp_path / "keys" / "gateway" / "token-signing"
    statuses, kids, going = Counter[int](), set[str](), True

    async def use(mine: GatewayProcess, other: GatewayProcess) -> None:
        """Tokens of the one are used at both, old and new ones."""
        old = await token_of(mine, party)
        while going:
            new = await token_of(mine, party)
            kids.add(json.loads(_header(new))["kid"])
            for process, token in ((mine, new), (other, new), (other, old)):
                statuses[(await call(process, party, token)).status] += 1

    users = [asyncio.create_task(use(*pair)) for pair in (two.processes, two.processes[::-1]) for _ in range(2)]
    for rotated in range(2):
        pending = prepare(folder)
        await _more(statuses, 40)
        for process in two.processes:  # what PUBLISHED_FOR is for: each has seen the key before it signs
            while pending.encode() not in (await process.ask("GET", "/oauth/jwks", [])).body:
                await _more(statuses, 1)
        activate(folder, now=system_clock() + timedelta(seconds=60))
        async with asyncio.timeout(30):
            while len(kids) <= rotated + 1:  # each process looks at the files once a second
                await _more(statuses, 10)
        await _more(statuses, 80)
    going = False
    await asyncio.gather(*users)
    assert set(statuses) == {200}, statuses
    assert len(kids) == 3
    assert statuses.total() >= 240


def _header(token: str) -> bytes:
    return from_base64url(token.partition(".")[0])


async def _more(statuses: Counter[int], count: int) -> None:
    until = statuses.total() + count
    while statuses.total() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


@pytest.mark.requirement("DOOR-stop")
@pytest.mark.parametrize("way", ["slowly", "in_parts"])
async def test_what_does_not_end_in_its_time_keeps_no_process_from_stopping(
    tmp_path: Path, node_keys: Path, empty_store: Path, behind: tuple[Slow, str], way: str
) -> None:
    """The caller is told that the answer is none: it has no end."""
    service = behind[0]
    shutil.copy(empty_store, tmp_path / "gateway.db")
    shutil.copytree(node_keys, tmp_path / "keys")
    settings = {"sibling_urls": {"records": behind[1]}, "stop_unready_seconds": 0.2, "stop_grace_seconds": 1}
    async with gateways(1, database_url=f"sqlite+aiosqlite:///{tmp_path}/gateway.db", keys=tmp_path / "keys", **settings) as made:
        [process] = made.processes
        await made.start(process)
        assert process.process is not None
        party = await made.party("exchange:request")
        token = await token_of(process, party)
        service.act = getattr(service, way)
        begun = asyncio.ensure_future(call(process, party, token))
        await service.waiting.wait()
        process.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.process.wait(), 10) == -signal.SIGTERM
        cut = (await asyncio.gather(begun, return_exceptions=True))[0]
    assert isinstance(cut, Exception) or not cut.body.endswith(b"0\r\n\r\n"), cut
