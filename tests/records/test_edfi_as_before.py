"""Ed-Fi API JSON that comes again: who is as before is known without being read, as long as all that it rests on is the same."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import update

from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.record.enrollment import Enrollment
from safepassage.record.loads import LoadReport
from services.records.formats.edfi_documents import edfi_document
from services.records.formats.edfi_json import edfi_resources
from services.records.loading_places import same_until
from services.records.roster_as_before import read_but_as_before
from services.records.roster_division import LoadedBy
from services.records.roster_storing import RosterStoring
from services.records.sealing_anew import seal_anew
from services.records.tables import OrganisationRow, SectionRow, SourceIdRow, StudentRow
from shared.actors import client_actor
from tests.records.both_engines import running  # noqa: F401 on both engines
from tests.records.conftest import NOON
from tests.records.formats.edfi_bodies import d
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import schools_of_alder
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, Caller, OneState, problem, some_students
from tests.records.test_rosters import report_of

pytestmark = pytest.mark.anyio

EDFI = "application/vnd.ed-fi+json"
OURS = [one for one in some_students(60) if one.district.key == DISTRICT and one.load.record.discipline is None][:3]
Bodies = dict[str, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def today(running: OneState) -> Iterator[None]:  # noqa: F811 the fixture
    running.clock.instant = NOON
    yield
    running.clock.instant = NOON


def upload() -> Bodies:
    """Three students of a district who had no part in an incident; something is kept beside their records."""
    said: Bodies = schools_of_alder()
    for number, one in enumerate(OURS):
        made = edfi_resources(from_load(one.load.record.document()), student_unique_id=str(number))["resources"]
        for resource, those in json.loads(json.dumps(made)).items():
            said.setdefault(resource, []).extend(those)
    said["students"][0]["citizenshipStatusDescriptor"] = d("CitizenshipStatus", "Other")
    said["studentCohortAssociations"] = [{"studentReference": {"studentUniqueId": "1"}, "cohortReference": {"cohortIdentifier": "1"}}]
    return said


def document(said: Bodies) -> bytes:
    return json.dumps({"resources": said}).encode()


async def load(sis: Caller, said: Bodies) -> LoadReport:
    return report_of(await sis.load_roster(document(said), EDFI))


async def change_rows(alder: OneState, row: Any, **values: Any) -> None:
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(row).values(**values))


async def marks(alder: OneState) -> set[bytes | None]:
    return {row.read_tag for row in await alder.rows(SourceIdRow)}


async def test_the_same_again_is_told_by_what_was_kept_and_nobody_is_read(alder: OneState) -> None:
    sis, said = alder.district(), upload()
    first, again = await load(sis, said), await load(sis, said)
    assert first.counts["created"] == again.counts["unchanged"] == len(OURS)
    assert (again.reasons, again.unresolved, again.not_valid) == (first.reasons, first.unresolved, first.not_valid)
    assert {"students:1:citizenshipStatusDescriptor", "studentCohortAssociations:1:*"} <= {one.position for one in again.unresolved}
    assert again.counts["kept-beside-the-record"] == first.counts["kept-beside-the-record"]
    before = await marks(alder)
    await change_rows(alder, SectionRow, sealed=b"0" * 40)  # what is here is not opened either
    assert (await load(sis, said)).counts["unchanged"] == len(OURS)
    assert await marks(alder) == before
    await change_rows(alder, SourceIdRow, read_sealed=b"0" * 40)
    assert problem(await sis.load_roster(document(said), EDFI)) == "seal-broken"


async def test_what_was_told_is_sealed(alder: OneState) -> None:
    await load(alder.district(), upload())
    sealed = [row.read_sealed for row in await alder.rows(SourceIdRow)]
    assert len({len(one) for one in sealed}) > 1
    assert not any(b"citizenship" in one or b"students" in one or b"2026" in one for one in sealed)


async def test_one_who_changed_is_read_and_stored_and_known_the_next_time(alder: OneState) -> None:
    sis, said = alder.district(), upload()
    await load(sis, said)
    before = {row.tag: row.read_tag for row in await alder.rows(SourceIdRow)}
    said["students"][0]["firstName"] = "Neu"
    assert {**(await load(sis, said)).counts}.items() >= {"changed": 1, "unchanged": len(OURS) - 1}.items()
    after = {row.tag: row.read_tag for row in await alder.rows(SourceIdRow)}
    assert sum(after[tag] != mark for tag, mark in before.items()) == 1
    assert None not in after.values()
    assert (await load(sis, said)).counts["unchanged"] == len(OURS)


async def test_one_whose_record_was_changed_otherwise_is_read_and_stored(alder: OneState) -> None:
    sis, said = alder.district(), upload()
    await load(sis, said)
    student, *_ = await alder.rows(StudentRow)
    held = await sis.read(student.id)
    record = {name: part for name, part in held.record.document().items() if name not in ("v", "provenance", "statements")}
    change = {"version": held.version, "source_system": "XA-SIS", "as_of": "2026-10-20T00:00:00.000Z", "record": record}
    assert (await sis.send("PUT", f"/v1/students/{student.id}", change, idempotency_key="k" * 20)).status == 200
    counts = (await load(sis, said)).counts
    assert (counts["changed"], counts["unchanged"]) == (1, len(OURS) - 1)


async def test_who_belongs_to_another_district_now_is_read_and_stored(alder: OneState) -> None:
    sea, said = alder.caller(alder.by_key["sea"], "sea", "records:load"), upload()
    await load(sea, said)
    there = OrganisationRow.parent_id == alder.by_key[DISTRICT]
    async with alder.records.state.database.transaction() as tx:
        await tx.execute(update(OrganisationRow).where(there).values(parent_id=alder.by_key[OTHER_DISTRICT]))
    try:
        report = await load(sea, said)
    finally:
        back = OrganisationRow.id.in_([alder.by_key[one.school.key] for one in some_students(60) if one.district.key == DISTRICT])
        async with alder.records.state.database.transaction() as tx:
            await tx.execute(update(OrganisationRow).where(back).values(parent_id=alder.by_key[DISTRICT]))
    assert report.counts["changed"] == len(OURS)


async def test_on_the_day_on_which_an_enrolment_begins_the_student_is_read(alder: OneState) -> None:
    sea, said = alder.caller(alder.by_key["sea"], "sea", "records:load"), upload()
    [elsewhere] = [one for one in some_students(60) if one.district.key == OTHER_DISTRICT][:1]
    school = next(body for body in said["schools"] if body["nameOfInstitution"] == elsewhere.school.name)["schoolId"]
    moving = next(one for one in said["studentSchoolAssociations"] if one["studentReference"]["studentUniqueId"] == "0")
    said["studentSchoolAssociations"].append({**moving, "schoolReference": {"schoolId": school}, "entryDate": "2026-10-22"})
    await load(sea, said)
    alder.clock.advance(days=1)
    assert (await load(sea, said)).counts["unchanged"] == len(OURS)
    alder.clock.advance(days=1)
    report = await load(sea, said)
    assert (report.counts["changed"], report.counts["unchanged"]) == (1, len(OURS) - 1)
    assert alder.by_key[OTHER_DISTRICT] in {row.custodian_id for row in await alder.rows(StudentRow)}


async def test_under_a_new_data_key_what_was_told_is_told_anew(alder: OneState) -> None:
    sis, said, state = alder.district(), upload(), alder.records.state
    await load(sis, said)
    async with state.database.transaction() as tx:
        for row in await alder.rows(StudentRow):
            await seal_anew(tx, state.vault, await tx.get_one(StudentRow, row.id, with_for_update=True))
    assert await marks(alder) == {None}
    assert (await load(sis, said)).counts["unchanged"] == len(OURS)
    assert None not in await marks(alder)


async def test_who_was_not_read_and_is_another_meanwhile_is_not_taken_for_the_same(alder: OneState) -> None:
    sis, said, state = alder.district(), upload(), alder.records.state
    await load(sis, said)
    read = partial(read_but_as_before, state.database, state.vault, organisation_id=sis.claims.organisation_id, now=alder.clock())
    roster = await read(await to_thread.run_sync(edfi_document, document(said)))
    assert all(one.as_before is not None for one in roster.students)
    await change_rows(alder, SourceIdRow, read_tag=b"0" * 16)
    loader = LoadedBy(sis.claims.organisation_id, client_actor(sis.claims))
    storing = RosterStoring(
        state.vault, state.outbox, roster, loader=loader, jurisdiction="US-XA", load_id=loader.organisation_id, now=alder.clock()
    )
    async with state.database.transaction() as tx:
        with pytest.raises(TemporarilyUnavailable):
            await storing.store(tx, roster.students, part=0)


def enrolled(entry: str, exit_: str | None = None) -> Enrollment:
    made = {"school": {"state_id": "1"}, "entry_date": entry, "exit_date": exit_, "grade": {"system": "s", "code": "9"}}
    return Enrollment.model_validate({name: value for name, value in made.items() if value is not None})


@pytest.mark.parametrize(
    ("enrollments", "last"),
    [
        ([], None),
        ([enrolled("2026-08-20")], None),
        ([enrolled("2026-08-20", "2026-10-19")], None),
        ([enrolled("2026-08-20", "2026-10-20")], 0),
        ([enrolled("2026-08-20", "2026-11-01"), enrolled("2026-10-25")], 4),
        ([enrolled("2026-10-21", "2026-10-30")], 0),
    ],
)
async def test_until_the_next_enrolment_begins_or_one_ends_the_same_hold(enrollments: list[Enrollment], last: int | None) -> None:
    day = date(2026, 10, 20)
    assert same_until(enrollments, day) == (date.max if last is None else day + timedelta(days=last))
