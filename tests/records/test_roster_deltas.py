"""OneRoster deltas: what they name changes, what they delete ends, and nobody else is touched, in whatever order they come."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete as deleting

from node.synthetic import ALDER, SyntheticStudent
from node.synthetic.oneroster_writer import write_oneroster
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.record import StudentRecord
from safepassage.record.loads import ChangedStudent, LoadedRecord, LoadReport
from services.records.formats.archive import Archive
from services.records.formats.oneroster_delta import Delta
from services.records.formats.oneroster_kept import KEPT
from services.records.roster_deltas import applied
from services.records.roster_keeping import RosterKeeping
from services.records.tables import EnrollmentRow, KeptRosterRow, KeptStudentRow, SourceIdRow, StudentRow
from services.records.vault_rotation import rewrap_data_keys
from shared.in_process import Answer
from tests.records.both_engines import running as running
from tests.records.one_state import DISTRICT, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

DAY = date(2026, 10, 20)
OURS = [one for one in some_students(60) if one.district.key == DISTRICT][:4]
JSON_LINES = "application/x-ndjson"
SYSTEM = "XA-SIS"
T1, T2, T3 = (f"2026-10-{day:02}T06:00:00.000Z" for day in (17, 18, 19))

Rows = list[dict[str, str]]


def whole(folder: Path, *everyone: SyntheticStudent) -> bytes:
    path = folder / f"{uuid4()}.zip"
    write_oneroster(path, ALDER, everyone, as_of=DAY)
    return path.read_bytes()


def rows_of(package: bytes, name: str) -> Rows:
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        return list(csv.DictReader(io.StringIO(zipped.read(f"{name}.csv").decode(), newline="")))


def row_of(package: bytes, name: str, column: str, value: str) -> dict[str, str]:
    return next(row for row in rows_of(package, name) if row[column] == value)


def changed(row: Mapping[str, str], at: str, /, status: str = "active", **values: str) -> dict[str, str]:
    return {**row, "status": status, "dateLastModified": at, **values}


def delta(whole_files: Sequence[str] = (), /, **tables: Rows) -> bytes:
    """A package of these rows alone; every file says what changed but `whole_files`."""
    target = io.BytesIO()
    said = {"manifest.version": "1.0", "oneroster.version": "1.2", "source.systemCode": SYSTEM}
    said |= {f"file.{name}": "bulk" if name in whole_files else "delta" if name in tables else "absent" for name in KEPT}
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.writestr("manifest.csv", table([{"propertyName": name, "value": value} for name, value in said.items()]))
        for name, rows in tables.items():
            zipped.writestr(f"{name}.csv", table(rows))
    return target.getvalue()


def table(rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(column for row in rows for column in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def report_of(answer: Answer) -> LoadReport:
    assert answer.status == 200, answer.body
    return LoadReport.model_validate_json(answer.body)


class Loaded:
    """A district whose roster was loaded whole."""

    def __init__(self, alder: OneState, sis: Caller, package: bytes) -> None:
        self.alder, self.sis, self.package = alder, sis, package

    async def take(self, package: bytes) -> LoadReport:
        """Load another package."""
        return report_of(await self.sis.load_roster(package))

    async def id_of(self, one: SyntheticStudent) -> UUID:
        """The student's id here."""
        tags = self.alder.records.state.vault.tags
        tag = tags.source_id(self.alder.by_key[DISTRICT], SYSTEM, one.load.source_id)
        rows: list[SourceIdRow] = await self.alder.rows(SourceIdRow)
        return next(row.student_id for row in rows if row.tag == tag)

    async def record(self, one: SyntheticStudent) -> StudentRecord:
        """The student's record as it is now."""
        return (await self.sis.read(await self.id_of(one))).record

    async def versions(self) -> dict[UUID, int]:
        """How often each student was changed."""
        return {row.id: row.version for row in await self.alder.rows(StudentRow)}

    def user(self, one: SyntheticStudent) -> dict[str, str]:
        return row_of(self.package, "users", "sourcedId", one.load.source_id)

    def places(self, one: SyntheticStudent) -> Rows:
        return [row for row in rows_of(self.package, "enrollments") if row["userSourcedId"] == one.load.source_id]


@pytest.fixture
async def loaded(alder: OneState, tmp_path: Path) -> Loaded:
    sis, package = alder.district(), whole(tmp_path, *OURS)
    assert report_of(await sis.load_roster(package)).counts["created"] == len(OURS)
    return Loaded(alder, sis, package)


def titles(record: StudentRecord) -> list[str]:
    courses = record.academics.current_courses if record.academics else None
    return sorted(one.course.title for one in courses or ())


def surname(record: StudentRecord) -> str:
    assert record.identity is not None
    assert record.identity.name is not None
    return record.identity.name.last_1


@pytest.mark.requirement("FORM-oneroster-delta")
async def test_a_delta_changes_whom_it_names_and_touches_nobody_else(loaded: Loaded) -> None:
    one, before = OURS[0], await loaded.versions()
    earlier = await loaded.record(one)
    report = await loaded.take(delta(users=[changed(loaded.user(one), T1, familyName="Nouveau")]))
    assert (report.counts, report.reasons) == ({"users": 1, "students": 1, "changed": 1}, {})
    after = await loaded.record(one)
    assert surname(after) == "Nouveau"
    assert after.academics == earlier.academics
    assert after.enrollment == earlier.enrollment
    assert after.demographics == earlier.demographics
    assert after.contacts == earlier.contacts
    versions = await loaded.versions()
    assert versions == {**before, await loaded.id_of(one): 2}


async def test_what_a_delta_does_not_name_stays_as_it_was_changed_here_since(loaded: Loaded) -> None:
    one = OURS[0]
    student = await loaded.sis.read(await loaded.id_of(one))
    document = student.record.document()
    document["identity"]["name"]["last_1"] = "Corrected"
    document["identity"]["birth_date"]["birth_date"] = "2012-02-03"
    record = LoadedRecord.model_validate({name: document[name] for name, _ in student.record.sections()})
    body = ChangedStudent(version=student.version, source_system="desk", as_of=loaded.alder.clock(), record=record)
    put = await loaded.sis.send(
        "PUT", f"/v1/students/{student.id}", body.model_dump_json(exclude_none=True).encode(), idempotency_key=str(uuid4())
    )
    assert put.status == 200, put.body
    place = loaded.places(one)[0]
    await loaded.take(delta(enrollments=[changed(place, T1, "tobedeleted")]))
    after = await loaded.record(one)
    assert surname(after) == "Corrected"
    assert len(titles(after)) == len(loaded.places(one)) - 1
    await loaded.take(delta(users=[changed(loaded.user(one), T1, familyName="Nouveau")]))
    again = await loaded.record(one)
    assert surname(again) == "Nouveau"
    assert again.identity is not None
    assert again.identity.birth_date is not None
    assert again.identity.birth_date.birth_date == date(2012, 2, 3)


async def test_a_place_in_a_class_that_is_deleted_is_a_course_no_more_also_where_the_row_says_no_more_than_that(loaded: Loaded) -> None:
    one = OURS[0]
    first, second, *rest = loaded.places(one)
    await loaded.take(delta(enrollments=[changed(first, T1, "tobedeleted")]))
    assert len(titles(await loaded.record(one))) == len(rest) + 1
    bare = {"sourcedId": second["sourcedId"], "status": "tobedeleted", "dateLastModified": T1}
    empty = dict.fromkeys(("classSourcedId", "schoolSourcedId", "userSourcedId", "role"), "")
    report = await loaded.take(delta(enrollments=[bare | empty]))
    assert report.counts["changed"] == 1
    assert len(titles(await loaded.record(one))) == len(rest)


@pytest.mark.requirement("FORM-oneroster-delta")
async def test_a_student_who_is_deleted_is_enrolled_no_more_the_record_stays_and_a_newer_change_brings_the_student_back(
    loaded: Loaded,
) -> None:
    one = OURS[0]
    report = await loaded.take(delta(users=[changed(loaded.user(one), T2, "tobedeleted")]))
    assert (report.counts["to-be-deleted"], report.counts["changed"]) == (1, 1)
    ends = {row.student_id: row.exit_date for row in await loaded.alder.rows(EnrollmentRow)}
    identifier = await loaded.id_of(one)
    assert ends.pop(identifier) == date(2026, 10, 18)
    assert set(ends.values()) == {None}
    assert surname(await loaded.record(one))
    await loaded.take(delta(users=[changed(loaded.user(one), T3)]))
    assert {row.exit_date for row in await loaded.alder.rows(EnrollmentRow)} == {None}


async def test_a_student_whose_last_role_and_classes_are_deleted_has_left_on_that_day(loaded: Loaded) -> None:
    one = OURS[0]
    role = row_of(loaded.package, "roles", "userSourcedId", one.load.source_id)
    await loaded.take(
        delta(roles=[changed(role, T2, "tobedeleted")], enrollments=[changed(row, T2, "tobedeleted") for row in loaded.places(one)])
    )
    identifier = await loaded.id_of(one)
    assert {row.exit_date for row in await loaded.alder.rows(EnrollmentRow) if row.student_id == identifier} == {date(2026, 10, 18)}


@pytest.mark.requirement("FORM-oneroster-delta")
async def test_an_older_change_that_comes_later_is_left_and_said(loaded: Loaded) -> None:
    one = OURS[0]
    await loaded.take(delta(users=[changed(loaded.user(one), T3, familyName="Newest")]))
    late = await loaded.take(delta(users=[changed(loaded.user(one), T1, familyName="Older")]))
    assert late.reasons == {"older-than-held": 1}
    assert [(found.reason, found.position) for found in late.unresolved] == [("older-than-held", "users.csv:1")]
    assert surname(await loaded.record(one)) == "Newest"


async def test_what_was_deleted_does_not_come_back_by_an_older_change(loaded: Loaded) -> None:
    one = OURS[0]
    place = loaded.places(one)[0]
    await loaded.take(delta(enrollments=[changed(place, T2, "tobedeleted")]))
    left = titles(await loaded.record(one))
    assert (await loaded.take(delta(enrollments=[changed(place, T1)]))).reasons == {"older-than-held": 1}
    assert titles(await loaded.record(one)) == left
    await loaded.take(delta(enrollments=[changed(place, T3)]))
    assert len(titles(await loaded.record(one))) == len(left) + 1


async def test_the_same_delta_again_changes_nothing(loaded: Loaded) -> None:
    package = delta(users=[changed(loaded.user(OURS[0]), T1, familyName="Nouveau")])
    await loaded.take(package)
    before = await loaded.versions()
    assert (await loaded.take(package)).counts["unchanged"] == 1
    assert await loaded.versions() == before


async def test_a_student_joins_a_class_that_only_the_whole_roster_named(loaded: Loaded) -> None:
    one = OURS[0]
    theirs = {row["classSourcedId"] for row in loaded.places(one)}
    other = next(row for row in rows_of(loaded.package, "classes") if row["sourcedId"] not in theirs)
    place = {**loaded.places(one)[0], "sourcedId": "new-place", "classSourcedId": other["sourcedId"]}
    report = await loaded.take(delta(enrollments=[changed(place, T1)]))
    assert report.reasons == {}
    assert other["title"] in titles(await loaded.record(one))


async def test_a_class_that_changes_changes_for_those_who_are_in_it_and_one_that_comes_later_is_found_then(loaded: Loaded) -> None:
    one, before = OURS[0], await loaded.versions()
    place = loaded.places(one)[0]
    held = row_of(loaded.package, "classes", "sourcedId", place["classSourcedId"])
    classmates = {row["userSourcedId"] for row in rows_of(loaded.package, "enrollments") if row["classSourcedId"] == held["sourcedId"]}
    await loaded.take(delta(classes=[changed(held, T1, title="Renamed")]))
    ids = {await loaded.id_of(other) for other in OURS if other.load.source_id in classmates}
    assert {identifier for identifier, version in (await loaded.versions()).items() if version > before[identifier]} == ids
    assert "Renamed" in titles(await loaded.record(one))
    early = {**place, "sourcedId": "early", "classSourcedId": "comes-later"}
    assert (await loaded.take(delta(enrollments=[changed(early, T2)]))).reasons == {"class-unknown": 1}
    await loaded.take(delta(classes=[changed(held, T3, sourcedId="comes-later", title="Late")]))
    assert "Late" in titles(await loaded.record(one))


async def test_a_district_or_a_school_that_changes_its_name_changes_it_for_its_students(loaded: Loaded) -> None:
    one = OURS[0]
    district = row_of(loaded.package, "orgs", "sourcedId", DISTRICT)
    school = row_of(loaded.package, "roles", "userSourcedId", one.load.source_id)["orgSourcedId"]
    for changes, expected in (
        (changed(district, T1, name="Renamed District"), ("Renamed District", None)),
        (changed(row_of(loaded.package, "orgs", "sourcedId", school), T2, name="Renamed School"), ("Renamed District", "Renamed School")),
    ):
        await loaded.take(delta(orgs=[changes]))
        enrollment = (await loaded.record(one)).enrollment
        assert enrollment is not None
        [enrolled] = enrollment.enrollments or ()
        assert enrolled.district is not None
        assert (enrolled.district.name, enrolled.school.name) == (expected[0], expected[1] or enrolled.school.name)


async def test_a_student_who_is_new_is_loaded_with_guardians_whom_a_sibling_brought(alder: OneState, tmp_path: Path) -> None:
    sis, package = alder.district(), whole(tmp_path, *OURS[:2])
    everything = Loaded(alder, sis, whole(tmp_path, *OURS[:3]))
    report_of(await sis.load_roster(package))
    new, sibling = OURS[2], OURS[0]
    agents = row_of(package, "users", "sourcedId", sibling.load.source_id)["agentSourcedIds"]
    role = row_of(everything.package, "roles", "userSourcedId", new.load.source_id)
    demographics = row_of(everything.package, "demographics", "sourcedId", new.load.source_id)
    report = await everything.take(
        delta(
            users=[changed(everything.user(new), T1, agentSourcedIds=agents)],
            roles=[changed(role, T1)],
            demographics=[changed(demographics, T1)],
        )
    )
    assert (report.counts["created"], report.reasons) == (1, {})
    contacts = (await everything.record(new)).contacts
    assert contacts is not None
    expected = sibling.load.record.contacts
    assert expected is not None
    assert [one.name.last_1 for one in contacts.guardians or ()] == [
        " ".join(part for part in (one.name.last_1, one.name.last_2) if part) for one in expected.guardians or ()
    ]


async def test_a_file_that_is_whole_beside_deltas_replaces_its_table(loaded: Loaded) -> None:
    one, other = OURS[0], OURS[1]
    kept = [row for row in rows_of(loaded.package, "enrollments") if row["userSourcedId"] != other.load.source_id]
    report = await loaded.take(delta(("enrollments",), users=[changed(loaded.user(one), T1, familyName="Nouveau")], enrollments=kept))
    assert report.counts["changed"] == 2
    assert titles(await loaded.record(other)) == []
    assert len(titles(await loaded.record(one))) == len(loaded.places(one))


async def test_a_row_without_status_or_date_is_reported_and_left(loaded: Loaded) -> None:
    one = OURS[0]
    for wrong in ({"status": ""}, {"dateLastModified": "yesterday"}, {"status": "gone"}):
        report = await loaded.take(delta(users=[changed(loaded.user(one), T1, familyName="Nouveau") | wrong]))
        assert report.reasons == {"not-valid": 1}
    assert surname(await loaded.record(one)) != "Nouveau"


async def test_a_row_about_a_user_whom_nobody_knows_is_reported(loaded: Loaded) -> None:
    place = {**loaded.places(OURS[0])[0], "userSourcedId": "nobody"}
    assert (await loaded.take(delta(enrollments=[changed(place, T1)]))).reasons == {"user-unknown": 1}


async def test_a_delta_before_any_whole_roster_or_with_users_in_full_is_refused(alder: OneState, tmp_path: Path) -> None:
    sis, package = alder.district(), whole(tmp_path, OURS[0])
    user = row_of(package, "users", "sourcedId", OURS[0].load.source_id)
    assert problem(await sis.load_roster(delta(users=[changed(user, T1)]))) == "unreadable-roster"
    await sis.load_roster(package)
    place = changed(rows_of(package, "enrollments")[0], T1)
    assert problem(await sis.load_roster(delta(("users",), users=[user], enrollments=[place]))) == "unreadable-roster"


async def test_of_two_deltas_that_cross_the_one_that_comes_second_is_to_be_sent_again(loaded: Loaded) -> None:
    one, state = OURS[0], loaded.alder.records.state
    place = loaded.places(one)[0]
    slow = Delta(Archive.of_zip(delta(enrollments=[changed(place, T2, "tobedeleted")])))
    organisation = loaded.alder.by_key[DISTRICT]
    roster = await applied(state.database, state.vault, slow, organisation_id=organisation, today=DAY)
    await loaded.take(delta(users=[changed(loaded.user(one), T1, familyName="Nouveau")]))
    assert roster.kept is not None
    keeping = RosterKeeping(state.vault, organisation_id=organisation, source_system=SYSTEM)
    ids = {one.load.source_id: await loaded.id_of(one)}
    with pytest.raises(TemporarilyUnavailable):
        async with state.database.transaction() as tx:
            await keeping.keep_students(tx, roster.kept.students, ids)
    with pytest.raises(TemporarilyUnavailable):
        async with state.database.transaction() as tx:
            await keeping.keep_roster(tx, roster.kept, loaded.alder.clock())


async def test_a_student_of_whom_no_package_was_kept_is_reported_and_left(loaded: Loaded) -> None:
    one = OURS[0]
    identifier = await loaded.id_of(one)
    async with loaded.alder.records.state.database.transaction() as tx:
        await tx.execute(deleting(KeptStudentRow).where(KeptStudentRow.student_id == identifier))
    before = await loaded.record(one)
    report = await loaded.take(delta(users=[changed(loaded.user(one), T1, familyName="Nouveau")]))
    assert report.reasons == {"earlier-rows-missing": 1}
    assert await loaded.record(one) == before


async def test_what_is_kept_goes_with_the_student_and_holds_nothing_in_clear(loaded: Loaded) -> None:
    kept: list[Any] = await loaded.alder.rows(KeptStudentRow)
    assert len(kept) == len(OURS)
    names = [surname(await loaded.record(one)).encode() for one in OURS]
    [roster] = await loaded.alder.rows(KeptRosterRow)
    assert not any(name in row.sealed for name in names for row in kept)
    assert b"sourcedId" not in roster.sealed
    state = loaded.alder.records.state
    async with state.database.transaction() as tx:
        await tx.execute(deleting(StudentRow).where(StudentRow.id == kept[0].student_id))
    assert len(await loaded.alder.rows(KeptStudentRow)) == len(OURS) - 1


async def test_after_a_rotation_a_delta_still_follows(loaded: Loaded) -> None:
    state = loaded.alder.records.state
    state.vault.provider.rotate()
    await rewrap_data_keys(state.database, state.vault)
    [roster] = await loaded.alder.rows(KeptRosterRow)
    assert int.from_bytes(roster.sealed[:4], "big") == state.vault.provider.version
    assert (await loaded.take(delta(users=[changed(loaded.user(OURS[0]), T1, familyName="Nouveau")]))).counts["changed"] == 1
