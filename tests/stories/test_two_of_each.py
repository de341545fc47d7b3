"""What deploy/k8s runs, two processes of each service: one of each two dies while children are on their way, and each comes once."""

import asyncio
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path

import psutil
import pytest

from bench.exchange import Bench
from bench.exchange_checks import check_run
from bench.exchange_children import children_of
from shared.who_may_call import SERVICES
from tests.stories.two_of_each import TwoOfEach

CHILDREN = 24
PATIENCE_SECONDS = 400.0


async def one_of_each_two_dies(nodes: TwoOfEach) -> None:
    """One service after the other, at the one node and at the other in turn; each is back before the next one goes."""
    for service, node in zip(SERVICES, cycle((nodes.alder, nodes.birch)), strict=False):
        await next(place for place in nodes.places if (place.service, place.node) == (service, node)).is_killed_and_comes_back()


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.anyio
@pytest.mark.requirement("EX-replicas")
async def test_of_each_two_processes_one_dies_and_each_child_comes_once_with_all_receipts(tmp_path: Path, postgres_server: str) -> None:
    async with AsyncExitStack() as stack:
        nodes = await TwoOfEach.made_on(postgres_server, psutil.Process(), tmp_path, stack)
        assert isinstance(nodes, TwoOfEach)
        bench = await stack.enter_async_context(Bench(nodes, patience=PATIENCE_SECONDS))
        children = children_of(nodes.alder, CHILDREN)
        await bench.load(children)
        async with asyncio.TaskGroup() as both:
            both.create_task(one_of_each_two_dies(nodes))
            both.create_task(bench.together(children))
        await check_run(nodes.alder, nodes.birch, exchanges=CHILDREN)
