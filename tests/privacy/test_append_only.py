"""Of a row that is never altered the store lets the wrapping of a data key change, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Column, Date, Integer, LargeBinary, Table, Uuid, and_, select, update
from sqlalchemy.exc import DBAPIError

from services.privacy.key_wrapping import sealed_columns
from shared.columns import Milliseconds
from shared.database import Database
from tests.privacy.test_key_wrapping import lived_in
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("KEYS-rotation")
async def test_of_a_row_that_is_never_altered_the_wrapping_alone_may_change(world: World) -> None:
    await lived_in(world)
    database: Database = world.node.app.state.database
    for table, names in sealed_columns().items():
        async with database.reading() as tx:
            row = (await tx.execute(select(table).limit(1))).one_or_none()
        if row is None or not await is_append_only(database, table, row):
            continue
        for column in table.columns:
            with pytest.raises(DBAPIError, match="append-only"):
                await change(database, table, row, {column.name: other(column, row._mapping[column.name])})
        for name in names:
            value: bytes = row._mapping[name]
            await change(database, table, row, {name: bytes(64) + value[64:]})
            await change(database, table, row, {name: value})
    assert {table.name for table in sealed_columns()} >= APPEND_ONLY


APPEND_ONLY = {"consent_event", "decision", "preference_event", "subject_version"}
"""Of those that the test's life fills."""


async def is_append_only(database: Database, table: Table, row: Any) -> bool:
    """Whether the store refuses to remove it, or to change its first sealed value."""
    name = sealed_columns()[table][0]
    try:
        await change(database, table, row, {name: other(table.c[name], row._mapping[name])})
    except DBAPIError:
        return True
    assert table.name not in APPEND_ONLY
    return False


async def change(database: Database, table: Table, row: Any, values: dict[str, Any]) -> None:
    where = and_(*(column == row._mapping[column.name] for column in table.primary_key.columns))
    async with database.transaction() as tx:
        await tx.execute(update(table).where(where).values(values))


def other(column: Column[Any], value: Any) -> Any:
    """Another value of the column's kind."""
    kind = type(column.type)
    if kind is LargeBinary:
        return value[:-1] + bytes([value[-1] ^ 1]) if value else b"1"
    if kind is Uuid:
        return uuid4()
    if isinstance(value, (datetime, date)) or kind in (Milliseconds, Date):
        return (value or datetime(2026, 1, 1, tzinfo=UTC)) + timedelta(days=1)
    if isinstance(value, int) or kind is Integer:
        return (value or 0) + 1
    return "b" if value != "b" else "c"
