"""A log that was indexed before exchanges were: the migration empties the index, and what is made again is as if it had always been so."""

import importlib
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete, func, select

from services.audit.index.terms import Kind
from services.audit.tables import IndexCursorRow, PostingRow
from tests.audit.audit_node import AuditNode, disclosure, event, running
from tests.audit.test_index import Rows, alone, projector_of, rows_of
from tests.audit.test_search_filters import search, state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


def upgrade(connection: Connection) -> None:
    """What the migration does."""
    with Operations.context(MigrationContext.configure(connection)):
        importlib.import_module("services.audit.migrations.versions.0009_index_of_exchanges").upgrade()


async def forget_exchanges(node: AuditNode) -> None:
    """The index as the version before made it."""
    async with node.database.transaction() as tx:
        await tx.execute(delete(PostingRow).where(func.substr(PostingRow.term, 1, 1) == bytes([Kind.EXCHANGE])))


def _of_exchanges(rows: Rows) -> list[tuple[object, ...]]:
    return [row for row in rows["posting"] if row[3][0] == Kind.EXCHANGE]


async def test_an_indexed_log_finds_its_exchanges_after_the_migration(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, node_keys, clock) as node:
        await alone(node)
        sent = disclosure(node, uuid4())
        await node.append(sent, *[event("match", student=uuid4()) for _ in range(20)])
        await projector_of(node).catch_up()
        as_ever = await rows_of(node)
        await forget_exchanges(node)
        exchange = str(sent.context.exchange_id)
        assert (await search(node, state(node), exchange_ids=[exchange])).entries == ()
        async with node.database.transaction() as tx:
            corrections = await tx.scalar(select(IndexCursorRow.corrections))
        await node.database.write(upgrade)
        found = await search(node, state(node), exchange_ids=[exchange])
        assert [entry.index for entry in found.entries] == [0]
        await projector_of(node).catch_up()
        assert _of_exchanges(await rows_of(node)) == _of_exchanges(as_ever) != []
        await projector_of(node).rebuild()
        assert _of_exchanges(await rows_of(node)) == _of_exchanges(as_ever)
        async with node.database.reading() as tx:
            # who had read entries for the index before it was emptied writes nothing of them
            assert await tx.scalar(select(IndexCursorRow.corrections)) == (corrections or 0) + 2
