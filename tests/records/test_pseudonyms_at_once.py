"""A recipient's pages are made at once, in whatever order: nobody waits for somebody who waits for them."""

import asyncio
from typing import Final
from uuid import uuid4

import pytest

from services.records.pseudonyms import pseudonyms_of
from services.records.tables import StudentRow
from tests.records.both_engines import running as running
from tests.records.one_state import DISTRICT, OneState
from tests.records.test_students import OURS

pytestmark = pytest.mark.anyio

PAGES: Final = 12


async def test_two_pages_of_the_same_students_in_another_order_both_get_the_same_pseudonyms(running: OneState) -> None:
    for one in OURS:
        await running.district(DISTRICT).load(one.load)
    ids = sorted(row.id for row in await running.rows(StudentRow))
    assert len(ids) > 5
    database = running.node.applications["records"].state.database
    for _ in range(PAGES):
        recipient = uuid4()
        found = await asyncio.gather(*(pseudonyms_of(database, recipient, one) for one in (ids, ids[::-1], ids, ids[::-1])))
        assert all(one == found[0] for one in found)
        assert len(set(found[0].values())) == len(ids)
