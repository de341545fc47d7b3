"""The rows of a list that are behind a position, in an order of its columns: what an index in that order finds without counting. Pure."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, literal, tuple_

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def is_down(sort: str) -> bool:
    """Whether an order goes from the last to the first: it has a minus in front of its column."""
    return sort.startswith("-")


def behind(query: Query, columns: Sequence[Any], position: Sequence[Any] | None, *, sort: str) -> Query:
    """`query`, ordered by all of `columns` as `sort` has it, and of it what comes after `position`.

    columns   their values together are no other row's
    position  the values of the last row of the page before; None for the first page
    """
    down = is_down(sort)
    if position is not None:
        last = tuple_(*(literal(value, column.type) for value, column in zip(position, columns, strict=True)))
        query = query.where(tuple_(*columns) < last if down else tuple_(*columns) > last)
    return query.order_by(*(column.desc() if down else column.asc() for column in columns))
