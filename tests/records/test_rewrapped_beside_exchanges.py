"""Keys are wrapped again beside the exchange, whose steps change rows as they come: who holds something waits for nobody."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.records.tables import GivenPackageRow, StudentRow
from services.records.vault_rotation import rewrap_data_keys
from shared.key_encryption import version_of
from tests.postgres.waiting import somebody_waits
from tests.records.conftest import NOON
from tests.records.test_shredding import keys, own
from tests.records.test_storing import Store, arriving, store
from tests.records.whole_record import whole_record

__all__ = ["keys", "own", "store"]

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.parametrize("store", ["postgresql"], indirect=True)]

SECONDS = 30
FIRST, LAST = UUID(int=1), UUID(int=2)


async def test_a_step_that_holds_a_row_and_wants_another_one_gets_it_and_both_are_wrapped_again(own: Store) -> None:
    async with own.database.transaction() as tx:
        for one in (FIRST, LAST):
            sealed = own.vault.seal_roster(one, b"what was given")
            tx.add(GivenPackageRow(id=one, recipient_id=UUID(int=7), agreement_id=UUID(int=8), made_at=NOON, sealed=sealed))
    own.vault.provider.rotate()
    changed = text("UPDATE given_package SET made_at = made_at WHERE id = :id")
    async with asyncio.timeout(SECONDS), own.database.engine.connect() as step:
        await step.execute(changed, {"id": LAST})
        working = asyncio.ensure_future(rewrap_data_keys(own.database, own.vault))
        for _ in range(200):  # until it has done the other one, or waits for this
            if working.done() or await is_wrapped_again(own, FIRST) or await somebody_waits(own.database):
                break
            await asyncio.sleep(0.01)
        await step.execute(changed, {"id": FIRST})
        await step.commit()
        await working
    assert [await is_wrapped_again(own, one) for one in (FIRST, LAST)] == [True, True]


async def test_a_student_whom_somebody_has_is_passed_over_and_comes_later(own: Store) -> None:
    held, *others = [one.student_id for one in await own.store(*[arriving(whole_record(start=10_000 * n)) for n in range(3)])]
    own.vault.provider.rotate()
    async with asyncio.timeout(SECONDS), own.database.engine.connect() as somebody:
        await somebody.execute(text("SELECT 1 FROM student WHERE id = :id FOR UPDATE"), {"id": held})
        working = asyncio.ensure_future(rewrap_data_keys(own.database, own.vault))
        while await versions_of(own, others) != {2}:  # noqa: ASYNC110 the store says so
            await asyncio.sleep(0.01)
        assert await versions_of(own, [held]) == {1}
        await somebody.rollback()
        assert await working == 3
    assert await versions_of(own, [held]) == {2}


async def versions_of(own: Store, student_ids: list[UUID]) -> set[int]:
    async with own.database.reading() as tx:
        return {version_of(one) for one in await tx.scalars(select(StudentRow.wrapped_key).where(StudentRow.id.in_(student_ids)))}


async def is_wrapped_again(own: Store, identifier: UUID) -> bool:
    async with own.database.reading() as tx:
        row = await tx.get_one(GivenPackageRow, identifier)
        return version_of(row.sealed) == 2
