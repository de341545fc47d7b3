"""Students are counted a page of the node at a time, and no page looks further for those who are few."""

from datetime import date
from functools import partial
from typing import Final

import pytest
from sqlalchemy import Connection, update

from services.records.statistics import population
from services.records.statistics.coding import A_YEAR
from services.records.statistics.population import Reach, coded_students
from services.records.stretches import Stretch
from services.records.tables import EnrollmentRow
from tests.records.both_engines import running  # noqa: F401  every test here is on both engines
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OneState, some_students
from tests.records.statements import plans, steps
from tests.records.test_reach import store, within_a_look

pytestmark = pytest.mark.anyio

TODAY: date = NOON.date()
NARROW: Final = Stretch(0, 2**122)


def _page(reach: Reach, connection: Connection) -> None:
    connection.execute(population._query(reach), NARROW.values).all()


async def test_everybody_is_counted_whatever_the_size_of_a_page(alder: OneState, monkeypatch: pytest.MonkeyPatch) -> None:
    those = some_students(12)
    for one in those:
        await alder.district(one.district.key).load(one.load)
    state, reach = alder.records.state, Reach(None, "enrolled", TODAY)
    whole = await coded_students(state.database, state.vault, reach, [alder.by_key[DISTRICT]])
    assert len(whole.districts) == len(those)
    assert whole.districts.count(0) == sum(one.district.key == DISTRICT for one in those)
    monkeypatch.setattr(population, "PAGE", 3)
    assert await coded_students(state.database, state.vault, reach, [alder.by_key[DISTRICT]]) == whole


async def test_a_page_of_those_who_left_looks_at_its_own_part_of_the_node(alder: OneState) -> None:
    reach = Reach(None, "left", TODAY)

    def look(connection: Connection) -> None:
        store(connection, alder, 3_000, DISTRICT, OTHER_DISTRICT)
        connection.execute(update(EnrollmentRow).values(exit_date=TODAY + A_YEAR))
        [plan] = plans(connection, partial(_page, reach))
        if connection.dialect.name == "sqlite":
            assert "SEARCH student USING INDEX sqlite_autoindex_student_1 (id>? AND id<?)" in plan
            page = steps(connection, partial(_page, reach))
            store(connection, alder, 3_000, DISTRICT, OTHER_DISTRICT, seed=5)
            assert page < 300
            assert steps(connection, partial(_page, reach)) < page * 3
        else:
            assert "id > " in plan.partition(" on student")[2].partition("Index Cond:")[2].partition("\n")[0]

    await within_a_look(alder, look)
