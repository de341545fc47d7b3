"""What two decisions at once oblige to is opened in one order, whoever stands first in them: neither waits for the other for good."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from services.privacy.kept_decisions import Kept, keeping
from services.privacy.obligations import open_obligations, rows_owed
from services.privacy.tables import ObligationRow
from shared.contracts.privacy import Obligation
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 10, 20, 12, tzinfo=UTC)
ROUNDS, DISTRICTS = 8, 60


def owed(custodians: list[UUID], agreement_id: UUID, decision_id: UUID) -> list[dict[str, Any]]:
    destroy = Obligation(kind="destroy-by", argument="agreement.ends_at", citation=None, due_at=NOW)
    return rows_owed([destroy], decision_id=decision_id, agreement_id=agreement_id, custodian_ids=custodians, now=NOW)


async def test_two_pages_whose_students_are_in_another_order_both_open_what_they_owe(world: World) -> None:
    database, agreement = world.node.app.state.database, await world.agreement()
    decision = await world.node.decide(world.by_transfer(await world.student()))
    before = await world.node.count(ObligationRow)
    for _ in range(ROUNDS):
        custodians = [uuid4() for _ in range(DISTRICTS)]
        both = [owed(one, agreement.id, decision.id) for one in (custodians, custodians[::-1])]
        await asyncio.gather(*(database.write(partial(open_obligations, rows=rows)) for rows in both))
    assert await world.node.count(ObligationRow) == before + ROUNDS * DISTRICTS


async def test_alone_or_with_others_a_decisions_rows_are_in_the_order_of_what_they_are(world: World) -> None:
    custodians = [uuid4() for _ in range(9)]
    starting = [{"key": str(uuid4())} for _ in range(9)]
    one = Kept(decision={}, readers=[], owed=owed(custodians, uuid4(), uuid4()), starting=starting, links=[], told=[])
    changes = keeping(world.node.app.state.outbox, one, dialect="postgresql")
    duties = [values["duty"] for _, values in changes.changes if "duty" in values]
    keys = [values["key"] for _, values in changes.changes if "key" in values]
    assert (duties, keys) == (sorted(duties), sorted(keys))
    assert (len(duties), len(keys)) == (9, 9)
