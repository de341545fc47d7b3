"""A statement that is compiled once does what SQLAlchemy's own execution does, on either engine."""

from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared import prepared
from shared.clock import system_clock
from shared.database import Database
from shared.inserts import insert_of
from shared.unnested import of_many
from tests.shared.tables import CounterRow, OutboxRow

pytestmark = pytest.mark.anyio

_ALL = select(CounterRow.id, CounterRow.value).order_by(CounterRow.id)
_SOME = select(CounterRow.value.label("number")).where(CounterRow.id.in_(bindparam("ids", expanding=True))).order_by(CounterRow.id)
_FIXED = select(CounterRow.id).where(CounterRow.id.in_((2, 3)), CounterRow.value > bindparam("least")).order_by(CounterRow.id)
_ADD = insert(CounterRow)
_SET = update(CounterRow).where(CounterRow.id == bindparam("id_")).values(value=bindparam("new_value"))
_TELL = insert(OutboxRow)


@pytest.fixture
async def database(empty_database: Database) -> Database:
    await empty_database.write(lambda tx: prepared.change_each(tx, _ADD, [{"id": one, "value": one * 10} for one in (1, 2, 3)]))
    return empty_database


async def everything(database: Database) -> list[tuple[Any, ...]]:
    return [tuple(one) for one in await database.read(lambda tx: prepared.rows(tx, _ALL))]


async def test_rows_come_by_name_in_the_order_of_the_query(database: Database) -> None:
    found = await database.read(lambda tx: prepared.rows(tx, _ALL))
    assert [(one.id, one.value) for one in found] == [(1, 10), (2, 20), (3, 30)]


@pytest.mark.parametrize("ids", [[1], [1, 3], [3, 2, 1], [], list(range(40))])
async def test_a_list_of_any_length_is_looked_for(database: Database, ids: list[int]) -> None:
    for _ in range(2):  # the second time by the text that was kept
        found = await database.read(lambda tx: prepared.rows(tx, _SOME, {"ids": ids}))
        assert [one.number for one in found] == [one * 10 for one in (1, 2, 3) if one in ids]


async def test_values_that_the_statement_says_itself_go_beside_those_that_are_given(database: Database) -> None:
    assert [one.id for one in await database.read(lambda tx: prepared.rows(tx, _FIXED, {"least": 20}))] == [3]
    assert [one.id for one in await database.read(lambda tx: prepared.rows(tx, _FIXED, {"least": 0}))] == [2, 3]


async def test_a_change_says_how_many_rows_it_concerned(database: Database) -> None:
    assert await database.write(lambda tx: prepared.change(tx, _SET, {"id_": 2, "new_value": 7})) == 1
    assert await database.write(lambda tx: prepared.change(tx, _SET, {"id_": 9, "new_value": 7})) == 0
    assert await database.write(lambda tx: prepared.change(tx, delete(CounterRow), {})) == 3


async def test_types_are_converted_both_ways(database: Database) -> None:
    now = system_clock()
    told = {"lane": "a", "sibling": "audit", "method": "POST", "path": "/", "body": "{}", "attempts": 0, "next_attempt_at": now}
    await database.write(lambda tx: prepared.change(tx, _TELL, {**told, "refused_as": None}))
    async with database.reading() as tx:
        usual = (await tx.execute(select(OutboxRow.next_attempt_at))).scalar_one()
    row = await database.read(lambda tx: prepared.row(tx, select(OutboxRow.__table__)))
    assert row is not None
    assert (row.next_attempt_at, row.refused_as, row.lane) == (usual, None, "a")


async def test_what_the_driver_raises_comes_as_sqlalchemys_error_and_nothing_of_the_transaction_is_stored(database: Database) -> None:
    def twice(tx: Connection) -> None:
        prepared.change(tx, _SET, {"id_": 1, "new_value": 99})
        prepared.change(tx, _ADD, {"id": 1, "value": 1})

    with pytest.raises(IntegrityError):
        await database.write(twice)
    assert await everything(database) == [(1, 10), (2, 20), (3, 30)]
    assert await database.write(lambda tx: prepared.change(tx, _SET, {"id_": 1, "new_value": 5})) == 1


async def test_nothing_runs_outside_a_transaction(database: Database) -> None:
    async with database.engine.connect() as connection:
        with pytest.raises(RuntimeError, match="in a transaction"):
            await connection.run_sync(prepared.change, _SET, {"id_": 1, "new_value": 5})
    assert await everything(database) == [(1, 10), (2, 20), (3, 30)]


async def test_a_default_that_nobody_would_fill_in_is_refused(database: Database) -> None:
    with pytest.raises(TypeError, match="default"):
        await database.write(
            lambda tx: prepared.change(tx, _TELL, {"lane": "a", "sibling": "audit", "method": "POST", "path": "/", "body": ""})
        )


async def test_rows_that_are_added_at_once_are_stored_as_each_alone_would_be_and_in_their_order(database: Database) -> None:
    now = system_clock()
    told = {"lane": "a", "sibling": "audit", "method": "POST", "path": "/", "attempts": 0, "next_attempt_at": now}
    rows = [told | {"body": str(number), "refused_as": "code" if number % 2 else None} for number in range(300)]
    for some in (rows[:1], rows[1:], []):
        await database.write(lambda tx, some=some: prepared.rows(tx, _ALL) and prepared.add_each(tx, _TELL, some))  # type: ignore[misc]
    query = select(OutboxRow.body, OutboxRow.refused_as, OutboxRow.next_attempt_at).order_by(OutboxRow.id)
    found = await database.read(lambda tx: prepared.rows(tx, query))
    assert [(one.body, one.refused_as) for one in found] == [(row["body"], row["refused_as"]) for row in rows]
    assert {one.next_attempt_at for one in found} == {now.replace(microsecond=now.microsecond // 1000 * 1000)}


async def test_of_rows_that_are_added_at_once_none_is_kept_where_one_fails(database: Database) -> None:
    added = [{"id": one, "value": one} for one in (4, 5, 1, 6)]
    with pytest.raises(IntegrityError):
        await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.add_each(tx, _ADD, added))
    assert await everything(database) == [(1, 10), (2, 20), (3, 30)]


async def test_an_insert_is_of_columns_only_where_each_has_a_typed_value_of_its_own() -> None:
    text = "INSERT INTO tag (tag, student_id) VALUES ($1::BYTEA, $2::UUID)"
    assert of_many(text) == "INSERT INTO tag (tag, student_id) SELECT * FROM unnest($1::BYTEA[], $2::UUID[])"
    assert of_many(f"{text} ON CONFLICT DO NOTHING") == f"{of_many(text)} ON CONFLICT DO NOTHING"
    for other in (
        f"{text} ON CONFLICT (tag) DO NOTHING",
        text.replace("$2::UUID", "now()"),
        text.replace("BYTEA", "BYTEA[]"),
        "DELETE FROM tag",
    ):
        assert of_many(other) is None


async def test_an_update_is_of_many_rows_where_it_has_plain_values_alone() -> None:
    text = "UPDATE tag SET source=$1::VARCHAR WHERE tag.tag = $2::BYTEA AND (tag.source = $3::VARCHAR OR tag.source = $4::VARCHAR)"
    assert of_many(text) == (
        "UPDATE tag SET source=of_one.v1 FROM unnest($1::VARCHAR[], $2::BYTEA[], $3::VARCHAR[], $4::VARCHAR[]) AS of_one (v1, v2, v3, v4) "
        "WHERE tag.tag = of_one.v2 AND (tag.source = of_one.v3 OR tag.source = of_one.v4)"
    )
    value, where = "$1::VARCHAR", text.partition(" WHERE ")[2]
    for other in (
        text.replace(f" WHERE {where}", ""),
        text.replace(value, "'a'").replace(where, "true"),
        text.replace(value, "$1"),
        text.replace(value, "$1::VARCHAR[]"),
        text.replace(value, "$1::TIMESTAMP WITH TIME ZONE"),
        text.replace(value, "$9::VARCHAR"),
        text.replace(value, "(SELECT $1::VARCHAR)"),
        f"{text} RETURNING 1",
        f"WITH a AS (SELECT 1) {text}",
    ):
        assert of_many(other) is None, other


_GUARDED = update(CounterRow).where(CounterRow.id == bindparam("id_"), CounterRow.value == 10).values(value=bindparam("new_value"))
_ADD_NEW = {dialect: insert_of(dialect, CounterRow).on_conflict_do_nothing() for dialect in ("sqlite", "postgresql")}


async def test_changes_of_many_rows_alike_say_how_many_they_concerned(database: Database) -> None:
    several = [{"id_": one, "new_value": one + 100} for one in (3, 1, 9)]
    assert await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.change_many(tx, _SET, several)) == 2
    assert await everything(database) == [(1, 101), (2, 20), (3, 103)]
    assert await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.change_many(tx, _GUARDED, several[:2])) == 0
    added = [{"id": one, "value": 10} for one in (4, 1, 5, 5)]
    count = await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.change_many(tx, _ADD_NEW[database.dialect], added))
    assert count == 2
    both = [{"id_": 4, "new_value": 1}, {"id_": 4, "new_value": 2}]
    assert await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.change_many(tx, _GUARDED, both)) == 1
    assert await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.change_many(tx, _GUARDED, [])) == 0
    assert [one for one in await everything(database) if one[0] in (1, 5)] == [(1, 101), (5, 10)]


async def test_changes_that_go_together_say_how_many_rows_each_concerned(database: Database) -> None:
    adding = insert_of(database.dialect, CounterRow).on_conflict_do_nothing()
    changes: list[prepared.Change] = [
        (_SET, {"id_": 2, "new_value": 7}),
        (adding, {"id": 4, "value": 40}),
        (adding, {"id": 1, "value": 99}),
        (_SET, {"id_": 9, "new_value": 7}),
        (_SET, {"id_": 3, "new_value": 8}),
    ]
    await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.together(tx, changes[:1]))
    assert await database.write(lambda tx: prepared.rows(tx, _ALL) and prepared.together(tx, changes)) == [1, 1, 0, 0, 1]
    assert await everything(database) == [(1, 10), (2, 7), (3, 8), (4, 40)]
    assert await database.write_together([(_SET, {"id_": 2, "new_value": 1}), (_SET, {"id_": 1, "new_value": 2})]) == [1, 1]
    assert await everything(database) == [(1, 2), (2, 1), (3, 8), (4, 40)]


async def test_of_changes_that_go_together_none_is_kept_where_one_fails(database: Database) -> None:
    changes: list[prepared.Change] = [(_SET, {"id_": 2, "new_value": 7}), (_ADD, {"id": 1, "value": 9}), (_ADD, {"id": 5, "value": 9})]
    with pytest.raises(IntegrityError):
        await database.write_together(changes)
    assert await everything(database) == [(1, 10), (2, 20), (3, 30)]
