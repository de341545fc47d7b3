"""Killed between an answer and the cursor, and several replicas: nothing is lost, and one of them sends."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.audit.destinations.courier import LEASE
from tests.audit.audit_node import event
from tests.audit.destinations.keeping import keeping
from tests.audit.destinations.receivers import WebhookReceiver
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

REPLICAS = 3
ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.requirement("LOG-SIEM")
@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_was_answered_when_the_process_was_killed_comes_twice_at_the_most_and_nothing_is_lost(
    store_url: str, node_keys: Path, clock: StandingClock, receiver: WebhookReceiver, when: str
) -> None:
    async with keeping(store_url, node_keys, clock) as kept:
        made = await kept.webhook(receiver.port, batch_entries=2, classes=["match"])
        await kept.node.append(*[event("match") for _ in range(10)])
    command = [sys.executable, "-m", "tests.audit.destinations.killed_courier", store_url, str(node_keys), when]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    assert receiver.indices == [1, 2, 3, 4, 5, 6]
    clock.advance(seconds=LEASE.total_seconds() - 1)
    async with keeping(store_url, node_keys, clock) as kept:
        await kept.turn()
        assert len(receiver.came) == 3  # the lease of the dead holds
        clock.advance(seconds=1)
        await kept.turn()
        stands = await kept.stands(made.destination.id)
    again = [5, 6] if when == "before" else []
    assert receiver.indices == [1, 2, 3, 4, 5, 6, *again, 7, 8, 9, 10]
    if when == "before":
        assert receiver.ids[3] == receiver.ids[2]
        assert receiver.came[3].body == receiver.came[2].body
    assert stands.failures == 0


@pytest.mark.requirement("LOG-SIEM")
async def test_of_several_replicas_one_sends(store_url: str, node_keys: Path, clock: StandingClock, receiver: WebhookReceiver) -> None:
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(keeping(store_url, node_keys, clock)) for _ in range(REPLICAS)]
        await replicas[0].webhook(receiver.port, batch_entries=2, classes=["match"])
        await replicas[0].node.append(*[event("match") for _ in range(12)])
        await replicas[0].node.sequencer.publish_now()
        receiver.may_answer.clear()
        turns = [asyncio.create_task(one.courier.turn()) for one in replicas]
        await receiver.arrived.wait()
        await asyncio.gather(*(one.courier._set_out() for one in replicas))
        receiver.may_answer.set()
        await asyncio.gather(*turns)
        await asyncio.gather(*(one.courier.turn() for one in replicas))
    assert receiver.indices == list(range(1, 13))
    assert receiver.connections == 1


async def test_the_service_sends_by_itself_and_when_it_is_stopped_another_one_goes_on_at_once(
    store_url: str, node_keys: Path, clock: StandingClock, receiver: WebhookReceiver
) -> None:
    async with keeping(store_url, node_keys, clock, destination_seconds=0.02, checkpoint_seconds=0.02) as kept:
        made = await kept.webhook(receiver.port)
        await receiver.arrived.wait()
        receiver.arrived.clear()
        receiver.may_answer.clear()
        await kept.node.append(event("request"))
        await receiver.arrived.wait()  # it is stopped while an answer is waited for
    receiver.may_answer.set()
    async with keeping(store_url, node_keys, clock) as kept:
        await kept.turn()
        assert (await kept.stands(made.destination.id)).behind == 0
    assert receiver.ids[-1] == receiver.ids[-2]
    assert receiver.indices[:1] + receiver.came[-1].indices == [0, 1]


async def test_whoever_held_it_before_moves_nothing(
    store_url: str, node_keys: Path, clock: StandingClock, receiver: WebhookReceiver
) -> None:
    """A process that stood still while its lease ended, and another one sent: what it got for an answer counts no more."""
    async with keeping(store_url, node_keys, clock) as first, keeping(store_url, node_keys, clock) as second:
        made = await first.webhook(receiver.port, batch_entries=2, classes=["match"])
        await first.node.append(*[event("match") for _ in range(4)])
        await first.node.sequencer.publish_now()
        read = await first.courier._next(made.destination.id, "live")
        assert read is not None
        assert await first.courier._claim(read)
        assert not await second.courier._claim(read)
        clock.advance(seconds=LEASE.total_seconds())
        await second.courier.turn()
        assert receiver.indices == [1, 2, 3, 4]
        assert not await first.courier._settle(read, None)
        assert (await second.stands(made.destination.id)).index == 5
