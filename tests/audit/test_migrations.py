"""The history makes the very schema of the tables, on both engines, and no row of the past can be changed or deleted."""

from pathlib import Path

import pytest
from sqlalchemy import Executable, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from services.audit.tables import Base
from shared.database import Database
from shared.migrations import differences, migrate
from shared.schema_head import require_head
from tests.audit.audit_node import AuditNode, event, sqlite_url

pytestmark = pytest.mark.anyio


async def check_history(url: str) -> None:
    database = Database(url)
    await migrate("audit", database)
    await require_head("audit", database)
    assert await differences("audit", database, Base.metadata) == []
    await database.close()


async def test_the_history_ends_at_the_tables_on_sqlite(tmp_path: Path) -> None:
    await check_history(sqlite_url(tmp_path))


@pytest.mark.postgres
async def test_the_history_ends_at_the_tables_on_postgresql(postgres_url: str) -> None:
    await check_history(postgres_url)


@pytest.mark.postgres
async def test_hashes_and_ciphertext_of_the_log_are_stored_outside_of_rows_and_never_compressed(postgres_url: str) -> None:
    """Not `posting.bits`: of 960 bytes at the most (services.audit.index.bitmaps), it stays in its row, where nothing is compressed."""
    database = Database(postgres_url)
    await migrate("audit", database)
    query = """
        SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.attstorage = 'e'
    """
    async with database.reading() as tx:
        external = set(await tx.scalars(text(query)))
    await database.close()
    assert external == {
        "segment.hashes", "segment.data", "tile.hashes", "edge_tile.hashes", "sealed.groups",
        "mirrored_bundle.data", "radius_count.sealed", "radius_count_part.sealed",
    }  # fmt: skip


@pytest.mark.requirement("LOG-I2")
@pytest.mark.parametrize("table", ["segment", "tile", "checkpoint", "appended"])
async def test_no_row_of_the_past_can_be_changed_or_deleted(node: AuditNode, table: str) -> None:
    await node.append(*[event("request") for _ in range(300)])
    rows = Base.metadata.tables[table]
    changed = {"segment": "data", "tile": "hashes", "checkpoint": "note", "appended": "event_digest"}[table]
    statements: list[Executable] = [update(rows).values({changed: rows.c[changed]}), delete(rows)]
    if not node.database.is_sqlite:
        statements.append(text(f"TRUNCATE {table}"))
    for statement in statements:
        with pytest.raises(DBAPIError):
            async with node.database.transaction() as tx:
                await tx.execute(statement)
    async with node.database.reading() as tx:
        assert await tx.scalar(select(func.count()).select_from(rows))
