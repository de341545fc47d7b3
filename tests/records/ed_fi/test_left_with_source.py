"""A district keeps its students' records in its own system: the node has what finds the child, on both engines, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from safepassage.problems.records import SealBroken
from safepassage.record import StatementOfDisagreement
from safepassage.record.loads import ChangedStudent
from services.records.ed_fi.doors import EdFiDoors
from services.records.ed_fi.systems import EdFiSystems
from services.records.facts_anew import facts_anew
from services.records.left_with_source import KEPT, left_in
from services.records.loading_rosters import loaded_of
from services.records.match_sides import ELEMENTS
from services.records.reading import parts_at
from services.records.record_sources import NO_SECTION
from services.records.tables import OWN, EdFiKeepingRow, EdFiPullRow, SectionRow, StudentRow
from shared.contracts.destructions import AwaitedStudents, ToDestroy
from tests.links import linked
from tests.records.both_engines import running
from tests.records.ed_fi.test_pulling import THREE, District, district_of, tardy
from tests.records.exchange.two_states import at_once
from tests.records.one_state import DISTRICT, OneState, problem

__all__ = ["running"]

pytestmark = pytest.mark.anyio

CANARY = "2026-09-02"


@pytest.fixture
async def district(alder: OneState, tmp_path: Path) -> AsyncIterator[District]:
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(delete(EdFiKeepingRow))
    async with district_of(alder, tmp_path) as made:
        records, system = alder.records.state, made.api.system
        doors = records.ed_fi
        records.ed_fi = EdFiDoors(EdFiSystems(systems=(system,)), made.api._session, clock=alder.clock, wait=at_once)
        records.exchange.ed_fi = records.ed_fi
        yield made
        records.ed_fi = records.exchange.ed_fi = doors


async def say(district: District, keeps: str, **of: Any) -> Any:
    """The district says what is kept."""
    caller = of.get("by") or district.state.district()
    return await caller.send("PUT", "/v1/ed-fi-systems/sis/keeping", {"keeps": keeps})


async def parts(district: District, name: str | None = None) -> dict[str, dict[str, bytes]]:
    """What is stored of one student, opened: members by section."""
    students = await district.state.rows(StudentRow)
    state = district.state.records.state
    for row in students:
        _, found = await state.database.read(lambda connection, id_=row.id: parts_at(connection, state.vault, id_))
        told = {part.section: part.members for part in found}
        if name is None or f'"first":"{name}"'.encode() in told["identity"]["name"]:
            return told
    raise AssertionError("nobody has this name")


def first_name(number: int) -> str:
    return str(THREE[number].load.record.document()["identity"]["name"]["first"])


async def told(district: District) -> dict[str, Any]:
    answer = await district.state.district().send("GET", "/v1/ed-fi-systems")
    [one] = json.loads(answer.body)["systems"]
    return dict(one)


async def test_all_that_two_records_of_a_child_are_compared_by_stays_here() -> None:
    """Two lists: what is compared by later is kept, at the price of a line here, and not without anybody's saying so."""
    assert set(ELEMENTS) <= KEPT


@pytest.mark.requirement("EX-left-with-district")
async def test_of_what_a_district_keeps_to_itself_the_node_has_what_finds_the_child(district: District) -> None:
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, CANARY))
    [key, *_] = district.ods.held["students"]
    citizen = {"citizenshipStatusDescriptor": "uri://ed-fi.org/CitizenshipStatusDescriptor#Not a place in the record"}
    district.ods.put("students", district.ods.held["students"][key][1] | citizen, key)
    assert (await say(district, "identity")).status == 200
    path = linked("records.say_what_is_kept", "records.read_ed_fi_system", path="/v1/ed-fi-systems/sis/keeping")
    assert json.loads((await district.state.district().send("GET", path)).body)["system"]["name"] == "sis"
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["created"] == 3
    assert report.counts["sections-left-with-the-source"] >= 3
    assert "member-kept" not in report.reasons
    assert report.reasons["member-left"] >= 1
    assert "kept-beside-the-record" not in report.counts
    for number in range(3):
        stored = await parts(district, first_name(number))
        elements = {f"{section}.{member}" for section, members in stored.items() if section not in NO_SECTION for member in members}
        assert elements <= KEPT
        assert {"identity.name", "identity.birth_date", "enrollment.enrollments"} <= elements
        assert not any(b'"telephones"' in text or b'"addresses"' in text for text in stored.get("contacts", {}).values())
    async with district.state.records.state.database.reading() as tx:
        sections = set((await tx.scalars(select(SectionRow.section).distinct())).all())
    assert sections <= {"identity", "contacts", "enrollment", "left"}
    assert await told(district) == {
        "name": "sis",
        "keeps": "identity",
        "done": True,
        "pulled_at": (await told(district))["pulled_at"],
        "students_left_with_district": 3,
        "organisation_id": str(district.api.system.organisation_id),
        "host": district.api.system.host,
        "pulls": None,
        "pushes": None,
    }
    assert (await district.pull()).report is None


@pytest.mark.requirement("EX-left-with-district")
async def test_what_was_kept_goes_once_the_district_says_so_and_no_key_opens_an_older_copy(district: District) -> None:
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, CANARY))
    await district.pull()
    before = await parts(district, first_name(0))
    assert CANARY.encode() in before["attendance"]["events"]
    keys = {row.id: row.wrapped_key for row in await district.state.rows(StudentRow)}
    old = {(row.student_id, row.section): row for row in await district.state.rows(SectionRow)}
    await say(district, "identity")
    assert not (await told(district))["done"]
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["removed-and-left-with-the-source"] == 3
    assert "attendance" not in await parts(district, first_name(0))
    vault = district.state.records.state.vault
    for row in await district.state.rows(StudentRow):
        new = vault.data_key(row.id, row.wrapped_key)
        assert row.wrapped_key != keys[row.id]
        copy = old[(row.id, "identity")]
        with pytest.raises(SealBroken):
            new.open(copy.sealed, section="identity", source=OWN, version=copy.version)
    await district.state.tell()
    entries = [one for one in await district.state.logged("load") if one.context.get("operation") == "left-with-source"]
    assert {one.context["count"] for one in entries[-1:]} == {3}


async def test_a_record_that_somebody_waits_to_inspect_stays_for_now(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    await district.pull()
    [waiting, *_] = sorted(row.id for row in await district.state.rows(StudentRow))
    seen: list[UUID] = []

    async def asking(asked: ToDestroy) -> AwaitedStudents:
        seen.extend(asked.students)
        return AwaitedStudents(students=(waiting,) if waiting in asked.students else ())

    monkeypatch.setattr("tests.records.ed_fi.test_pulling.over", lambda _: asking)
    await say(district, "identity")
    report = (await district.pull()).report
    assert report is not None
    assert (report.counts["kept-while-awaited"], report.counts["removed-and-left-with-the-source"]) == (1, 2)
    assert waiting in seen
    assert not (await told(district))["done"]
    monkeypatch.undo()
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["removed-and-left-with-the-source"] == 1
    assert (await told(district))["done"]


@pytest.mark.requirement("EX-left-with-district")
async def test_back_to_the_record_everything_is_read_again_and_is_as_if_it_had_always_been_kept(district: District) -> None:
    await district.pull()
    kept = await district.documents()
    await say(district, "identity")
    await district.pull()
    await say(district, "record")
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["changed"] == 3
    assert without_ids(await district.documents()) == without_ids(kept)
    assert (await told(district))["students_left_with_district"] == 0


def without_ids(documents: dict[str, Any]) -> Any:
    """Without the instants of loads: `as_of` is the pull's."""
    text = json.dumps(documents, sort_keys=True)
    made = json.loads(text)
    for document in made.values():
        for origin in document["provenance"].values():
            origin.pop("as_of")
    return made


@pytest.mark.requirement("EX-left-with-district")
async def test_what_decisions_rest_on_is_known_although_the_section_is_not_here(district: District) -> None:
    needy = next(number for number in range(3) if await_special(number)) if any(map(await_special, range(3))) else None
    await say(district, "identity")
    await district.pull()
    state = district.state.records.state
    for row in await district.state.rows(StudentRow):
        _, found = await state.database.read(lambda connection, id_=row.id: parts_at(connection, state.vault, id_))
        left = left_in(found)
        assert left is not None
        async with state.database.transaction() as tx:
            facts = await tx.run_sync(
                lambda session, id_=row.id: facts_anew(
                    session.connection(), state.vault, id_, jurisdiction="US-XA", now=district.state.clock()
                )
            )
        assert facts is not None
        assert left.flags <= facts.flags
        if needy is not None and left.student_unique_id == f"S{needy}":
            assert "special-education" in facts.flags


def await_special(number: int) -> bool:
    return "special_education" in THREE[number].load.record.document()


async def test_the_same_again_changes_nothing_and_a_grade_that_changed_neither(district: District) -> None:
    await say(district, "identity")
    await district.pull()
    before = {row.id: row.version for row in await district.state.rows(StudentRow)}
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, CANARY))
    report = (await district.pull()).report
    assert report is not None
    assert report.counts["unchanged"] == 1
    assert {row.id: row.version for row in await district.state.rows(StudentRow)} == before


@pytest.mark.requirement("EX-left-with-district")
async def test_a_statement_of_disagreement_with_what_is_left_stays_here_and_nothing_else_of_what_is_loaded(district: District) -> None:
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, CANARY))
    await say(district, "identity")
    await district.pull()
    sis = district.state.district()
    [row] = [one for one in await district.state.rows(StudentRow) if await is_first(district, one.id)]
    student = await sis.read(row.id)
    assert student.left_with == "sis"
    statement = StatementOfDisagreement(
        id=uuid4(), relates_to=("attendance.events",), statement="We were there.", placed_by="parent", placed_on=date(2026, 9, 9)
    )
    loaded = loaded_of(THREE[0].load.record).model_copy(update={"identity": student.record.identity, "statements": (statement,)})
    attendance = {"events": [{"event_date": CANARY, "category": {"code": "Tardy", "system": "x"}}]}
    body = json.loads(loaded.model_dump_json(exclude_none=True)) | {"attendance": attendance}
    change = ChangedStudent.model_validate({"version": student.version, "source_system": "ed-fi", "as_of": NOW, "record": body})
    answer = await sis.send(
        "PUT", f"/v1/students/{row.id}", change.model_dump_json(exclude_none=True).encode(), idempotency_key=str(uuid4())
    )
    assert answer.status == 200, answer.body
    again = await sis.read(row.id)
    assert again.record.attendance is not None  # as the system says it, not as it came
    assert "Tardy" in again.record.attendance.model_dump_json()
    assert again.left_with == "sis"
    stored = await parts(district, first_name(0))
    assert b"We were there." in stored["left"]["left"]
    assert "attendance" not in stored
    without = {name: part for name, part in body.items() if name not in ("attendance", "statements")}
    change = ChangedStudent.model_validate({"version": again.version, "source_system": "ed-fi", "as_of": NOW, "record": without})
    answer = await sis.send(
        "PUT", f"/v1/students/{row.id}", change.model_dump_json(exclude_none=True).encode(), idempotency_key=str(uuid4())
    )
    assert answer.status == 200, answer.body
    assert b"We were there." in (await parts(district, first_name(0)))["left"]["left"]
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, "2026-09-03"))
    await district.pull()
    stored = await parts(district, first_name(0))
    assert b"We were there." in stored["left"]["left"]
    assert "attendance" not in stored


NOW = "2026-10-20T12:00:00.000Z"


async def is_first(district: District, student_id: UUID) -> bool:
    state = district.state.records.state
    _, found = await state.database.read(lambda connection: parts_at(connection, state.vault, student_id))
    left = left_in(found)
    return left is not None and left.student_unique_id == "S0"


async def test_a_file_is_refused_since_the_job_loads(district: District) -> None:
    await say(district, "identity")
    await district.pull()
    sis = district.state.district()
    upload = {"resources": {"students": [{"studentUniqueId": "S9", "firstName": "A", "lastSurname": "B", "birthDate": "2012-05-06"}]}}
    refused = await sis.load_roster(json.dumps(upload).encode(), "application/vnd.ed-fi+json")
    assert problem(refused) == "record-with-district"
    assert len(await district.state.rows(StudentRow)) == 3


async def test_a_party_to_an_agreement_sees_what_is_kept_and_whose_system_has_the_rest(district: District) -> None:
    elements = ["identity.name", "attendance.events", "contacts.telephones"]
    agreement = await district.state.agree(elements)
    district.ods.put("studentSchoolAttendanceEvents", tardy(0, CANARY))
    await say(district, "identity")
    await district.pull()
    await district.state.tell()
    page = await district.state.vendor().page(agreement)
    assert page.left_with_districts == (district.state.by_key[DISTRICT],)
    assert len(page.students) == 3
    assert {element for one in page.students for element in one.elements()} == {"identity.name"}


async def test_what_is_said_by_several_at_once_for_the_first_time_is_said_once(district: District) -> None:
    told = await asyncio.gather(*(say(district, "identity") for _ in range(5)))
    assert [one.status for one in told] == [200] * 5
    await district.state.tell()
    assert [row.keeps for row in await district.state.rows(EdFiKeepingRow)] == ["identity"]


async def test_only_the_district_whose_system_it_is_says_what_is_kept(district: District) -> None:
    other = district.state.district("0300002")
    assert problem(await say(district, "identity", by=other)) == "no-such-ed-fi-system"
    agency = district.state.caller(district.state.by_key[DISTRICT], "sea", "records:load")
    assert problem(await say(district, "identity", by=agency)) == "not-permitted"
    assert await district.state.rows(EdFiKeepingRow) == []
    await say(district, "identity")
    await say(district, "identity")
    await district.state.tell()
    entries = [one for one in await district.state.logged("load") if one.context.get("operation") == "keeping-said"]
    assert entries[-1].context["outcome"] == "identity"
    async with district.state.records.state.database.transaction() as tx:
        await tx.execute(update(EdFiPullRow).values(keeps="record"))
