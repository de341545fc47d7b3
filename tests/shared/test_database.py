"""Nothing is lost, on either engine."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, func, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared import prepared
from shared.database import Database, NetworkCallInTransaction, after_commit, refuse_network_call_in_transaction
from tests.shared.tables import CounterRow

pytestmark = pytest.mark.anyio

ONE = text("SELECT 1")
END_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def database(empty_database: Database) -> Database:
    async with empty_database.transaction() as tx:
        tx.add(CounterRow(id=1, value=0))
    return empty_database


async def test_fifty_concurrent_increments_end_at_fifty(database: Database) -> None:
    async def increment() -> None:
        async with database.transaction() as tx:
            row = (await tx.execute(select(CounterRow).where(CounterRow.id == 1).with_for_update())).scalar_one()
            row.value = row.value + 1

    await asyncio.gather(*(increment() for _ in range(50)))
    async with database.reading() as tx:
        assert (await tx.get_one(CounterRow, 1)).value == 50


@pytest.mark.postgres
async def test_connections_that_rested_while_the_server_started_anew_are_replaced(postgres_url: str) -> None:
    rested, other = Database(postgres_url, rested_seconds=0), Database(postgres_url)
    try:
        assert await rested.read(lambda tx: tx.execute(ONE).scalar_one()) == 1
        assert await other.read(lambda tx: tx.execute(END_OTHERS).scalars().all()) == [True]
        assert await rested.read(lambda tx: tx.execute(ONE).scalar_one()) == 1
    finally:
        await rested.close()
        await other.close()


@pytest.mark.postgres
@pytest.mark.parametrize("first", range(4))
async def test_of_all_connections_that_the_server_ended_one_is_found_out_by_failing(postgres_url: str, first: int) -> None:
    """One of each kind is kept: to read, to look, to write, and to write alone. Whichever is used first fails."""
    database, other = Database(postgres_url), Database(postgres_url)
    query = select(literal(1))
    asking: tuple[Callable[[], Awaitable[Any]], ...] = (
        lambda: database.write_alone(query, {}),
        lambda: database.write(lambda tx: tx.execute(ONE).scalar_one()),
        lambda: database.find(query, {}),
        lambda: database.read(lambda tx: tx.execute(ONE).scalar_one()),
    )
    try:
        for ask in asking:
            await ask()
        assert await other.read(lambda tx: tx.execute(END_OTHERS).scalars().all()) == [True] * 4
        failed = 0
        for ask in (*asking[first:], *asking[:first]):
            try:
                await ask()
            except DBAPIError:
                failed += 1
        assert failed == 1
    finally:
        await database.close()
        await other.close()


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="after the write"):
        async with database.transaction() as tx:
            tx.add(CounterRow(id=2, value=7))
            await tx.flush()
            raise RuntimeError("after the write")
    async with database.reading() as tx:
        assert await tx.get(CounterRow, 2) is None


async def test_after_a_commit_that_failed_nobody_waits_for_its_lock(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    increment = update(CounterRow).values(value=CounterRow.value + 1)

    def cannot_commit(_: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as fault:
        fault.setattr(database.engine.dialect, "do_commit", cannot_commit)
        with pytest.raises(OSError, match="the disk is gone"):
            await database.write(lambda connection: connection.execute(increment))
    async with asyncio.timeout(10):  # a lock that is held is waited for thirty seconds
        await database.write(lambda connection: connection.execute(increment))
        async with database.transaction() as tx:
            await tx.execute(increment)
            assert (await tx.get_one(CounterRow, 1)).value == 2


async def test_a_reading_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.reading() as tx:
            tx.add(CounterRow(id=3, value=1))
            await tx.flush()


async def test_a_reading_transaction_is_one_snapshot(database: Database) -> None:
    async with database.reading() as tx:
        before = (await tx.execute(select(CounterRow.value))).scalar_one()
        async with database.transaction() as writing:
            (await writing.get_one(CounterRow, 1)).value = 7
        assert (await tx.execute(select(CounterRow.value))).scalar_one() == before
    async with database.reading() as tx:
        assert (await tx.execute(select(CounterRow.value))).scalar_one() == 7


async def test_no_call_leaves_while_a_transaction_is_open(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(NetworkCallInTransaction):
            refuse_network_call_in_transaction()
    refuse_network_call_in_transaction()


async def test_callbacks_run_after_the_commit_and_not_after_a_rollback(database: Database) -> None:
    seen: list[int | None] = []

    async def look() -> None:
        async with database.reading() as tx:
            row = await tx.get(CounterRow, 4)
            seen.append(row.value if row else None)

    async with database.transaction() as tx:
        tx.add(CounterRow(id=4, value=4))
        after_commit(tx, look)
        assert seen == []
    assert seen == [4]
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            after_commit(tx, look)
            raise ZeroDivisionError
    assert seen == [4]


async def test_what_is_written_in_one_go_is_there_or_not_at_all(database: Database) -> None:
    """`write` commits when its function returns, and rolls back when it raises; `read` cannot write."""
    await database.write(lambda connection: connection.execute(insert(CounterRow), {"id": 2, "value": 7}))
    assert await database.read(lambda connection: connection.execute(select(CounterRow.value).where(CounterRow.id == 2)).scalar_one()) == 7

    def fails(connection: Connection) -> None:
        connection.execute(insert(CounterRow), {"id": 3, "value": 8})
        raise RuntimeError("after the write")

    with pytest.raises(RuntimeError, match="after the write"):
        await database.write(fails)
    with pytest.raises(DBAPIError):
        await database.read(lambda connection: connection.execute(insert(CounterRow), {"id": 4, "value": 9}))
    ids = await database.read(lambda connection: connection.execute(select(CounterRow.id)).scalars().all())
    assert sorted(ids) == [1, 2]


_COUNT = select(CounterRow.value).where(CounterRow.id == 1)
_SET = update(CounterRow).where(CounterRow.id == bindparam("id_")).values(value=bindparam("new_value"))


async def test_who_looks_sees_what_was_committed_and_each_question_anew(database: Database) -> None:
    assert await database.look(lambda connection: connection.execute(_COUNT).scalar_one()) == 0
    await database.write(lambda connection: prepared.change(connection, _SET, {"id_": 1, "new_value": 7}))
    assert await database.look(lambda connection: [one.value for one in prepared.rows(connection, _COUNT)]) == [7]


@pytest.mark.parametrize(
    "write",
    [
        lambda connection: prepared.change(connection, _SET, {"id_": 1, "new_value": 7}),
        lambda connection: prepared.change_each(connection, _SET, [{"id_": one, "new_value": 7} for one in (1, 2)]),
        lambda connection: connection.execute(update(CounterRow).values(value=7)),
        lambda connection: connection.execute(insert(CounterRow).values(id=2, value=7)),
    ],
)
async def test_who_looks_cannot_write(database: Database, write: Callable[[Connection], object]) -> None:
    with pytest.raises((prepared.WriteWhileLooking, DBAPIError)):
        await database.look(write)
    assert await database.read(lambda connection: connection.execute(select(CounterRow.id, CounterRow.value)).all()) == [(1, 0)]


async def test_one_statement_is_committed_by_itself(database: Database) -> None:
    one = text("INSERT INTO counter (id, value) VALUES (2, 9) RETURNING id").columns(CounterRow.id)
    assert [row.id for row in await database.write_alone(one, {})] == [2]
    with pytest.raises(IntegrityError):
        await database.write_alone(one, {})
    assert await database.read(lambda connection: connection.execute(select(func.count()).select_from(CounterRow)).scalar_one()) == 2


async def test_a_text_of_postgresqls_own_is_committed_by_itself(database: Database) -> None:
    if database.is_sqlite:
        return
    one = "INSERT INTO counter (id, value) VALUES ($1, $2) RETURNING value"
    assert [tuple(record) for record in await database.write_text(one, (2, 9))] == [(9,)]
    with pytest.raises(IntegrityError):
        await database.write_text(one, (2, 9))
    assert await database.read(lambda connection: connection.execute(select(func.count()).select_from(CounterRow)).scalar_one()) == 2


async def test_one_question_is_asked_by_itself_and_writes_nothing(database: Database) -> None:
    one = text("INSERT INTO counter (id, value) VALUES (2, 9) RETURNING id").columns(CounterRow.id)
    with pytest.raises(prepared.WriteWhileLooking):
        await database.find(one, {})  # type: ignore[arg-type]
    of_id = select(CounterRow.id, CounterRow.value).where(CounterRow.id == bindparam("id_"))
    assert [await database.find(of_id, {"id_": number}) for number in (1, 2)] == [[(1, 0)], []]
    with pytest.raises(DBAPIError):
        await database.find(select(text("nothing FROM nowhere")), {})
    assert await database.find(_COUNT, {}) == [(0,)]


@pytest.mark.postgres
async def test_who_gives_up_waiting_for_one_statement_leaves_no_connection_at_work(postgres_url: str) -> None:
    database = Database(postgres_url)
    slow, pid = select(func.pg_sleep(60)), select(func.pg_backend_pid())
    try:
        [(first,)] = await database.find(pid, {})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.find(slow, {})
        [(second,)] = await database.find(pid, {})
        assert first != second
    finally:
        await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["find", "read", "look", "write"])
async def test_a_connection_that_was_at_work_while_the_store_was_closed_is_closed_once_it_comes_back(postgres_url: str, way: str) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    lock, unlock = select(func.pg_advisory_lock(24)), select(func.pg_advisory_unlock(24))
    about = select(func.count()).select_from(text("pg_stat_activity")).where(text("datname = current_database()"))
    waiting, there = about.where(text("wait_event = 'advisory'")), about.where(text("pid <> pg_backend_pid()"))

    async def until(count: int, question: Any) -> None:
        async with asyncio.timeout(10):
            while await other.find(question, {}) != [(count,)]:
                pass

    try:
        async with other.transaction() as tx:
            await tx.execute(lock)
            at_work = asyncio.ensure_future(
                database.find(lock, {}) if way == "find" else getattr(database, way)(lambda connection: connection.execute(lock).all())
            )
            await until(1, waiting)
            await database.close()
            await tx.execute(unlock)
            await at_work
            await until(1, there)  # the one of this transaction
    finally:
        await other.close()


@pytest.mark.postgres
async def test_no_connection_is_kept_of_a_pool_that_others_need(postgres_url: str) -> None:
    database = Database(postgres_url, pool_size=2)
    one = select(literal(1))

    try:
        for ask in (database.read, database.look, database.write):
            assert await ask(lambda connection: connection.execute(one).scalar_one()) == 1
        async with asyncio.timeout(5), database.reading(), database.reading():
            pass
    finally:
        await database.close()


@pytest.mark.parametrize("driver", ["aiosqlite", "inline"])
async def test_what_is_committed_on_sqlite_is_on_the_disk_and_what_is_deleted_is_overwritten(tmp_path: Path, driver: str) -> None:
    database = Database(f"sqlite+{driver}:///{tmp_path}/one.db")
    wanted = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "secure_delete": 1, "foreign_keys": 1}
    async with database.transaction() as tx:
        assert {name: (await tx.execute(text(f"PRAGMA {name}"))).scalar_one() for name in wanted} == wanted
    async with database.reading() as tx:
        assert (await tx.execute(text("PRAGMA query_only"))).scalar_one() == 1
    await database.close()


@pytest.mark.postgres
async def test_what_is_committed_on_postgresql_is_on_the_disk_though_the_database_says_it_need_not_be(postgres_url: str) -> None:
    maker = Database(postgres_url)
    async with maker.transaction() as tx:
        name = (await tx.execute(text("SELECT current_database()"))).scalar_one()
        await tx.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    await maker.close()
    database = Database(postgres_url)
    async with database.transaction() as tx:
        assert (await tx.execute(text("SHOW synchronous_commit"))).scalar_one() == "on"
    async with database.reading() as tx:
        assert (await tx.execute(text("SHOW synchronous_commit"))).scalar_one() == "on"
    await database.close()


@pytest.mark.postgres
async def test_a_process_whose_machine_is_gone_keeps_its_locks_for_less_than_a_minute(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.reading() as tx:
        shown = [int((await tx.execute(text(f"SHOW tcp_keepalives_{name}"))).scalar_one()) for name in ("idle", "interval", "count")]
    await database.close()
    idle, interval, count = shown
    assert 0 < idle + interval * count < 60


@pytest.mark.postgres
async def test_a_process_that_stands_still_loses_its_transaction_and_locks_within_minutes(postgres_url: str) -> None:
    """Which PostgreSQL does by itself, as tests/audit/test_stopped_writers.py has it do for the log after seconds."""
    database = Database(postgres_url)
    async with database.transaction() as tx:
        assert (await tx.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one() == "5min"
    await database.close()
