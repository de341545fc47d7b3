"""A statement is compiled once in a process, whatever store it is asked of; and anew for a server with other ways."""

import uuid
from typing import Any

import pytest
from sqlalchemy import Dialect, Select, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from shared.compiled_once import COMPILED, OnceAsyncpgDialect
from shared.database import Database
from shared.inline_sqlite import InlineSqliteDialect
from tests.shared.tables import CounterRow

pytestmark = pytest.mark.anyio


def statement() -> Select[tuple[int]]:
    """One that nothing else in this process has asked."""
    return select(CounterRow.value.label(f"v_{uuid.uuid4().hex}"))


async def test_two_stores_and_both_ends_of_each_compile_a_statement_once(empty_database: Database) -> None:
    another = Database(empty_database.url)
    for database in (empty_database, another):
        async with database.transaction() as tx:  # what a dialect learns of its server it has learned
            await tx.execute(select(CounterRow.id))
    asked, before = statement(), set(COMPILED)
    for database in (empty_database, another):
        async with database.transaction() as tx:
            assert (await tx.execute(asked)).all() == []
        async with database.reading() as tx:
            assert (await tx.execute(asked)).all() == []
    assert len(set(COMPILED) - before) == 1
    await another.close()


@pytest.mark.parametrize("kind", [InlineSqliteDialect, OnceAsyncpgDialect])
def test_dialects_are_equal_whose_servers_have_the_same_ways(kind: type[Dialect]) -> None:
    one, other = kind(), kind()
    assert one == other
    assert hash(one) == hash(other)
    other.server_version_info = (18, 1)
    assert one != other
    one.server_version_info = (18, 1)
    assert one == other


def test_a_server_that_reads_backslashes_otherwise_has_its_own_texts() -> None:
    kind: Any = OnceAsyncpgDialect
    one, other = kind(), kind()
    other._backslash_escapes = True
    assert one != other


def test_dialects_of_two_kinds_differ() -> None:
    kinds: list[Any] = [OnceAsyncpgDialect, InlineSqliteDialect, PGDialect_asyncpg]
    assert len({kind() for kind in kinds}) == 3
