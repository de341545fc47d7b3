"""Rows that several look up at one moment come to each as if it had asked alone, on either engine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.records.exchange.row_lookups import MOST, RowLookups
from services.records.exchange.states import Reconciling, Telling
from services.records.exchange.stored_rows import store
from services.records.tables import EndingRow, ReconciliationRow
from shared.database import Database
from tests.records.exchange.test_chain_rows import NOON
from tests.sdk.exchange import ALDER, BIRCH
from tests.stores import at_head

pytestmark = pytest.mark.anyio

IDS = [uuid4() for _ in range(MOST + 20)]
DAYS = ("2026-10-01", "2026-10-02")


def ending(identifier: UUID) -> EndingRow:
    about = {"peer": BIRCH, "exchange_id": uuid4(), "envelope_id": None, "token": str(identifier), "lapses_at": NOON, "problem_code": None}
    return EndingRow(id=identifier, state=Telling.WAITING, attempts=0, next_attempt_at=None, **about)


def compared(day: str, peer: str) -> ReconciliationRow:
    empty = dict.fromkeys(("next_attempt_at", "compared_at", "problem_code", "ours", "theirs", "findings"))
    return ReconciliationRow(day=day, peer=peer, state=Reconciling.DUE, attempts=0, **empty)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def find(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RowLookups]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database = Database(url)
    rows = [*(ending(one) for one in IDS), *(compared(day, peer) for day in DAYS for peer in (ALDER, BIRCH))]
    await database.write(lambda connection: [store(connection, row) for row in rows])
    yield RowLookups(database)
    await database.close()


async def test_each_gets_the_row_that_it_asked_for(find: RowLookups) -> None:
    asked = [IDS[3], uuid4(), *IDS, IDS[3]]
    found = await asyncio.gather(*(find(EndingRow, one) for one in asked))
    assert [None if row is None else row.token for row in found] == [str(one) if one in IDS else None for one in asked]


async def test_a_key_of_two_columns_is_one_key(find: RowLookups) -> None:
    asked = [(day, peer) for peer in (BIRCH, ALDER, "https://elsewhere.example") for day in (*DAYS, "2026-10-03")]
    found = await asyncio.gather(*(find(ReconciliationRow, *one) for one in asked))
    held = [None if row is None else (row.day, row.peer) for row in found]
    assert held == [one if one[0] in DAYS and one[1] in (ALDER, BIRCH) else None for one in asked]


async def test_what_one_asker_does_to_its_row_no_other_sees(find: RowLookups) -> None:
    first, second = await asyncio.gather(find(EndingRow, IDS[0]), find(EndingRow, IDS[0]))
    assert first is not None
    assert second is not None
    first.token = "changed"
    assert second.token == str(IDS[0])
