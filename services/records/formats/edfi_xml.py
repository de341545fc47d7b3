"""Ed-Fi Data Standard 5 bulk XML → our record: students, schools, contacts, enrolment, attendance, programmes, discipline, health.

What is said of a student and has no place in the record, whole elements and those of which a part is not read, is kept beside it as it
came (`ParsedStudent.beside`) and reported by place; elements of no student, or of several, are counted and left. A student without an
enrolment, and without an attendance event from which one follows, is loaded as far as the files go and reported.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from safepassage.elements import BY_ID
from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import LoadedRecord
from safepassage.record.student_record import SECTION_MODELS
from services.records.formats import edfi_people as people
from services.records.formats import edfi_programs as programs
from services.records.formats import edfi_schooling as schooling
from services.records.formats.archive import Archive
from services.records.formats.edfi_organizations import Organizations
from services.records.formats.edfi_stream import Item, items
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent, section_by_element

FORMAT: Final = "ed-fi-5-xml"
CARRIES: Final = frozenset(
    {
        "identity.name", "identity.preferred_name", "identity.birth_date", "identity.identifiers", "enrollment.enrollments",
        "attendance.events", "special_education.eligibility", "special_education.iep", "special_education.section_504",
        "programmes.english_learner", "programmes.gifted", "programmes.title_i", "programmes.migrant", "programmes.homeless",
        "programmes.meal_status", "health.immunizations", "discipline.incidents",
    }
)  # fmt: skip
"""Guardians are not among them: Ed-Fi knows no ended rights, so it may add a guardian and never replace one."""

assert set(BY_ID) >= CARRIES  # noqa: S101 a typing error here would lose data

PROGRAMS: Final = {
    "StudentSpecialEducationProgramAssociation": programs.special_education,
    "StudentSection504ProgramAssociation": programs.section_504,
}


@dataclass
class _Student:
    """What the files say of one student, gathered until all are read."""

    item: Item
    associations: list[Item] = field(default_factory=list)
    contacts: list[Item] = field(default_factory=list)
    enrollments: list[Item] = field(default_factory=list)
    attendance: list[Item] = field(default_factory=list)
    programs: list[Item] = field(default_factory=list)
    health: list[Item] = field(default_factory=list)
    incidents: list[Item] = field(default_factory=list)
    actions: list[Item] = field(default_factory=list)
    others: list[Item] = field(default_factory=list)
    """That are not read at all."""

    @property
    def read(self) -> list[Item]:
        """Everything that is read of the student but the contacts themselves."""
        gathered = (self.associations, self.contacts, self.enrollments, self.attendance, self.programs, self.health, self.incidents)
        return [self.item, *(item for those in gathered for item in those), *self.actions]


PLACES: Final = {
    "StudentEducationOrganizationAssociation": "associations",
    "StudentContactAssociation": "contacts",
    "StudentSchoolAssociation": "enrollments",
    "StudentSchoolAttendanceEvent": "attendance",
    "StudentHealth": "health",
    "StudentDisciplineIncidentBehaviorAssociation": "incidents",
    "StudentDisciplineIncidentNonOffenderAssociation": "incidents",
    "DisciplineAction": "actions",
}
"""Where an element about a student is gathered; every other `Student...ProgramAssociation` goes to `programs`."""


class _Upload:
    """The files of one upload, read in any order."""

    def __init__(self, findings: Findings) -> None:
        self.findings, self.organizations = findings, Organizations()
        self.students: dict[str, _Student] = {}
        self.contacts: dict[str, Item] = {}
        self.incidents: dict[str | schooling.Key, Item] = {}
        self.tags: set[str] = set()
        """Of elements that are of one student."""
        self._waiting: list[tuple[str, Item]] = []
        self._told: set[str] = set()

    def take(self, item: Item) -> None:
        """Keep what is read of; count the rest."""
        if item.tag == "Student":
            self._take_student(item)
        elif item.tag == "Contact":
            for key in (item.element.attrib.get("id"), item.text("ContactUniqueId")):
                if key:
                    self.contacts[key] = item
        elif item.tag == "DisciplineIncident":
            self.incidents[schooling.incident_key(item)] = item
            if "id" in item.element.attrib:
                self.incidents[item.element.attrib["id"]] = item
        elif item.tag in PLACES:
            self._waiting.append((PLACES[item.tag], item))
        elif item.tag.startswith("Student") and item.tag.endswith("ProgramAssociation"):
            self._waiting.append(("programs", item))
        elif self.organizations.take(item):
            pass
        elif item.only_student is not None:
            self._waiting.append(("others", item))
        else:
            self.findings.counts["elements-not-read"] += 1

    def _take_student(self, item: Item) -> None:
        identifier = item.text("StudentUniqueId")
        if identifier is None or identifier in self.students:
            self.findings.missed("student-id-missing" if identifier is None else "student-id-twice", item.position)
            return
        self.students[identifier] = _Student(item)

    def settle(self) -> None:
        """Give every element to its student; one whose student is not there is reported."""
        for place, item in self._waiting:
            student = self.students.get((item.only_student if place == "others" else item.student_id) or "")
            if student is None:
                self.findings.missed("student-unknown", item.position)
            else:
                getattr(student, place).append(item)
                self.tags.add(item.tag)
        self._waiting.clear()

    def keep(self, item: Item) -> dict[str, str]:
        """What is put beside the record. The report has the first place of each kind of element, and counts the rest."""
        self.findings.counts["kept-beside-the-record"] += 1
        if item.tag in self._told:
            self.findings.reasons["member-kept"] += 1
        else:
            self._told.add(item.tag)
            self.findings.missed("member-kept", f"{item.position}:*")
        return item.as_it_came()


def read_edfi_xml(archive: Archive) -> ParsedRoster:
    """Read the interchange files of an upload. Raises UnreadableRoster."""
    parsed = ParsedRoster(FORMAT, "ed-fi", CARRIES)
    upload = _Upload(parsed.findings)
    for name in (one for one in archive.names if one.casefold().endswith(".xml")):
        with archive.open(name) as file:
            for item in items(file, name):
                upload.take(item)
        parsed.findings.counts["files"] += 1
    if not upload.students:
        raise UnreadableRoster("no Student interchange is in the upload")
    upload.settle()
    for identifier, student in upload.students.items():
        parsed.findings.counts["students"] += 1
        found = parsed.findings.reasons["not-valid"]
        record = _record(student, upload)
        if record is not None:
            kept = _kept(student, upload, all_of_it=parsed.findings.reasons["not-valid"] > found)
            beside = {tag: kept.get(tag, []) for tag in sorted({*upload.tags, "Student", "Contact"})}
            parsed.students.append(ParsedStudent(identifier, student.item.position, record, beside=beside))
    return parsed


def _kept(student: _Student, upload: _Upload, *, all_of_it: bool) -> dict[str, list[dict[str, str]]]:
    """By element. `all_of_it`: something was not valid, so that whatever was read may be what is missing in the record."""
    kept = defaultdict(list)
    contacts = [contact for one in student.contacts if (contact := upload.contacts.get(_contact_key(one) or "")) is not None]
    partly = [item for item in student.read if item.only_student is not None]
    for item in (*(item for item in (*partly, *contacts) if all_of_it or item.has_more), *student.others):
        kept[item.tag].append(upload.keep(item))
    return kept


def _record(student: _Student, upload: _Upload) -> LoadedRecord | None:
    findings, position = upload.findings, student.item.position
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    said["identity"] = people.identity(student.item, findings)
    for item in student.associations:
        _add(said, people.association(item, findings))
    said["contacts"]["guardians"] = _guardians(student, upload)
    said["enrollment"]["enrollments"] = _enrollments(student, upload)
    events = (schooling.attendance_event(item, upload.organizations, findings) for item in student.attendance)
    said["attendance"]["events"] = [event for event in events if event is not None]
    for item in student.programs:
        make = PROGRAMS.get(item.tag)
        programme = None if make else programs.programme(item, findings)
        _add(said, {"special_education": make(item)} if make else {"programmes": dict([programme])} if programme else {})
    for item in student.health:
        said["health"]["immunizations"] = schooling.immunizations(item, findings)
    said["discipline"]["incidents"] = _incidents(student, upload)
    sections = {name: section_by_element(findings, SECTION_MODELS[name], values, position) for name, values in said.items()}
    return findings.made(LoadedRecord, sections, position)


def _add(said: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> None:
    """What is said again is said last; identifiers add up."""
    for name, values in more.items():
        if "identifiers" in values:
            values = {**values, "identifiers": [*said[name].get("identifiers", ()), *values["identifiers"]]}
        said[name] |= values


def _contact_key(association: Item) -> str | None:
    reference = association.element.find("ContactReference")
    if reference is not None and "ref" in reference.attrib:
        return reference.attrib["ref"]
    return association.text("ContactReference/ContactIdentity/ContactUniqueId")


def _guardians(student: _Student, upload: _Upload) -> list[Any]:
    made = []
    for association in student.contacts:
        contact = upload.contacts.get(_contact_key(association) or "")
        if contact is None:
            upload.findings.missed("contact-unknown", association.position)
            continue
        guardian = people.guardian(contact, association, upload.findings)
        made += [guardian] if guardian is not None else []
    return made


def _enrollments(student: _Student, upload: _Upload) -> list[Any]:
    findings, organizations = upload.findings, upload.organizations
    made = [one for item in student.enrollments if (one := schooling.enrollment(item, organizations, findings)) is not None]
    if not made and student.attendance:
        made = schooling.derived_enrollments(student.attendance, organizations, findings)
        findings.counts["enrollments-derived-from-attendance"] += bool(made)
    if not made:
        findings.missed("enrollment-missing", student.item.position)
    return made


def _incidents(student: _Student, upload: _Upload) -> list[Any]:
    made = []
    for part in student.incidents:
        incident = schooling.referred_incident(part, upload.incidents)
        actions = [one for one in student.actions if schooling.referred_incident(one, upload.incidents, schooling.BEHAVIOR) is incident]
        one_part = schooling.discipline_incident(part, incident, actions, upload.organizations, upload.findings)
        made += [one_part] if one_part is not None else []
    return made
