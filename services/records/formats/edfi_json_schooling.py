"""Enrolment, attendance, transcript and assessments as Ed-Fi resources."""

from safepassage.record import Sections
from safepassage.record.academics import Course
from services.records.formats.edfi_api_schooling import COURSES_OF, FAILED, IMMUNIZATION_NAME, LEVEL, METHOD, PASSED
from services.records.formats.edfi_marks import final_marks
from services.records.formats.edfi_resources import Body, Resources, descriptor, latest_organisation, organisation_id, without_nothing
from services.records.formats.edfi_times import order_of_term, school_year_of

FULL_YEAR = "uri://ed-fi.org/TermDescriptor#Year Round"


def _school(identifier: int | None) -> Body | None:
    return None if identifier is None else {"schoolId": identifier}


def enrollments(record: Sections, resources: Resources, student: Body) -> None:
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


def attendance(record: Sections, resources: Resources, student: Body) -> None:
    """studentSchoolAttendanceEvents. Ed-Fi demands the session."""
    for one in (record.attendance.events or ()) if record.attendance else ():
        school = organisation_id(one.school)
        year = school_year_of(one.event_date)
        if one.duration_days is not None and one.duration_days > 1:
            resources.lost("attendance.events")
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


def transcript(record: Sections, resources: Resources, student: Body) -> None:
    """studentAcademicRecords, one for each school, year and term, and courseTranscripts below them. Ed-Fi demands a course code, and
    the result of the attempt: credit that was earned says it, and where none is known it is not made up.
    """
    kept: set[tuple[int, int, str]] = set()
    for one in (record.academics.transcript or ()) if record.academics else ():
        where = organisation_id(one.school)
        code = one.course.local_code.code if one.course.local_code else one.course.sced_code
        earned = float(one.credit.earned) if one.credit and one.credit.earned is not None else None
        if where is None or code is None or earned is None:
            resources.lost("academics.transcript")
            continue
        term = descriptor(one.term, "Term") or FULL_YEAR
        reference = {"educationOrganizationId": where, "schoolYear": one.school_year, "termDescriptor": term, **student}
        if (where, one.school_year, term) not in kept:
            kept.add((where, one.school_year, term))
            resources.add(
                "studentAcademicRecords",
                "academics.transcript",
                studentReference=student,
                educationOrganizationReference={"educationOrganizationId": where},
                schoolYearTypeReference={"schoolYear": one.school_year},
                termDescriptor=term,
            )
        credit = one.credit
        offered_by = _offered_by(one.course) or where
        resources.add(
            "courseTranscripts",
            "academics.transcript",
            studentAcademicRecordReference=reference,
            courseReference={"courseCode": code, "educationOrganizationId": offered_by},
            courseAttemptResultDescriptor=PASSED if earned else FAILED,
            courseTitle=one.course.title,
            alternativeCourseIdentificationCodes=[
                {"courseIdentificationSystemDescriptor": SCED_CODES, "identificationCode": one.course.sced_code}
            ]
            if one.course.sced_code
            else None,
            academicSubjects=[{"academicSubjectDescriptor": descriptor(one.course.subject, "AcademicSubject")}]
            if one.course.subject
            else None,
            attemptedCredits=float(credit.attempted) if credit and credit.attempted is not None else None,
            earnedCredits=earned,
            earnedCreditTypeDescriptor=descriptor(credit.type, "CreditType") if credit else None,
            **final_marks(one.mark),
            whenTakenGradeLevelDescriptor=descriptor(one.grade, "GradeLevel"),
            courseRepeatCodeDescriptor=descriptor(one.repeat, "CourseRepeatCode"),
        )
    _averages(record, resources)


def _offered_by(course: Course) -> int | None:
    """The organisation whose course it is, where the code came from an Ed-Fi API."""
    system = course.local_code.system if course.local_code else ""
    identifier = system.removeprefix(COURSES_OF)
    return int(identifier) if identifier != system and identifier.isascii() and identifier.isdigit() else None


def _averages(record: Sections, resources: Resources) -> None:
    """Averages stand in the last studentAcademicRecord, one of each type; without a record there is no place for them."""
    averages = (record.academics.grade_point_averages or ()) if record.academics else ()
    records = resources.made.get("studentAcademicRecords")
    if averages and not records:
        resources.lost("academics.grade_point_averages")
    if not averages or not records:
        return
    by_type: dict[str, Body] = {}
    for one in averages:
        kind = f"uri://ed-fi.org/GradePointAverageTypeDescriptor#{'Weighted' if one.weighted else 'Unweighted'}"
        value, maximum = float(one.value), float(one.maximum)
        if kind in by_type or one.as_of is not None:
            resources.lost("academics.grade_point_averages")
        by_type.setdefault(
            kind,
            {
                "gradePointAverageTypeDescriptor": kind,
                "gradePointAverageValue": value,
                "isCumulative": one.cumulative,
                "maxGradePointAverageValue": maximum,
            },
        )
    last = max(records, key=lambda body: (int(body["schoolYearTypeReference"]["schoolYear"]), order_of_term(body["termDescriptor"])))
    last["gradePointAverages"] = list(by_type.values())


def assessments(record: Sections, resources: Resources, student: Body) -> None:
    """studentAssessments, scores on the scale of the state that gave them."""
    for place, one in enumerate((record.assessments.results or ()) if record.assessments else (), start=1):
        scores = [
            {
                "assessmentReportingMethodDescriptor": descriptor(score.method, "AssessmentReportingMethod"),
                "resultDatatypeTypeDescriptor": LEVEL,
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
            accommodations=[{"accommodationDescriptor": descriptor(code, "Accommodation")} for code in one.accommodations or ()],
            performanceLevels=[without_nothing(performanceLevelDescriptor=level, assessmentReportingMethodDescriptor=METHOD)]
            if level
            else None,
        )


def immunizations(record: Sections, resources: Resources, student: Body) -> None:
    """studentHealths (Data Standard 5.1). Ed-Fi demands the day as of which it is said, and knows no CVX code."""
    held = record.health.immunizations if record.health else None
    if held is None:
        return
    required: dict[str, Body] = {}
    additional: dict[str, Body] = {}
    for dose in held.doses or ():
        given = [{"immunizationDate": dose.given_on.isoformat()}] if dose.given_on else []
        if dose.cvx is not None:
            resources.lost("health.immunizations")
        if dose.vaccine.system == IMMUNIZATION_NAME:
            one = additional.setdefault(dose.vaccine.code, {"immunizationName": dose.vaccine.code})
        else:
            kind = descriptor(dose.vaccine, "ImmunizationType") or ""
            one = required.setdefault(kind, {"immunizationTypeDescriptor": kind})
        one["dates"] = [*one.get("dates", ()), *given]
    refused: Body = {}
    for exemption in held.exemptions or ():
        granted = exemption.granted_on.isoformat() if exemption.granted_on else None
        vaccine = descriptor(exemption.vaccine, "ImmunizationType")
        if exemption.kind == "medical" and vaccine is not None and exemption.reason is not None:
            required.setdefault(vaccine, {"immunizationTypeDescriptor": vaccine}).update(
                without_nothing(medicalExemption=exemption.reason, medicalExemptionDate=granted)
            )
        elif exemption.kind == "non-medical" and exemption.vaccine is None and exemption.reason is not None and not refused:
            reason = f"uri://ed-fi.org/NonMedicalImmunizationExemptionDescriptor#{exemption.reason}"
            refused = without_nothing(nonMedicalImmunizationExemptionDescriptor=reason, nonMedicalImmunizationExemptionDate=granted)
        else:
            resources.lost("health.immunizations")
    where = latest_organisation(record.enrollment)
    resources.add(
        "studentHealths",
        "health.immunizations",
        studentReference=student,
        educationOrganizationReference={"educationOrganizationId": where} if where is not None else None,
        asOfDate=held.as_of.isoformat() if held.as_of else None,
        requiredImmunizations=list(required.values()),
        additionalImmunizations=list(additional.values()),
        **refused,
    )


SCED_CODES = "uri://ed-fi.org/CourseIdentificationSystemDescriptor#SCED"
