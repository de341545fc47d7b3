"""The gateway over sockets: what it costs to let a request through, beside nginx in the same run. PostgreSQL with fsync.

Each process is one of its own: a service that answers 1.8 kB for next to nothing, nginx, audit, one to four gateways. CPU is the gateway's
alone, its log of requests included; proofs and assertions are made beforehand. Without TLS, which a proxy or the kernel may do.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil

from bench import gateway_embedded, gateway_latency
from bench.exchange_nodes import cluster
from bench.figures import Figure, progress
from bench.gateway_house import PATH, House, nonce_of, open_house, token_of
from bench.gateway_processes import LARGE, Client, cpu_of

TITLE = "Through the gateway"

RUNS, REQUESTS, TOKENS, STREAMS = 5, 3_000, 200, 8
OPEN_PATH = "/v1/receipt-keys"


_Processes = tuple[list[int], list[psutil.Process]]
"""Ports, and whose CPU counts."""


def run() -> list[Figure]:
    """Measure everything; medians of five runs."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        dsn, _ = stack.enter_context(cluster())
        url = dsn.replace("postgresql://", "postgresql+asyncpg://")
        return [*asyncio.run(_run(Path(name), url, stack)), *gateway_embedded.run()]


async def _run(folder: Path, url: str, stack: ExitStack) -> list[Figure]:
    house = await open_house(folder, url, stack)
    token, bearer = await token_of(house, house.for_tokens(1)[0]), await token_of(house, house.for_a_bearer())
    own, beside, plain = house.one, ([house.nginx], [house.nginx_worker]), [house.plain("/")] * REQUESTS
    nginx_cost = await _cost(beside, lambda: plain)
    progress(f"gateway: nginx forwards for {nginx_cost:.0f} µs")
    forwarded = await _cost(own, lambda: [house.plain(OPEN_PATH)] * REQUESTS)
    kept = await _cost(own, lambda: [house.unproven(bearer)] * REQUESTS)
    proven = await _cost(own, lambda: house.proven(token, REQUESTS))
    here = ([house.remembering[0]], [house.remembering[1]])
    nonce = await nonce_of(house, token)
    remembered = await _cost(here, lambda: house.proven(token, REQUESTS, nonce=nonce))
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
        cost("forwarded GET of 1.8 kB, kept token, a proof each, remembered here", remembered, "<= 280"),
        cost("refused: no token", refused, "<= 60"),
        cost("a token, with its writes", issued, "<= 900"),
        *await gateway_latency.measured(house, token, bearer),
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


async def _streamed(house: House, token: str) -> list[Figure]:
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


async def _together(house: House, token: str, count: int) -> Figure:
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
