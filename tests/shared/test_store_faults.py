"""A fault of the store is told from one of ours: only for the former does it help to come again."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.store_faults import is_of_the_store


class _Said(Exception):
    """What a driver raised. `sqlstate`: PostgreSQL's word for it."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__()
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "state", ["08006", "25006", "28P01", "3D000", "40001", "40P01", "42P01", "42501", "53300", "55000", "57P01", "58030"]
)
def test_what_postgresql_says_of_itself_is_the_stores(state: str) -> None:
    assert is_of_the_store(DBAPIError(None, None, _Said(state)))
    assert is_of_the_store(ProgrammingError(None, None, _Said(state)))


@pytest.mark.parametrize("state", ["22P02", "23505", "42601", "42883", "P0001", "", None])
def test_what_it_says_of_a_statement_is_ours(state: str | None) -> None:
    assert not is_of_the_store(DBAPIError(None, None, _Said(state)))
    assert not is_of_the_store(ProgrammingError(None, None, _Said(state)))


def test_a_connection_that_was_lost_and_one_that_was_not_had_are_the_stores() -> None:
    assert is_of_the_store(InterfaceError(None, None, _Said(None), connection_invalidated=True))
    assert is_of_the_store(OperationalError(None, None, OSError()))
    assert is_of_the_store(PoolTimeout())


def test_nothing_else_is() -> None:
    for error in (
        InterfaceError(None, None, _Said(None)),
        IntegrityError(None, None, _Said("23505")),
        OSError(),
        RuntimeError(),
        KeyError(),
    ):
        assert not is_of_the_store(error)
