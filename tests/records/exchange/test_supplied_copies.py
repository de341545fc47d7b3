"""A copy to carry and a transcript of a child whose district keeps the record in its own system: whole, and decided on before."""

from uuid import UUID

import pytest

from safepassage.hand_carry import NewHandCarryCopy
from safepassage.problems.ed_fi import RecordSourceAway
from safepassage.problems.transfers import NotForThisPerson
from safepassage.wire_credentials import NewTranscript
from tests.records.exchange.test_hand_carry import acting, parents
from tests.records.exchange.test_supplied_records import CANARY, SECTIONS, Source, source, stored_bytes
from tests.records.formats.edfi_bodies import bodies

__all__ = ["source"]

pytestmark = pytest.mark.anyio


async def with_parent(source: Source) -> tuple[UUID, UUID]:
    await source.keep("identity")
    student_id = (await source.student()).id
    return student_id, (await parents(source.states, student_id))[True]


async def copy(source: Source, student_id: UUID, parent: UUID) -> str:
    async with source.states.alder.client("former-district") as session:
        new = NewHandCarryCopy(acting_for=acting(source.states, parent), sections=SECTIONS)
        return (await session.make_hand_carry_copy(student_id, new)).model_dump_json(by_alias=True)


@pytest.mark.requirement("EX-left-with-district", "EX-hand-carry")
async def test_a_copy_to_carry_is_of_the_whole_record(source: Source) -> None:
    student_id, parent = await with_parent(source)
    assert CANARY in await copy(source, student_id, parent)
    assert await source.sections() <= {"identity", "contacts", "enrollment", "left"}
    assert CANARY.encode() not in await stored_bytes(source.states, "alder")


@pytest.mark.requirement("EX-left-with-district", "EX-hand-carry")
async def test_nobody_who_may_not_have_a_copy_makes_the_node_ask_the_system(source: Source) -> None:
    student_id, parent = await with_parent(source)
    source.ods.requests.clear()
    with pytest.raises(NotForThisPerson):
        await copy(source, student_id, UUID(int=parent.int ^ 1))
    assert source.ods.requests == []


@pytest.mark.requirement("EX-left-with-district", "EX-hand-carry")
async def test_while_the_system_is_away_there_is_no_copy_and_then_there_is_under_the_same_key(source: Source) -> None:
    student_id, parent = await with_parent(source)
    source.ods.faults = ["away"] * 9
    new = NewHandCarryCopy(acting_for=acting(source.states, parent))
    async with source.states.alder.client("former-district") as session:
        with pytest.raises(RecordSourceAway):
            await session.make_hand_carry_copy(student_id, new, idempotency_key="one-and-the-same-key")
        source.ods.faults = []
        made = await session.make_hand_carry_copy(student_id, new, idempotency_key="one-and-the-same-key")
        source.ods.faults = ["away"] * 9
        again = await session.make_hand_carry_copy(student_id, new, idempotency_key="one-and-the-same-key")
    assert again == made


@pytest.mark.requirement("EX-left-with-district", "VC-transcript")
async def test_a_transcript_is_of_the_courses_that_the_system_has(source: Source) -> None:
    of_child = {"studentUniqueId": "S0"}
    record = bodies()["studentAcademicRecords"][0] | {"studentReference": of_child}
    course = bodies()["courseTranscripts"][0]
    source.ods.put("studentAcademicRecords", record)
    source.ods.put("courseTranscripts", course | {"studentAcademicRecordReference": course["studentAcademicRecordReference"] | of_child})
    student_id, parent = await with_parent(source)
    async with source.states.alder.client("former-district") as session:
        made = await session.issue_transcript(student_id, NewTranscript(acting_for=acting(source.states, parent)))
    assert "Algebra I" in made.model_dump_json()
    assert "academics" not in await source.sections()
