"""Students who changed are replaced by as many rows as they have, however many others there are."""

from functools import partial

import pytest
from sqlalchemy import Connection, func, insert, select

from services.records.loading_rows import Rows
from services.records.tables import SectionRow, TagRow
from tests.records.both_engines import running  # noqa: F401  every test here is on both engines
from tests.records.one_state import DISTRICT, OneState
from tests.records.statements import plans, steps
from tests.records.test_reach import store, within_a_look

pytestmark = pytest.mark.anyio

SOURCES = ("own", "019a0000-0000-7000-8000-000000000001")


def given_parts(connection: Connection, alder: OneState, count: int) -> list[tuple[object, str]]:
    """Students with a part and a tag from each of two sources."""
    ids = store(connection, alder, count, DISTRICT, seed=count)
    pairs = [(one, source) for one in ids for source in SOURCES]
    parts = [{"student_id": one, "source": source, "section": "identity", "version": 1, "sealed": b"s"} for one, source in pairs]
    connection.execute(insert(SectionRow), parts)
    connection.execute(insert(TagRow), [{"tag": one.bytes, "student_id": one, "source": source} for one, source in pairs])
    return list(pairs)


def replaced(connection: Connection, pairs: list[tuple[object, str]]) -> None:
    """Their parts and tags go; nothing comes."""
    rows = Rows()
    rows.replaced += pairs  # type: ignore[arg-type]  # ids are UUIDs
    rows.write(connection)


async def test_what_is_replaced_goes_of_its_source_alone_and_of_nobody_else(alder: OneState) -> None:
    def look(connection: Connection) -> None:
        pairs = given_parts(connection, alder, 5)
        replaced(connection, [pairs[0], pairs[3], pairs[4]])
        for row in (SectionRow, TagRow):
            left = {(one.student_id, one.source) for one in connection.execute(select(row.student_id, row.source))}
            assert left == set(pairs) - {pairs[0], pairs[3], pairs[4]}

    await within_a_look(alder, look)


async def test_no_statement_of_a_replacement_looks_at_every_students_rows(alder: OneState) -> None:
    def look(connection: Connection) -> None:
        pairs = given_parts(connection, alder, 3)
        some = partial(replaced, pairs=pairs[:4])
        made = plans(connection, some)
        if connection.dialect.name != "sqlite":
            assert not any("Seq Scan" in plan for plan in made)
            return
        assert not any("SCAN section" in plan or "SCAN tag" in plan for plan in made)
        few = steps(connection, some)
        given_parts(connection, alder, 2_000)
        assert connection.execute(select(func.count()).select_from(TagRow)).scalar_one() > 4_000
        assert steps(connection, some) <= few + 5

    await within_a_look(alder, look)
