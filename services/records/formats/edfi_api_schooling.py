"""Ed-Fi API resources of enrolment, attendance, courses, tests and immunisations → our sections."""

from typing import Any, Final

from safepassage.record.academics import TranscriptCourse
from safepassage.record.assessments import AssessmentResult
from safepassage.record.attendance import AttendanceEvent
from safepassage.record.enrollment import Enrollment
from safepassage.record.health import Dose, Exemption
from services.records.formats.edfi_marks import mark_of_number
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_organizations import Organizations
from services.records.formats.edfi_stream import code_of, day, present
from services.records.formats.edfi_times import school_year_of
from services.records.formats.made_once import Code, Reference
from services.records.formats.parsed import Findings

Values = dict[str, Any]

COURSES_OF: Final = "ed-fi:courses-of-"
"""The system of a course code, before the id of the organisation whose course it is."""
IMMUNIZATION_NAME: Final = "ed-fi:ImmunizationName"
PASSED: Final = "uri://ed-fi.org/CourseAttemptResultDescriptor#Pass"
FAILED: Final = "uri://ed-fi.org/CourseAttemptResultDescriptor#Fail"
"""What credit earned, or none, says as well."""
SCED: Final = "sced"


def named(organizations: Organizations, identifier: str | None, item: Members, findings: Findings) -> Reference | None:
    """The organisation of an id. One that the source does not describe is named by its id alone."""
    if identifier is None:
        return None
    reference = organizations.school(identifier)
    if reference is None:
        findings.missed("school-unknown", item.position)
    return reference or {"state_id": identifier}


def enrollment(item: Members, organizations: Organizations, findings: Findings) -> Enrollment | None:
    """`studentSchoolAssociations`."""
    school = item.inside("schoolReference").key("schoolId")
    primary = item.flag("primarySchool")
    return item.made(
        findings,
        Enrollment,
        {
            "school": named(organizations, school, item, findings),
            "district": organizations.district_of(school or ""),
            "entry_date": item.text("entryDate"),
            "entry_type": item.coded("entryTypeDescriptor"),
            "exit_date": item.text("exitWithdrawDate"),
            "exit_type": item.coded("exitWithdrawTypeDescriptor"),
            "grade": item.coded("entryGradeLevelDescriptor"),
            "school_year": item.inside("schoolYearTypeReference").number("schoolYear"),
            "primary": True if primary is None else primary,
        },
    )


def attendance_event(item: Members, organizations: Organizations, findings: Findings) -> AttendanceEvent | None:
    """`studentSchoolAttendanceEvents`. The session has its name in the record, and its year where the day does not say it."""
    session, school = item.inside("sessionReference"), item.inside("schoolReference").key("schoolId")
    when = day(item.peek("eventDate"))
    if when is not None and session.peek("schoolYear") == school_year_of(when):
        session.known("schoolYear")
    if str(session.peek("schoolId")) == school:
        session.known("schoolId")
    return item.made(
        findings,
        AttendanceEvent,
        {
            "event_date": item.text("eventDate"),
            "category": item.coded("attendanceEventCategoryDescriptor"),
            "reason": item.text("attendanceEventReason"),
            "duration_days": item.number("eventDuration"),
            "school": organizations.school(school or "") or ({"state_id": school} if school else None),
            "session": session.text("sessionName"),
        },
    )


def transcript_course(item: Members, organizations: Organizations, findings: Findings) -> TranscriptCourse | None:
    """`courseTranscripts`. A course that has no title is called by its code."""
    record, course = item.inside("studentAcademicRecordReference"), item.inside("courseReference")
    record.known("studentUniqueId")
    code, offered_by, where = course.text("courseCode"), course.key("educationOrganizationId"), record.key("educationOrganizationId")
    credit = present(
        type=item.coded("earnedCreditTypeDescriptor") or item.coded("attemptedCreditTypeDescriptor"),
        attempted=item.number("attemptedCredits"),
        earned=item.number("earnedCredits"),
    )
    earned = credit.get("earned")
    if earned is not None and item.peek("courseAttemptResultDescriptor") == (PASSED if earned else FAILED):
        item.known("courseAttemptResultDescriptor")
    if item.peek("attemptedCreditTypeDescriptor") == item.peek("earnedCreditTypeDescriptor"):
        item.known("attemptedCreditTypeDescriptor")
    return item.made(
        findings,
        TranscriptCourse,
        {
            "course": present(
                title=item.text("courseTitle") or code,
                local_code={"system": f"{COURSES_OF}{offered_by}", "code": code},
                sced_code=_sced(item),
                subject=item.first("academicSubjects").coded("academicSubjectDescriptor"),
            ),
            "school": organizations.school(where or "") or ({"state_id": where} if where else None),
            "school_year": record.number("schoolYear"),
            "term": record.coded("termDescriptor"),
            "grade": item.coded("whenTakenGradeLevelDescriptor"),
            "credit": credit or None,
            # Where both are said, the number is kept beside the record.
            "mark": item.text("finalLetterGradeEarned") or mark_of_number(item.number("finalNumericGradeEarned")),
            "repeat": item.coded("courseRepeatCodeDescriptor"),
        },
    )


def _sced(item: Members) -> str | None:
    """The SCED code among the other codes of a course: five digits of a system that says so."""
    for one in item.parts("alternativeCourseIdentificationCodes"):
        number = str(one.peek("identificationCode"))
        if SCED in code_of(one.peek("courseIdentificationSystemDescriptor")) and len(number) == 5 and number.isascii() and number.isdigit():
            one.known("identificationCode")
            one.standard("courseIdentificationSystemDescriptor")
            return number
    return None


LEVEL: Final = "uri://ed-fi.org/ResultDatatypeTypeDescriptor#Level"
MIDNIGHT: Final = ("T00:00:00Z", "T00:00:00")
"""Of a date with a time: none was said."""
METHOD: Final = "uri://ed-fi.org/AssessmentReportingMethodDescriptor#Achievement/proficiency level"


def assessment(item: Members, findings: Findings) -> AssessmentResult | None:
    """`studentAssessments`. Its identifier stays beside the record, unless it is but the student's with a number, as we write it ourselves;
    of the kinds of a result and a level the record has only the value.
    """
    student, _, number = str(item.peek("studentAssessmentIdentifier")).rpartition("-")
    if number.isdigit() and student == (item.peek("studentReference") or {}).get("studentUniqueId"):
        item.known("studentAssessmentIdentifier")
    reference = item.inside("assessmentReference")
    scores = []
    for one in item.parts("scoreResults"):
        if one.peek("resultDatatypeTypeDescriptor") == LEVEL:
            one.known("resultDatatypeTypeDescriptor")
        scores.append(present(method=one.coded("assessmentReportingMethodDescriptor"), value=one.text("result")))
    level = item.first("performanceLevels")
    if level.peek("assessmentReportingMethodDescriptor") == METHOD:
        level.known("assessmentReportingMethodDescriptor")
    administered = item.peek("administrationDate")
    if day(administered) is not None and administered[10:] in ("", *MIDNIGHT):
        item.known("administrationDate")
    accommodations = [code for one in item.parts("accommodations") if (code := one.coded("accommodationDescriptor")) is not None]
    return item.made(
        findings,
        AssessmentResult,
        {
            "assessment": {"system": reference.text("namespace"), "code": reference.text("assessmentIdentifier")},
            "administered_on": day(administered),
            "grade": item.coded("whenAssessedGradeLevelDescriptor"),
            "scores": scores,
            "performance_level": level.coded("performanceLevelDescriptor"),
            "accommodations": accommodations,
        },
    )


def immunizations(item: Members, findings: Findings) -> Values | None:
    """`studentHealths` (Data Standard 5.1): doses, and exemptions from them."""
    doses: list[Dose | None] = []
    exemptions: list[Exemption | None] = []
    for one in item.parts("requiredImmunizations"):
        vaccine, reason = one.coded("immunizationTypeDescriptor"), one.text("medicalExemption")
        if reason is not None:
            values = {"kind": "medical", "vaccine": vaccine, "reason": reason, "granted_on": one.text("medicalExemptionDate")}
            exemptions.append(one.made(findings, Exemption, values))
        given = _doses(one, vaccine, findings)
        doses += given
        if reason is None and not given:
            one.unread()
    for one in item.parts("additionalImmunizations"):
        given = _doses(one, {"system": IMMUNIZATION_NAME, "code": one.text("immunizationName") or ""}, findings)
        doses += given
        if not given:
            one.unread()
    refused = item.code("nonMedicalImmunizationExemptionDescriptor")
    if refused is not None:
        values = {"kind": "non-medical", "reason": refused, "granted_on": item.text("nonMedicalImmunizationExemptionDate")}
        exemptions.append(item.made(findings, Exemption, values))
    made = present(
        doses=[dose for dose in doses if dose] or None,
        exemptions=[one for one in exemptions if one] or None,
        as_of=item.text("asOfDate"),
    )
    if not set(made) - {"as_of"}:
        item.unread()
        return None
    return made


def _doses(item: Members, vaccine: Code | None, findings: Findings) -> list[Dose | None]:
    return [given.made(findings, Dose, {"vaccine": vaccine, "given_on": given.text("immunizationDate")}) for given in item.parts("dates")]
