"""Every way in which a service asks its store is heard where the matrix compares what is asked for: none goes past it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, bindparam, delete, insert, make_url, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from shared import prepared
from shared.database import Database
from tests.isolation.statements import statements
from tests.shared.tables import Base, CounterRow

pytestmark = pytest.mark.anyio

ALL: Final = select(CounterRow.id).where(CounterRow.id > bindparam("least"))
ADD: Final = insert(CounterRow)
SET: Final = update(CounterRow).where(CounterRow.id == bindparam("id_")).values(value=bindparam("new_value"))
TEXTS: Final = select(CounterRow.id).where(bindparam("text_") == "other")
TEXT: Final = "SELECT id FROM counter WHERE id > ?"


async def _in_session(database: Database, ask: Callable[[AsyncSession], Awaitable[object]], *, writing: bool = False) -> None:
    async with database.transaction() if writing else database.reading() as tx:
        await ask(tx)


def _driver(connection: Connection) -> object:
    return Driver(connection).rows(TEXT, 0)


WAYS: Final[dict[str, Callable[[Database], Awaitable[object]]]] = {
    "a session": lambda it: _in_session(it, lambda tx: tx.execute(ALL, {"least": 0})),
    "a writing session": lambda it: _in_session(it, lambda tx: tx.execute(ADD, {"id": 1, "value": 1}), writing=True),
    "a connection": lambda it: it.read(lambda tx: tx.execute(ALL, {"least": 0}).all()),
    "a look": lambda it: it.look(lambda tx: tx.execute(ALL, {"least": 0}).all()),
    "a prepared statement": lambda it: it.read(lambda tx: prepared.rows(tx, ALL, {"least": 0})),
    "a prepared change": lambda it: it.write(lambda tx: prepared.change(tx, SET, {"id_": 1, "new_value": 2})),
    "prepared changes": lambda it: it.write(lambda tx: prepared.change_each(tx, ADD, [{"id": 1, "value": 1}, {"id": 2, "value": 2}])),
    "a find": lambda it: it.find(ALL, {"least": 0}),
    "a write alone": lambda it: it.write_alone(SET.returning(CounterRow.id), {"id_": 1, "new_value": 2}),
    "writes together": lambda it: it.write_together([(SET, {"id_": 1, "new_value": 2})]),
    "writes of which all are made or none": lambda it: it.write_all_or_none([(ADD, {"id": 1, "value": 1})]),
    "the log's reader": lambda it: it.read(_driver),
    "the log's reader in a session": lambda it: _in_session(it, lambda tx: tx.run_sync(lambda session: _driver(session.connection()))),
    "the log's writer": lambda it: it.write(lambda tx: Driver(tx).insert(CounterRow, [(1, 1)])),
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """Of SQLite, as the matrix has."""
    database = Database(make_url(f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}"))
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_to_ask_is_heard_once(store: Database, way: str) -> None:
    await WAYS[way](store)
    await store.write(lambda tx: prepared.change(tx, delete(CounterRow), {}))
    with statements() as heard:
        await WAYS[way](store)
    assert [one.split()[0] for one in heard] == [heard[0].split()[0]]
    assert "counter" in heard[0]


async def test_what_works_in_the_background_is_not_heard(store: Database) -> None:
    going, asked = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await going.wait()
        await store.find(ALL, {"least": 0})
        asked.set()

    task = asyncio.create_task(work())
    with statements() as heard:
        going.set()
        await asked.wait()
    await task
    assert heard == []
    with statements() as heard:
        await store.find(ALL, {"least": 0})
    assert len(heard) == 1


async def test_how_many_rows_a_statement_writes_and_how_much_is_heard_and_which_ones_is_not(store: Database) -> None:
    async def heard(*rows: tuple[int, int]) -> list[str]:
        with statements() as asked:
            await store.write(lambda tx: Driver(tx).insert(CounterRow, list(rows)))
        return asked

    one, other, both = await heard((1, 1)), await heard((2, 2)), await heard((3, 3), (4, 4))
    assert one == other != both
    with statements() as short:
        await store.find(TEXTS, {"text_": "short"})
    with statements() as long:
        await store.find(TEXTS, {"text_": "longer"})
    assert short != long
