"""For a part of a roster no list is made of whom rosters made known: each who has one of its names is looked up alone."""

import secrets

import pytest
from sqlalchemy import Connection

from services.records.loading_received import NEAR
from tests.records.statements import plans
from tests.records.test_storing import Store, arriving, store

__all__ = ["store"]

pytestmark = pytest.mark.anyio


async def test_whoever_has_a_name_of_the_roster_is_looked_up_by_an_index(store: Store) -> None:
    await store.store(arriving())
    tags = [secrets.token_bytes(16) for _ in range(100)]

    def look(connection: Connection) -> list[str]:
        return plans(connection, lambda asked: asked.execute(NEAR, {"tags": tags}).all())

    [plan] = await store.database.read(look)
    if store.database.is_sqlite:
        assert "SEARCH source_id USING INDEX ix_source_id_student_id (student_id=?)" in plan
        assert "SCAN" not in plan
    else:
        assert "Anti Join" not in plan
        assert "(student_id = tag.student_id)" in plan.partition(" on source_id")[2].partition("Index Cond:")[2].partition("\n")[0]
