"""What is permitted of a record → a PESC High School Transcript 1.5.0. Pure.

Codes stay as the source said them: SCED where there is one, the local code beside it. An element of which the standard cannot say
everything (two surnames, whose list a code is of) is in `UserDefinedExtensions` as our JSON has it, whole; what it has no place for is
there alone. So nothing is dropped, and nothing is bent to fit. A course of a year and a term is in a session that begins with the school
year, since a record has no calendar.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from safepassage.elements import ELEMENTS
from safepassage.record import StatementOfDisagreement
from safepassage.record.academics import Academics, Course, Credit, CurrentCourse, TranscriptCourse
from safepassage.record.identity import Identity
from safepassage.record.student_record import Sections
from services.records.formats.pesc_structure import EXTENSION, MESSAGE, TEXTS, validate
from services.records.formats.pesc_writing import Writing, plain, write_level, write_school
from services.records.formats.xml_text import said_in_xml

register_namespace("HSTrn", MESSAGE)
register_namespace("sp", EXTENSION)

RELEVANT: Final = (
    "identity.name", "identity.preferred_name", "identity.birth_date", "identity.sex", "identity.identifiers", "enrollment.enrollments",
    "academics.current_courses", "academics.transcript", "academics.grade_point_averages", "academics.graduation_plan",
)  # fmt: skip
"""The elements that a transcript is made of."""

_AGENCIES: Final = {"state": "State", "district": "District", "migrant": "Migrant"}
_UNITS: Final = {
    "carnegieunit": "CarnegieUnits", "carnegieunits": "CarnegieUnits", "semester": "Semester", "semesterhourcredit": "Semester",
    "quarter": "Quarter", "quarterhourcredit": "Quarter", "units": "Units", "unit": "Units", "nocredit": "NoCredit",
    "clockhours": "ClockHours",
}  # fmt: skip


@dataclass(frozen=True)
class Party:
    """Who gives a transcript, or takes it: an id by which both know it, and its name."""

    id: str
    name: str


@dataclass(frozen=True)
class Transcript:
    """The document, and the elements of which it could not say everything outside its extension."""

    document: bytes
    extended: tuple[str, ...]


def write_transcript(
    record: Sections,
    statements: Sequence[StatementOfDisagreement],
    *,
    document_id: UUID,
    created_at: datetime,
    source: Party,
    destination: Party,
) -> Transcript:
    """The transcript of what is permitted of `record`, with the statements of disagreement that belong to it.

    source       the agency that gives it
    destination  the party that takes it
    """
    writing = Writing(record, {element for element in record.elements() if element not in RELEVANT})
    root = Element(f"{{{MESSAGE}}}HighSchoolTranscript")
    sent = SubElement(root, "TransmissionData")
    SubElement(sent, "DocumentID").text = document_id.hex
    SubElement(sent, "CreatedDateTime").text = created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    SubElement(sent, "DocumentTypeCode").text = "RequestedRecord"
    SubElement(sent, "TransmissionType").text = "Original"
    for name, party in (("Source", source), ("Destination", destination)):
        organisation = SubElement(SubElement(sent, name), "Organization")
        writing.whole(organisation, "MutuallyDefined", "MutuallyDefined", party.id, "")
        writing.whole(organisation, "OrganizationName", "OrganizationName", party.name, "")
    # a school's own seal makes one official; this is made by the node, from the record
    SubElement(sent, "DocumentOfficialCode").text = "Unofficial"
    student = SubElement(root, "Student")
    _person(SubElement(student, "Person"), record.identity or Identity.model_construct(), writing)
    _academic_record(SubElement(student, "AcademicRecord"), writing)
    _extend(student, writing, statements)
    validate(root)
    extended = tuple(one.id for one in ELEMENTS if one.id in writing.extended)
    return Transcript(tostring(root, encoding="UTF-8", xml_declaration=True), extended)


def _extend(student: Element, writing: Writing, statements: Iterable[StatementOfDisagreement]) -> None:
    document = writing.record.document()
    places = ((one.section, one.member, one.id) for one in ELEMENTS if one.id in writing.extended)
    elements = {identifier: document[section][member] for section, member, identifier in places}
    placed = [one.model_dump(mode="json", exclude_none=True) for one in statements]
    if elements or placed:
        extensions = SubElement(SubElement(student, "UserDefinedExtensions"), f"{{{EXTENSION}}}Record")
        for name, value in (("Elements", elements), ("StatementsOfDisagreement", placed)):
            if value:
                SubElement(extensions, f"{{{EXTENSION}}}{name}").text = json.dumps(value)


def _person(person: Element, identity: Identity, writing: Writing) -> None:
    for one in identity.identifiers or ():
        if said_in_xml(one.value) is None or not TEXTS["AgencyAssignedID"].holds(one.value):
            writing.extended.add("identity.identifiers")
            continue
        identifier = SubElement(person, "AgencyIdentifier")
        SubElement(identifier, "AgencyAssignedID").text = one.value
        SubElement(identifier, "AgencyCode").text = _AGENCIES.get(one.kind, "MutuallyDefined")
        writing.text(identifier, "AgencyName", "AgencyName", one.system, "identity.identifiers")
        if one.kind not in _AGENCIES:
            writing.extended.add("identity.identifiers")
    if identity.birth_date is not None:
        SubElement(SubElement(person, "Birth"), "BirthDate").text = identity.birth_date.birth_date.isoformat()
        if identity.birth_date.verification is not None:
            writing.extended.add("identity.birth_date")
    name, preferred = SubElement(person, "Name"), identity.preferred_name
    if identity.name is not None:
        legal = identity.name
        writing.text(name, "NamePrefix", "NamePrefix", legal.prefix, "identity.name")
        writing.text(name, "FirstName", "NamePart", legal.first, "identity.name")
        writing.text(name, "MiddleName", "NamePart", legal.middle, "identity.name")
        last = " ".join(part for part in (legal.last_1, legal.last_2) if part)
        writing.whole(name, "LastName", "NamePart", last, "identity.name")
        writing.text(name, "NameSuffix", "NameSuffix", (legal.suffix or "").rstrip(".").upper(), "identity.name")
        if legal.last_2 is not None or (legal.suffix or "") != (legal.suffix or "").rstrip(".").upper():
            writing.extended.add("identity.name")
    if preferred is not None:
        other = SubElement(person, "AlternateName")
        SubElement(other, "NameCode").text = "Casual"
        writing.text(other, "FirstName", "NamePart", preferred.first, "identity.preferred_name")
        writing.text(other, "LastName", "NamePart", preferred.last, "identity.preferred_name")
    if identity.sex is not None:
        said = {"female": "Female", "male": "Male"}.get(identity.sex.code.casefold(), "Unreported")
        SubElement(SubElement(person, "Gender"), "GenderCode").text = said
        writing.extended |= {"identity.sex"} if said == "Unreported" else set()


def _academic_record(parent: Element, writing: Writing) -> None:
    enrollments = (writing.record.enrollment.enrollments or ()) if writing.record.enrollment else ()
    latest = max(enrollments, key=lambda one: (one.entry_date, one.primary), default=None)
    academics = writing.record.academics or Academics.model_construct()
    if latest is not None:
        write_school(parent, latest.school, writing, "enrollment.enrollments")
        write_level(parent, latest.grade, writing, "enrollment.enrollments")
        writing.extended.add("enrollment.enrollments")  # a transcript has no entries and exits
    plan = academics.graduation_plan
    if plan is not None:
        writing.text(
            parent, "CohortGraduationYear", "Year", plan.expected_on.year if plan.expected_on else None, "academics.graduation_plan"
        )
        writing.extended.add("academics.graduation_plan")
        if plan.credits_earned is not None or plan.credits_required is not None:
            credits_ = SubElement(_summary(parent, "All"), "GPA")
            writing.text(credits_, "CreditHoursEarned", "Decimal", plan.credits_earned, "academics.graduation_plan")
            writing.text(credits_, "CreditHoursRequired", "Decimal", plan.credits_required, "academics.graduation_plan")
    for one in academics.grade_point_averages or ():
        average = SubElement(_summary(parent, "Weighted" if one.weighted else "NonWeighted"), "GPA")
        writing.text(average, "GradePointAverage", "Decimal", one.value, "academics.grade_point_averages")
        writing.text(average, "GPARangeMaximum", "Decimal", one.maximum, "academics.grade_point_averages")
        if one.as_of is not None or not one.cumulative:
            writing.extended.add("academics.grade_point_averages")
    _sessions(parent, academics, writing)


def _summary(parent: Element, kind: str) -> Element:
    summary = SubElement(parent, "AcademicSummary")
    SubElement(summary, "AcademicSummaryType").text = kind
    return summary


def _sessions(parent: Element, academics: Academics, writing: Writing) -> None:
    """A session for each year, term, school and grade, in their order."""

    def session(one: TranscriptCourse) -> tuple[int, str, str, str]:
        school = one.school.model_dump_json() if one.school else ""
        return one.school_year, one.term.code if one.term else "", school, one.grade.code if one.grade else ""

    for (year, term, _, _), those in groupby(sorted(academics.transcript or (), key=session), key=session):
        courses = list(those)
        made = SubElement(parent, "AcademicSession")
        detail = SubElement(made, "AcademicSessionDetail")
        SubElement(detail, "SessionDesignator").text = f"{year - 1}-07"
        writing.text(detail, "SessionName", "SessionName", term, "academics.transcript")
        SubElement(detail, "SessionSchoolYear").text = f"{year - 1}-{year}"
        if courses[0].school is not None:
            write_school(made, courses[0].school, writing, "academics.transcript")
        write_level(made, courses[0].grade, writing, "academics.transcript")
        for one in courses:
            _finished(made, one, writing)
    if academics.current_courses:
        _in_progress(parent, academics.current_courses, writing)


def _in_progress(parent: Element, courses: Sequence[CurrentCourse], writing: Writing) -> None:
    """Sections in progress are in one session, which begins when the first of them does; one without a day is in the extension alone."""
    begun = [one for one in courses if one.begin_date is not None]
    writing.extended.add("academics.current_courses")
    if not begun:
        return
    made = SubElement(parent, "AcademicSession")
    first = min(one.begin_date for one in begun if one.begin_date is not None)
    SubElement(SubElement(made, "AcademicSessionDetail"), "SessionDesignator").text = f"{first:%Y-%m}"
    for one in begun:
        course = SubElement(made, "Course")
        _basis(course, one.course)
        SubElement(course, "CourseAcademicGradeStatusCode").text = "InProgress"
        _codes(course, one.course, writing, "academics.current_courses", counts=None, section=one.section)
        SubElement(course, "CourseBeginDate").text = one.begin_date.isoformat() if one.begin_date else ""


def _finished(parent: Element, one: TranscriptCourse, writing: Writing) -> None:
    element, course, credit = "academics.transcript", SubElement(parent, "Course"), one.credit or Credit.model_construct()
    _basis(course, one.course)
    if credit.type is not None:
        units = _UNITS.get(plain(credit.type.code))
        SubElement(course, "CourseCreditUnits").text = units or "Other"
        writing.extended.add(element)
    writing.text(course, "CourseCreditValue", "Decimal", credit.attempted, element)
    writing.text(course, "CourseCreditEarned", "Decimal", credit.earned, element)
    scale = one.mark_scale
    writing.text(course, "CourseAcademicGradeScaleCode", "CourseAcademicGradeScaleCode", scale.code if scale else None, element)
    writing.text(course, "CourseAcademicGrade", "CourseAcademicGrade", one.mark, element)
    writing.text(course, "CourseRepeatCode", "CourseRepeatCode", one.repeat.code if one.repeat else None, element)
    if scale is not None or one.repeat is not None or one.term is not None:
        writing.extended.add(element)  # whose list a code is of
    _codes(course, one.course, writing, element, counts=one.counts_in_average, section=None)


def _basis(course: Element, said: Course) -> None:
    level = said.level.code if said.level else ""
    SubElement(course, "CourseCreditBasis").text = level if TEXTS["CourseCreditBasis"].holds(level) else "Regular"


def _codes(course: Element, said: Course, writing: Writing, element: str, *, counts: bool | None, section: str | None) -> None:
    writing.text(course, "CourseFiveDigitSCEDCode", "CourseFiveDigitSCEDCode", said.sced_code, element)
    writing.text(course, "CourseLevel", "CourseLevel", said.level.code if said.level else None, element)
    if counts is not None:
        SubElement(course, "CourseGPAApplicabilityCode").text = "Applicable" if counts else "NotApplicable"
    writing.text(course, "CourseSectionNumber", "CourseSectionNumber", section, element)
    writing.text(course, "OriginalCourseID", "CourseID", said.local_code.code if said.local_code else None, element)
    writing.whole(course, "CourseTitle", "CourseTitle", said.title, element)
    if said.local_code is not None or said.subject is not None or said.level is not None:
        writing.extended.add(element)  # whose list a code is of
