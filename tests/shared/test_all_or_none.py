"""Changes that hold only together, on both engines: one statement, which changes all of it or nothing."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from shared.all_or_none import only_if
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.group_commit import Expected, Write, Writing
from shared.inserts import insert_of
from shared.prepared import Change
from tests.shared.tables import CounterRow, OutboxRow
from tests.shared.test_group_commit import counted, group_commit

pytestmark = pytest.mark.anyio

_ADD = insert(CounterRow)
_SET = update(CounterRow).where(CounterRow.id == bindparam("id_")).values(value=bindparam("new_value"))
_SET_FROM = update(CounterRow).where(CounterRow.value == bindparam("old")).values(value=bindparam("new_value"))
_FORGET = delete(CounterRow).where(CounterRow.value == bindparam("old"))


@pytest.fixture
async def database(empty_database: Database) -> Database:
    async with empty_database.transaction() as tx:
        tx.add_all([CounterRow(id=1, value=0), CounterRow(id=2, value=0)])
    return empty_database


async def everything(database: Database) -> dict[int, int]:
    async with database.reading() as tx:
        return {row.id: row.value for row in (await tx.scalars(select(CounterRow))).all()}


def set_to(identifier: int, number: int) -> Change:
    return _SET, {"id_": identifier, "new_value": number}


def added(identifier: int, number: int = 0) -> Change:
    return _ADD, {"id": identifier, "value": number}


async def test_changes_of_one_row_each_are_made_with_what_is_beside_them_of_any_number(database: Database) -> None:
    assert await database.write_all_or_none([added(3, 3), set_to(1, 7)], [(_FORGET, {"old": 99})])
    assert await everything(database) == {1: 7, 2: 0, 3: 3}
    assert await database.write_all_or_none([added(4, 4)], [(_FORGET, {"old": 7}), (_FORGET, {"old": 3})])
    assert await everything(database) == {2: 0, 4: 4}


@pytest.mark.parametrize(
    "of_another_number", [set_to(9, 1), (_SET_FROM, {"old": 0, "new_value": 1}), added(2)], ids=["none", "two", "taken"]
)
async def test_where_one_is_not_of_one_row_nothing_is_changed_whatever_its_place(database: Database, of_another_number: Change) -> None:
    for changes in ([added(3), of_another_number], [of_another_number, added(3)]):
        assert not await database.write_all_or_none(changes, [(_FORGET, {"old": 99})])
        assert await everything(database) == {1: 0, 2: 0}
    assert await database.write_all_or_none([added(3)])  # the connection is as it was


async def test_an_insert_that_does_nothing_where_there_is_a_row_is_of_none(database: Database) -> None:
    adding = insert_of(database.dialect, CounterRow).on_conflict_do_nothing()
    assert not await database.write_all_or_none([(adding, {"id": 1, "value": 5}), set_to(2, 5)])
    assert await everything(database) == {1: 0, 2: 0}


async def test_a_text_of_the_drivers_own_marks_changes_all_or_nothing_likewise(database: Database) -> None:
    if database.is_sqlite:
        return  # PostgreSQL's alone
    grown = f"WITH grown AS (UPDATE counter SET value = $1 WHERE value = $2 RETURNING 1) {only_if(['grown'])}"  # noqa: S608 our own
    assert not await database.run_or_nothing(grown, (5, 0))
    assert await everything(database) == {1: 0, 2: 0}
    assert await database.write_all_or_none([set_to(1, 4)])
    assert await database.run_or_nothing(grown, (5, 4))
    assert await everything(database) == {1: 5, 2: 0}


def event(key: str) -> Event:
    return Event(class_="match", key=key, actor=Actor(kind="system", job="test"), context=Context(operation="test"))


class Told:
    """A write, whether it was made as it was expected, and who heard that it was."""

    def __init__(self) -> None:
        self.heard = list[str]()

    def write(self, changes: list[Change], *, key: str, fails: bool = False) -> Expected[str]:
        def otherwise(tx: Writing) -> str:
            tx.record(event(key))
            if fails:
                raise ZeroDivisionError
            for change in changes:
                tx.expect(change, ZeroDivisionError())
            return "otherwise"

        return Expected(changes, "expected", otherwise=otherwise, events=[event(key)], afterwards=lambda: self.heard.append(key))


async def keys(database: Database) -> list[str]:
    async with database.reading() as tx:
        return sorted(Event.model_validate_json(body).key for body in (await tx.scalars(select(OutboxRow.body))).all())


async def test_a_write_is_made_as_expected_alone_and_otherwise_among_others_or_where_something_came_between(database: Database) -> None:
    write, told = group_commit(database), Told()
    assert await write(told.write([set_to(1, 1), added(3)], key="a")) == "expected"
    assert (await keys(database), told.heard) == (["a"], ["a"])
    together = [told.write([set_to(1, 2)], key="b"), told.write([set_to(2, 2)], key="c")]
    assert await asyncio.gather(*map(write, together)) == ["otherwise", "otherwise"]
    with pytest.raises(ZeroDivisionError):
        await write(told.write([set_to(1, 3), set_to(9, 3)], key="d"))
    assert await everything(database) == {1: 2, 2: 2, 3: 0}
    assert (await keys(database), told.heard) == (["a", "b", "c"], ["a"])


async def test_what_is_expected_of_a_write_alone_is_made_at_its_end_with_what_it_tells_and_each_says_what_was_the_matter(
    database: Database,
) -> None:
    write = group_commit(database)
    commits = counted(write)

    def expecting(*changes: tuple[Change, Exception]) -> Write[dict[str, Any]]:
        def run(tx: Writing) -> dict[str, Any]:
            tx.record(event("told"))
            for change, otherwise in changes:
                tx.expect(change, otherwise)
            return {str(row.id): row.value for row in tx.connection.execute(select(CounterRow.id, CounterRow.value))}

        return run

    assert await write(expecting((set_to(1, 1), ZeroDivisionError()), (added(3), KeyError()))) == {"1": 0, "2": 0}
    assert await everything(database) == {1: 1, 2: 0, 3: 0}
    with pytest.raises(KeyError):
        await write(expecting((set_to(1, 2), ZeroDivisionError()), (set_to(9, 2), KeyError())))
    assert await everything(database) == {1: 1, 2: 0, 3: 0}
    assert (await keys(database), commits) == (["told"], [1, 1])
