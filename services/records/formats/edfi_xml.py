"""Ed-Fi Data Standard 5 bulk XML → our record: students, schools, contacts, enrolment, attendance, courses, tests, programmes, discipline,
health.

What is said of a student and has no place in the record, whole elements and those of which a part is not read, is kept beside it as it
came (`ParsedStudent.beside`) and reported by place; elements of no student, or of several, are reported and left. A student without an
enrolment, and without an attendance event from which one follows, is loaded as far as the files go and reported.
"""

from collections import defaultdict
from typing import Any, Final

from safepassage.elements import BY_ID
from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import LoadedRecord
from safepassage.record.student_record import SECTION_MODELS
from services.records.formats import edfi_characteristics as characteristics
from services.records.formats import edfi_people as people
from services.records.formats import edfi_programs as programs
from services.records.formats import edfi_schooling as schooling
from services.records.formats import edfi_transcripts as transcripts
from services.records.formats.archive import Archive
from services.records.formats.edfi_api_programs import career_technical
from services.records.formats.edfi_elements import UPDATES
from services.records.formats.edfi_gathering import OWN, Elements, Student
from services.records.formats.edfi_said import Said
from services.records.formats.edfi_stream import Item, items
from services.records.formats.edfi_xsd import SCHEMAS, faults_of_element
from services.records.formats.parsed import Findings, ParsedRoster, ParsedStudent, section_by_element

FORMAT: Final = "ed-fi-5-xml"
CARRIES: Final = frozenset(
    {
        "identity.name", "identity.preferred_name", "identity.birth_date", "identity.identifiers", "enrollment.enrollments",
        "attendance.events", "special_education.eligibility", "special_education.iep", "special_education.section_504",
        "programmes.english_learner", "programmes.gifted", "programmes.title_i", "programmes.migrant", "programmes.homeless",
        "programmes.meal_status", "programmes.career_technical", "programmes.neglected_delinquent", "health.immunizations",
        "discipline.incidents",
    }
)  # fmt: skip
"""Guardians are not among them: Ed-Fi knows no ended rights, so it may add a guardian and never replace one."""

WHERE_THERE: Final = {"CourseTranscript": "academics.transcript", "StudentAssessment": "assessments.results"}
"""By element: what an upload that has it says in full too. Most uploads have neither, and take away nothing that is there."""

assert set(BY_ID) >= {*CARRIES, *WHERE_THERE.values(), *UPDATES}  # noqa: S101 a typing error here would lose data

PROGRAMS: Final = {
    "StudentSpecialEducationProgramAssociation": programs.special_education,
    "StudentSection504ProgramAssociation": programs.section_504,
}


def read_edfi_xml(archive: Archive) -> ParsedRoster:
    """Read the interchange files of an upload. Raises UnreadableRoster."""
    parsed = ParsedRoster(FORMAT, "ed-fi", CARRIES, UPDATES)
    upload = Elements(parsed.findings)
    for name in (one for one in archive.names if one.casefold().endswith(".xml")):
        with archive.open(name) as file:
            for item in items(file, archive.told(name)):
                _check(item, parsed.findings)
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
    parsed.carries |= {element for tag, element in WHERE_THERE.items() if tag in upload.tags}
    upload.tell_the_rest()
    return parsed


def _check(item: Item, findings: Findings) -> None:
    """Hold it against the published schema of its version, before anything of it is read. What does not hold is told, and read."""
    if item.namespace not in SCHEMAS:
        findings.counts["elements-of-a-version-without-a-schema"] += 1
        return
    faults = faults_of_element(item.element, item.namespace)
    if faults:
        findings.missed("not-of-schema", item.position)
        findings.faults.add(item.position, faults)


def _kept(student: Student, upload: Elements, *, all_of_it: bool) -> dict[str, list[dict[str, str]]]:
    """By element. `all_of_it`: something was not valid, so that whatever was read may be what is missing in the record."""
    kept = defaultdict(list)
    partly = [*(item for item in student.read if item.of_one), *upload.related(student)]
    for item in (*(item for item in partly if all_of_it or item.has_more), *student.others):
        if item.of_one:
            kept[item.tag].append(upload.keep(item))
    return kept


def _record(student: Student, upload: Elements) -> LoadedRecord | None:
    findings, position = upload.findings, student.item.position
    own, said = upload.own(student), Said()
    for item in student.read:
        item.known(*(path for path in OWN if item.element.findtext(path, "").strip() in own))
    status = people.english_proficiency(student.associations)
    said.add(student.item, {"identity": people.identity(student.item, findings)})
    for item in student.associations:
        said.add(item, people.association(item, findings))
    said["contacts"]["guardians"] = _guardians(student, upload)
    said["enrollment"]["enrollments"] = _enrollments(student, upload)
    events = (schooling.attendance_event(item, upload.organizations, findings) for item in student.attendance)
    said["attendance"]["events"] = [event for event in events if event is not None]
    _add_programmes(said, student, own, findings)
    for name, values in characteristics.said_by(characteristics.of_elements(student.associations), said).items():
        said[name] |= values
    if status is not None:  # what an organisation says of the student's English
        said["programmes"]["english_learner"] = {**(said["programmes"].get("english_learner") or {}), "status": status}
    for item in student.health:
        said.add(item, {"health": {"immunizations": schooling.immunizations(item, findings)}})
    courses = (transcripts.transcript_course(item, upload.organizations, findings) for item in student.courses)
    said["academics"]["transcript"] = [one for one in courses if one is not None]
    said["academics"]["grade_point_averages"] = transcripts.averages(student.records, student.courses, findings)
    results = (transcripts.assessment(item, findings) for item in student.assessments)
    said["assessments"]["results"] = [one for one in results if one is not None]
    said["discipline"]["incidents"] = _incidents(student, upload)
    sections = {name: section_by_element(findings, SECTION_MODELS[name], values, position) for name, values in said.items()}
    return findings.made(LoadedRecord, sections, position)


def _add_programmes(said: Said, student: Student, own: frozenset[str], findings: Findings) -> None:
    """Of several programmes of a kind the latest counts, of career and technical education each."""
    careers: dict[tuple[str, ...], tuple[Item, dict[str, Any]]] = {}
    for item in sorted(student.programs, key=lambda item: item.element.findtext("BeginDate", "").strip()):
        make = PROGRAMS.get(item.tag)
        programme = None if make else programs.programme(item, findings)
        if item.tag == programs.CAREERS and programme is not None:
            key = programs.key_of(item)
            if key in careers:
                careers.pop(key)[0].unread()
            careers[key] = item, programme[1]
        else:
            said.add(item, {"special_education": make(item)} if make else {"programmes": dict([programme])} if programme else {})
    if careers:
        *_, (last, _) = careers.values()
        held = career_technical([values for _, values in careers.values()], own)
        said.add(last, {"programmes": {"career_technical": held}})


def _guardians(student: Student, upload: Elements) -> list[Any]:
    made = []
    for association in student.contacts:
        contact = upload.contact_of(association)
        if contact is None:
            upload.findings.missed("contact-unknown", association.position)
            continue
        guardian = people.guardian(contact, association, upload.findings)
        made += [guardian] if guardian is not None else []
    return made


def _enrollments(student: Student, upload: Elements) -> list[Any]:
    findings, organizations = upload.findings, upload.organizations
    made = [one for item in student.enrollments if (one := schooling.enrollment(item, organizations, findings)) is not None]
    if not made and student.attendance:
        made = schooling.derived_enrollments(student.attendance, organizations, findings)
        findings.counts["enrollments-derived-from-attendance"] += bool(made)
    if not made:
        findings.missed("enrollment-missing", student.item.position)
    return made


def _incidents(student: Student, upload: Elements) -> list[Any]:
    by_incident: dict[str, tuple[Item, list[Item]]] = {}
    for part in student.incidents:
        incident = upload.incident_of(part)
        if incident is None:
            upload.findings.missed("incident-unknown", part.position)
        else:
            by_incident.setdefault(incident.position, (incident, []))[1].append(part)
    made = []
    for incident, parts in by_incident.values():
        actions = [one for one in student.actions if upload.incident_of(one, schooling.BEHAVIOR) is incident]
        one_of_them = schooling.discipline_incident(parts, incident, actions, upload.organizations, upload.findings)
        made += [one_of_them] if one_of_them is not None else []
    return made
