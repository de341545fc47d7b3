"""INSERT ... ON CONFLICT, which both engines know and SQLAlchemy spells once for each."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


def insert_into(tx: AsyncSession, row: type[Any]) -> Any:
    """An INSERT of the engine of `tx`, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    insert = postgresql.insert if tx.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(row)
