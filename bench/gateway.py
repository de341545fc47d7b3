"""The gateway over sockets: what it costs to let a request through, beside nginx in the same run. PostgreSQL with fsync.

Each process is one of its own: a service that answers 1.8 kB for next to nothing, nginx, audit, one to four gateways. CPU is the gateway's
alone, its log of requests included; proofs and assertions are made beforehand. Without TLS, which a proxy or the kernel may do.
"""

import asyncio
import base64
import json
import socket
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import psutil

from bench import gateway_embedded
from bench.exchange_nodes import cluster
from bench.figures import Figure, percentile, progress
from bench.gateway_processes import ISSUER, LARGE, Client, cpu_of, gateway_settings, nginx, process
from node.keys import create_node_keys
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation
from services.gateway.oauth.scopes import ROSTERING
from services.gateway.registry.administration import administration
from shared.clock import system_clock
from shared.database import Database
from shared.migrations import migrate
from tests.gateway.by_hand import Party

TITLE = "Through the gateway"

RUNS, REQUESTS, TOKENS, QUIET, STREAMS = 5, 3_000, 200, 400, 8
QUIET_PER_SECOND = 100
PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"
OPEN_PATH = "/v1/receipt-keys"
ROSTER_PATH = "/ims/oneroster/rostering/v1p2/students"
TOKEN_PATH = "/oauth/token"  # noqa: S105 a path


_Processes = tuple[list[int], list[psutil.Process]]
"""Ports, and whose CPU counts."""


def run() -> list[Figure]:
    """Measure everything; medians of five runs."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        dsn, _ = stack.enter_context(cluster())
        url = dsn.replace("postgresql://", "postgresql+asyncpg://")
        return [*asyncio.run(_run(Path(name), url, stack)), *gateway_embedded.run()]


@dataclass(frozen=True)
class _Registered:
    """Two clients: one that proves each request by a key, and one of the profile that has a secret and comes without proofs."""

    party: Party
    secret_id: str
    secret: str


@dataclass(frozen=True)
class _House:
    party: Party
    stock: str
    """The other client's credentials, as HTTP's Basic has them."""
    service: int
    nginx: int
    nginx_worker: psutil.Process
    gateways: Sequence[tuple[int, psutil.Process]]

    @property
    def one(self) -> tuple[list[int], list[psutil.Process]]:
        """The first gateway alone."""
        port, gateway = self.gateways[0]
        return [port], [gateway]

    def plain(self, path: str, *fields: str) -> bytes:
        return "\r\n".join([f"GET {path} HTTP/1.1", "Host: node.example", *fields, "", ""]).encode()

    def proven(self, token: str, count: int, *, path: str = PATH, query: str = "") -> list[bytes]:
        """Requests with the token, each with a proof of its own."""
        now = system_clock()
        fields = [(f"Authorization: DPoP {token}", f"DPoP: {self.party.proof(now, 'GET', path, token=token)}") for _ in range(count)]
        return [self.plain(path + query, *both) for both in fields]

    def for_tokens(self, count: int) -> list[bytes]:
        """Requests for a token, each with an assertion and a proof of its own."""
        now, requests = system_clock(), []
        for _ in range(count):
            body = urlencode(self.party.form(now))
            proof = self.party.proof(now, "POST", TOKEN_PATH)
            lines = (f"POST {TOKEN_PATH} HTTP/1.1", "Host: node.example", f"DPoP: {proof}", f"Content-Length: {len(body)}")
            requests.append("\r\n".join([*lines, "Content-Type: application/x-www-form-urlencoded", "", body]).encode())
        return requests

    def for_a_bearer(self) -> bytes:
        """A request for a token by the client that has a secret."""
        body = "grant_type=client_credentials"
        lines = (f"POST {TOKEN_PATH} HTTP/1.1", "Host: node.example", f"Authorization: Basic {self.stock}", f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "Content-Type: application/x-www-form-urlencoded", "", body]).encode()


async def _run(folder: Path, url: str, stack: ExitStack) -> list[Figure]:
    house = await _open(folder, url, stack)
    token, bearer = await _token(house, house.for_tokens(1)[0]), await _token(house, house.for_a_bearer())
    own, beside, plain = house.one, ([house.nginx], [house.nginx_worker]), [house.plain("/")] * REQUESTS
    nginx_cost = await _cost(beside, lambda: plain)
    progress(f"gateway: nginx forwards for {nginx_cost:.0f} µs")
    forwarded = await _cost(own, lambda: [house.plain(OPEN_PATH)] * REQUESTS)
    kept = await _cost(own, lambda: [house.plain(ROSTER_PATH, f"Authorization: Bearer {bearer}")] * REQUESTS)
    proven = await _cost(own, lambda: house.proven(token, REQUESTS))
    refused = await _cost(own, lambda: [house.plain(PATH)] * REQUESTS, expected=401)
    issued = await _cost(own, lambda: house.for_tokens(TOKENS))
    progress("gateway: costs measured")

    def cost(name: str, microseconds: float, goal: str = "") -> Figure:
        return Figure(name, microseconds, "µs CPU", goal, f"{microseconds / nginx_cost:.1f} × nginx; {1e6 / microseconds:,.0f}/s and core")

    return [
        cost("nginx forwards 1.8 kB", nginx_cost),
        cost("forwarded GET of 1.8 kB, no token", forwarded),
        cost("forwarded GET of 1.8 kB, kept token", kept, "<= 170"),
        cost("forwarded GET of 1.8 kB, kept token, a proof each", proven, "<= 280"),
        cost("refused: no token", refused, "<= 60"),
        cost("a token, with its writes", issued, "<= 900"),
        *await _latencies(house, token, bearer),
        *await _streamed(house, token),
        *[await _together(house, token, count) for count in (1, 2, 4)],
    ]


async def _cost(of: _Processes, requests: Callable[[], list[bytes]], *, expected: int = 200) -> float:
    """Microseconds of the processes' CPU for one request: the median of five runs."""
    ports, processes = of
    client, costs = Client(), []
    for number in range(RUNS + 1):
        made = requests()
        before = cpu_of(processes)
        await client.send(made, ports=ports, connections=8)
        if number:  # the first one warms up
            costs.append((cpu_of(processes) - before) / len(made) * 1e6)
    if client.statuses != {expected}:
        raise RuntimeError(f"answered with {client.statuses}, not as meant")
    return statistics.median(costs)


async def _latencies(house: _House, token: str, bearer: str) -> list[Figure]:
    """What a request takes more than at the service itself, at low load; and at 32 connections."""
    direct, through, busy, kept = Client(), Client(), Client(), Client()
    ports, _ = house.one
    quiet = {"connections": 1, "per_second": QUIET_PER_SECOND}
    await direct.send([house.plain("/")] * QUIET, ports=[house.service], **quiet)
    await through.send(house.proven(token, QUIET), ports=ports, **quiet)
    await busy.send(house.proven(token, REQUESTS), ports=ports, connections=32)
    await kept.send([house.plain(ROSTER_PATH, f"Authorization: Bearer {bearer}")] * REQUESTS, ports=ports, connections=32)
    added = [percentile(through.took, percent) - percentile(direct.took, percent) for percent in (50, 99)]
    note = f"{QUIET_PER_SECOND} a second, a proof each, committed before it is forwarded"
    return [
        Figure("added latency, p50", added[0], "ms", "<= 0.4", note),
        Figure("added latency, p99", added[1], "ms", "<= 2", note),
        Figure("p99 at 32 connections, a proof each", percentile(busy.took, 99), "ms", "<= 10", f"p50 {percentile(busy.took, 50):.1f} ms"),
        Figure("p99 at 32 connections, kept token", percentile(kept.took, 99), "ms", "<= 10", f"p50 {percentile(kept.took, 50):.1f} ms"),
    ]


async def _streamed(house: _House, token: str) -> list[Figure]:
    """64 MiB through the gateway, and how much it grows meanwhile."""
    ports, (gateway,) = house.one
    client, rates, before = Client(), [], gateway.memory_info().rss
    most, done = before, asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, gateway.memory_info().rss)
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    for request in house.proven(token, STREAMS, query="?large"):
        took = await client.send([request], ports=ports, connections=1)
        rates.append(LARGE / took / 1e9)
    done.set()
    await watching
    alone = LARGE / await Client().send([house.plain("/?large")], ports=[house.service], connections=1) / 1e9
    return [
        Figure("64 MiB streamed", statistics.median(rates), "GB/s", ">= 0.8", f"{alone:.2f} GB/s from the service itself to this client"),
        Figure("growth meanwhile", (most - before) / 2**20, "MiB", "<= 8", f"{STREAMS} one after the other"),
    ]


async def _together(house: _House, token: str, count: int) -> Figure:
    """Several gateways over one store: how many requests a second all of them answer on this machine."""
    chosen = house.gateways[:count]
    ports, processes = [port for port, _ in chosen], [one for _, one in chosen]
    rates, client = [], Client()
    before, sent = cpu_of(processes), 0
    for _ in range(RUNS):
        requests = house.proven(token, REQUESTS)
        took = await client.send(requests, ports=ports, connections=8 * count)
        rates.append(len(requests) / took)
        sent += len(requests)
    each = (cpu_of(processes) - before) / sent * 1e6
    note = f"{each:.0f} µs CPU each; client, service, PostgreSQL on the same {psutil.cpu_count()} cores"
    return Figure(f"{count} gateway{'s' if count > 1 else ''}, a proof each", statistics.median(rates), "/s", "", note)


async def _token(house: _House, request: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.one[0][0])
    writer.write(request.replace(b"Host:", b"Connection: close\r\nHost:", 1))
    answer = await reader.read()
    writer.close()
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"])


async def _open(folder: Path, url: str, stack: ExitStack) -> _House:
    create_node_keys(folder / "keys")
    gateway, log = Database(url), Database(f"sqlite+inline:///{folder}/audit.db")
    await migrate("gateway", gateway)
    await migrate("audit", log)
    for database in (gateway, log):
        await database.close()
    registered = await _register(folder, url)
    service, before, audit, *ports = _free_ports(7)
    stack.enter_context(process("service", str(service), folder=folder, port=service))
    stack.enter_context(process("audit", str(folder), str(audit), folder=folder, port=audit))
    worker = stack.enter_context(nginx(folder, port=before, service=service))
    gateways = []
    for port in ports:
        words = ("gateway", str(folder), str(port), str(service), str(audit), url)
        gateways.append((port, stack.enter_context(process(*words, folder=folder, port=port))))
    stock = base64.b64encode(f"{registered.secret_id}:{registered.secret}".encode()).decode()
    return _House(registered.party, stock, service, before, worker, gateways)


async def _register(folder: Path, url: str) -> _Registered:
    party, today = Party("", ISSUER), date(2020, 1, 1)
    async with administration(gateway_settings(folder, database_url=url)) as hand:
        agency = await hand.add_organisation(NewOrganisation(kind="sea", name="An agency", valid_from=today))
        vendor = await hand.add_organisation(NewOrganisation(kind="vendor", name="A vendor", valid_from=today))
        named = {"name": "A client", "role": "registrar"}
        keys = JwkSet(keys=(ClientJwk.model_validate(party.jwk),))
        own = NewClient(organisation_id=agency.id, kind="information-system", scopes=("exchange:request",), jwks=keys, **named)
        stock = NewClient(
            organisation_id=vendor.id,
            kind="application",
            scopes=(f"{ROSTERING}roster-core.readonly",),
            authentication="client_secret",
            addresses=("127.0.0.1",),
            **named,
        )
        party.client_id = str((await hand.register_client(own)).id)
        client = await hand.register_client(stock)
        return _Registered(party, str(client.id), (await hand.add_client_secret(client.id)).secret)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in listening:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in listening]
