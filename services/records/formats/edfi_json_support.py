"""Special education as Ed-Fi resources, and what associations with every programme have."""

from datetime import date
from typing import Final

from safepassage.record import Sections
from safepassage.record.special_education import Eligibility, IndividualizedEducationProgramme, Service
from services.records.formats.edfi_api_programs import HOURS
from services.records.formats.edfi_resources import Body, Resources, descriptor, organisation_id, without_nothing

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


def text_of(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def program_members(
    record: Sections, student: Body, name: str, begin: date | None, end: date | None = None, *, kind: str | None = None
) -> Body:
    """What every association has. `kind` is the descriptor of the programme's type, where it is not of its name."""
    where = _where(record)
    members = {"studentReference": student, "beginDate": text_of(begin), "endDate": text_of(end)}
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
    made = resources.add(
        "studentSpecialEducationProgramAssociations",
        "special_education.iep" if iep else "special_education.eligibility",
        **program_members(
            record, student, "Special Education", _begin(eligibility, iep), eligibility.served_until if eligibility else None
        ),
        **(_of_eligibility(eligibility) if eligibility else {}),
        **(_of_iep(iep, resources) if iep else {}),
    )
    if eligibility is not None and (not made or eligibility.events or eligibility.determined_on or eligibility.reevaluation_due_on):
        resources.lost("special_education.eligibility")
    if iep is not None and (iep.goals or iep.accommodations or iep.transition_plan or iep.placement or iep.review_due_on):
        resources.lost("special_education.iep")


def _begin(eligibility: Eligibility | None, iep: IndividualizedEducationProgramme | None) -> date | None:
    """The first that the record has of: when the child was served from, when the programme begins, when eligibility was determined."""
    days = (
        eligibility.served_from if eligibility else None,
        iep.begin_date if iep else None,
        eligibility.determined_on if eligibility else None,
    )
    return next((day for day in days if day is not None), None)


def _of_eligibility(eligibility: Eligibility) -> Body:
    reason = descriptor(eligibility.exit_reason, "SpecialEducationExitReason")
    is_general = (reason or "").startswith(REASON_EXITED)
    return {
        "ideaEligibility": eligibility.eligible,
        "lastEvaluationDate": text_of(eligibility.evaluated_on),
        "reasonExitedDescriptor": reason if is_general else None,
        "specialEducationExitDate": text_of(eligibility.exited_on),
        "specialEducationExitReasonDescriptor": None if is_general else reason,
        "specialEducationExitExplained": eligibility.exit_explanation,
        "disabilities": [
            without_nothing(disabilityDescriptor=descriptor(one.category, "Disability"), orderOfDisability=1 if one.primary else None)
            for one in eligibility.disabilities or ()
        ],
    }


def _of_iep(iep: IndividualizedEducationProgramme, resources: Resources) -> Body:
    return {
        "iepBeginDate": text_of(iep.begin_date),
        "iepEndDate": text_of(iep.end_date),
        "iepReviewDate": text_of(iep.meeting_on),
        "specialEducationProgramServices": _services(iep, resources),
        "specialEducationHoursPerWeek": _hours(iep),
        "specialEducationSettingDescriptor": descriptor(iep.environment, "SpecialEducationSetting"),
    }


def _services(iep: IndividualizedEducationProgramme, resources: Resources) -> list[Body]:
    """Each service by its kind and dates: minutes, setting and provider have no place."""
    made = []
    for one in iep.services or ():
        if _is_hours(one):
            continue
        if one.minutes_per_week is not None or one.setting is not None or one.provider_role is not None:
            resources.lost("special_education.iep")
        made.append(
            without_nothing(
                specialEducationProgramServiceDescriptor=descriptor(one.kind, "SpecialEducationProgramService"),
                serviceBeginDate=text_of(one.begin_date),
                serviceEndDate=text_of(one.end_date),
                primaryIndicator=one.primary,
            )
        )
    return made


def _is_hours(service: Service) -> bool:
    return (service.kind.system, service.kind.code) == (HOURS["system"], HOURS["code"])


def _hours(iep: IndividualizedEducationProgramme) -> float | None:
    """The hours of special education a week, where the record has them from an Ed-Fi API."""
    for one in iep.services or ():
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
        **program_members(record, student, "Section 504 Placement", plan.begin_date, plan.end_date),
        section504Eligibility=plan.eligible,
        section504DisabilityDescriptor=descriptor(plan.disability, "Section504Disability"),
        section504MeetingDate=text_of(plan.meeting_on),
        section504EligibilityDecisionDate=text_of(plan.decided_on),
        accommodationPlan=plan.has_plan,
    )
    if plan.accommodations:
        resources.lost("special_education.section_504")
