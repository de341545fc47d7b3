"""Rows looked up by their keys, those of one moment by one query; in no transaction: nothing else has to agree with them."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select

from shared.database import Database
from shared.gathered import Gathered

Row = TypeVar("Row")

MOST = 100
AT_ONCE = 4


class RowLookups:
    """Of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: Gathered[tuple[Any, ...], Any, Any] = Gathered(self._together, most=MOST, at_once=AT_ONCE)

    async def __call__(self, row: type[Row], *key: Any) -> Row | None:
        """The row with this primary key, its values in the order of its columns; None if there is none."""
        *first, last = key
        found: Row | None = await self._gathered((row, *first), last)
        return found

    async def _together(self, key: tuple[Any, ...], wanted: Sequence[Any]) -> Sequence[Any]:
        row, *first = key
        *_, last = row.__table__.primary_key.columns
        values = {**{f"key_{place}": value for place, value in enumerate(first)}, "wanted": list(dict.fromkeys(wanted))}
        found = await self._database.find(_by_keys(row), values)
        held = {getattr(one, last.key): one._asdict() for one in found}
        # a row of its own for each: who has one may change what it says
        return [row(**held[one]) if one in held else None for one in wanted]


@cache
def _by_keys(row: Any) -> Select[Any]:
    *first, last = row.__table__.primary_key.columns
    these = [column == bindparam(f"key_{place}") for place, column in enumerate(first)]
    return select(row.__table__).where(*these, last.in_(bindparam("wanted", expanding=True)))
