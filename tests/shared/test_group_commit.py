"""Writes that share a commit, on both engines."""

import asyncio
from asyncio import Task
from typing import Any, cast

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared import prepared
from shared.clock import system_clock
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.group_commit import Changes, GroupCommit, Write, Writing
from shared.internal_token import InternalTokens
from shared.keys import SigningKey
from shared.outbox import Outbox
from shared.siblings import Siblings
from tests.shared.tables import CounterRow, LeaseRow, OutboxRow

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(empty_database: Database) -> Database:
    async with empty_database.transaction() as tx:
        tx.add(CounterRow(id=1, value=0))
    return empty_database


def group_commit(database: Database) -> GroupCommit:
    siblings = Siblings("records", InternalTokens("records", SigningKey.generate(), {}), {}, system_clock)
    outbox = Outbox("records", database, siblings, system_clock, row=OutboxRow, lease=LeaseRow, holder="this process")
    return GroupCommit(database, outbox)


def counted(write: GroupCommit) -> list[int]:
    """Of how many writes each transaction is from here on, also those that come to nothing."""
    commits, plain = list[int](), write._together

    async def noted(writes: list[Write[Any]]) -> list[Any]:
        commits.append(len(writes))
        return await plain(writes)

    write._together = noted  # type: ignore[method-assign]
    return commits


async def value(database: Database, identifier: int = 1) -> int | None:
    async with database.reading() as tx:
        return (await tx.execute(select(CounterRow.value).where(CounterRow.id == identifier))).scalar_one_or_none()


def increment(tx: Writing) -> int:
    more = update(CounterRow).where(CounterRow.id == 1).values(value=CounterRow.value + 1).returning(CounterRow.value)
    value: int = tx.connection.execute(more).scalar_one()
    return value


async def test_fifty_writes_at_once_all_count_and_each_sees_those_before_it(database: Database) -> None:
    write = group_commit(database)
    assert sorted(await asyncio.gather(*(write(increment) for _ in range(50)))) == list(range(1, 51))
    assert await value(database) == 50


async def test_a_coroutine_function_is_refused_instead_of_never_being_run(database: Database) -> None:
    async def waiting(tx: Writing) -> int:
        return increment(tx)

    with pytest.raises(TypeError, match="plain function"):
        await group_commit(database)(cast("Write[int]", waiting))
    assert await value(database) == 0


async def test_a_write_that_fails_takes_no_other_with_it_and_leaves_nothing(database: Database) -> None:
    write = group_commit(database)

    def half(tx: Writing) -> int:
        tx.connection.execute(insert(CounterRow).values(id=2, value=2))
        raise ZeroDivisionError

    results = await asyncio.gather(*(write(one) for one in (increment, half, increment)), return_exceptions=True)
    assert [type(result) for result in results] == [int, ZeroDivisionError, int]
    assert await value(database) == 2
    assert await value(database, 2) is None


async def test_beside_one_that_fails_most_still_share_a_commit(database: Database) -> None:
    write = group_commit(database)
    commits = counted(write)

    def failing(_: Writing) -> int:
        raise ZeroDivisionError

    results = await asyncio.gather(*(write(failing if n == 5 else increment) for n in range(16)), return_exceptions=True)
    assert [n for n, one in enumerate(results) if isinstance(one, ZeroDivisionError)] == [5]
    assert sorted(one for one in results if isinstance(one, int)) == list(range(1, 16))
    assert commits == [16, 8, 4, 4, 2, 1, 1, 2, 8]
    assert await value(database) == 15


async def test_nobody_is_told_before_the_commit_and_what_fails_tells_nobody(database: Database) -> None:
    write, seen = group_commit(database), list[Task[int | None]]()

    def noting(tx: Writing) -> int:
        tx.afterwards(lambda: seen.append(asyncio.ensure_future(value(database))))
        return increment(tx)

    def failing(tx: Writing) -> int:
        noting(tx)
        raise ZeroDivisionError

    await asyncio.gather(write(noting), write(increment))
    assert [await task for task in seen] == [2]
    with pytest.raises(ZeroDivisionError):
        await write(failing)
    assert len(seen) == 1


async def test_what_the_log_is_to_be_told_is_stored_with_the_write_and_with_no_other(database: Database) -> None:
    write = group_commit(database)

    def telling(key: str, *, fails: bool) -> Write[int]:
        def tell(tx: Writing) -> int:
            tx.record(Event(class_="match", key=key, actor=Actor(kind="system", job="test"), context=Context(operation="test")))
            return 1 // (not fails)

        return tell

    await asyncio.gather(write(telling("a", fails=False)), write(telling("b", fails=True)), write(increment), return_exceptions=True)
    async with database.reading() as tx:
        bodies = (await tx.execute(select(OutboxRow.body))).scalars().all()
    assert [Event.model_validate_json(body).key for body in bodies] == ["a"]


_SET = update(CounterRow).where(CounterRow.id == bindparam("id_")).values(value=bindparam("new_value"))
_ADD = insert(CounterRow)


def set_to(identifier: int, number: int, **once: int) -> Changes:
    """Sets one counter; `once` names counters that are made once for all writes of a transaction."""
    beside = {name: (_ADD, {"id": identifier, "value": 0}) for name, identifier in once.items()}
    return Changes([(_SET, {"id_": identifier, "new_value": number})], once=beside)


async def test_changes_count_alone_and_in_company(database: Database) -> None:
    write = group_commit(database)
    assert await write(set_to(1, 3)) == [1]
    assert await write(set_to(1, 4, third=3)) == [1]
    together = await asyncio.gather(write(set_to(1, 5, fourth=4)), write(increment), write(set_to(7, 5, fourth=4)), write(set_to(4, 9)))
    assert together == [[1], 6, [0], [1]]
    assert [await value(database, one) for one in (1, 3, 4, 7)] == [6, 0, 9, None]


async def test_changes_that_fail_take_nobody_with_them_and_leave_nothing(database: Database) -> None:
    write = group_commit(database)
    with pytest.raises(IntegrityError):
        await write(set_to(1, 3, first=1))
    results = await asyncio.gather(write(increment), write(set_to(1, 9, first=1)), write(increment), return_exceptions=True)
    assert [type(one) for one in results] == [int, IntegrityError, int]
    assert await value(database) == 2


class Unexpected(Exception):
    """A change was of no row."""


_FROM_ZERO = update(CounterRow).where(CounterRow.id == bindparam("id_"), CounterRow.value == 0).values(value=bindparam("new_value"))


def expecting(identifier: int, number: int) -> Write[int]:
    """Sets a counter that stands at zero; gives what is read in the transaction before it is made."""

    def write(tx: Writing) -> int:
        tx.expect((_FROM_ZERO, {"id_": identifier, "new_value": number}), Unexpected(str(identifier)))
        return int(tx.connection.execute(select(CounterRow.value).where(CounterRow.id == identifier)).scalar_one_or_none() or 0)

    return write


async def test_what_is_expected_is_made_among_others_and_alone_and_where_it_cannot_be_it_alone_is_told(database: Database) -> None:
    write = group_commit(database)
    async with database.transaction() as tx:
        tx.add_all([CounterRow(id=one, value=0) for one in (2, 3, 4)])
    assert await write(expecting(1, 5)) == 0
    await asyncio.gather(write(expecting(2, 6)), write(expecting(3, 7)), write(increment))
    assert [await value(database, one) for one in (1, 2, 3)] == [6, 6, 7]
    writes = (expecting(4, 8), expecting(2, 9), increment, expecting(4, 9), set_to(3, 1))
    results = await asyncio.gather(*(write(one) for one in writes), return_exceptions=True)
    assert [str(one) if isinstance(one, Unexpected) else one for one in results] == [0, "2", 7, "4", [1]]
    assert [await value(database, one) for one in (1, 2, 3, 4)] == [7, 6, 1, 8]


async def test_changes_of_one_row_each_are_made_together_and_say_of_how_many_rows_they_were(database: Database) -> None:
    write = group_commit(database)
    async with database.transaction() as tx:
        tx.add_all([CounterRow(id=one, value=0) for one in (2, 3)])

    def from_zero(identifier: int, number: int) -> Changes:
        beside = {"tenth": (_ADD, {"id": 10 + number, "value": 0})}
        return Changes([(_FROM_ZERO, {"id_": identifier, "new_value": number})], each_of_one=True, once=beside)

    assert await asyncio.gather(write(from_zero(1, 1)), write(from_zero(2, 2))) == [[1], [1]]
    assert [await value(database, one) for one in (1, 2, 11, 12)] == [1, 2, 0, None]
    assert await asyncio.gather(write(from_zero(3, 3)), write(from_zero(9, 4)), write(from_zero(3, 5))) == [[1], [0], [0]]
    assert await value(database, 3) == 3


async def test_what_is_gathered_is_stored_before_what_is_expected_and_only_with_those_it_is_of(database: Database) -> None:
    class Counters:
        """New ones, of several writes."""

        def __init__(self) -> None:
            self.ids: list[int] = []

        def write(self, connection: Connection) -> None:
            prepared.add_each(connection, _ADD, [{"id": one, "value": 0} for one in self.ids])

    def adding(identifier: int, *, fails: bool = False) -> Write[None]:
        def add(tx: Writing) -> None:
            tx.gathered("counters", Counters).ids.append(identifier)
            tx.expect((_FROM_ZERO, {"id_": identifier, "new_value": identifier}), Unexpected())
            if fails:
                raise ZeroDivisionError

        return add

    write = group_commit(database)
    await write(adding(2))
    await asyncio.gather(write(adding(3)), write(adding(4)))
    results = await asyncio.gather(write(adding(5)), write(adding(6, fails=True)), write(adding(3)), return_exceptions=True)
    assert [type(one) for one in results] == [type(None), ZeroDivisionError, IntegrityError]
    assert [await value(database, one) for one in (2, 3, 4, 5, 6)] == [2, 3, 4, 5, None]


async def test_what_is_expected_is_shown_to_who_asks_for_it_and_the_others_are_made_after_as_before(database: Database) -> None:
    write = group_commit(database)
    async with database.transaction() as tx:
        tx.add_all([CounterRow(id=one, value=0) for one in (2, 3)])

    def two_steps(identifier: int) -> Write[int]:
        def write(tx: Writing) -> int:
            tx.show(identifier)
            before = int(tx.connection.execute(select(CounterRow.value).where(CounterRow.id == identifier)).scalar_one())
            change = update(CounterRow).where(CounterRow.id == bindparam("id_"), CounterRow.value == before)
            statement = change.values(value=bindparam("new_value"))
            tx.expect((statement, {"id_": identifier, "new_value": before + 1}), Unexpected(), about=identifier)
            return before

        return write

    commits = counted(write)
    assert await asyncio.gather(*(write(two_steps(one)) for one in (1, 2, 1, 3, 1))) == [0, 0, 1, 0, 2]
    assert [await value(database, one) for one in (1, 2, 3)] == [3, 1, 1]
    assert commits == [5]  # nobody had to be stored by himself
