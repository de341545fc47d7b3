"""Ed-Fi API JSON → our record: the resources of Data Standard 5, and of 6 where it says a student's particulars anew.

Of a body that is not as its schema says, what is wrong is left, or all of it. Whatever was left, and each resource of a student that has no
place in the record, is kept verbatim beside the record (`ParsedStudent.beside`) and reported by place.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import LoadedRecord
from safepassage.record.student_record import SECTION_MODELS
from services.records.formats import edfi_api_people as people
from services.records.formats import edfi_api_programs as programs
from services.records.formats import edfi_api_schooling as schooling
from services.records.formats import edfi_characteristics as characteristics
from services.records.formats.edfi_api_averages import averages
from services.records.formats.edfi_api_discipline import incidents_of
from services.records.formats.edfi_as_before import NOBODY, Before, KeptOf, StudentAsBefore
from services.records.formats.edfi_elements import UPDATES, elements_of
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_said import Said
from services.records.formats.edfi_upload import EMPTY, NAMING, Student, Upload, as_told
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent, RestsOn, section, section_by_element

FORMAT: Final = "ed-fi-api-json"
SOURCE: Final = "ed-fi"
"""The source system, whichever way its data came: a student of the interchange files and one of the API are one by studentUniqueId."""

Programme = dict[str, dict[str, Any]]
"""By section the elements that a body says."""
Bodies = Mapping[str, Sequence[Any]]
"""Bodies by resource, as the API names it: `students`, `studentSchoolAssociations`, ..."""

ASSOCIATIONS: Final = {
    "studentEducationOrganizationAssociations": people.association,
    "studentDemographics": people.association,
    "studentDirectories": people.association,
    "studentIdentificationCodes": people.identification_code,
}
BEHAVIORS: Final = ("studentDisciplineIncidentBehaviorAssociations", "studentDisciplineIncidentNonOffenderAssociations")


def read_edfi_api(
    bodies: Bodies, *, names: Mapping[str, str] | None = None, before: Before = NOBODY, digests: Mapping[str, bytes] = EMPTY
) -> ParsedRoster:
    """Read the bodies of an API.

    names    how the report calls a resource's place, where that is not the resource itself: a file
    before   who is as before and need not be read
    digests  by student, of what reading them rests on (edfi_rests_on)

    The format carries the elements of the resources that are there, also where a resource has no body of a student. Raises UnreadableRoster
    where there is no student, or where something is nested too deep to be kept.
    """
    reading = Reading(bodies, names=names, before=before, digests=digests)
    reading.roster.students.extend(reading.students({resource: enumerate(those, start=1) for resource, those in bodies.items()}))
    reading.end()
    return reading.roster


class Reading:
    """Bodies of an API, read in groups of students: what is found of all of them is in one roster, whose students are not kept.

    resources  all that any group has bodies of; the others as for read_edfi_api
    """

    def __init__(
        self,
        resources: Iterable[str],
        *,
        names: Mapping[str, str] | None = None,
        before: Before = NOBODY,
        digests: Mapping[str, bytes] = EMPTY,
    ) -> None:
        self._resources, self._names, self._digests = tuple(resources), names or {}, digests
        self.roster = ParsedRoster(FORMAT, SOURCE, elements_of(self._resources), UPDATES)
        self._upload = Upload(self.roster.findings, before, self._resources)

    def students(self, bodies: Mapping[str, Iterable[tuple[int, Any]]]) -> list[ParsedStudent]:
        """The students of a group, from all that is said of them; each body with its number in its resource, from 1.

        Organisations are in the first group. Raises UnreadableRoster where something is nested too deep to be kept.
        """
        upload, findings = self._upload, self.roster.findings
        for resource, those in bodies.items():
            place = self._names.get(resource, resource)
            for number, body in those:
                upload.take(resource, body, f"{place}:{number}")
        upload.settle()
        read = []
        for identifier, student in upload.students.items():
            findings.counts["students"] += 1
            if isinstance(student, StudentAsBefore):
                upload.tell_again(student)
                read.append(ParsedStudent(identifier, student.position, None, as_before=student.mark))
            elif (one := self._read(identifier, student)) is not None:
                read.append(one)
        upload.forget()
        return read

    def _read(self, identifier: str, student: Student) -> ParsedStudent | None:
        upload, reasons = self._upload, self.roster.findings.reasons
        upload.organizations.named_since.clear()
        not_valid, missed = reasons["not-valid"], reasons.total() - reasons["member-kept"]
        record = _record(student, upload)
        kept = _kept(student, upload, all_of_it=reasons["not-valid"] > not_valid)
        if record is None:  # a student without a record is one whom the source deletes
            return None
        beside, digest = {name: kept.get(name, []) for name in self._resources}, self._digests.get(identifier)
        # Of whom anything is missing, whatever it is, the next upload is read again.
        whole = digest is not None and reasons.total() - reasons["member-kept"] == missed
        told = upload.told_of(student) if whole else None
        rests_on = None if digest is None or told is None else RestsOn(digest, told)
        return ParsedStudent(identifier, student.item.position, record, beside=beside, rests_on=rests_on)

    def end(self) -> None:
        """There is no other group. Raises UnreadableRoster where there was no student."""
        if not self.roster.findings.counts["students"]:
            raise UnreadableRoster("no resource of the upload is a student")
        self._upload.tell_the_rest()


def _record(student: Student, upload: Upload) -> LoadedRecord | None:
    findings, organizations, position = upload.findings, upload.organizations, student.item.position
    own = upload.own(student)
    _name(student, own)
    said = Said()
    status = _english_proficiency(student, upload)
    said.add(student.item, {"identity": people.identity(student.item, findings)})
    for resource, read in ASSOCIATIONS.items():
        for item in student.of(resource):
            said.add(item, read(item, findings))
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
    records = student.of("studentAcademicRecords")
    said["academics"]["grade_point_averages"] = averages(records, student.of("courseTranscripts"), findings)
    said["assessments"]["results"] = _there(schooling.assessment(item, findings) for item in student.of("studentAssessments"))
    _add_programmes(said, student, findings, own)
    found = characteristics.of_bodies(item for resource in ASSOCIATIONS for item in student.of(resource))
    for name, values in characteristics.said_by(found, said).items():
        said[name] |= values
    if status is not None:
        said["programmes"]["english_learner"] = {**(said["programmes"].get("english_learner") or {}), "status": status}
    for item in student.of("studentHealths"):
        immunizations = schooling.immunizations(item, findings)
        said.add(item, {"health": {"immunizations": immunizations}} if immunizations is not None else {})
    said["discipline"]["incidents"] = incidents_of(
        [item for resource in BEHAVIORS for item in student.of(resource)],
        student.of("disciplineActions"),
        upload.incidents,
        organizations,
        findings,
    )
    sections = {name: section_by_element(findings, SECTION_MODELS[name], values, position) for name, values in said.items()}
    return findings.made(LoadedRecord, sections, position)


def _name(student: Student, own: frozenset[str]) -> None:
    """Whose a body is says its place beside the record; so does its organisation, where that is one of the student's own."""
    for item in (item for those in student.items.values() for item in those):
        item.names("studentReference", "studentUniqueId")
        at = item.peek("educationOrganizationReference")
        if at and str(at.get("educationOrganizationId")) in own:
            item.names("educationOrganizationReference", "educationOrganizationId")


def _add_programmes(said: Said, student: Student, findings: Findings, own: frozenset[str]) -> None:
    """A programme that is said twice is as the last body says; the others are kept."""
    for resource in sorted(programs.RESOURCES.intersection(student.items)):
        counted: list[tuple[Members, Programme]] = []
        for item in sorted(student.of(resource), key=lambda item: str(item.peek("beginDate"))):
            made = programs.programme(resource, item)
            whole = all(section(findings, SECTION_MODELS[name], values, item.position) is not None for name, values in made.items())
            if made and whole:
                counted.append((item, made))
            else:
                item.unread()
        if resource == programs.CAREERS:
            counted = _careers_together(counted, own)
        for item, made in counted:
            said.add(item, made)
        for item, _ in counted[:-1]:
            item.unread()


def _english_proficiency(student: Student, upload: Upload) -> Any:
    """What an organisation says of the student's English, which an English learner's status is then.

    Of an upload without the resource of the programmes it stays beside the record: what was loaded of these before would go with it.
    """
    if programs.LANGUAGE not in upload.resources:
        return None
    return people.english_proficiency([item for resource in ASSOCIATIONS for item in student.of(resource)])


def _careers_together(counted: Sequence[tuple[Members, Programme]], own: frozenset[str]) -> list[tuple[Members, Programme]]:
    """Of career and technical education each programme counts, of two bodies of one key the last."""
    by_key: dict[str, tuple[Members, Programme]] = {}
    for item, made in counted:
        key = programs.key_of(item)
        if key in by_key:
            by_key.pop(key)[0].unread()
        by_key[key] = item, made
    if not by_key:
        return []
    *_, (last, _) = by_key.values()
    said = [made["programmes"]["career_technical"] for _, made in by_key.values()]
    return [(last, {"programmes": {"career_technical": programs.career_technical(said, own)}})]


def _guardians(student: Student, upload: Upload) -> list[Any]:
    made = []
    for item in student.of("studentContactAssociations"):
        those = upload.contacts.get(str((item.peek("contactReference") or {}).get("contactUniqueId")))
        if those is None:
            upload.findings.missed("contact-unknown", item.position)
            continue
        for earlier in those[:-1]:
            earlier.unread()
        guardian = people.guardian(those[-1], item, upload.findings)
        made += [guardian] if guardian is not None else []
    return made


def _kept(student: Student, upload: Upload, *, all_of_it: bool) -> Mapping[str, list[Any]]:
    """What was left of each body, with what names it. `all_of_it`: something that was read is missing in the record."""
    if all_of_it:
        student.unread()
    for number, contact in enumerate(upload.related(student)):
        if all_of_it:
            contact.unread()
        left = contact.left()
        if left:
            upload.keep(student, "contacts", left, contact.position, named={"contactUniqueId": contact.body["contactUniqueId"]})
            student.told_of.append(KeptOf("contacts", number, as_told("contacts", left)))
    for resource, items in [("students", [student.item]), *student.items.items()]:
        for number, item in enumerate(items):
            left = item.left()
            if left:
                named = {name: value for name, value in item.body.items() if name.endswith("Reference") or name in NAMING}
                upload.keep(student, resource, left, item.position, named=named)
                student.told_of.append(KeptOf(resource, number, as_told(resource, left)))
    return student.kept


def _there(made: Iterable[Any]) -> list[Any]:
    return [one for one in made if one is not None]
