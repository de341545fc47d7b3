"""Ed-Fi API JSON → our record: the resources of Data Standard 5, and of 6 where it says a student's particulars anew.

Of a body that is not as its schema says, what is wrong is left, or all of it. Whatever was left, and each resource of a student that has no
place in the record, is kept verbatim beside the record (`ParsedStudent.beside`) and reported by place.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import LoadedRecord
from safepassage.record.student_record import SECTION_MODELS
from services.records.formats import edfi_api_people as people
from services.records.formats import edfi_api_programs as programs
from services.records.formats import edfi_api_schooling as schooling
from services.records.formats.edfi_api_discipline import Key, incidents_of, key_of
from services.records.formats.edfi_elements import UPDATES, elements_of
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_organizations import AGENCIES, Organizations
from services.records.formats.edfi_validation import RESOURCES, conformity, known_members
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent, section, section_by_element

FORMAT: Final = "ed-fi-api-json"
SOURCE: Final = "ed-fi"
"""The source system, whichever way its data came: a student of the interchange files and one of the API are one by studentUniqueId."""

Bodies = Mapping[str, Sequence[Any]]
"""Bodies by resource, as the API names it: `students`, `studentSchoolAssociations`, ..."""

ASSOCIATIONS: Final = {
    "studentEducationOrganizationAssociations": people.association,
    "studentDemographics": people.association,
    "studentDirectories": people.association,
    "studentIdentificationCodes": people.identification_code,
}
BEHAVIORS: Final = ("studentDisciplineIncidentBehaviorAssociations", "studentDisciplineIncidentNonOffenderAssociations")
NAMING: Final = ("studentUniqueId", "beginDate")
"""Beside references, the members that say of which body something was left."""
EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
DEEPEST: Final = 20
"""Of what is kept: no resource of the standard is nested half as deep."""


class _Student:
    """What the bodies say of one student."""

    def __init__(self, item: Members) -> None:
        self.item = item
        self.items: dict[str, list[Members]] = defaultdict(list)
        self.kept: dict[str, list[Any]] = defaultdict(list)

    def of(self, *resources: str) -> list[Members]:
        """The bodies of some resources."""
        return [item for resource in resources for item in self.items.get(resource, ())]


class _Upload:
    """Bodies of one upload, in any order."""

    def __init__(self, findings: Findings) -> None:
        self.findings, self.organizations = findings, Organizations()
        self.students: dict[str, _Student] = {}
        self.contacts: dict[str, Members] = {}
        self.incidents: dict[Key, Members] = {}
        self._waiting: list[tuple[str, str | None, Members | Any, str]] = []
        self._told: set[tuple[str, str]] = set()

    def take(self, resource: str, body: Any, position: str) -> None:
        """Keep what is read of, or is a student's; count the rest."""
        if not isinstance(body, dict):
            self.findings.missed("not-valid", position)
            return
        item: Members | None = None
        if resource in RESOURCES:
            found = conformity(resource, body)
            if found is not None and (not found.whole or found.refused):
                self.findings.missed("not-valid", position)
            item = Members(body, position, refused=found.refused) if found.whole else None
        if item is None:
            self._waiting.append((resource, student_of(body), body, position))
        elif resource == "students":
            self._take_student(item)
        elif resource == "contacts":
            self.contacts[str(body["contactUniqueId"])] = item
        elif resource == "disciplineIncidents":
            self.incidents[key_of(body)] = item
        elif resource in AGENCIES:
            self.organizations.take_resource(resource, body)
        else:
            self._waiting.append((resource, student_of(body), item, position))

    def _take_student(self, item: Members) -> None:
        identifier = str(item.body["studentUniqueId"]).strip()
        if not identifier or identifier in self.students:
            self.findings.missed("student-id-twice" if identifier else "student-id-missing", item.position)
            return
        self.students[identifier] = _Student(item)

    def settle(self) -> None:
        """Give every body to its student. One whose student is not there is reported, and so is one that is no student's."""
        for resource, identifier, item, position in self._waiting:
            student = self.students.get(identifier or "")
            if student is None:
                self.findings.missed("student-unknown" if identifier else "resource-not-read", position)
            elif isinstance(item, Members):
                student.items[resource].append(item)
            else:
                self.keep(student, resource, item, position)
        self._waiting.clear()

    def keep(self, student: _Student, resource: str, left: dict[str, Any], position: str, *, named: Mapping[str, Any] = EMPTY) -> None:
        """Put a body, or what was left of one, beside the student's record with what names it, and say where it came from."""
        if _depth(left) > DEEPEST:
            raise UnreadableRoster("a resource is nested deeper than any of the standard")
        student.kept[resource].append({**named, **left})
        self.findings.counts["kept-beside-the-record"] += 1
        known = known_members(resource)
        for member in left if known else ("*",):
            place = (resource, member if member in known else "*")
            if place in self._told:
                self.findings.reasons["member-kept"] += 1
            else:
                self._told.add(place)
                self.findings.missed("member-kept", f"{position}:{place[1]}")


def student_of(body: Mapping[str, Any]) -> str | None:
    """The id of the student whose body it is; None for a body of nobody."""
    for reference in ("studentReference", "studentAcademicRecordReference", "studentSectionAssociationReference"):
        named = body.get(reference)
        if isinstance(named, dict) and isinstance(named.get("studentUniqueId"), str):
            return str(named["studentUniqueId"]).strip()
    return None


def read_edfi_api(bodies: Bodies, *, names: Mapping[str, str] | None = None) -> ParsedRoster:
    """Read the bodies of an API.

    names  how the report calls a resource's place, where that is not the resource itself: a file

    The format carries the elements of the resources that are there, also where a resource has no body of a student. Raises UnreadableRoster
    where there is no student, or where something is nested too deep to be kept.
    """
    parsed = ParsedRoster(FORMAT, SOURCE, elements_of(bodies), UPDATES)
    upload = _Upload(parsed.findings)
    for resource, those in bodies.items():
        place = (names or {}).get(resource, resource)
        for number, body in enumerate(those, start=1):
            upload.take(resource, body, f"{place}:{number}")
    if not upload.students:
        raise UnreadableRoster("no resource of the upload is a student")
    upload.settle()
    for identifier, student in upload.students.items():
        parsed.findings.counts["students"] += 1
        record = _record(student, upload)
        kept = _kept(student, upload)
        parsed.students.append(
            ParsedStudent(identifier, student.item.position, record, beside={name: kept.get(name, []) for name in bodies})
        )
    return parsed


def _record(student: _Student, upload: _Upload) -> LoadedRecord | None:
    findings, organizations, position = upload.findings, upload.organizations, student.item.position
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    said["identity"] = people.identity(student.item, findings)
    for resource, read in ASSOCIATIONS.items():
        for item in student.of(resource):
            _add(said, read(item, findings))
    said["identity"]["sex"] = people.sex(student.item, said["identity"].get("sex"))
    said["contacts"]["guardians"] = _guardians(student, upload)
    entered = (schooling.enrollment(item, organizations, findings) for item in student.of("studentSchoolAssociations"))
    said["enrollment"]["enrollments"] = _there(entered)
    if not said["enrollment"]["enrollments"]:
        findings.missed("enrollment-missing", position)
    events = (schooling.attendance_event(item, organizations, findings) for item in student.of("studentSchoolAttendanceEvents"))
    said["attendance"]["events"] = _there(events)
    courses = (schooling.transcript_course(item, organizations, findings) for item in student.of("courseTranscripts"))
    said["academics"]["transcript"] = _there(courses)
    said["academics"]["grade_point_averages"] = schooling.averages(student.of("studentAcademicRecords"), findings)
    said["assessments"]["results"] = _there(schooling.assessment(item, findings) for item in student.of("studentAssessments"))
    _add_programmes(said, student, findings)
    for item in student.of("studentHealths"):
        said["health"]["immunizations"] = schooling.immunizations(item, findings)
    said["discipline"]["incidents"] = incidents_of(
        student.of(*BEHAVIORS), student.of("disciplineActions"), upload.incidents, organizations, findings
    )
    sections = {name: section_by_element(findings, SECTION_MODELS[name], values, position) for name, values in said.items()}
    return findings.made(LoadedRecord, sections, position)


def _add_programmes(said: dict[str, dict[str, Any]], student: _Student, findings: Findings) -> None:
    """A programme that is said twice is as the last body says; the others are kept."""
    for resource in sorted(programs.RESOURCES):
        used: Members | None = None
        for item in sorted(student.of(resource), key=lambda item: str(item.peek("beginDate"))):
            made = programs.programme(resource, item)
            whole = all(section(findings, SECTION_MODELS[name], values, item.position) is not None for name, values in made.items())
            if not made or not whole:
                item.unread()
                continue
            if used is not None and resource != programs.GENERAL:
                used.unread()
            used = item
            _add(said, made)


def _add(said: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> None:
    """What is said again is said last; identifiers add up, each once."""
    for name, values in more.items():
        if "identifiers" in values:
            held = list(said[name].get("identifiers", ()))
            values = {**values, "identifiers": [*held, *(one for one in values["identifiers"] if one not in held)]}
        said[name] |= values


def _guardians(student: _Student, upload: _Upload) -> list[Any]:
    made = []
    for item in student.of("studentContactAssociations"):
        contact = upload.contacts.get(str((item.peek("contactReference") or {}).get("contactUniqueId")))
        if contact is None:
            upload.findings.missed("contact-unknown", item.position)
            continue
        guardian = people.guardian(contact, item, upload.findings)
        made += [guardian] if guardian is not None else []
        left = contact.left()
        if left:
            upload.keep(student, "contacts", left, contact.position, named={"contactUniqueId": contact.body["contactUniqueId"]})
    return made


def _kept(student: _Student, upload: _Upload) -> Mapping[str, list[Any]]:
    """What was left of each body, with what names it."""
    for resource, items in [("students", [student.item]), *student.items.items()]:
        for item in items:
            left = item.left()
            if left:
                named = {name: value for name, value in item.body.items() if name.endswith("Reference") or name in NAMING}
                upload.keep(student, resource, left, item.position, named=named)
    return student.kept


def _there(made: Iterable[Any]) -> list[Any]:
    return [one for one in made if one is not None]


def _depth(value: Any) -> int:
    """How deep objects and lists are nested, looking no deeper than matters."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        level = [inner for one in level if isinstance(one, (dict, list)) for inner in (one.values() if isinstance(one, dict) else one)]
        depth += 1
    return depth
