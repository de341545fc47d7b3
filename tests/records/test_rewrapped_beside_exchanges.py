"""Keys are wrapped again beside the exchange, whose steps change rows in the order in which they come: neither keeps the other waiting."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from services.records.tables import GivenPackageRow
from services.records.vault_rotation import rewrap_data_keys
from shared.key_encryption import version_of
from tests.records.conftest import NOON
from tests.records.test_shredding import keys, own
from tests.records.test_storing import Store, store

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
            if working.done() or await is_wrapped_again(own, FIRST) or await somebody_waits(own):
                break
            await asyncio.sleep(0.01)
        await step.execute(changed, {"id": FIRST})
        await step.commit()
        await working
    assert [await is_wrapped_again(own, one) for one in (FIRST, LAST)] == [True, True]


async def is_wrapped_again(own: Store, identifier: UUID) -> bool:
    async with own.database.reading() as tx:
        row = await tx.get_one(GivenPackageRow, identifier)
        return version_of(row.sealed) == 2


async def somebody_waits(own: Store) -> bool:
    async with own.database.engine.connect() as looking:
        return bool(await looking.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
