"""A student that two systems, or two attempts of one, load for the first time at once is one student, on both engines."""

import asyncio
from collections import Counter
from typing import Final
from uuid import UUID, uuid4

import pytest

from safepassage.record.loads import LoadedStudent, NewStudent
from services.records.tables import SourceIdRow
from shared.in_process import Answer
from tests.records.both_engines import running as running
from tests.records.one_state import DISTRICT, OneState, problem
from tests.records.test_students import OURS

pytestmark = pytest.mark.anyio

AT_ONCE: Final = 6


async def posted(running: OneState, student: NewStudent) -> Answer:
    body = student.model_dump_json(exclude_none=True).encode()
    return await running.district(DISTRICT).send("POST", "/v1/students", body, **{"idempotency-key": str(uuid4())})


async def test_whoever_comes_second_is_told_to_come_again_and_finds_the_student_there(running: OneState) -> None:
    student, before = OURS[0].load, len(await running.rows(SourceIdRow))
    answers = await asyncio.gather(*(posted(running, student) for _ in range(AT_ONCE)))
    counted = Counter(answer.status if answer.status == 201 else problem(answer) for answer in answers)
    assert counted.keys() <= {201, "temporarily-unavailable"}
    assert counted[201] >= 1
    again = LoadedStudent.model_validate_json((await posted(running, student)).body)
    ids: set[UUID] = {LoadedStudent.model_validate_json(one.body).id for one in answers if one.status == 201}
    assert (ids, again.created) == ({again.id}, False)
    assert len(await running.rows(SourceIdRow)) == before + 1
