"""A row that goes takes with it, or lets go of, those that refer to it: each of them is found by an index, not by reading a table whole.

Neither engine makes such an index by itself, and neither says in a plan how it looks for them.
"""

import importlib
from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKeyConstraint, MetaData, Table, UniqueConstraint

from shared.who_may_call import SERVICES, ServiceName


def beginnings(table: Table) -> Iterator[tuple[str, ...]]:
    """The columns of each index over all rows, in their order."""
    yield tuple(table.primary_key.columns.keys())
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(constraint.columns.keys())
    for index in table.indexes:
        if all(index.dialect_options[engine]["where"] is None for engine in ("sqlite", "postgresql")):
            yield tuple(index.columns.keys())


def is_found(table: Table, constraint: ForeignKeyConstraint) -> bool:
    columns = set(constraint.column_keys)
    return any(set(one[: len(columns)]) == columns for one in beginnings(table))


@pytest.mark.parametrize("service", SERVICES)
def test_what_goes_with_a_row_is_found_by_an_index(service: ServiceName) -> None:
    metadata: MetaData = importlib.import_module(f"services.{service}.tables").Base.metadata
    follows = [(table, one) for table in metadata.sorted_tables for one in table.foreign_key_constraints if one.ondelete]
    assert [f"{table.name}.{one.column_keys}" for table, one in follows if not is_found(table, one)] == []
