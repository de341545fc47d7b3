"""How much longer a request takes through the gateway than at the service itself: at low load, beside nginx, and at 32 connections.

Low load is told at two rates. Where a hundred requests come in a second, the cores of a virtual machine sleep between them and find nothing
in their caches: each process takes three to five times the CPU for a request, nginx as well, and the service alone takes longer too.

What is added is the difference to the service itself. What either takes swings from one minute to the next, so all of them take turns.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from bench.figures import Figure, percentile
from bench.gateway_house import House, nonce_of
from bench.gateway_processes import Client

QUIET: Final = ((100, 400), (1_000, 3_000))
"""Requests a second, on one connection, and how many."""
TURNS: Final = 10
CONNECTIONS: Final = 32
AT_ONCE: Final = 12_000
"""Of 3,000 the slowest hundredth is one bunch of 32: the first, which connects, or one during which a process was taken off its core."""


class _Way(NamedTuple):
    name: str
    port: int
    requests: Sequence[bytes]
    is_gateway: bool


async def measured(house: House, token: str, bearer: str) -> list[Figure]:
    """With a token that is kept, with a proof of its own each, and through nginx."""
    figures = []
    for per_second, count in QUIET:
        figures += await _quiet(house, token, bearer, per_second, count)
    return [
        *figures,
        await _at_once("kept token", house, [house.unproven(bearer)] * AT_ONCE),
        await _at_once("a proof each", house, house.proven(token, AT_ONCE)),
        await _at_once("a proof each, remembered here", house, house.proven(token, AT_ONCE, nonce=await nonce_of(house, token)), here=True),
    ]


async def _quiet(house: House, token: str, bearer: str, per_second: int, count: int) -> list[Figure]:
    (port,), _ = house.one
    here = house.proven(token, count, nonce=await nonce_of(house, token))
    alone = _Way("the service itself", house.service, [house.plain("/")] * count, is_gateway=False)
    ways = (
        _Way("nginx", house.nginx, [house.plain("/")] * count, is_gateway=False),
        _Way("kept token", port, [house.unproven(bearer)] * count, is_gateway=True),
        _Way("a proof each", port, house.proven(token, count), is_gateway=True),
        _Way("a proof each, remembered here", house.remembering[0], here, is_gateway=True),
    )
    took = await _in_turns((alone, *ways), per_second, count // TURNS)
    figures = []
    for way in ways:
        for percent, goal in ((50, "<= 0.4"), (99, "<= 2")):
            at_service, whole = percentile(took[alone.name], percent), percentile(took[way.name], percent)
            note = f"{whole:.2f} ms in all, {at_service:.2f} at the service itself"
            name = f"added latency at {per_second:,} a second, {way.name}: p{percent}"
            figures.append(Figure(name, whole - at_service, "ms", goal if way.is_gateway else "", note))
    return figures


async def _in_turns(ways: Sequence[_Way], per_second: int, count: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by way; so many of one way, then of the next, there and back. The first of each turn connects, and is
    not counted.
    """
    took: dict[str, list[float]] = {way.name: [] for way in ways}
    for turn in range(TURNS):
        for way in ways if turn % 2 else ways[::-1]:
            took[way.name] += (await _took(way.requests[turn * count : (turn + 1) * count], way.port, per_second))[1:]
    return took


async def _took(requests: Sequence[bytes], port: int, per_second: int) -> list[float]:
    client = Client()
    await client.send(requests, ports=[port], connections=1, per_second=per_second)
    _require_answered(client)
    return client.took


async def _at_once(name: str, house: House, requests: Sequence[bytes], *, here: bool = False) -> Figure:
    ports = [house.remembering[0]] if here else house.one[0]
    client = Client()
    await client.send(requests, ports=ports, connections=CONNECTIONS)
    _require_answered(client)
    median, slow = (percentile(client.took, percent) for percent in (50, 99))
    return Figure(f"p99 at {CONNECTIONS} connections, {name}", slow, "ms", "<= 10", f"p50 {median:.1f} ms")


def _require_answered(client: Client) -> None:
    if client.statuses != {200}:
        raise RuntimeError(f"answered with {client.statuses}, not as meant")
