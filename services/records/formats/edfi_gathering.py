"""The elements of interchange files, in any order: each with its student, or among those that many students share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from services.records.formats import edfi_schooling as schooling
from services.records.formats.edfi_organizations import KINDS, Organizations
from services.records.formats.edfi_places import Places
from services.records.formats.edfi_stream import Item
from services.records.formats.parsed import Findings


@dataclass
class Student:
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
    courses: list[Item] = field(default_factory=list)
    records: list[Item] = field(default_factory=list)
    """Academic records: averages."""
    assessments: list[Item] = field(default_factory=list)
    others: list[Item] = field(default_factory=list)
    """That are not read at all."""

    @property
    def read(self) -> list[Item]:
        """Everything that is read of the student but the contacts themselves."""
        gathered = (self.associations, self.contacts, self.enrollments, self.attendance, self.programs, self.health, self.incidents)
        learned = (self.actions, self.courses, self.records, self.assessments)
        return [self.item, *(item for those in (*gathered, *learned) for item in those)]


PLACES: Final = {
    "StudentEducationOrganizationAssociation": "associations",
    "StudentContactAssociation": "contacts",
    "StudentSchoolAssociation": "enrollments",
    "StudentSchoolAttendanceEvent": "attendance",
    "StudentHealth": "health",
    "StudentDisciplineIncidentBehaviorAssociation": "incidents",
    "StudentDisciplineIncidentNonOffenderAssociation": "incidents",
    "DisciplineAction": "actions",
    "CourseTranscript": "courses",
    "StudentAcademicRecord": "records",
    "StudentAssessment": "assessments",
}
"""Where an element about a student is gathered; every other `Student...ProgramAssociation` goes to `programs`."""


OWN: Final = (
    "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId",
    "SchoolReference/SchoolIdentity/SchoolId",
)
"""Where an element says at which organisation it is."""


class Elements:
    """The elements of one upload, read in any order."""

    def __init__(self, findings: Findings) -> None:
        self.findings, self.organizations = findings, Organizations()
        self.students: dict[str, Student] = {}
        self.contacts: dict[str, Item] = {}
        self.contacts_at = Places[Item]()
        self.incidents: dict[schooling.Key, Item] = {}
        self.incidents_at = Places[Item]()
        """By id and by place in the files; the last one of each counts."""
        self.tags: set[str] = set()
        """Of elements that are of one student."""
        self._places = Places[str]()
        """Ids of students."""
        self._agencies: list[Item] = []
        self._replaced: list[tuple[Item, Item]] = []
        self._related: set[str] = set()
        self._waiting: list[tuple[str, Item]] = []
        self._told: set[tuple[str, str]] = set()

    def take(self, item: Item) -> None:
        """Keep what is read of, or is a student's; tell of the rest."""
        if item.tag == "Student":
            self._take_student(item)
        elif item.tag == "Contact":
            self._put(item, item.element.findtext("ContactUniqueId", "").strip(), self.contacts, self.contacts_at)
        elif item.tag == "DisciplineIncident":
            self._put(item, schooling.incident_key(item), self.incidents, self.incidents_at)
        elif item.tag in PLACES:
            self._waiting.append((PLACES[item.tag], item))
        elif item.tag.startswith("Student") and item.tag.endswith("ProgramAssociation"):
            self._waiting.append(("programs", item))
        elif self.organizations.take(item):
            self._agencies.append(item)
        elif item.named or item.places:
            self._waiting.append(("others", item))
        else:
            self.findings.counts["elements-not-read"] += 1
            self._tell("of-no-student-alone", item)

    def _put(self, item: Item, key: Any, by_key: dict[Any, Item], places: Places[Item]) -> None:
        before = {one.position: one for one in (places.put(item, item), by_key.get(key)) if one is not None}
        for one in before.values():
            self.findings.missed("id-twice", one.position)
            self._replaced.append((one, item))
        if key:
            by_key[key] = item

    def _take_student(self, item: Item) -> None:
        identifier = item.text("StudentUniqueId")
        if identifier is None or identifier in self.students:
            self.findings.missed("student-id-missing" if identifier is None else "student-id-twice", item.position)
            if identifier is not None:
                self._waiting.append(("others", item))
            return
        self.students[identifier] = Student(item)
        self._places.put(item, identifier)

    def settle(self) -> None:
        """Give every element to its student; one whose student is not there is reported, and one that names several is nobody's alone."""
        for place, item in self._waiting:
            named = item.named | {self._places.at(item, one) or "" for one in item.places}
            own = item.student_id or self._places.at(item, item.at_place) if place != "others" else None
            item.of_one = len(named) == 1
            student = self.students.get(own or (next(iter(named)) if item.of_one else ""))
            if student is None and (item.of_one or place != "others"):
                self.findings.missed("student-unknown", item.position)
            elif not item.of_one:
                self.findings.counts["elements-not-read"] += student is None
                self._tell("of-no-student-alone", item)
            if student is not None:
                getattr(student, place).append(item)
                self.tags.add(item.tag)
        self._waiting.clear()

    def contact_of(self, association: Item) -> Item | None:
        """Whom a StudentContactAssociation relates."""
        reference = association.element.find("ContactReference")
        if reference is not None and "ref" in reference.attrib:
            return self.contacts_at.at(association, reference.attrib["ref"])
        return self.contacts.get(association.element.findtext("ContactReference/ContactIdentity/ContactUniqueId", "").strip())

    def incident_of(self, item: Item, path: str = "") -> Item | None:
        """The incident that a part or an action refers to: by its place in the file (`ref`) or by its identity."""
        reference = item.element.find(path + schooling.REFERENCE)
        if reference is not None and "ref" in reference.attrib:
            return self.incidents_at.at(item, reference.attrib["ref"])
        return self.incidents.get(schooling.incident_key(item, f"{path}{schooling.REFERENCE}/DisciplineIncidentIdentity/"))

    def related(self, student: Student) -> Iterator[Item]:
        """The contacts of a student, each once, after what was said of them under the same id before."""
        seen: list[Item] = []
        for contact in (self.contact_of(one) for one in student.contacts):
            if contact is not None and contact not in seen:
                seen += [*(before for before, after in self._replaced if after is contact and before not in seen), contact]
        self._related.update(one.position for one in seen)
        yield from seen

    def own(self, student: Student) -> frozenset[str]:
        """The ids of the schools in which the student is, and of their districts: the enrolments name them."""
        schools = [schooling.school_at(item) for item in (*student.enrollments, *student.attendance)]
        districts = [self.organizations.district_id_of(school) for school in schools]
        return frozenset({*schools, *(one for one in districts if one is not None)})

    def keep(self, item: Item) -> dict[str, str]:
        """What is put beside the record. The report has the first place of each kind of element, and counts the rest."""
        self.findings.counts["kept-beside-the-record"] += 1
        self._tell("member-kept", item)
        return item.as_it_came()

    def tell_the_rest(self) -> None:
        """What is of no student alone stays with the source: of organisations and incidents what no record says, contacts of nobody."""
        for item in self._agencies:
            identifier = item.text(KINDS[item.tag]) or ""
            if not self.organizations.is_named(identifier) or not self.organizations.has_district(identifier) or item.has_more:
                self._tell("of-no-student-alone", item)
        incidents = {item.position: item for item in (*self.incidents.values(), *self.incidents_at.all())}
        people = {item.position: item for item in (*self.contacts.values(), *self.contacts_at.all())}
        contacts = {position: item for position, item in people.items() if position not in self._related}
        for item in (*(one for one in incidents.values() if one.has_more), *contacts.values()):
            self._tell("of-no-student-alone", item)

    def _tell(self, reason: str, item: Item) -> None:
        if (reason, item.tag) in self._told:
            self.findings.reasons[reason] += 1
        else:
            self._told.add((reason, item.tag))
            self.findings.missed(reason, f"{item.position}:*")
