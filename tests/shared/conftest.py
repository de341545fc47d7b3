"""A store of the tests' own tables, on each engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.database import Database
from tests.shared.tables import Base


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The tables, and nothing in them."""
    url = f"sqlite+aiosqlite:///{tmp_path}/test.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    async with database.transaction() as tx:
        await (await tx.connection()).run_sync(Base.metadata.create_all)
    yield database
    await database.close()
