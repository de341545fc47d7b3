"""What deploy/k8s runs, two processes of each service: one of each two dies while children are on their way, and each comes once."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from bench.exchange import Bench
from bench.exchange_checks import check_run
from bench.exchange_children import children_of
from shared.who_may_call import SERVICES
from tests.stories.two_of_each import OF_EACH, TwoOfEach

CHILDREN = 24


async def one_of_each_two_dies(nodes: TwoOfEach) -> None:
    """At both nodes at once, one service after the other: each is back before the next one goes."""
    for service in SERVICES:
        places = [place for place in nodes.places if place.service == service]
        await asyncio.gather(*(place.is_killed_and_comes_back() for place in places[::OF_EACH]))


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.anyio
@pytest.mark.requirement("EX-replicas")
async def test_of_each_two_processes_one_dies_and_each_child_comes_once_with_all_receipts(tmp_path: Path, postgres_server: str) -> None:
    async with AsyncExitStack() as stack:
        nodes = await TwoOfEach.made_on(postgres_server, psutil.Process(), tmp_path, stack)
        assert isinstance(nodes, TwoOfEach)
        bench = await stack.enter_async_context(Bench(nodes))
        children = children_of(nodes.alder, CHILDREN)
        await bench.load(children)
        async with asyncio.TaskGroup() as both:
            both.create_task(one_of_each_two_dies(nodes))
            both.create_task(bench.together(children))
        await check_run(nodes.alder, nodes.birch, exchanges=CHILDREN)
