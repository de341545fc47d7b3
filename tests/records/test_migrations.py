"""The history makes the very schema of the tables, on both engines."""

from pathlib import Path

import pytest

from services.records.tables import Base
from shared.database import Database
from shared.migrations import differences, migrate


@pytest.mark.anyio
async def test_the_history_ends_at_the_tables_on_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    await migrate("records", database)
    assert await differences("records", database, Base.metadata) == []
    await database.close()


@pytest.mark.anyio
@pytest.mark.postgres
async def test_the_history_ends_at_the_tables_on_postgresql(postgres_url: str) -> None:
    database = Database(postgres_url)
    await migrate("records", database)
    assert await differences("records", database, Base.metadata) == []
    await database.close()
