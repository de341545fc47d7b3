"""What came from a node of a later version and is not known here: told to who keeps the record, and kept whatever else is stored."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.health import Finding, examine_store
from safepassage.record import StudentRecord
from safepassage.unread import Unread
from services.records.loading import Stored
from services.records.loading_students import as_record
from services.records.reading_again import read_again
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.record_sources import UNREAD
from services.records.shredding import Shredder
from services.records.tables import OWN, ExchangeRequestRow, SectionRow, StudentRow
from shared.group_commit import Writing
from tests.records.both_engines import running  # noqa: F401  every test here is on both engines
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OneState, some_students

pytestmark = pytest.mark.anyio

CHILD = next(one for one in some_students(60) if one.district.key == DISTRICT and one.case is None and one.twin_of is None)
SAID: dict[str, Any] = {"level": "4", "since": None}
RECORD = as_record(CHILD.load.record, originating_agency="x", source_system="y", as_of=NOON)
UNKNOWN = Unread(("programmes.later",), (), json.dumps({"programmes": {"later": SAID}}).encode())


async def received(
    alder: OneState,
    unread: Unread | None,
    *,
    student_id: UUID | None = None,
    exchange_id: UUID | None = None,
    record: StudentRecord = RECORD,
) -> UUID:
    state, school = alder.records.state, alder.by_key[CHILD.school.key]
    stored: Stored = await state.database.write(
        lambda connection: store_received(
            Writing(connection),
            state.vault,
            state.outbox,
            record,
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


def asked(exchange_id: UUID) -> ExchangeRequestRow:
    """The request that a record came for."""
    return ExchangeRequestRow(
        id=exchange_id,
        client_id="sis",
        caller_organisation_id=uuid4(),
        receiving_organisation_id=uuid4(),
        holder="https://birch.example",
        state="applied",
        requested_at=NOON,
        expires_at=NOON,
        token="",
        request_digest="A" * 43,
        subject_commit="A" * 43,
        particulars=b"",
        event="{}",
        attempts=0,
        comparisons=0,
        is_educators=False,
    )


@pytest.mark.requirement("UPGRADE-later-record")
async def test_two_processes_that_start_at_once_read_it_again_once(alder: OneState) -> None:
    exchange_id, state = uuid4(), alder.records.state
    without = {name: part for name, part in RECORD.document().items() if name != "enrollment"}
    without["provenance"] = {name: origin for name, origin in without["provenance"].items() if name != "enrollment"}
    unread = Unread(("enrollment.enrollments",), (), json.dumps(RECORD.document()).encode())
    student_id = await received(alder, unread, exchange_id=exchange_id, record=StudentRecord.model_validate(without))
    async with state.database.transaction() as tx:
        tx.add(asked(exchange_id))
    [before] = [row for row in await alder.rows(StudentRow) if row.id == student_id]
    assert sorted(await asyncio.gather(read_again(state.exchange), read_again(state.exchange))) == [0, 1]
    assert await unread_parts(alder) == 0
    [after] = [row for row in await alder.rows(StudentRow) if row.id == student_id]
    assert after.version == before.version + 1
    assert "enrollment" in {row.section for row in await alder.rows(SectionRow) if row.student_id == student_id}
