"""That a district has no copy of what was disclosed on its behalf when its 30 days are over is told, once, when it is late where it is."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.audit.disclosures import copies
from tests.audit.alerts.watched import rows, watch
from tests.audit.audit_node import ELM, AuditNode, give_organisations
from tests.audit.test_disclosure_copies import district, listed, read, redisclose
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

LATE = datetime(2026, 11, 20, 11, tzinfo=UTC)
"""Midnight in American Samoa, after the thirtieth day."""


async def looked_at(node: AuditNode, clock: StandingClock, at: datetime) -> list[int]:
    """How many copies each alert of that day or an earlier one tells of."""
    clock.advance(seconds=(at - clock()).total_seconds())
    await copies.make_due(node.app, now=clock())
    await watch(node)
    return [row.count for row in await rows(node) if row.rule == "copy-overdue"]


@pytest.mark.requirement("LOG-COPIES")
async def test_a_copy_that_is_late_is_told_of_once_and_so_is_the_next_one(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node, "Pacific/Pago_Pago")
    await redisclose(node, uuid4())
    assert await looked_at(node, clock, clock() + timedelta(days=8)) == []
    await redisclose(node, uuid4(), organisation=ELM)
    assert await looked_at(node, clock, LATE - timedelta(seconds=1)) == []
    assert await looked_at(node, clock, LATE) == [1]
    for later in (timedelta(hours=1), timedelta(days=1), timedelta(days=7)):
        assert await looked_at(node, clock, LATE + later) == [1]
    assert await looked_at(node, clock, LATE + timedelta(days=8)) == [1, 2]
    assert await looked_at(node, clock, LATE + timedelta(days=20)) == [1, 2]


async def test_a_copy_that_was_made_after_it_was_due_is_told_of_as_well(node: AuditNode, clock: StandingClock) -> None:
    """As by a node that was down."""
    await give_organisations(node, "Pacific/Pago_Pago")
    await redisclose(node, uuid4())
    clock.advance(hours=1)
    await redisclose(node, uuid4(), organisation=ELM)
    clock.advance(days=7, minutes=-30)
    assert await copies.make_due(node.app, now=clock()) == 1
    clock.advance(seconds=(LATE - clock()).total_seconds())
    await watch(node)
    clock.advance(minutes=5)
    assert await looked_at(node, clock, LATE + timedelta(hours=1)) == [1]
    assert await looked_at(node, clock, LATE + timedelta(days=1)) == [1, 2]
    assert await looked_at(node, clock, LATE + timedelta(days=2)) == [1, 2]


async def test_a_copy_that_was_given_in_time_is_not_told_of(node: AuditNode, clock: StandingClock) -> None:
    await give_organisations(node, "Pacific/Pago_Pago")
    await redisclose(node, uuid4())
    assert await looked_at(node, clock, clock() + timedelta(days=8)) == []
    (copy,) = await listed(node, district(node))
    await read(node, copy, district(node))
    assert await looked_at(node, clock, LATE + timedelta(days=3)) == []
