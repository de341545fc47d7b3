"""Looking many values up at once: the same rows on both engines, found by the index whatever the engine knows of the table."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.driver import Driver, lookup_statement
from services.audit.index.lookup import least_together
from services.audit.tables import AppendedRow, PostingRow
from tests.audit.audit_node import AuditNode

pytestmark = pytest.mark.anyio

YEAR, LEVEL = 2031, 0


async def posted(node: AuditNode, blocks: int, terms: int) -> list[tuple[int, int, int, bytes, bytes]]:
    """Rows of so many blocks, each with so many terms."""
    rows = [(YEAR, LEVEL, block, term.to_bytes(2, "big"), bytes([block])) for block in range(blocks) for term in range(terms)]
    await node.database.write(lambda connection: Driver(connection).insert(PostingRow, rows))
    return rows


async def test_the_rows_that_have_one_of_the_values_of_each_column_are_found_once(node: AuditNode) -> None:
    rows = await posted(node, blocks=3, terms=4)
    wanted = {"block": [0, 2, 7], "term": [b"\0\1", b"\0\3", b"\0\1", b"\xff\xff"]}
    found = await node.database.read(lambda connection: Driver(connection).lookup(PostingRow, wanted, log=YEAR, level=LEVEL))
    assert sorted(found) == [row for row in rows if row[2] in (0, 2) and row[3] in (b"\0\1", b"\0\3")]


async def test_more_values_than_a_statement_takes_are_found_in_several(node: AuditNode) -> None:
    rows = await posted(node, blocks=1, terms=20_000)
    terms = [row[3] for row in rows]
    found = await node.database.read(
        lambda connection: Driver(connection).lookup(PostingRow, {"block": [0], "term": terms}, log=YEAR, level=LEVEL)
    )
    assert sorted(found) == rows


async def test_nothing_is_found_of_no_values(node: AuditNode) -> None:
    await posted(node, blocks=1, terms=1)
    for wanted in ({"block": [], "term": [b"\0\0"]}, {"block": [0], "term": []}):
        assert not await node.database.read(
            lambda connection, wanted=wanted: Driver(connection).lookup(PostingRow, wanted, log=YEAR, level=LEVEL)
        )


async def near(node: AuditNode, keys: list[bytes]) -> list[tuple[Any, ...]]:
    return await node.database.read(lambda connection: Driver(connection).lookup_near(AppendedRow, "event_key", keys))


@pytest.mark.parametrize("there", [range(0), range(100, 110), range(0, 40, 3), range(400), range(12, 30)])
async def test_keys_that_lie_close_together_are_found_however_many_are_between(node: AuditNode, there: range) -> None:
    rows = [(key.to_bytes(22, "big"), bytes(32), YEAR, key) for key in there]
    await node.database.write(lambda connection: Driver(connection).insert(AppendedRow, rows))
    for wanted in (range(10, 31), range(0, 400, 7), range(5)):
        keys = [key.to_bytes(22, "big") for key in wanted]
        found = await near(node, keys)
        assert sorted(row for row in found if row[3] in wanted) == [row for row in rows if row[3] in wanted]


async def test_of_a_table_that_nobody_analysed_only_the_rows_asked_for_are_read(node: AuditNode) -> None:
    if node.database.is_sqlite:
        return  # its planner has no other way for them
    await posted(node, blocks=4, terms=5_000)
    keys, fixed = ("block", "term"), ("log", "level")
    blocks, terms = [1, 2], [term.to_bytes(2, "big") for term in range(0, 5_000, 50)]

    def plan(driver: Driver, statement: str) -> str:
        return "\n".join(str(line) for (line,) in driver.rows(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", blocks, terms, YEAR, LEVEL))

    statement = lookup_statement(node.database.engine.dialect, PostingRow, keys, fixed)
    told = await node.database.read(lambda connection: plan(Driver(connection), statement))
    assert "Rows Removed" not in told
    assert all(f"({name} = " in told.partition("Index Cond:")[2] for name in (*keys, *fixed))


def clause(name: str) -> frozenset[bytes]:
    return frozenset({name.encode()})


def test_what_excludes_each_other_is_read_first() -> None:
    client, purpose, operation = clause("client"), clause("purpose"), clause("operation")
    bits = {client: {1: 0b0110, 2: 0b1111}, purpose: {1: 0b0011, 2: 0b1100}, operation: {1: 0b1100, 2: 0b0011}}
    assert least_together(bits) == [purpose, operation, client]
    assert least_together({client: {1: 1}, purpose: {1: 3}}) == [client, purpose]


@given(st.dictionaries(st.sampled_from("abcd").map(clause), st.dictionaries(st.integers(0, 3), st.integers(0, 15)), min_size=2))
def test_every_clause_is_in_the_order_once(bits: dict[frozenset[bytes], dict[int, int]]) -> None:
    order = least_together(bits)
    assert sorted(order, key=sorted) == sorted(bits, key=sorted)
