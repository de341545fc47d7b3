"""INSERT ... ON CONFLICT, which both engines know and SQLAlchemy spells once for each."""

from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

_INSERTS: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
DIALECTS: Final = tuple(_INSERTS)
"""For statements that are made once: one for each."""


def insert_of(dialect: str, row: Any) -> Any:
    """An INSERT of an engine into a row's table or a table, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _INSERTS[dialect](row)


def insert_into(tx: AsyncSession, row: type[Any]) -> Any:
    """The same, of the engine of `tx`."""
    return insert_of(tx.get_bind().dialect.name, row)
