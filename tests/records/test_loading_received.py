"""A roster's student whose record another state sent first is that child, if that is certain; else a new one, and the report says so."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from node.synthetic import SyntheticStudent
from safepassage.record.loads import LoadReport, NewStudent
from services.records.loading_students import as_record
from services.records.received_storing import ReceivedEnrollment, store_received
from services.records.tables import SourceIdRow, StudentRow
from services.records.unions import unite
from shared.group_commit import Writing
from tests.records.conftest import NOON
from tests.records.one_state import DISTRICT, OneState, some_students

pytestmark = pytest.mark.anyio

STUDENTS = some_students(60)
CHILD = next(
    one for one in STUDENTS if one.district.key == DISTRICT and one.case is None and one.twin_of is None and one.selector.middle_name
)


async def received(alder: OneState, child: SyntheticStudent, *, school: str | None = None) -> UUID:
    """Another state's record of the child, filed under an enrolment at a school here."""
    state = alder.records.state
    stored = await state.database.write(
        lambda connection: store_received(
            Writing(connection),
            state.vault,
            state.outbox,
            as_record(child.load.record, originating_agency="x", source_system="y", as_of=NOON),
            from_node="https://birch.example",
            exchange_id=uuid4(),
            student_id=None,
            custodian_id=alder.by_key[child.district.key],
            enrollment=ReceivedEnrollment(alder.by_key[school or child.school.key], date(2026, 10, 1)),
            jurisdiction="US-XA",
            now=NOON,
        )
    )
    return stored.student_id


async def rostered(alder: OneState, *loads: NewStudent) -> LoadReport:
    roster = b"\n".join(load.model_dump_json(exclude_none=True).encode() for load in loads)
    answer = await alder.district(CHILD.district.key).load_roster(roster, "application/x-ndjson")
    assert answer.status == 200, answer.body
    return LoadReport.model_validate_json(answer.body)


async def test_the_rosters_student_is_the_child_whose_record_came_first(alder: OneState) -> None:
    student_id = await received(alder, CHILD)
    report = await rostered(alder, CHILD.load)
    assert (report.counts, report.reasons) == ({"students": 1, "changed": 1}, {})
    assert [row.id for row in await alder.rows(StudentRow)] == [student_id]
    assert (await alder.district(CHILD.district.key).read(student_id)).custodian_id == alder.by_key[CHILD.district.key]


async def test_so_is_a_student_who_is_loaded_alone(alder: OneState) -> None:
    student_id = await received(alder, CHILD)
    loaded = await alder.district(CHILD.district.key).load(CHILD.load)
    assert (loaded.id, loaded.created) == (student_id, False)


async def test_another_school_or_another_child_is_another_student(alder: OneState) -> None:
    elsewhere = next(key for key in alder.by_key if key.startswith(DISTRICT) and len(key) == 12 and key != CHILD.school.key)
    await received(alder, CHILD, school=elsewhere)
    other = next(one for one in STUDENTS if one.school.key == CHILD.school.key and one.index != CHILD.index)
    await received(alder, other)
    report = await rostered(alder, CHILD.load)
    assert (report.counts["created"], report.reasons) == (1, {})
    assert len(await alder.rows(StudentRow)) == 3


async def test_a_child_who_is_not_certain_is_a_new_student_and_the_report_says_so(alder: OneState) -> None:
    await received(alder, CHILD)
    document = CHILD.load.model_dump(mode="json", exclude_none=True)
    document["record"]["identity"]["name"]["middle"] = "Zebedee"
    report = await rostered(alder, NewStudent.model_validate(document))
    assert (report.counts["created"], report.reasons) == (1, {"may-be-here-already": 1})


async def test_two_who_would_be_the_same_child_are_not_made_one(alder: OneState) -> None:
    await received(alder, CHILD)
    double = CHILD.load.model_copy(update={"source_id": "another-id"})
    report = await rostered(alder, CHILD.load, double)
    assert (report.counts["created"], report.reasons) == (2, {"may-be-here-already": 2})


@pytest.mark.requirement("MATCH-united")
async def test_a_child_whom_two_records_were_received_of_is_the_leading_one_once_they_are_united(alder: OneState) -> None:
    leading, other = [await received(alder, CHILD) for _ in range(2)]
    apart = await rostered(alder, CHILD.load)
    assert (apart.counts["created"], apart.reasons) == (1, {"may-be-here-already": 1})
    await alder.records.state.database.write(
        lambda connection: unite(connection, leading_id=leading, other_id=other, by="job:match", now=NOON)
    )
    report = await rostered(alder, CHILD.load.model_copy(update={"source_id": "another-id"}))
    assert (report.counts, report.reasons) == ({"students": 1, "changed": 1}, {})
    of_source = [row.student_id for row in await alder.rows(SourceIdRow)]
    assert leading in of_source
    assert other not in of_source
