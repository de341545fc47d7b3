from pathlib import Path

import pytest

from services.gateway.proof_tables import UsedProofRow
from shared.database import Database
from shared.migrations import differences, migrate


async def _is_complete(database: Database) -> None:
    await migrate("gateway", database)
    assert await differences("gateway", database, UsedProofRow.metadata) == []
    await database.close()


@pytest.mark.anyio
async def test_the_history_leads_to_the_tables(tmp_path: Path) -> None:
    await _is_complete(Database(f"sqlite+inline:///{tmp_path}/gateway.db"))


@pytest.mark.anyio
@pytest.mark.postgres
async def test_the_history_leads_to_the_tables_on_postgresql(postgres_url: str) -> None:
    await _is_complete(Database(postgres_url))
