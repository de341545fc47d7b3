"""What the log stands on the store itself lets nobody change or take away: whoever has the service's connection has that much less."""

import importlib
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.audit.tables import Base, CosignatureRow
from tests.audit.audit_node import AuditNode, disclosure, event
from tests.audit.test_stored_fields import PROVEN_TABLES

pytestmark = pytest.mark.anyio

REFUSED: tuple[str, ...] = importlib.import_module("services.audit.migrations.versions.0001_log").APPEND_ONLY


def test_entries_tiles_and_checkpoints_are_append_only() -> None:
    assert {"segment", "tile", "checkpoint"} <= set(REFUSED) <= PROVEN_TABLES


@pytest.mark.requirement("LOG-I2")
async def test_no_row_of_the_log_is_changed_or_taken_away(node: AuditNode) -> None:
    await node.append(disclosure(node, uuid4()), *[event("request") for _ in range(300)])
    await node.sequencer.publish_now()
    for name in REFUSED:
        table = Base.metadata.tables[name]
        async with node.database.reading() as tx:
            row = (await tx.execute(select(table).limit(1))).one()
        for column in table.columns:
            with pytest.raises(DBAPIError, match="append-only"):
                async with node.database.transaction() as tx:
                    await tx.execute(update(table).values({column.name: row._mapping[column.name]}))
        for taken in (delete(table), *([] if node.database.is_sqlite else [text(f'TRUNCATE "{name}"')])):
            with pytest.raises(DBAPIError, match="append-only"):
                async with node.database.transaction() as tx:
                    await tx.execute(taken)


async def test_a_cosignature_is_never_another(node: AuditNode) -> None:
    """Old ones go, but for one an hour; none is changed."""
    given = {"log": 2026, "size": 1, "witness": "birch.example", "line": "line", "t": 1}
    async with node.database.transaction() as tx:
        await tx.execute(insert(CosignatureRow).values(given))
    with pytest.raises(DBAPIError, match="append-only"):
        async with node.database.transaction() as tx:
            await tx.execute(update(CosignatureRow).values(size=2))
