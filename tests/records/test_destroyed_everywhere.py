"""A record that is destroyed is forgotten by privacy too, by the store of records itself: an operator tells nobody."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from services.privacy.subjects import open_facts
from services.privacy.tables import SubjectRow, SubjectVersionRow
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.shredding import Shredder
from shared.contracts.privacy import SubjectFacts
from shared.group_commit import Writing
from tests.records.one_state import OneState, some_students
from tests.records.whole_record import whole_record

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("KEYS-forgotten")
async def test_privacy_forgets_a_student_whose_record_was_destroyed_even_before_it_was_told(alder: OneState) -> None:
    students = [one for one in some_students(20) if one.district.key == "0300001"][:2]
    told, untold = [(await alder.district().load(one.load)).id for one in students[:1]], None
    await alder.tell()
    untold = (await alder.district().load(students[1].load)).id
    state = alder.records.state
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="destruction:1", jurisdiction="US-XA")
    for student in (*told, untold):
        async with state.database.transaction() as tx:
            await shredder.student(tx, student)
    await alder.tell()
    async with alder.node.applications["privacy"].state.database.reading() as tx:
        held = select(SubjectRow.sealed).where(SubjectRow.student_id.in_((*told, untold)))
        assert list(await tx.scalars(held)) == [b"", b""]
        versions = select(SubjectVersionRow.sealed).where(SubjectVersionRow.student_id.in_((*told, untold)))
        assert list(await tx.scalars(versions)) == []


async def facts_known(alder: OneState) -> list[SubjectFacts]:
    """Every version of the facts that privacy has of anybody, the one that counts last."""
    await alder.tell()
    state = alder.node.applications["privacy"].state
    async with state.database.reading() as tx:
        versions = (await tx.scalars(select(SubjectVersionRow).order_by(SubjectVersionRow.facts_version))).all()
        rows = [*versions, *(await tx.scalars(select(SubjectRow).where(SubjectRow.sealed != b""))).all()]
        return [open_facts(state.sealer, row) for row in rows]


async def file_copy(alder: OneState, student_id: UUID, exchange_id: UUID, known: SubjectFacts) -> None:
    """A whole record that another node sent comes to what is held of a student, of whom privacy knows `known`."""
    state, sent = alder.records.state, whole_record()
    await state.database.write(
        lambda connection: store_received(
            Writing(connection),
            state.vault,
            state.outbox,
            sent,
            from_node="https://birch.example",
            exchange_id=exchange_id,
            student_id=student_id,
            custodian_id=known.custodian_id,
            enrollment=ReceivedEnrollment(known.attendances[0].organisation_id, date(2026, 8, 24)),
            jurisdiction="US-XA",
            now=alder.clock(),
        )
    )


@pytest.mark.requirement("KEYS-forgotten")
async def test_privacy_forgets_what_only_a_destroyed_copy_said_and_knows_what_stays(alder: OneState) -> None:
    one = next(student for student in some_students(20) if student.district.key == "0300001")
    thin = one.load.record.model_copy(update={"special_education": None, "programmes": None, "contacts": None})
    loaded = await alder.district().load(one.load.model_copy(update={"record": thin}))
    [*_, before] = await facts_known(alder)
    state, exchange_id = alder.records.state, uuid4()
    await file_copy(alder, loaded.id, exchange_id, before)
    [*_, with_copy] = await facts_known(alder)
    assert with_copy.flags > before.flags
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="agreement:1", jurisdiction="US-XA")
    async with state.database.transaction() as tx:
        await shredder.copy(tx, exchange_id)
    every = await facts_known(alder)
    assert {(facts.facts_version, facts.flags, facts.rights_holders) for facts in every} == {
        (with_copy.facts_version + 2, before.flags, before.rights_holders)
    }
