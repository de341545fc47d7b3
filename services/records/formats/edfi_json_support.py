"""Special education and programmes as Ed-Fi resources."""

from datetime import date
from typing import Final

from safepassage.record import Coded, Sections
from safepassage.record.programmes import CareerProgramme, CareerService, DatedService, EnglishLearner, Programme
from safepassage.record.special_education import IndividualizedEducationProgramme, Service
from services.records.formats.edfi_api_programs import CAREER, CAREER_TYPE, HOURS
from services.records.formats.edfi_characteristics import as_characteristics
from services.records.formats.edfi_resources import Body, Resources, descriptor, organisation_id, without_nothing
from services.records.formats.edfi_unsaid import NO, PROFICIENCY

REASON_EXITED: Final = "uri://ed-fi.org/ReasonExitedDescriptor"
"""Why any programme was left, where special education says no reason of its own."""
PROGRAM_TYPE: Final = "uri://ed-fi.org/ProgramTypeDescriptor"


def _where(record: Sections) -> int | None:
    """The organisation of the latest enrolment, preferably the district: it runs the programmes."""
    rows = sorted((record.enrollment.enrollments or ()) if record.enrollment else (), key=lambda row: row.entry_date, reverse=True)
    for row in rows:
        for reference in (row.district, row.school):
            identifier = organisation_id(reference)
            if identifier is not None:
                return identifier
    return None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _program(record: Sections, student: Body, name: str, begin: date | None, end: date | None = None, *, kind: str | None = None) -> Body:
    """What every association has. `kind` is the descriptor of the programme's type, where it is not of its name."""
    where = _where(record)
    members = {"studentReference": student, "beginDate": _text(begin), "endDate": _text(end)}
    if where is not None:
        members["educationOrganizationReference"] = {"educationOrganizationId": where}
        members["programReference"] = {
            "educationOrganizationId": where,
            "programName": name,
            "programTypeDescriptor": kind or f"{PROGRAM_TYPE}#{name}",
        }
    return members


def special_education(record: Sections, resources: Resources, student: Body) -> None:
    """studentSpecialEducationProgramAssociations from eligibility and IEP. Goals and accommodations have no place there."""
    special = record.special_education
    if special is None or (special.eligibility is None and special.iep is None):
        return
    eligibility, iep = special.eligibility, special.iep
    disabilities = [
        without_nothing(disabilityDescriptor=descriptor(one.category, "Disability"), orderOfDisability=1 if one.primary else None)
        for one in ((eligibility.disabilities or ()) if eligibility else ())
    ]
    begins = (
        eligibility.served_from if eligibility else None,
        iep.begin_date if iep else None,
        eligibility.determined_on if eligibility else None,
    )
    begin = next((day for day in begins if day is not None), None)
    exit_reason = descriptor(eligibility.exit_reason, "SpecialEducationExitReason") if eligibility else None
    is_general = (exit_reason or "").startswith(REASON_EXITED)
    made = resources.add(
        "studentSpecialEducationProgramAssociations",
        "special_education.iep" if iep else "special_education.eligibility",
        **_program(record, student, "Special Education", begin, eligibility.served_until if eligibility else None),
        ideaEligibility=eligibility.eligible if eligibility else None,
        iepBeginDate=_text(iep.begin_date) if iep else None,
        iepEndDate=_text(iep.end_date) if iep else None,
        iepReviewDate=_text(iep.meeting_on) if iep else None,
        lastEvaluationDate=_text(eligibility.evaluated_on) if eligibility else None,
        reasonExitedDescriptor=exit_reason if is_general else None,
        specialEducationExitDate=_text(eligibility.exited_on) if eligibility else None,
        specialEducationExitReasonDescriptor=None if is_general else exit_reason,
        specialEducationExitExplained=eligibility.exit_explanation if eligibility else None,
        specialEducationProgramServices=_services(iep, resources),
        specialEducationHoursPerWeek=_hours(iep),
        specialEducationSettingDescriptor=descriptor(iep.environment, "SpecialEducationSetting") if iep else None,
        disabilities=disabilities,
    )
    if not made and eligibility is not None:
        resources.lost("special_education.eligibility")
    if eligibility is not None and (eligibility.events or eligibility.determined_on or eligibility.reevaluation_due_on):
        resources.lost("special_education.eligibility")
    if iep is not None and (iep.goals or iep.accommodations or iep.transition_plan or iep.placement or iep.review_due_on):
        resources.lost("special_education.iep")


def _services(iep: IndividualizedEducationProgramme | None, resources: Resources) -> list[Body]:
    """Each service by its kind and dates: minutes, setting and provider have no place."""
    made = []
    for one in (iep.services or ()) if iep is not None else ():
        if _is_hours(one):
            continue
        if one.minutes_per_week is not None or one.setting is not None or one.provider_role is not None:
            resources.lost("special_education.iep")
        made.append(
            without_nothing(
                specialEducationProgramServiceDescriptor=descriptor(one.kind, "SpecialEducationProgramService"),
                serviceBeginDate=_text(one.begin_date),
                serviceEndDate=_text(one.end_date),
                primaryIndicator=one.primary,
            )
        )
    return made


def _is_hours(service: Service) -> bool:
    return (service.kind.system, service.kind.code) == (HOURS["system"], HOURS["code"])


def _hours(iep: IndividualizedEducationProgramme | None) -> float | None:
    """The hours of special education a week, where the record has them from an Ed-Fi API."""
    for one in (iep.services or ()) if iep is not None else ():
        if _is_hours(one) and one.minutes_per_week is not None:
            return one.minutes_per_week / 60
    return None


def section_504(record: Sections, resources: Resources, student: Body) -> None:
    """studentSection504ProgramAssociations (Data Standard 5.1)."""
    plan = record.special_education.section_504 if record.special_education else None
    if plan is None:
        return
    resources.add(
        "studentSection504ProgramAssociations",
        "special_education.section_504",
        **_program(record, student, "Section 504 Placement", plan.begin_date, plan.end_date),
        section504Eligibility=plan.eligible,
        section504DisabilityDescriptor=descriptor(plan.disability, "Section504Disability"),
        section504MeetingDate=_text(plan.meeting_on),
        section504EligibilityDecisionDate=_text(plan.decided_on),
        accommodationPlan=plan.has_plan,
    )
    if plan.accommodations:
        resources.lost("special_education.section_504")


def programmes(record: Sections, resources: Resources, student: Body) -> None:
    """One association for each programme that Ed-Fi knows, whose begin the record has, and in which the student is."""
    held = record.programmes
    if held is None:
        return
    if held.homeless is not None and not as_characteristics(held.homeless):
        resources.add(
            "studentHomelessProgramAssociations",
            "programmes.homeless",
            **_program(record, student, "Homeless", held.homeless.begin_date, held.homeless.end_date),
            **_participation(held.homeless, "programmes.homeless", resources),
            homelessPrimaryNighttimeResidenceDescriptor=descriptor(held.homeless.nighttime_residence, "HomelessPrimaryNighttimeResidence"),
            homelessUnaccompaniedYouth=held.homeless.unaccompanied_youth,
        )
    if held.migrant is not None and _is_in(held.migrant.status):
        arrived = held.migrant.qualifying_arrival_date
        resources.add(
            "studentMigrantEducationProgramAssociations",
            "programmes.migrant",
            **_program(record, student, "Migrant Education", held.migrant.begin_date or arrived, held.migrant.end_date),
            **_participation(held.migrant, "programmes.migrant", resources),
            lastQualifyingMove=_text(arrived),
            qualifyingArrivalDate=_text(arrived),
            priorityForServices=held.migrant.priority_for_services,
            eligibilityExpirationDate=_text(held.migrant.eligibility_expires_on),
            migrantEducationProgramServices=_dated(held.migrant.services, "migrantEducationProgramService"),
            continuationOfServicesReasonDescriptor=descriptor(held.migrant.continuation_of_services, "ContinuationOfServicesReason"),
        )
    if held.english_learner is not None and _is_instructed(held.english_learner):
        learner = held.english_learner
        resources.add(
            "studentLanguageInstructionProgramAssociations",
            "programmes.english_learner",
            **_program(
                record, student, "Bilingual", learner.begin_date, learner.end_date, kind=_program_type(learner.title_iii_participation)
            ),
            **_participation(learner, "programmes.english_learner", resources),
            languageInstructionProgramServices=_dated(learner.services, "languageInstructionProgramService"),
        )
        if learner.monitored_until is not None:
            resources.lost("programmes.english_learner")
    if held.title_i is not None:
        resources.add(
            "studentTitleIPartAProgramAssociations",
            "programmes.title_i",
            **_program(record, student, "Title I Part A", held.title_i.begin_date, held.title_i.end_date),
            **_participation(held.title_i, "programmes.title_i", resources),
            titleIPartAParticipantDescriptor=descriptor(held.title_i.indicator, "TitleIPartAParticipant"),
            titleIPartAProgramServices=_dated(held.title_i.services, "titleIPartAProgramService"),
        )
    if held.meal_status is not None:
        kind = _meal(held.meal_status.eligibility)
        resources.add(
            "studentSchoolFoodServiceProgramAssociations",
            "programmes.meal_status",
            **_program(record, student, "School Food Service", held.meal_status.begin_date, held.meal_status.end_date),
            **_participation(held.meal_status, "programmes.meal_status", resources),
            directCertification=held.meal_status.directly_certified,
            schoolFoodServiceProgramServices=[{"schoolFoodServiceProgramServiceDescriptor": kind}],
        )
    if held.career_technical is not None and _is_in(held.career_technical.participant):
        for career in (*(held.career_technical.others or ()), held.career_technical):
            _career(career, record, resources, student)
    if held.neglected_delinquent is not None and _is_in(held.neglected_delinquent.status):
        neglected = held.neglected_delinquent
        resources.add(
            "studentNeglectedOrDelinquentProgramAssociations",
            "programmes.neglected_delinquent",
            **_program(record, student, "Neglected and Delinquent Program", neglected.begin_date, neglected.end_date),
            **_participation(neglected, "programmes.neglected_delinquent", resources),
            neglectedOrDelinquentProgramDescriptor=descriptor(neglected.programme, "NeglectedOrDelinquentProgram"),
            neglectedOrDelinquentProgramServices=_dated(neglected.services, "neglectedOrDelinquentProgramService"),
            mathematicsProgressLevelDescriptor=descriptor(neglected.mathematics_progress, "ProgressLevel"),
            elaProgressLevelDescriptor=descriptor(neglected.reading_progress, "ProgressLevel"),
            reasonExitedDescriptor=descriptor(neglected.exit_reason, "ReasonExited"),
        )
    if held.gifted is not None and _is_in(held.gifted.status):
        gifted = _program(record, student, "Gifted and Talented", held.gifted.begin_date, held.gifted.end_date)
        gifted |= _participation(held.gifted, "programmes.gifted", resources)
        resources.add("studentProgramAssociations", "programmes.gifted", **gifted)
        if held.gifted.criteria is not None:
            resources.lost("programmes.gifted")


def _career(career: CareerProgramme, record: Sections, resources: Resources, student: Body) -> None:
    """One of career and technical education: each is an association of its own, and its name and place tell it from the others."""
    members = _program(record, student, CAREER, career.begin_date, career.end_date)
    where, whose = organisation_id(career.organisation), organisation_id(career.offered_by)
    if where is not None:
        members["educationOrganizationReference"] = {"educationOrganizationId": where}
    if (career.organisation is not None and where is None) or (career.offered_by is not None and whose is None):
        resources.lost("programmes.career_technical")
    if "educationOrganizationReference" in members:
        members["programReference"] = {
            "educationOrganizationId": whose or members["educationOrganizationReference"]["educationOrganizationId"],
            "programName": career.name or CAREER,
            "programTypeDescriptor": descriptor(career.kind, "ProgramType") or CAREER_TYPE,
        }
    resources.add(
        "studentCTEProgramAssociations",
        "programmes.career_technical",
        **members,
        **_participation(career, "programmes.career_technical", resources),
        cteProgramServices=[_career_service(one) for one in career.services or ()],
        nonTraditionalGenderStatus=career.nontraditional_gender,
        privateCTEProgram=career.private,
        technicalSkillsAssessmentDescriptor=descriptor(career.technical_skills_assessment, "TechnicalSkillsAssessment"),
        reasonExitedDescriptor=descriptor(career.exit_reason, "ReasonExited"),
    )


def _is_instructed(learner: EnglishLearner) -> bool:
    """Whether there is an association of an English learner to make. What an organisation says of the student is none by itself."""
    if learner.status.system != PROFICIENCY:
        return _is_in(learner.status)
    return learner.begin_date is not None or bool(learner.services or learner.participation or learner.title_iii_participation)


def _is_in(status: Coded) -> bool:
    """An association says that the student is in the programme: of who is not there is none."""
    return status.code.casefold() not in NO


def _career_service(one: CareerService) -> Body:
    return without_nothing(
        cteProgramServiceDescriptor=descriptor(one.kind, "CTEProgramService"),
        cipCode=one.cip_code,
        primaryIndicator=one.primary,
        serviceBeginDate=_text(one.begin_date),
        serviceEndDate=_text(one.end_date),
    )


def _dated(services: tuple[DatedService, ...] | None, member: str) -> list[Body]:
    """A list of services, each an object with its descriptor and days."""
    return [
        without_nothing(
            **{f"{member}Descriptor": descriptor(one, member[0].upper() + member[1:])},
            serviceBeginDate=_text(one.begin_date),
            serviceEndDate=_text(one.end_date),
            primaryIndicator=one.primary,
        )
        for one in services or ()
    ]


def _participation(programme: Programme, element: str, resources: Resources) -> Body:
    """Statuses with their days. Ed-Fi demands the day on which each began."""
    statuses = [
        without_nothing(
            participationStatusDescriptor=descriptor(one.status, "ParticipationStatus"),
            statusBeginDate=_text(one.begin_date),
            statusEndDate=_text(one.end_date),
        )
        for one in programme.participation or ()
        if one.begin_date is not None
    ]
    if len(statuses) < len(programme.participation or ()):
        resources.lost(element)
    return {"programParticipationStatuses": statuses}


def _program_type(code: Coded | None) -> str | None:
    """A code that came as a programme's type goes out as it came."""
    return descriptor(code, "ProgramType") if code is not None and code.system.endswith("/ProgramTypeDescriptor") else None


def _meal(eligibility: Coded) -> str:
    """The status as a descriptor of its own: the record does not say which meals."""
    return descriptor(eligibility, "SchoolFoodServiceProgramService") or ""
