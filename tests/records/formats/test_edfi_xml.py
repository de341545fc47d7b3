"""Ed-Fi 5 XML: what the files say, in any order, as far as it goes; nothing invented, and no trick of XML."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.parsed import ParsedRoster
from tests.records.formats.edfi_files import FILES
from tests.records.whole_record import CANARY

STUDENT = """<Student><StudentUniqueId>{id}</StudentUniqueId><Name><FirstName>Ana</FirstName><LastSurname>Núñez</LastSurname></Name>
<BirthData><BirthDate>2012-05-06</BirthDate><MultipleBirthStatus>true</MultipleBirthStatus></BirthData></Student>"""

REFERENCE = "<StudentReference><StudentIdentity><StudentUniqueId>{id}</StudentUniqueId></StudentIdentity></StudentReference>"

SCHOOL = """<LocalEducationAgency id="L1"><NameOfInstitution>Oak District</NameOfInstitution>
<LocalEducationAgencyId>300</LocalEducationAgencyId></LocalEducationAgency>
<School id="S1"><EducationOrganizationIdentificationCode><IdentificationCode>030001000001</IdentificationCode>
<EducationOrganizationIdentificationSystem>uri://ed-fi.org/EducationOrganizationIdentificationSystemDescriptor#NCES</EducationOrganizationIdentificationSystem>
</EducationOrganizationIdentificationCode><NameOfInstitution>Oak School</NameOfInstitution><SchoolId>300001</SchoolId>
<LocalEducationAgencyReference ref="L1"/></School>"""

IN_SCHOOL = "<SchoolReference><SchoolIdentity><SchoolId>{school}</SchoolId></SchoolIdentity></SchoolReference>"

ENROLLED = (
    "<StudentSchoolAssociation>" + REFERENCE + IN_SCHOOL + "<EntryDate>2025-08-25</EntryDate>"
    "<EntryGradeLevel>uri://ed-fi.org/GradeLevelDescriptor#Seventh grade</EntryGradeLevel>"
    "<ExitWithdrawDate>2026-02-01</ExitWithdrawDate></StudentSchoolAssociation>"
)

ABSENT = (
    "<StudentSchoolAttendanceEvent><AttendanceEvent><EventDate>{day}</EventDate>"
    "<AttendanceEventCategory>uri://ed-fi.org/AttendanceEventCategoryDescriptor#Excused Absence</AttendanceEventCategory></AttendanceEvent>"
    + REFERENCE
    + IN_SCHOOL
    + "<SessionReference><SessionIdentity><SchoolYear>{year}</SchoolYear></SessionIdentity></SessionReference>"
    "</StudentSchoolAttendanceEvent>"
)


def reasons_of(parsed: ParsedRoster) -> dict[str, int]:
    """Without those of the published schema: the elements here are shorter than it has them (test_edfi_xsd)."""
    return {reason: count for reason, count in parsed.findings.reasons.items() if reason != "not-of-schema"}


def archive(**files: str) -> Archive:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(f"{name}.xml", f'<Interchange{name} xmlns="http://ed-fi.org/5.2.0">{content}</Interchange{name}>')
    return Archive.of_zip(data.getvalue())


def only(parsed: ParsedRoster) -> dict[str, object]:
    [student] = parsed.students
    assert student.record is not None
    return student.record.document()


def test_an_enrolment_file_says_where_a_student_is() -> None:
    parsed = read_edfi_xml(
        archive(StudentEnrollment=ENROLLED.format(id="7", school="300001"), EducationOrganization=SCHOOL, Student=STUDENT.format(id="7"))
    )
    document = only(parsed)
    assert document["enrollment"] == {
        "enrollments": [
            {
                "school": {"name": "Oak School", "nces_id": "030001000001", "state_id": "300001"},
                "district": {"name": "Oak District", "state_id": "300"},
                "entry_date": "2025-08-25",
                "exit_date": "2026-02-01",
                "grade": {"system": "uri://ed-fi.org/GradeLevelDescriptor", "code": "Seventh grade"},
                "primary": True,
            }
        ]
    }
    assert document["identity"] == {
        "name": {"first": "Ana", "last_1": "Núñez"},
        "birth_date": {"birth_date": "2012-05-06"},
        "multiple_birth": {"indicator": True},
        "identifiers": [{"kind": "state", "system": "ed-fi:StudentUniqueId", "value": "7"}],
    }
    assert reasons_of(parsed) == {}


def test_without_an_enrolment_file_the_school_of_the_attendance_events_is_the_enrolment() -> None:
    events = "".join(
        ABSENT.format(id="7", school="300001", day=day, year=year)
        for day, year in (("2024-10-01", "2024-2025"), ("2025-11-04", "2025-2026"), ("2025-09-02", "2025-2026"))
    )
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7") + STUDENT.format(id="8"), EducationOrganization=SCHOOL, Att=events))
    derived, nowhere = parsed.students
    assert derived.record is not None
    assert derived.record.enrollment is not None
    assert derived.record.enrollment.enrollments is not None
    [enrollment] = derived.record.enrollment.enrollments
    assert (enrollment.entry_date, enrollment.exit_date, enrollment.school_year) == (date(2025, 9, 2), None, 2026)
    assert enrollment.derived_from is not None
    assert enrollment.derived_from.code == "school-of-attendance-events"
    assert nowhere.record is not None
    assert nowhere.record.enrollment is None
    assert reasons_of(parsed) == {"enrollment-missing": 1}
    assert [one.position for one in parsed.findings.unresolved if one.reason != "not-of-schema"] == ["Student.xml:2"]


def test_what_belongs_to_nobody_is_reported_by_place() -> None:
    parsed = read_edfi_xml(
        archive(
            Student=STUDENT.format(id="7"),
            Contact=f"<StudentContactAssociation>{REFERENCE.format(id='7')}<ContactReference ref='{CANARY}'/></StudentContactAssociation>",
            Enrollment=ENROLLED.format(id=CANARY, school="300001"),
            Discipline=f"<StudentDisciplineIncidentBehaviorAssociation>{REFERENCE.format(id='7')}"
            f"<DisciplineIncidentReference ref='{CANARY}'/></StudentDisciplineIncidentBehaviorAssociation>",
        )
    )
    assert reasons_of(parsed) == {
        "student-unknown": 1,
        "contact-unknown": 1,
        "incident-unknown": 1,
        "enrollment-missing": 1,
    }
    assert CANARY not in repr(parsed.findings)


def test_an_element_that_is_not_valid_is_left_out_and_reported_and_the_rest_is_read() -> None:
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7").replace("2012-05-06", "the sixth of May")))
    document = only(parsed)
    assert "birth_date" not in document["identity"]  # type: ignore[operator]  # a JSON object
    assert reasons_of(parsed) == {"not-valid": 1, "enrollment-missing": 1, "member-kept": 1}
    assert "sixth" not in repr(parsed.findings)
    assert "the sixth of May" in kept(parsed)["Student"][0]["xml"]


def kept(parsed: ParsedRoster) -> dict[str, Sequence[Any]]:
    [student] = parsed.students
    return {element: those for element, those in (student.beside or {}).items() if those}


@pytest.mark.requirement("FORM-edfi-kept")
def test_what_is_not_read_is_kept_as_it_came_and_reported_by_its_place() -> None:
    whole = f"<StudentGradebookEntry><Score>{CANARY}-71</Score>{REFERENCE.format(id='7')}</StudentGradebookEntry>"
    card = "<ReportCard><GPAGivenGradingPeriod>88</GPAGivenGradingPeriod><StudentAcademicRecordReference>"
    card += f"<StudentAcademicRecordIdentity>{REFERENCE.format(id='7')}</StudentAcademicRecordIdentity>"
    card += "</StudentAcademicRecordReference></ReportCard>"
    partly = STUDENT.format(id="7").replace("<Name>", f"<{CANARY}>Dual</{CANARY}><Name>")
    read = ENROLLED.format(id="7", school="300001")
    parsed = read_edfi_xml(
        archive(Student=partly, EducationOrganization=SCHOOL, StudentEnrollment=read, Other=whole + whole, ReportCards=card)
    )
    held = kept(parsed)
    assert {element: len(those) for element, those in held.items()} == {"Student": 1, "StudentGradebookEntry": 2, "ReportCard": 1}
    assert held["StudentGradebookEntry"][0] == {"element": "StudentGradebookEntry", "xml": whole}
    assert held["ReportCard"][0]["xml"] == card
    assert f"<{CANARY}>Dual</{CANARY}>" in held["Student"][0]["xml"]
    assert reasons_of(parsed) == {"member-kept": 4}
    assert {one.position for one in parsed.findings.unresolved if one.reason != "not-of-schema"} == {
        "Student.xml:1:*",
        "file-4.xml:1:*",
        "ReportCards.xml:1:*",
    }
    assert CANARY not in repr(parsed.findings)
    # An upload that has these elements, and none of this student, says that there are none.
    assert (parsed.students[0].beside or {}).keys() >= {"StudentSchoolAssociation", "Contact"}


def test_a_contact_of_whom_more_is_said_is_kept_for_each_of_the_children() -> None:
    contact = "<Contact id='C1'><ContactUniqueId>1</ContactUniqueId><Name><FirstName>Eva</FirstName><LastSurname>Ek</LastSurname></Name>"
    contact += "<HighestCompletedLevelOfEducation>Bachelors</HighestCompletedLevelOfEducation></Contact>"
    related = "".join(
        f"<StudentContactAssociation>{REFERENCE.format(id=one)}<ContactReference ref='C1'/>"
        "<Relation>uri://ed-fi.org/RelationDescriptor#Mother</Relation></StudentContactAssociation>"
        for one in "78"
    )
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7") + STUDENT.format(id="8"), Contact=contact + related))
    assert [len((one.beside or {})["Contact"]) for one in parsed.students] == [1, 1]


def test_what_names_two_students_is_kept_for_neither_and_what_names_one_who_is_not_there_is_reported() -> None:
    both = f"<StudentGroup>{REFERENCE.format(id='7')}{REFERENCE.format(id='8')}<Note>together</Note></StudentGroup>"
    other = f"<StudentCohortAssociation>{REFERENCE.format(id='9')}<Note>x</Note></StudentCohortAssociation>"
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7") + STUDENT.format(id="8"), Cohort=both + other))
    assert not any(those for one in parsed.students for those in (one.beside or {}).values())
    assert parsed.findings.counts["elements-not-read"] == 1
    assert parsed.findings.reasons["student-unknown"] == 1


@pytest.mark.parametrize("relation", ["Mother", "Father", "Parent", "Foster parent", "Guardian", "CourtAppointedGuardian"])
def test_whom_the_standards_own_list_calls_a_parent_or_guardian_holds_rights_and_a_grandmother_does_not(relation: str) -> None:
    name = "<Name><FirstName>Eva</FirstName><LastSurname>Ek</LastSurname></Name>"
    contact = "<Contact id='C{n}'><ContactUniqueId>{n}</ContactUniqueId>" + name + "</Contact>"
    related = (
        "<StudentContactAssociation>" + REFERENCE.format(id="7") + "<ContactReference ref='C{n}'/>"
        "<Relation>uri://ed-fi.org/RelationDescriptor#{relation}</Relation></StudentContactAssociation>"
    )
    people = "".join(contact.format(n=n) for n in (1, 2))
    parsed = read_edfi_xml(
        archive(
            Student=STUDENT.format(id="7"),
            Contact=people + related.format(n=1, relation=relation) + related.format(n=2, relation="Grandmother"),
        )
    )
    [student] = parsed.students
    assert student.record is not None
    assert student.record.contacts is not None
    assert [one.rights is not None for one in student.record.contacts.guardians or ()] == [True, False]


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><InterchangeStudent xmlns="http://ed-fi.org/5.2.0">&e;</InterchangeStudent>',
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><InterchangeStudent xmlns="http://ed-fi.org/5.2.0">&b;</InterchangeStudent>',
        '<InterchangeStudent xmlns="http://ed-fi.org/4.0.0"/>',
        '<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"><Student>',
        "not XML",
        '<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"/>',
        f'<InterchangeStudent xmlns="http://ed-fi.org/5.2.0">{"<a>" * 51}{"</a>" * 51}</InterchangeStudent>',
    ],
    ids=["external entity", "entities", "another version", "cut off", "no XML", "nobody", "too deep"],
)
def test_tricks_and_other_files_are_not_read(content: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        zipped.writestr("Student.xml", content)
    with pytest.raises(UnreadableRoster):
        read_edfi_xml(Archive.of_zip(data.getvalue()))


def test_elements_lie_in_one_another_as_deep_as_in_no_standard_and_no_deeper() -> None:
    def nested(deep: int) -> ParsedRoster:
        return read_edfi_xml(archive(Student=STUDENT.format(id="7"), Other=f"{'<a>' * deep}{'</a>' * deep}"))

    assert len(nested(49).students) == 1
    with pytest.raises(UnreadableRoster, match="deeper"):
        nested(50)


def test_a_transcript_an_average_and_a_test_are_in_the_record_with_the_sources_codes() -> None:
    parsed = read_edfi_xml(archive(**FILES))
    [student] = parsed.students
    assert {one.reason for one in parsed.findings.unresolved} <= {"not-of-schema", "member-kept", "of-no-student-alone", "secret-left"}
    assert student.record is not None
    learned = student.record.document()
    failed = learned["academics"]["transcript"].pop()
    assert (failed["credit"], failed["mark"], failed["course"]["sced_code"]) == ({"attempted": "3.25", "earned": "0.00"}, "F-", "02072")
    assert learned["academics"] == {
        "transcript": [
            {
                "course": {
                    "title": "Algebra the second",
                    "local_code": {"system": "ed-fi:courses-of-300", "code": "ALG-2"},
                    "sced_code": "02056",
                    "subject": {"system": "uri://ed-fi.org/AcademicSubjectDescriptor", "code": "Mathematics"},
                },
                "school": {"name": "Oak District", "state_id": "300"},
                "school_year": 2026,
                "term": {"system": "uri://ed-fi.org/TermDescriptor", "code": "Fall Semester"},
                "grade": {"system": "uri://ed-fi.org/GradeLevelDescriptor", "code": "Tenth grade"},
                "credit": {
                    "type": {"system": "uri://ed-fi.org/CreditTypeDescriptor", "code": "Carnegie unit"},
                    "attempted": "1.25",
                    "earned": "0.75",
                },
                "mark": "B+",
                "repeat": {"system": "uri://ed-fi.org/CourseRepeatCodeDescriptor", "code": "Repeated"},
            }
        ],
        "grade_point_averages": [{"value": "3.41", "maximum": "4.05", "weighted": False, "cumulative": True}],
    }
    [result] = learned["assessments"]["results"]
    assert (result["assessment"], result["administered_on"], result["scores"][0]["value"]) == (
        {"system": "uri://alder.example/tests", "code": "STATE-MATH-11"},
        "2026-04-14",
        "612",
    )
    assert (result["performance_level"]["code"], result["accommodations"][0]["code"]) == ("Proficient", "Large print")
    [course] = (student.beside or {})["CourseTranscript"]
    for left in ("02057", "88", "Algebra two", "Calculus", "2.5"):
        assert left in course["xml"], "what has no place is kept with its element"


def test_an_upload_takes_transcripts_away_where_it_has_some_and_nowhere_else() -> None:
    said = {"academics.transcript", "assessments.results"}
    without = {name: content for name, content in FILES.items() if name not in ("StudentTranscript", "StudentTests")}
    assert said <= read_edfi_xml(archive(**FILES)).carries
    assert said.isdisjoint(read_edfi_xml(archive(**without)).carries)
