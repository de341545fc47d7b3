"""Two that unite the same records at the same time, on PostgreSQL: one union stands, and both are told of it."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.tables import StudentRow, UnionRow
from services.records.unions import unite
from shared.database import Database
from shared.migrations import migrate
from tests.records.conftest import NOON

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ONE, OTHER = UUID(int=1), UUID(int=2)
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def student(identifier: UUID) -> StudentRow:
    return StudentRow(
        id=identifier,
        custodian_id=UUID(int=9),
        originating_agency=str(UUID(int=9)),
        wrapped_key=b"",
        version=1,
        facts_version=1,
        created_at=NOON,
        changed_at=NOON,
    )


async def united(tx: AsyncSession, leading: UUID, other: UUID) -> UUID:
    return await tx.run_sync(lambda session: unite(session.connection(), leading_id=leading, other_id=other, by="job:match", now=NOON))


async def test_of_two_records_one_union_stands_however_many_unite_them_at_once(postgres_url: str) -> None:
    database, second = Database(postgres_url), Database(postgres_url)
    try:
        await migrate("records", database)
        async with database.transaction() as tx:
            tx.add_all(map(student, (ONE, OTHER)))

        async def at_the_other_process() -> UUID:
            async with second.transaction() as tx:
                return await united(tx, OTHER, ONE)

        async with database.transaction() as tx:
            first = await united(tx, ONE, OTHER)
            later = asyncio.create_task(at_the_other_process())
            async with asyncio.timeout(60):
                while not later.done() and not await database.read(lambda connection: connection.execute(WAITING).scalar_one()):
                    pass
        assert await later == first
        async with database.reading() as tx:
            assert (await tx.scalars(select(UnionRow.id))).all() == [first]
    finally:
        await database.close()
        await second.close()
