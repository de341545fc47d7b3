"""Within a block one question is asked once, and no other is taken for it; after it each is asked anew."""

from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update

from shared import prepared
from shared.asked_once import asked_once, rows_once
from shared.database import Database
from tests.shared.tables import CounterRow

pytestmark = pytest.mark.anyio

VALUE = select(CounterRow.value).where(CounterRow.id == bindparam("id_"))
ID = select(CounterRow.id).where(CounterRow.id == bindparam("id_"))
THOSE = select(CounterRow.value).where(CounterRow.id.in_(bindparam("ids", expanding=True)))
SET = update(CounterRow).where(CounterRow.id == 1).values(value=bindparam("new_value"))


@pytest.fixture
async def database(empty_database: Database) -> Database:
    rows = [{"id": 1, "value": 10}, {"id": 2, "value": 20}]
    await empty_database.write(lambda tx: prepared.change_each(tx, insert(CounterRow), rows))
    return empty_database


def once(tx: Connection, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows_once(tx, statement, values)]


async def test_the_same_question_is_asked_once_and_no_other_is_taken_for_it(database: Database) -> None:
    def ask(tx: Connection) -> None:
        with asked_once():
            assert once(tx, VALUE, id_=1) == [(10,)]
            prepared.change(tx, SET, {"new_value": 11})
            assert once(tx, VALUE, id_=1) == [(10,)], "as it was found"
            assert once(tx, ID, id_=1) == [(1,)], "another question with the same values"
            assert once(tx, VALUE, id_=2) == [(20,)], "the same one with others"
            assert sorted(once(tx, THOSE, ids=[1, 2])) == [(11,), (20,)]

    await database.write(ask)


async def test_who_changes_what_was_found_changes_it_for_nobody_else(database: Database) -> None:
    def ask(tx: Connection) -> None:
        with asked_once():
            rows_once(tx, VALUE, {"id_": 1}).clear()
            assert once(tx, VALUE, id_=1) == [(10,)]

    await database.read(ask)


async def test_after_the_block_and_in_another_one_it_is_asked_anew(database: Database) -> None:
    def ask(tx: Connection) -> None:
        with asked_once():
            assert once(tx, VALUE, id_=1) == [(10,)]
        prepared.change(tx, SET, {"new_value": 11})
        assert once(tx, VALUE, id_=1) == [(11,)]
        with asked_once():
            assert once(tx, VALUE, id_=1) == [(11,)]
            prepared.change(tx, SET, {"new_value": 12})
            with pytest.raises(ZeroDivisionError), asked_once():
                assert once(tx, VALUE, id_=1) == [(12,)], "a block of its own"
                raise ZeroDivisionError
            assert once(tx, VALUE, id_=1) == [(11,)]

    await database.write(ask)
