"""A synthetic state as Ed-Fi Data Standard 5 interchange files in a zip: schools, students, contacts, enrolments, attendance, transcripts,
tests, programmes, special education, health, discipline.

Sections in progress and the way to graduation are not written: the node does not read their elements. What has no place in an element is
said where the element is made; our own JSON has all of it.
"""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.edfi_assessments import assessment_element, result_elements
from node.synthetic.edfi_discipline import discipline_elements
from node.synthetic.edfi_elements import descriptor, organisation_reference, said, school_reference, tagged, valued
from node.synthetic.edfi_organisations import organisation_element
from node.synthetic.edfi_persons import association_element, contact_elements, student_element
from node.synthetic.edfi_support import Programs, health_element
from node.synthetic.edfi_transcripts import course_element, transcript_elements
from node.synthetic.oneroster_writer import Rostered
from node.synthetic.states import StatePlan, organisations

NAMESPACE = "http://ed-fi.org/5.2.0"
INTERCHANGES = (
    "EducationOrganization", "Student", "StudentEnrollment", "Contact", "StudentAttendance", "StudentProgram", "StudentHealth",
    "StudentDiscipline", "StudentTranscript", "AssessmentMetadata", "StudentAssessment",
)  # fmt: skip


class EdFiPackage:
    """A new zip file, written as students are added; a file of each interchange beside it until it is closed."""

    def __init__(self, path: Path, state: StatePlan, *, as_of: date) -> None:
        """Raises FileExistsError."""
        self._state, self._as_of = state, as_of
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED)
        self._folder = TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent)
        self._files: dict[str, TextIO] = {}
        """By interchange, where there is something to write: the schema has none that is empty."""
        self._described: set[tuple[str, str]] = set()
        """Courses and tests to which a student before referred: as many as the state has, however many students there are."""
        for one in organisations(state):
            self._write("EducationOrganization", organisation_element(one, state))

    def add(self, one: Rostered) -> None:
        """A student with what the interchanges have room for."""
        record = one.document
        identity = record["identity"]
        identifier, born = identity["identifiers"][0]["value"], identity["birth_date"]["birth_date"]
        student = tagged("StudentReference", tagged("StudentIdentity", valued("StudentUniqueId", identifier)))
        district = organisation_reference(one.school.parent)
        self._write("Student", student_element(identifier, identity))
        self._write("StudentEnrollment", *_enrollments(student, record), association_element(student, district, record))
        self._write("StudentEnrollment", _responsibility(student, district, record["enrollment"]))
        for place, guardian in enumerate(record.get("contacts", {}).get("guardians", ()), start=1):
            self._write("Contact", *contact_elements(student, f"{one.source_id}-G{place}", place, guardian, born))
        for event in record.get("attendance", {}).get("events", ()):
            self._write("StudentAttendance", _attendance(student, event))
        self._write("StudentProgram", *Programs(student, district, record).elements())
        if "immunizations" in record.get("health", {}):
            self._write("StudentHealth", health_element(student, district, record["health"], self._as_of.isoformat()))
        self._write("StudentDiscipline", *discipline_elements(student, one.source_id, record.get("discipline", {})))
        self._learned(student, one.source_id, record.get("academics", {}), record.get("assessments", {}))

    def _learned(self, student: str, source_id: str, academics: dict[str, Any], assessments: dict[str, Any]) -> None:
        """Transcript, but for a college's rows, and tests. The codes of courses are the state's in every district; so are the courses."""
        courses_of = self._state.fips
        rows = [row for row in academics.get("transcript", ()) if "nces_id" in row["school"]]
        academics = academics | {"transcript": rows}
        for course in (row["course"] for row in rows):
            if self._is_new("Course", course["local_code"]["code"]):
                self._write("EducationOrganization", course_element(courses_of, course))
        self._write("StudentTranscript", *transcript_elements(student, courses_of, academics))
        for result in assessments.get("results", ()):
            if self._is_new("Assessment", result["assessment"]["code"]):
                self._write("AssessmentMetadata", assessment_element(result))
        self._write("StudentAssessment", *result_elements(student, source_id, assessments))

    def _is_new(self, tag: str, code: str) -> bool:
        before = len(self._described)
        self._described.add((tag, code))
        return len(self._described) > before

    def close(self) -> None:
        """Put the interchanges into the zip."""
        for name in (one for one in INTERCHANGES if one in self._files):
            file = self._files[name]
            file.write(f"</Interchange{name}>\n")
            file.close()
            self._zip.write(file.name, f"{name}.xml")
        self._zip.close()
        self._folder.cleanup()

    def _write(self, interchange: str, *elements: str) -> None:
        for element in (one for one in elements if one):
            if interchange not in self._files:
                self._files[interchange] = (Path(self._folder.name) / f"{interchange}.xml").open("w", encoding="utf-8")
                self._files[interchange].write(f'<?xml version="1.0" encoding="UTF-8"?>\n<Interchange{interchange} xmlns="{NAMESPACE}">\n')
            self._files[interchange].write(f"{element}\n")


def write_edfi(path: Path, state: StatePlan, everyone: Iterable[Rostered], *, as_of: date) -> None:
    """Write the interchanges to a new zip file at `path`. Raises FileExistsError."""
    package = EdFiPackage(path, state, as_of=as_of)
    for one in everyone:
        package.add(one)
    package.close()


def _enrollments(student: str, record: dict[str, Any]) -> Iterator[str]:
    """Of schools: what a college has of the child belongs to another interchange."""
    status = record["enrollment"].get("residency", {}).get("residence_status")
    for place, one in enumerate(record["enrollment"]["enrollments"]):
        ended = one.get("exit_date")
        if "nces_id" not in one["school"]:
            continue
        yield tagged(
            "StudentSchoolAssociation",
            student,
            school_reference(one["school"]["nces_id"]),
            said("PrimarySchool", one.get("primary")),
            valued("SchoolYear", _year(one["school_year"])),
            valued("EntryDate", one["entry_date"]),
            valued("EntryGradeLevel", descriptor("GradeLevel", one["grade"]["code"])),
            valued("EntryType", descriptor("EntryType", one["entry_type"]["code"])),
            valued("ExitWithdrawDate", ended),
            valued("ExitWithdrawType", None if ended is None else descriptor("ExitWithdrawType", one["exit_type"]["code"])),
            valued("ResidencyStatus", None if place or status is None else descriptor("ResidencyStatus", status["code"])),
        )


def _responsibility(student: str, district: str, enrollment: dict[str, Any]) -> str:
    """For what the district answers, from the entry on. Where else the child lives has no place but the status."""
    kind = enrollment.get("residency", {}).get("responsibility")
    if kind is None:
        return ""
    begins = valued("BeginDate", enrollment["enrollments"][0]["entry_date"])
    responsibility = valued("Responsibility", descriptor("Responsibility", kind["code"]))
    return tagged("StudentEducationOrganizationResponsibilityAssociation", student, district, responsibility, begins)


def _year(ends: int) -> str:
    return f"{ends - 1}-{ends}"


def _attendance(student: str, event: dict[str, Any]) -> str:
    day, school = date.fromisoformat(event["event_date"]), school_reference(event["school"]["nces_id"])
    year = _year(SchoolCalendar(day).year)
    return tagged(
        "StudentSchoolAttendanceEvent",
        tagged(
            "AttendanceEvent",
            valued("EventDate", event["event_date"]),
            valued("AttendanceEventCategory", descriptor("AttendanceEventCategory", event["category"]["code"])),
            valued("AttendanceEventReason", event.get("reason")),
            valued("EventDuration", event.get("duration_days")),
        ),
        student,
        school,
        tagged(
            "SessionReference",
            tagged("SessionIdentity", valued("SessionName", event.get("session", year)), valued("SchoolYear", year), school),
        ),
    )
