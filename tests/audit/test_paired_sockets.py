"""What the service and a process beside it say to each other: whole, in order, and over as soon as either end is."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.audit.paired_sockets import OtherHasEnded, ask, hang_up, receive, send

pytestmark = pytest.mark.anyio

LARGE = [bytes(1_000) for _ in range(5_000)]
"""Many times what the two sockets hold."""


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    end, other = socket.socketpair()
    with end, other:
        yield end, other


async def test_what_is_larger_than_the_sockets_hold_comes_whole_both_ways(ends: tuple[socket.socket, socket.socket]) -> None:
    end, other = ends

    def answering() -> None:
        send(other, receive(other))

    with ThreadPoolExecutor(2) as threads:
        answered = threads.submit(answering)
        assert await ask(end, LARGE, beside=threads) == LARGE
        answered.result()


async def test_who_waits_for_an_answer_sees_that_it_is_over(ends: tuple[socket.socket, socket.socket]) -> None:
    end, other = ends
    with ThreadPoolExecutor(1) as waits:
        asking = asyncio.ensure_future(ask(end, "question", beside=waits))
        assert await asyncio.to_thread(receive, other) == "question"
        hang_up(end)
        try:
            with pytest.raises(OtherHasEnded):
                async with asyncio.timeout(10):
                    await asking
        finally:
            other.close()


async def test_what_ends_in_the_middle_of_an_answer_is_no_answer(ends: tuple[socket.socket, socket.socket]) -> None:
    end, other = ends
    with ThreadPoolExecutor(1) as waits:
        asking = asyncio.ensure_future(ask(end, "question", beside=waits))
        await asyncio.to_thread(receive, other)
        other.sendall((1_000).to_bytes(8, "big") + b"the first part")
        other.close()
        with pytest.raises(OtherHasEnded):
            await asking
