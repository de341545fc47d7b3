"""Enrolment, attendance, transcript and assessments as Ed-Fi resources."""

from safepassage.record import StudentRecord
from services.records.formats.edfi_resources import Body, Resources, descriptor, organisation_id, without_nothing

FULL_YEAR = "uri://ed-fi.org/TermDescriptor#Year Round"
PASSED = "uri://ed-fi.org/CourseAttemptResultDescriptor#Pass"
FAILED = "uri://ed-fi.org/CourseAttemptResultDescriptor#Fail"


def _school(identifier: int | None) -> Body | None:
    return None if identifier is None else {"schoolId": identifier}


def enrollments(record: StudentRecord, resources: Resources, student: Body) -> None:
    """studentSchoolAssociations. Ed-Fi demands the grade and a number for the school."""
    for one in (record.enrollment.enrollments or ()) if record.enrollment else ():
        resources.add(
            "studentSchoolAssociations",
            "enrollment.enrollments",
            studentReference=student,
            schoolReference=_school(organisation_id(one.school)),
            entryDate=one.entry_date.isoformat(),
            entryGradeLevelDescriptor=descriptor(one.grade, "GradeLevel"),
            entryTypeDescriptor=descriptor(one.entry_type, "EntryType"),
            exitWithdrawDate=one.exit_date.isoformat() if one.exit_date else None,
            exitWithdrawTypeDescriptor=descriptor(one.exit_type, "ExitWithdrawType"),
            primarySchool=one.primary,
            schoolYearTypeReference={"schoolYear": one.school_year} if one.school_year else None,
        )


def attendance(record: StudentRecord, resources: Resources, student: Body) -> None:
    """studentSchoolAttendanceEvents. Ed-Fi demands the session."""
    for one in (record.attendance.events or ()) if record.attendance else ():
        school = organisation_id(one.school)
        year = one.event_date.year + (one.event_date.month > 7)
        session = {"schoolId": school, "schoolYear": year, "sessionName": one.session} if school and one.session else None
        resources.add(
            "studentSchoolAttendanceEvents",
            "attendance.events",
            studentReference=student,
            schoolReference=_school(school),
            sessionReference=session,
            eventDate=one.event_date.isoformat(),
            attendanceEventCategoryDescriptor=descriptor(one.category, "AttendanceEventCategory"),
            attendanceEventReason=one.reason,
            eventDuration=float(one.duration_days) if one.duration_days is not None and one.duration_days <= 1 else None,
        )


def transcript(record: StudentRecord, resources: Resources, student: Body) -> None:
    """studentAcademicRecords, one for each school and year, and courseTranscripts below them. Ed-Fi demands a course code."""
    kept: set[tuple[int, int]] = set()
    for one in (record.academics.transcript or ()) if record.academics else ():
        where = organisation_id(one.school)
        code = one.course.local_code.code if one.course.local_code else one.course.sced_code
        if where is None or code is None:
            resources.lost("academics.transcript")
            continue
        reference = {
            "educationOrganizationId": where,
            "schoolYear": one.school_year,
            "termDescriptor": descriptor(one.term, "Term") or FULL_YEAR,
            **student,
        }
        if (where, one.school_year) not in kept:
            kept.add((where, one.school_year))
            resources.add(
                "studentAcademicRecords",
                "academics.transcript",
                studentReference=student,
                educationOrganizationReference={"educationOrganizationId": where},
                schoolYearTypeReference={"schoolYear": one.school_year},
                termDescriptor=reference["termDescriptor"],
            )
        credit = one.credit
        earned = float(credit.earned) if credit and credit.earned is not None else None
        resources.add(
            "courseTranscripts",
            "academics.transcript",
            studentAcademicRecordReference=reference,
            courseReference={"courseCode": code, "educationOrganizationId": where},
            courseAttemptResultDescriptor=FAILED if earned == 0 else PASSED,
            courseTitle=one.course.title,
            attemptedCredits=float(credit.attempted) if credit and credit.attempted is not None else None,
            earnedCredits=earned if earned is not None else 0.0,
            finalLetterGradeEarned=one.mark,
            whenTakenGradeLevelDescriptor=descriptor(one.grade, "GradeLevel"),
        )


def assessments(record: StudentRecord, resources: Resources, student: Body) -> None:
    """studentAssessments, scores on the scale of the state that gave them."""
    for place, one in enumerate((record.assessments.results or ()) if record.assessments else (), start=1):
        scores = [
            {
                "assessmentReportingMethodDescriptor": descriptor(score.method, "AssessmentReportingMethod"),
                "resultDatatypeTypeDescriptor": "uri://ed-fi.org/ResultDatatypeTypeDescriptor#Level",
                "result": score.value,
            }
            for score in one.scores or ()
        ]
        level = descriptor(one.performance_level, "PerformanceLevel")
        resources.add(
            "studentAssessments",
            "assessments.results",
            studentAssessmentIdentifier=f"{student['studentUniqueId']}-{place}",
            assessmentReference={
                "assessmentIdentifier": one.assessment.code,
                "namespace": (one.assessment.system if one.assessment.system.startswith("uri://") else f"uri://{one.assessment.system}")[
                    :255
                ],
            },
            studentReference=student,
            administrationDate=f"{one.administered_on}T00:00:00Z" if one.administered_on else None,
            whenAssessedGradeLevelDescriptor=descriptor(one.grade, "GradeLevel"),
            scoreResults=scores,
            performanceLevels=[without_nothing(performanceLevelDescriptor=level, assessmentReportingMethodDescriptor=METHOD)]
            if level
            else None,
        )


METHOD = "uri://ed-fi.org/AssessmentReportingMethodDescriptor#Achievement/proficiency level"
