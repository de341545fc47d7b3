"""OneRoster 1.2 CSV: what it says is read, what does not resolve is reported by place, and nothing is invented."""

import csv
import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from node.synthetic import BIRCH, students
from node.synthetic.oneroster_writer import write_oneroster
from node.synthetic.states import SyntheticOrganisation, organisations
from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.oneroster import CARRIES, read_oneroster
from services.records.formats.parsed import ParsedRoster
from tests.records.whole_record import CANARY

DAY = date(2026, 10, 20)


@dataclass(frozen=True)
class Left:
    """A student as the writer takes one."""

    source_id: str
    school: SyntheticOrganisation
    document: dict[str, Any]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oneroster") / "birch.zip"
    write_oneroster(path, BIRCH, students(BIRCH, as_of=DAY, count=40), as_of=DAY)
    return path


def changed(package: Path, name: str, change: object, *, header: bool = False) -> Archive:
    """The package with one file's rows changed in place (`change` takes the rows as dictionaries), or left out."""
    target = io.BytesIO()
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(target, "w") as copy:
        for one in source.namelist():
            text = source.read(one).decode()
            if one != name:
                copy.writestr(one, text)
            elif callable(change):
                rows = list(csv.DictReader(io.StringIO(text, newline="")))
                change(rows)
                fields = list(rows[0])
                out = io.StringIO()
                writer = csv.DictWriter(out, fields)
                writer.writeheader()
                writer.writerows(rows)
                copy.writestr(one, out.getvalue())
    return Archive.of_zip(target.getvalue())


def reasons(parsed: ParsedRoster) -> dict[str, int]:
    return dict(parsed.findings.reasons)


def test_a_state_written_as_oneroster_is_read_back(package: Path) -> None:
    parsed = read_oneroster(Archive.of_zip(package.read_bytes()), today=DAY)
    assert reasons(parsed) == {}
    assert parsed.source_system == "XB-SIS"
    originals = {one.load.source_id: one for one in students(BIRCH, as_of=DAY, count=40)}
    assert {one.source_id for one in parsed.students} == set(originals)
    for one in parsed.students:
        original = originals[one.source_id].load.record
        assert one.record is not None
        assert one.record.identity is not None
        assert original.identity is not None
        assert one.record.identity.birth_date is not None
        assert original.identity.birth_date is not None
        assert one.record.identity.birth_date.birth_date == original.identity.birth_date.birth_date
        assert one.record.enrollment is not None
        assert one.record.enrollment.enrollments is not None
        [enrolled] = one.record.enrollment.enrollments
        assert (enrolled.school.nces_id, enrolled.entry_date) == (originals[one.source_id].school.nces_id, date(2026, 8, 24))
        assert enrolled.district is not None
        assert enrolled.district.nces_id == originals[one.source_id].district.nces_id
        assert one.record.academics is not None
        assert original.academics is not None
        assert len(one.record.academics.current_courses or ()) == len(original.academics.current_courses or ())
        guardians = one.record.contacts.guardians if one.record.contacts else None
        assert guardians is not None
        assert [bool(guardian.rights) for guardian in guardians] == [True, True]


def test_a_folder_reads_as_the_zip_does(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as source:
        source.extractall(tmp_path / "deep" / "folder")
    assert (
        read_oneroster(Archive.of_folder(tmp_path), today=DAY).students
        == read_oneroster(Archive.of_zip(package.read_bytes()), today=DAY).students
    )


def test_who_is_to_be_deleted_loses_membership_and_no_record_is_given(package: Path) -> None:
    def leave(rows: list[dict[str, str]]) -> None:
        rows[2] |= {"status": "tobedeleted", "dateLastModified": "2026-10-01T10:00:00.000Z"}

    parsed = read_oneroster(changed(package, "users.csv", leave), today=DAY)
    [gone] = [one for one in parsed.students if one.record is None]
    assert (gone.source_id, gone.ended_on, gone.position) == ("XB0000000", date(2026, 10, 1), "users.csv:3")
    assert parsed.findings.counts["to-be-deleted"] == 1


def test_a_class_enrolment_to_be_deleted_is_no_course_any_more(package: Path) -> None:
    def drop(rows: list[dict[str, str]]) -> None:
        rows[0]["status"] = "tobedeleted"

    def courses(parsed: ParsedRoster) -> int:
        academics = parsed.students[0].record.academics if parsed.students[0].record else None
        return len((academics.current_courses or ()) if academics else ())

    whole = read_oneroster(Archive.of_zip(package.read_bytes()), today=DAY)
    assert courses(read_oneroster(changed(package, "enrollments.csv", drop), today=DAY)) == courses(whole) - 1


@pytest.mark.parametrize(
    ("file", "column", "reason"),
    [
        ("enrollments.csv", "classSourcedId", "class-unknown"),
        ("enrollments.csv", "userSourcedId", "user-unknown"),
        ("roles.csv", "userSourcedId", "user-unknown"),
        ("classes.csv", "courseSourcedId", "course-unknown"),
        ("classes.csv", "termSourcedIds", "session-unknown"),
        ("demographics.csv", "birthDate", "birth-date-missing"),
    ],
)
def test_what_does_not_resolve_is_reported_by_reason_and_row_and_no_value(package: Path, file: str, column: str, reason: str) -> None:
    def spoil(rows: list[dict[str, str]]) -> None:
        rows[0][column] = f"{CANARY}-nowhere"

    parsed = read_oneroster(changed(package, file, spoil), today=DAY)
    assert reasons(parsed)[reason] == 1
    assert CANARY not in repr(parsed.findings)
    assert all(one.position.partition(":")[2].isdigit() for one in parsed.findings.unresolved)


def test_a_school_that_the_package_lacks_leaves_the_student_without_enrolment(package: Path) -> None:
    def spoil(rows: list[dict[str, str]]) -> None:
        student = next(row for row in rows if row["role"] == "student")
        student["orgSourcedId"] = "nowhere"

    parsed = read_oneroster(changed(package, "roles.csv", spoil), today=DAY)
    assert reasons(parsed) == {"org-unknown": 1, "enrollment-missing": 1}
    assert len(parsed.students) == 40
    assert parsed.students[0].record is not None
    assert parsed.students[0].record.enrollment is None


def test_a_row_with_an_impossible_value_is_reported_and_the_rest_is_read(package: Path) -> None:
    def spoil(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row["sourcedId"] == "XB0000000")["givenName"] = CANARY * 60

    parsed = read_oneroster(changed(package, "users.csv", spoil), today=DAY)
    assert reasons(parsed) == {"not-valid": 1}
    assert len(parsed.students) == 40
    assert CANARY not in repr(parsed.findings)


def test_an_ssn_among_the_user_ids_is_not_taken_as_an_identifier(package: Path) -> None:
    def add(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row["sourcedId"] == "XB0000000")["userIds"] = "{SSN:900000001},{SIS:77}"

    parsed = read_oneroster(changed(package, "users.csv", add), today=DAY)
    identity = parsed.students[0].record.identity if parsed.students[0].record else None
    assert identity is not None
    assert "900000001" not in identity.model_dump_json()
    assert "77" in [one.value for one in identity.identifiers or ()]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("metadata.bus", "7", "column-kept"),
        ("metadata.bus", "", None),
        ("pronouns", "she", "column-kept"),
        ("password", CANARY, "secret-left"),
        ("metadata.SSN", CANARY, "secret-left"),
        ("classNotes", "x", "column-kept"),
    ],
)
def test_a_column_that_is_not_read_is_reported_by_its_number_if_it_holds_anything(
    package: Path, column: str, value: str, reason: str | None
) -> None:
    columns = 0

    def add(rows: list[dict[str, str]]) -> None:
        nonlocal columns
        rows[0] = {**rows[0], column: value}
        columns = list(rows[0]).index(column) + 1
        rows[1:] = [{**row, column: ""} for row in rows[1:]]

    parsed = read_oneroster(changed(package, "users.csv", add), today=DAY)
    assert [(one.reason, one.position) for one in parsed.findings.unresolved] == (
        [(reason, f"users.csv:column:{columns}")] if reason else []
    )
    assert len(parsed.students) == 40
    assert parsed.kept is not None
    assert (CANARY.encode() in b"".join(one.rows for one in parsed.kept.students.values())) is False


@pytest.mark.parametrize(
    ("name", "content", "reasons_"),
    [
        ("results.csv", "x,y\r\n", {}),
        ("results.csv", "x,y\r\n1,2\r\n", {"file-not-read": 1}),
        ("results.csv", "sourcedId,studentSourcedId\r\n1,XB0000000\r\n", {"file-kept": 1}),
        ("results.csv", "sourcedId,studentSourcedId\r\n1,nobody\r\n", {"user-unknown": 1}),
        ("results.csv", "sourcedId,studentSourcedId\r\n1,XB0000000\r\n1,XB0000000\r\n", {"file-kept": 1, "sourced-id-twice": 1}),
        ("lineItems.csv", "sourcedId,title\r\n1,Essay\r\n", {"file-kept": 1}),
        ("notes.csv", "sourcedId,name\r\n1,Ana\r\n", {"file-not-read": 1}),
        ("notes.txt", "Ana", {"file-not-read": 1}),
        ("notes.txt", "", {}),
        ("results.csv", 'sourcedId,studentSourcedId\r\n1,"XB', {"file-not-read": 1}),
    ],
)
def test_a_file_that_is_not_read_is_reported_if_it_has_anything_as_kept_or_not(
    package: Path, name: str, content: str, reasons_: dict[str, int]
) -> None:
    target = io.BytesIO(package.read_bytes())
    with zipfile.ZipFile(target, "a") as more:
        more.writestr(name, content)
    assert reasons(read_oneroster(Archive.of_zip(target.getvalue()), today=DAY)) == reasons_


def test_an_end_is_the_first_day_that_is_no_longer_in_it(package: Path) -> None:
    def end(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row["role"] == "student")["endDate"] = "2026-10-01"

    record = read_oneroster(changed(package, "roles.csv", end), today=DAY).students[0].record
    assert record is not None
    assert record.enrollment is not None
    assert [one.exit_date for one in record.enrollment.enrollments or ()] == [date(2026, 9, 30)]


@pytest.mark.parametrize(("ends", "in_progress"), [(None, True), (2, True), (1, True), (0, False), (-1, False)])
def test_a_course_is_in_progress_until_the_day_before_its_enrollment_ends(package: Path, ends: int | None, in_progress: bool) -> None:
    def end(rows: list[dict[str, str]]) -> None:
        for row in rows:
            if row["userSourcedId"] == "XB0000000":
                row["endDate"] = "" if ends is None else (DAY + timedelta(days=ends)).isoformat()

    parsed = read_oneroster(changed(package, "enrollments.csv", end), today=DAY)
    record = next(one.record for one in parsed.students if one.source_id == "XB0000000")
    assert record is not None
    assert bool(record.academics is not None and record.academics.current_courses) is in_progress


def test_the_last_day_of_a_student_who_left_is_the_one_that_was_written(tmp_path: Path) -> None:
    [student] = students(BIRCH, as_of=DAY, count=1)
    document = student.document | {
        "enrollment": {"enrollments": [student.document["enrollment"]["enrollments"][0] | {"exit_date": "2026-10-02"}]}
    }
    path = tmp_path / "birch.zip"
    write_oneroster(path, BIRCH, [Left(student.source_id, student.school, document)], as_of=DAY)
    [read] = read_oneroster(Archive.of_zip(path.read_bytes()), today=DAY).students
    assert read.record is not None
    assert read.record.enrollment is not None
    assert read.record.enrollment.enrollments is not None
    assert read.record.enrollment.enrollments[0].exit_date == date(2026, 10, 2)


@pytest.mark.parametrize(
    ("kinds", "also", "primary"),
    [
        (("primary", "secondary"), "", [True, False]),
        (("secondary", "primary"), "", [False, True]),
        (("primary", "primary"), "", [True, True]),
        (("primary", ""), "", [True, True]),
        (("secondary", "secondary"), "", [True, True]),
        (("primary", "secondary"), "aide", [True, True]),
    ],
)
def test_a_school_where_a_student_is_second_to_another_is_not_the_primary_one(
    package: Path, kinds: tuple[str, str], also: str, primary: list[bool]
) -> None:
    """`also`: the role that is the user's primary one at the second school."""

    def attend(rows: list[dict[str, str]]) -> None:
        first = next(row for row in rows if row["role"] == "student")
        other = next(row["orgSourcedId"] for row in rows if row["orgSourcedId"] != first["orgSourcedId"])
        second = {**first, "sourcedId": "second", "orgSourcedId": other, "roleType": kinds[1]}
        first["roleType"] = kinds[0]
        rows.append(second)
        if also:
            rows.append({**second, "sourcedId": "third", "role": also, "roleType": "primary"})

    record = read_oneroster(changed(package, "roles.csv", attend), today=DAY).students[0].record
    assert record is not None
    assert record.enrollment is not None
    assert [one.primary for one in record.enrollment.enrollments or ()] == primary


def test_a_second_school_that_was_written_is_read_back_as_one(tmp_path: Path) -> None:
    [student] = students(BIRCH, as_of=DAY, count=1)
    first = student.document["enrollment"]["enrollments"][0]
    other = next(one for one in organisations(BIRCH) if one.kind == "school" and one.key != student.school.key)
    second = first | {"school": {"name": other.name, "nces_id": other.nces_id}, "primary": False}
    path = tmp_path / "birch.zip"
    document = student.document | {"enrollment": {"enrollments": [first, second]}}
    write_oneroster(path, BIRCH, [Left(student.source_id, student.school, document)], as_of=DAY)
    parsed = read_oneroster(Archive.of_zip(path.read_bytes()), today=DAY)
    [read] = parsed.students
    assert reasons(parsed) == {}
    assert read.record is not None
    assert read.record.enrollment is not None
    found = {one.school.nces_id: one.primary for one in read.record.enrollment.enrollments or ()}
    assert found == {student.school.nces_id: True, other.nces_id: False}


def test_guardians_do_not_replace_what_is_known_of_rights() -> None:
    assert "contacts.guardians" not in CARRIES


@pytest.mark.parametrize("file", ["manifest.csv", "users.csv", "orgs.csv", "classes.csv"])
def test_a_package_without_a_file_that_it_names_is_not_read(package: Path, file: str) -> None:
    with pytest.raises(UnreadableRoster):
        read_oneroster(changed(package, file, None), today=DAY)


@pytest.mark.parametrize(("property_", "value"), [("oneroster.version", "1.1"), ("file.users", "delta")])
def test_another_version_and_deltas_are_not_read(package: Path, property_: str, value: str) -> None:
    def say(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row["propertyName"] == property_)["value"] = value

    with pytest.raises(UnreadableRoster):
        read_oneroster(changed(package, "manifest.csv", say), today=DAY)


def test_what_is_no_zip_or_a_bomb_or_twice_the_same_name_is_not_read() -> None:
    bomb, double = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("users.csv", b"0" * 5_000_000)
    with zipfile.ZipFile(double, "w") as packed:
        packed.writestr("a/users.csv", b"")
        packed.writestr("b/users.csv", b"")
    for data in (b"PK nonsense", bomb.getvalue(), double.getvalue()):
        with pytest.raises(UnreadableRoster):
            Archive.of_zip(data)


def test_a_student_without_an_id_is_reported_and_is_none(package: Path) -> None:
    def nameless(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["role"] = ""
        rows.append(dict.fromkeys(rows[0], "") | {"givenName": "Nobody", "familyName": "Known", "role": "student"})

    before, roster = (
        read_oneroster(one, today=DAY) for one in (Archive.of_zip(package.read_bytes()), changed(package, "users.csv", nameless))
    )
    assert roster.findings.reasons == before.findings.reasons + Counter({"student-id-missing": 1, "row-of-no-student": 1})
    assert [one.source_id for one in roster.students] == [one.source_id for one in before.students]
