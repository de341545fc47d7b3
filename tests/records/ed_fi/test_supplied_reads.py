"""A record that the child's district keeps in its own system, read by who may: had from there, logged first, and nowhere kept."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from safepassage.record.loads import RosterEntry
from services.records import supplied_reads
from services.records.tables import SectionRow, StudentRow
from tests.records.both_engines import running
from tests.records.ed_fi.test_left_with_source import CANARY, district, is_first, say
from tests.records.ed_fi.test_pulling import District, tardy
from tests.records.formats.edfi_bodies import bodies
from tests.records.one_state import problem

__all__ = ["district", "running"]

pytestmark = pytest.mark.anyio

HERE = {"identity", "contacts", "enrollment", "left"}


async def left(district: District) -> UUID:
    """The district keeps to itself; gives the student of whom it has an event that is told nowhere else."""
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, CANARY))
    await say(district, "identity")
    await district.pull()
    await district.state.tell()
    district.ods.requests.clear()
    [student_id] = [one.id for one in await district.state.rows(StudentRow) if await is_first(district, one.id)]
    return student_id


async def nothing_stays(district: District) -> bool:
    return {row.section for row in await district.state.rows(SectionRow)} <= HERE


async def reads(district: District) -> list[Any]:
    return [one.context for one in await district.state.logged("read")]


@pytest.mark.requirement("EX-left-with-district", "EX-4")
async def test_a_student_is_read_whole_from_the_districts_system_and_it_is_on_the_log(district: District) -> None:
    student_id = await left(district)
    student = await district.state.district().read(student_id)
    assert student.left_with == "sis"
    assert CANARY in student.record.model_dump_json()
    assert await nothing_stays(district)
    [*_, entry] = await reads(district)
    assert (entry["operation"], "attendance.events" in entry["elements"]) == ("student-read", True)
    asked = len(district.ods.requests)
    kept = await district.state.district().read(student_id, "elements=identity.name,enrollment.enrollments")
    assert kept.record.elements() == ("identity.name", "enrollment.enrollments")
    assert len(district.ods.requests) == asked


@pytest.mark.requirement("EX-left-with-district", "EX-4")
async def test_nothing_is_answered_of_what_the_system_says_unless_the_log_has_the_read(district: District) -> None:
    student_id = await left(district)
    with district.state.audit_gone():
        answer = await district.state.district().send("GET", f"/v1/students/{student_id}")
    assert problem(answer) == "log-unavailable"
    assert CANARY.encode() not in answer.body


@pytest.mark.requirement("EX-left-with-district")
async def test_while_the_system_is_away_or_slow_a_reader_is_told_when_to_come_again(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    student_id, sis = await left(district), district.state.district()
    before = len(await reads(district))
    district.ods.faults = ["away"] * 9
    away = await sis.send("GET", f"/v1/students/{student_id}")
    assert (away.status, problem(away), away.headers["retry-after"]) == (503, "record-source-away", "30")
    district.ods.faults = []
    district.ods.without = {"studentSchoolAttendanceEvents"}
    half = await sis.send("GET", f"/v1/students/{student_id}")
    assert problem(half) == "record-source-away"
    district.ods.without = set()

    async def slow(*_: object) -> Any:
        await asyncio.Event().wait()  # a fault: no answer ever comes

    with monkeypatch.context() as patch:
        patch.setattr(supplied_reads, "ask", slow)
        patch.setattr(supplied_reads, "SECONDS", 0.01)
        late = await sis.send("GET", f"/v1/students/{student_id}")
    assert problem(late) == "record-source-away"
    assert len(await reads(district)) == before
    assert CANARY in (await sis.read(student_id)).record.model_dump_json()


@pytest.mark.requirement("EX-left-with-district")
async def test_a_student_whom_the_system_no_longer_has_is_said_to_be_gone_there(district: District) -> None:
    student_id = await left(district)
    for resource, those in district.ods.held.items():
        if resource.startswith("student"):
            district.ods.held[resource] = {key: one for key, one in those.items() if '"S0"' not in json.dumps(one[1])}
    answer = await district.state.district().send("GET", f"/v1/students/{student_id}")
    assert (answer.status, problem(answer)) == (409, "record-not-at-source")


async def agreed(district: District, *elements: str) -> tuple[UUID, UUID]:
    """An agreement, and the vendor's pseudonym of the first student."""
    agreement = await district.state.agree(elements)
    vendor = district.state.vendor()
    page = await vendor.page(agreement)
    [student] = [
        one.student for one in page.students if one.identity and one.identity.name and one.identity.name.first == await name(district)
    ]
    return agreement, student


async def name(district: District) -> str:
    [student_id] = [one.id for one in await district.state.rows(StudentRow) if await is_first(district, one.id)]
    record = (await district.state.district().read(student_id, "elements=identity.name")).record
    assert record.identity is not None
    assert record.identity.name is not None
    return record.identity.name.first


@pytest.mark.requirement("EX-left-with-district", "EX-4", "EX-6")
async def test_a_page_says_for_whom_the_system_has_to_be_asked_and_each_is_then_given_what_is_permitted(district: District) -> None:
    await left(district)
    agreement, student = await agreed(district, "identity.name", "attendance.events")
    page = await district.state.vendor().page(agreement)
    assert student in page.left_with_source
    assert {one.student for one in page.students} == set(page.left_with_source)
    assert district.ods.requests == []
    answer = await district.state.vendor().send(
        "GET", f"/v1/roster-entries/{student}/document", query=f"agreement_id={agreement}&format=entry"
    )
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    entry = RosterEntry.model_validate_json(answer.body)
    assert set(entry.elements()) == {"identity.name", "attendance.events"}
    assert CANARY.encode() in answer.body
    [*_, logged] = await reads(district)
    assert (logged["operation"], set(logged["elements"])) == ("roster-document-entry", {"identity.name", "attendance.events"})
    assert logged["decision_id"]
    assert await nothing_stays(district)


@pytest.mark.requirement("EX-left-with-district")
async def test_who_is_read_of_what_is_kept_alone_is_named_by_no_page(district: District) -> None:
    await left(district)
    agreement, student = await agreed(district, "identity.name")
    page = await district.state.vendor().page(agreement)
    assert page.left_with_source == ()
    answer = await district.state.vendor().send(
        "GET", f"/v1/roster-entries/{student}/document", query=f"agreement_id={agreement}&format=entry"
    )
    assert answer.status == 200
    assert district.ods.requests == []


@pytest.mark.requirement("EX-left-with-district", "EX-4")
async def test_of_whom_all_that_is_permitted_is_with_the_system_the_page_names_and_the_log_has_it(district: District) -> None:
    await left(district)
    agreement = await district.state.agree(["attendance.events"])
    page = await district.state.vendor().page(agreement)
    assert page.students == ()
    assert len(page.left_with_source) == 3
    [*_, logged] = await reads(district)
    assert (logged["operation"], logged["outcome"], logged["count"]) == ("roster-entries-read", "named-alone", 3)


@pytest.mark.requirement("EX-left-with-district")
async def test_a_flag_that_is_new_at_the_system_is_decided_on_before_a_party_is_given_anything(district: District) -> None:
    student_id = await left(district)
    agreement, student = await agreed(district, "identity.name", "attendance.events")
    [before] = [one.facts_version for one in await district.state.rows(StudentRow) if one.id == student_id]
    homeless = bodies()["studentHomelessProgramAssociations"][0] | {"studentReference": {"studentUniqueId": "S0"}}
    district.ods.put("studentHomelessProgramAssociations", homeless)
    answer = await district.state.vendor().send(
        "GET", f"/v1/roster-entries/{student}/document", query=f"agreement_id={agreement}&format=entry"
    )
    assert answer.status == 200
    [after] = [one.facts_version for one in await district.state.rows(StudentRow) if one.id == student_id]
    assert after > before
    assert await nothing_stays(district)
