"""What came from a node of a later version and is not known here: told to who keeps the record, and kept whatever else is stored."""

import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.health import Finding, examine_store
from safepassage.unread import Unread
from services.records.loading import Stored
from services.records.loading_students import as_record
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.record_sources import UNREAD
from services.records.shredding import Shredder
from services.records.tables import OWN, SectionRow
from shared.group_commit import Writing
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OneState, some_students

pytestmark = pytest.mark.anyio

CHILD = next(one for one in some_students(60) if one.district.key == DISTRICT and one.case is None and one.twin_of is None)
SAID: dict[str, Any] = {"level": "4", "since": None}
UNKNOWN = Unread(("programmes.later",), (), json.dumps({"programmes": {"later": SAID}}).encode())


async def received(alder: OneState, unread: Unread | None, *, student_id: UUID | None = None, exchange_id: UUID | None = None) -> UUID:
    state, school = alder.records.state, alder.by_key[CHILD.school.key]
    stored: Stored = await state.database.write(
        lambda connection: store_received(
            Writing(connection),
            state.vault,
            state.outbox,
            as_record(CHILD.load.record, originating_agency="x", source_system="y", as_of=NOON),
            from_node="https://birch.example",
            exchange_id=exchange_id or uuid4(),
            student_id=student_id,
            custodian_id=alder.by_key[CHILD.district.key],
            enrollment=ReceivedEnrollment(school, date(2026, 10, 1)),
            jurisdiction="US-XA",
            now=NOON,
            unread=unread,
        )
    )
    return stored.student_id


async def unread_parts(alder: OneState) -> int:
    return len([row for row in await alder.rows(SectionRow) if row.section == UNREAD])


@pytest.mark.requirement("UPGRADE-later-record")
async def test_who_keeps_the_record_sees_what_is_not_known_as_it_came_and_nobody_else_does(alder: OneState) -> None:
    student_id = await received(alder, UNKNOWN)
    await received(alder, UNKNOWN, student_id=student_id)
    await received(alder, None, student_id=student_id)
    path = f"/v1/students/{student_id}/kept-resources"
    answer = await alder.district(DISTRICT).send("GET", path)
    assert (answer.status, json.loads(answer.body)) == (200, {"resources": {"programmes.later": [SAID, SAID]}})
    other = next(one.district.key for one in some_students(60) if one.district.key != DISTRICT)
    assert (await alder.district(other).send("GET", path)).status == 404
    assert "later" not in (await alder.district(DISTRICT).read(student_id)).record.model_dump_json()


async def test_a_load_of_the_students_own_roster_leaves_it_and_the_destruction_of_the_copy_takes_it(alder: OneState) -> None:
    exchange_id = uuid4()
    await received(alder, UNKNOWN, exchange_id=exchange_id)
    roster = CHILD.load.model_dump_json(exclude_none=True).encode()
    assert (await alder.district(DISTRICT).load_roster(roster, "application/x-ndjson")).status == 200
    assert await unread_parts(alder) == 1
    state = alder.records.state
    shredder = Shredder(state.vault, state.outbox, lambda: NOON, about="agreement:x", jurisdiction="US-XA")
    async with state.database.transaction() as tx:
        await shredder.copy(tx, exchange_id)
    assert await unread_parts(alder) == 0
    assert {row.source for row in await alder.rows(SectionRow)} == {OWN}


async def test_doctor_says_how_many_records_are_not_wholly_read(alder: OneState) -> None:
    async def found() -> list[Finding]:
        return [one async for one in examine_store("records", alder.records.state.database, NOON) if one.state != "good"]

    assert await found() == []
    student_id = await received(alder, UNKNOWN)
    await received(alder, UNKNOWN, student_id=student_id)
    said = "2 came from nodes of later versions, and this one does not know all that they say"
    assert await found() == [Finding("records: received records", "warning", said, "docs/upgrading.md: a later version reads them")]
