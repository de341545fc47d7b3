"""Reading, storing and changing rows of the exchange by statements that are built once, so that each costs its execution alone.

A state changes only from one that it may follow: the guard is in the UPDATE itself, so that no row has to be read and locked before.
"""

from collections.abc import Collection
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Select, Update, bindparam, or_, select, update

from services.records.exchange.states import State, require_transition
from shared import prepared
from shared.inserts import insert_of

Row = TypeVar("Row")
Key = tuple[Any, ...]
"""Values of the primary key, in the order of its columns."""


def row_at(connection: Connection, row: type[Row], *key: Any, lock: bool = False) -> Row | None:
    """The row with this primary key as it is now. `lock`: nobody else changes it until the transaction ends."""
    table: Any = row
    found = prepared.row(connection, _by_key(table, lock), _named(table, key))
    return None if found is None else row(**found._asdict())


def store(connection: Connection, row: Any) -> bool:
    """Insert `row` as it stands. False if one with the same key, or the same of what is unique, is there: that one stays as it is."""
    return bool(prepared.change(connection, *storing(connection.dialect.name, row)))


def storing(dialect: str, row: Any) -> prepared.Change:
    """The change that `store` makes."""
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return _insert(row.__mapper__.class_, dialect), values


def change(connection: Connection, row: Any, *key: Any, when: Collection[State], **values: Any) -> bool:
    """Set `values` in the row with this key if its state is one of `when`; False if it is another, and nothing is changed.

    Raises TransitionRefused where a new state may not follow one of `when`.
    """
    return bool(prepared.change(connection, *changing(row, *key, when=when, **values)))


def changing(row: Any, *key: Any, when: Collection[State], **values: Any) -> prepared.Change:
    """The change that `change` makes. Raises as that."""
    new = values.get("state")
    if new is not None:
        for old in when:
            require_transition(old, new)
    return _update(row, tuple(values), tuple(when)), {**_named(row, key), **{f"new_{name}": value for name, value in values.items()}}


def _named(row: Any, key: Key) -> dict[str, Any]:
    return {f"key_{column.key}": value for column, value in zip(row.__table__.primary_key.columns, key, strict=True)}


def _with_key(row: Any) -> list[Any]:
    return [column == bindparam(f"key_{column.key}") for column in row.__table__.primary_key.columns]


@cache
def _by_key(row: Any, lock: bool) -> Select[Any]:
    statement = select(row.__table__).where(*_with_key(row))
    return statement.with_for_update() if lock else statement


@cache
def _insert(row: Any, dialect: str) -> Insert:
    statement: Insert = insert_of(dialect, row.__table__).on_conflict_do_nothing()
    return statement


@cache
def _update(row: Any, names: tuple[str, ...], when: tuple[State, ...]) -> Update:
    table = row.__table__
    states = or_(*(table.c.state == state.value for state in when))
    return update(table).where(*_with_key(row), states).values({name: bindparam(f"new_{name}") for name in names})
