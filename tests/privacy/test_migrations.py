"""The history of the schema is complete, and nothing is served on another."""

from pathlib import Path

import pytest

from services.privacy.app import create_app
from services.privacy.tables import Base
from shared.database import Database
from shared.migrations import differences
from shared.schema_head import SchemaNotAtHead
from tests.privacy.node import settings_for

pytestmark = pytest.mark.anyio


async def test_the_history_makes_what_the_tables_say(store_url: str) -> None:
    database = Database(store_url)
    assert await differences("privacy", database, Base.metadata) == []
    await database.close()


async def test_a_store_that_is_not_at_head_is_not_served(tmp_path: Path, node_keys: Path) -> None:
    app = create_app(settings_for(f"sqlite+inline:///{tmp_path}/empty.db", node_keys), transports={})
    with pytest.raises(SchemaNotAtHead):
        async with app.router.lifespan_context(app):
            pass
