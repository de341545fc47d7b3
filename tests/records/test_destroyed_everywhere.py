"""A record that is destroyed is forgotten by privacy too, by the store of records itself: an operator tells nobody."""

import pytest
from sqlalchemy import select

from services.privacy.tables import SubjectRow, SubjectVersionRow
from services.records.shredding import Shredder
from tests.records.one_state import OneState, some_students

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("KEYS-forgotten")
async def test_privacy_forgets_a_student_whose_record_was_destroyed_even_before_it_was_told(alder: OneState) -> None:
    students = [one for one in some_students(20) if one.district.key == "0300001"][:2]
    told, untold = [(await alder.district().load(one.load)).id for one in students[:1]], None
    await alder.tell()
    untold = (await alder.district().load(students[1].load)).id
    state = alder.records.state
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="destruction:1")
    for student in (*told, untold):
        async with state.database.transaction() as tx:
            await shredder.student(tx, student)
    await alder.tell()
    async with alder.node.applications["privacy"].state.database.reading() as tx:
        held = select(SubjectRow.sealed).where(SubjectRow.student_id.in_((*told, untold)))
        assert list(await tx.scalars(held)) == [b"", b""]
        versions = select(SubjectVersionRow.sealed).where(SubjectVersionRow.student_id.in_((*told, untold)))
        assert list(await tx.scalars(versions)) == []
