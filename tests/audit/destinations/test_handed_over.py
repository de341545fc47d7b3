"""A destination that another process has taken, before or during an attempt: whoever holds it sends, from where it stands."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from services.audit.destinations import courier
from services.audit.giving_way import give_way
from services.audit.tables import LogDestinationRow
from shared.leases import CLOCKS_DIFFER
from tests.audit.audit_node import event
from tests.audit.destinations.keeping import Keeping
from tests.audit.destinations.receivers import WebhookReceiver
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def change(kept: Keeping, destination_id: UUID, **values: Any) -> None:
    """As another process would."""
    async with kept.node.database.transaction() as tx:
        await tx.execute(update(LogDestinationRow).where(LogDestinationRow.id == destination_id).values(**values))


@pytest.mark.parametrize("moved", [False, True])
async def test_what_was_taken_or_sent_after_it_was_read_is_left_to_who_did(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    made = await kept.webhook(receiver.port, classes=["match"])
    await kept.node.append(event("match"))
    values: dict[str, Any] = {"at": 2} if moved else {"holder": "another", "leased_until": clock() + timedelta(seconds=60)}

    async def another(began: float, *, is_busy: bool) -> None:
        await change(kept, made.destination.id, **values)
        await give_way(began, is_busy=is_busy)

    monkeypatch.setattr(courier, "give_way", another)
    await kept.turn()
    assert receiver.came == []
    monkeypatch.undo()
    clock.advance(seconds=61)
    await kept.turn()
    assert receiver.indices == ([] if moved else [1])


async def test_who_lost_a_destination_while_it_sent_moves_nothing(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    made = await kept.webhook(receiver.port, classes=["match"])
    await kept.node.append(event("match"))
    receiver.may_answer.clear()
    sending = asyncio.create_task(kept.turn())
    await receiver.arrived.wait()
    await change(kept, made.destination.id, holder="another", leased_until=clock() + timedelta(seconds=60))
    receiver.may_answer.set()
    await sending
    assert ((await kept.stands(made.destination.id)).index, receiver.indices) == (0, [1])
    clock.advance(seconds=61)
    await kept.turn()
    assert (receiver.indices, receiver.ids[0]) == ([1, 1], receiver.ids[1])


async def test_since_when_a_destination_fails_is_since_the_first_failure(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock
) -> None:
    made = await kept.webhook(receiver.port, classes=["match"])
    await kept.node.append(event("match"))
    receiver.script = lambda _: 500
    began = clock()
    for failures in (1, 2, 3):
        await kept.turn()
        stands = await kept.stands(made.destination.id)
        assert (stands.failures, stands.failing_since) == (failures, began)
        clock.advance(minutes=5)
    assert not kept.courier.is_degraded
    await kept.turn()
    await kept.courier.turn()
    assert kept.courier.is_degraded, "a quarter of an hour to the second"


async def test_a_lease_that_a_clock_has_put_a_day_ahead_keeps_nobody_from_sending(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock
) -> None:
    made = await kept.webhook(receiver.port, classes=["match"])
    await kept.node.append(event("match"))
    await change(kept, made.destination.id, holder="another", leased_until=clock() + courier.LEASE + CLOCKS_DIFFER)
    await kept.turn()
    assert receiver.came == []
    await change(kept, made.destination.id, leased_until=clock() + timedelta(days=1))  # and then it died
    await kept.turn()
    assert len(receiver.came) == 1
