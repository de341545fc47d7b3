"""What is to be destroyed is found by indexes: the work does not grow with what the node holds of others."""

import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.shredding import Shredder
from services.records.tables import OrganisationRow, StudentRow
from tests.conftest import StandingClock
from tests.records.statements import made_on, plans_of
from tests.records.test_storing import LEA, NOON, Store, arriving, store
from tests.records.whole_record import whole_record

__all__ = ["store"]

pytestmark = pytest.mark.anyio

GROWING = [name for name in StudentRow.metadata.tables if name not in (OrganisationRow.__tablename__, "outbox")]


def read_whole(plan: str) -> list[str]:
    """The growing tables that a plan reads from end to end."""
    return re.findall(rf"(?:SCAN|Seq Scan on) ({'|'.join(GROWING)})\b", plan)


async def test_nothing_is_read_whole_to_destroy_a_student_a_copy_or_those_who_left(store: Store) -> None:
    gone, kept = [one.student_id for one in await store.store(arriving(), arriving(whole_record(start=500_000)))]
    exchange = uuid4()
    await store.store(arriving(student_id=kept, source=str(exchange)))
    shredder = Shredder(store.vault, store.outbox, StandingClock(NOON), about="destruction:1", jurisdiction="US-XA")

    async def destroy(tx: AsyncSession) -> None:
        await shredder.student(tx, gone)
        await shredder.students_of_copy(tx, exchange)
        await shredder.copy(tx, exchange)
        await shredder.leavers(tx, LEA, date(2026, 7, 1), after=None)
        await shredder.those_who_left(tx, [kept], LEA, date(2026, 7, 1))

    async with store.database.transaction() as tx:
        connection = await tx.run_sync(lambda session: session.connection())
        with made_on(connection) as made:
            await destroy(tx)
        looking = [one for one in made if not one[0].startswith("INSERT")]
        told = await tx.run_sync(lambda _: plans_of(connection, looking))
    assert len(looking) > 20
    assert not [(text, whole) for (text, _), plan in zip(looking, told, strict=True) if (whole := read_whole(plan))]


async def test_whether_somebody_left_is_asked_of_that_ones_enrolments_and_of_no_list_of_everybodys(store: Store) -> None:
    await store.store(arriving())
    shredder = Shredder(store.vault, store.outbox, StandingClock(NOON), about="destruction:1", jurisdiction="US-XA")
    async with store.database.transaction() as tx:
        connection = await tx.run_sync(lambda session: session.connection())
        with made_on(connection) as made:
            await shredder.leavers(tx, LEA, date(2026, 7, 1), after=None)
        [plan] = await tx.run_sync(lambda _: plans_of(connection, made))
    if connection.dialect.name == "sqlite":
        assert "SEARCH enrollment USING COVERING INDEX" in plan or "SEARCH enrollment USING INDEX" in plan
    else:
        # A join is a list of all enrolments as soon as those who left are thought to be few.
        assert not re.search("Join|Nested Loop", plan), plan
        assert "(student_id = student.id)" in plan.partition(" on enrollment")[2].partition("Index Cond:")[2].partition("\n")[0], plan
