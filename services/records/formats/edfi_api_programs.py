"""Ed-Fi API program associations → special education and programmes."""

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from services.records.formats.edfi_members import Members
from services.records.formats.edfi_stream import code_of, present
from services.records.formats.edfi_times import minutes_of
from services.records.formats.made_once import system_and_code

Values = dict[str, Any]

CAREER: Final = "Career and Technical Education"
CAREER_TYPE: Final = f"uri://ed-fi.org/ProgramTypeDescriptor#{CAREER}"
HOURS: Final = {"system": "ed-fi", "code": "special-education"}
"""The service that the hours of special education a week are of."""


def _period(item: Members) -> Values:
    return present(begin_date=item.text("beginDate"), end_date=item.text("endDate"))


def _programme(item: Members) -> Values:
    """What every programme has. Who designated a status has no place."""
    statuses = [
        present(
            status=one.coded("participationStatusDescriptor"), begin_date=one.text("statusBeginDate"), end_date=one.text("statusEndDate")
        )
        for one in item.parts("programParticipationStatuses")
    ]
    return present(**_period(item), participation=statuses or None)


def _services(item: Members, member: str, descriptor: str) -> list[Values] | None:
    """Services with their days, and which of them is the primary one."""
    made = []
    for one in item.parts(member):
        code = one.coded(descriptor)
        if code is not None:
            system, named = system_and_code(code)
            days = present(begin_date=one.text("serviceBeginDate"), end_date=one.text("serviceEndDate"))
            made.append({"system": system, "code": named, **days, **present(primary=one.flag("primaryIndicator"))})
    return made or None


def _is_first(disability: Members, *, is_only: bool) -> bool:
    """The first of several, or the only one. That another is the second or the third has no place here."""
    order = disability.peek("orderOfDisability")
    if order == 1:
        disability.known("orderOfDisability")
    return order == 1 or (order is None and is_only)


def special_education(item: Members) -> dict[str, Values]:
    """`studentSpecialEducationProgramAssociations` → eligibility and IEP. Data Standard 6 names the dates anew."""
    said = item.parts("disabilities")
    disabilities = [present(category=one.coded("disabilityDescriptor"), primary=_is_first(one, is_only=len(said) == 1)) for one in said]
    services = [
        present(
            kind=one.coded("specialEducationProgramServiceDescriptor"),
            begin_date=one.text("serviceBeginDate"),
            end_date=one.text("serviceEndDate"),
            primary=one.flag("primaryIndicator"),
        )
        for one in item.parts("specialEducationProgramServices")
    ]
    hours = item.peek("specialEducationHoursPerWeek")
    if isinstance(hours, (int, float)) and (minutes := minutes_of(str(hours))) is not None:
        item.known("specialEducationHoursPerWeek")
        services.append({"kind": HOURS, "minutes_per_week": minutes})
    eligible = item.flag("ideaEligibility")
    eligibility = present(
        eligible=True if eligible is None else eligible,
        disabilities=disabilities or None,
        evaluated_on=item.text("lastEvaluationDate") or item.text("iepLastEvaluationDate"),
        reevaluation_due_on=item.text("iepEvaluationDueDate"),
        served_from=item.text("beginDate"),
        served_until=item.text("endDate"),
        exited_on=item.text("specialEducationExitDate"),
        exit_reason=item.coded("specialEducationExitReasonDescriptor") or item.coded("reasonExitedDescriptor"),
        exit_explanation=item.text("specialEducationExitExplained"),
    )
    iep = present(
        begin_date=item.text("iepBeginDate"),
        end_date=item.text("iepEndDate"),
        meeting_on=item.text("iepReviewDate") or item.text("iepLastReviewDate"),
        review_due_on=item.text("iepReviewDueDate"),
        environment=item.coded("specialEducationSettingDescriptor"),
        services=services or None,
    )
    return {"eligibility": eligibility, **({"iep": iep} if iep else {})}


def section_504(item: Members) -> dict[str, Values]:
    """`studentSection504ProgramAssociations`."""
    plan = present(
        **_period(item),
        eligible=item.flag("section504Eligibility"),
        disability=item.coded("section504DisabilityDescriptor"),
        meeting_on=item.text("section504MeetingDate"),
        decided_on=item.text("section504EligibilityDecisionDate"),
        has_plan=item.flag("accommodationPlan"),
    )
    return {"section_504": plan}


def _homeless(item: Members) -> Values:
    return present(
        **_programme(item),
        nighttime_residence=item.coded("homelessPrimaryNighttimeResidenceDescriptor"),
        unaccompanied_youth=item.flag("homelessUnaccompaniedYouth"),
        served=True,
    )


def _migrant(item: Members) -> Values:
    arrived = item.text("qualifyingArrivalDate")
    if arrived is None or item.peek("lastQualifyingMove") == arrived:
        arrived = item.text("lastQualifyingMove")
    return present(
        **_programme(item),
        status={"system": "ceds:000189", "code": "Yes"},
        qualifying_arrival_date=arrived,
        priority_for_services=item.flag("priorityForServices"),
        eligibility_expires_on=item.text("eligibilityExpirationDate"),
        services=_services(item, "migrantEducationProgramServices", "migrantEducationProgramServiceDescriptor"),
        continuation_of_services=item.coded("continuationOfServicesReasonDescriptor"),
    )


def _meals(item: Members) -> Values:
    """The kinds of meals served: free if any is, reduced if any is. The codes themselves are kept beside the record."""
    services = item.peek("schoolFoodServiceProgramServices") or []
    kinds = [code_of(one["schoolFoodServiceProgramServiceDescriptor"]) for one in services]
    if any(kind.startswith("free") for kind in kinds):
        status = "Free"
    else:
        status = "ReducedPrice" if any("reduced" in kind for kind in kinds) else "Other"
    return present(
        **_programme(item),
        eligibility={"system": "ceds:000092", "code": status},
        directly_certified=item.flag("directCertification"),
    )


def _english_learner(item: Members) -> Values:
    return present(
        **_programme(item),
        status={"system": "ceds:000180", "code": "Yes"},
        services=_services(item, "languageInstructionProgramServices", "languageInstructionProgramServiceDescriptor"),
        title_iii_participation=item.inside("programReference").coded("programTypeDescriptor"),
    )


def _title_i(item: Members) -> Values:
    return present(
        **_programme(item),
        indicator=item.coded("titleIPartAParticipantDescriptor"),
        services=_services(item, "titleIPartAProgramServices", "titleIPartAProgramServiceDescriptor"),
    )


def _which(item: Members) -> Values:
    """Which programme it is, and where: its name and kind where they are not the standard's own."""
    reference, at = item.inside("programReference"), item.inside("educationOrganizationReference")
    where, whose = at.key("educationOrganizationId"), reference.key("educationOrganizationId")
    name, kind = reference.text("programName"), reference.coded("programTypeDescriptor")
    return present(
        name=None if name == CAREER else name,
        kind=None if kind is None or "#".join(system_and_code(kind)) == CAREER_TYPE else kind,
        organisation={"state_id": where},
        offered_by=None if whose == where else {"state_id": whose},
    )


def _career(item: Members) -> Values:
    services = [
        present(
            kind=one.coded("cteProgramServiceDescriptor"),
            cip_code=one.text("cipCode"),
            primary=one.flag("primaryIndicator"),
            begin_date=one.text("serviceBeginDate"),
            end_date=one.text("serviceEndDate"),
        )
        for one in item.parts("cteProgramServices")
    ]
    return present(
        **_programme(item),
        **_which(item),
        private=item.flag("privateCTEProgram"),
        participant={"system": "ceds:000592", "code": "Yes"},
        services=services or None,
        nontraditional_gender=item.flag("nonTraditionalGenderStatus"),
        technical_skills_assessment=item.coded("technicalSkillsAssessmentDescriptor"),
        exit_reason=item.coded("reasonExitedDescriptor"),
    )


def _neglected(item: Members) -> Values:
    return present(
        **_programme(item),
        status={"system": "ceds:000193", "code": "Yes"},
        programme=item.coded("neglectedOrDelinquentProgramDescriptor"),
        services=_services(item, "neglectedOrDelinquentProgramServices", "neglectedOrDelinquentProgramServiceDescriptor"),
        mathematics_progress=item.coded("mathematicsProgressLevelDescriptor"),
        reading_progress=item.coded("elaProgressLevelDescriptor"),
        exit_reason=item.coded("reasonExitedDescriptor"),
    )


def _gifted(item: Members) -> Values:
    item.inside("programReference").standard("programTypeDescriptor")
    return present(**_programme(item), status={"system": "ceds:000122", "code": "Yes"})


_TYPES: Final = {
    "studentNeglectedOrDelinquentProgramAssociations": "neglected and delinquent program",
}
"""Of resources that are not called as the standard calls the type of their programmes, that type."""


def _name_of_its_type(resource: str, item: Members) -> None:
    """A programme of the organisation's own that is called after its type, and this after the resource, says nothing more than that."""
    reference, at = item.peek("programReference"), item.peek("educationOrganizationReference")
    kind = code_of(reference["programTypeDescriptor"])
    if reference["educationOrganizationId"] == at["educationOrganizationId"] and kind == reference["programName"].casefold():
        inside = item.inside("programReference")
        inside.known("educationOrganizationId", "programName")
        if kind == _TYPES.get(resource) or kind.replace(" ", "").removesuffix("placement") in resource.casefold():
            inside.standard("programTypeDescriptor")


def key_of(item: Members) -> str:
    """Which association it is, as the standard has it: two of one key are said of one."""
    keys = ("beginDate", "educationOrganizationReference", "programReference")
    return json.dumps([item.peek(name) for name in keys], sort_keys=True)


def career_technical(programmes: Sequence[Values], own: Collection[str]) -> Values:
    """The element, of the programmes of a student in the order in which they began: the last one, with the others in it.

    own  ids of the organisations where the student is: of one programme alone that it is there says nothing more
    """
    *others, last = programmes
    if not others:
        is_own = last.get("organisation", {}).get("state_id") in own
        return {name: last[name] for name in last if name != "organisation" or not is_own}
    return {**last, "others": [{name: one[name] for name in one if name != "participant"} for one in others]}


_BY_RESOURCE: Final = {
    "studentHomelessProgramAssociations": ("homeless", _homeless),
    "studentMigrantEducationProgramAssociations": ("migrant", _migrant),
    "studentSchoolFoodServiceProgramAssociations": ("meal_status", _meals),
    "studentLanguageInstructionProgramAssociations": ("english_learner", _english_learner),
    "studentTitleIPartAProgramAssociations": ("title_i", _title_i),
    "studentCTEProgramAssociations": ("career_technical", _career),
    "studentNeglectedOrDelinquentProgramAssociations": ("neglected_delinquent", _neglected),
}
_SPECIAL: Final = {
    "studentSpecialEducationProgramAssociations": special_education,
    "studentSection504ProgramAssociations": section_504,
}
CAREERS: Final = "studentCTEProgramAssociations"
"""Of which a student may have several at once."""
LANGUAGE: Final = "studentLanguageInstructionProgramAssociations"
GENERAL: Final = "studentProgramAssociations"
RESOURCES: Final = frozenset({*_BY_RESOURCE, *_SPECIAL, GENERAL})


def programme(resource: str, item: Members) -> dict[str, dict[str, Values]]:
    """The section, and the elements of it, that an association is about; nothing for a programme that the record has no place for."""
    program = (item.peek("programReference") or {}).get("programTypeDescriptor")
    if resource == GENERAL and code_of(program) != "gifted and talented":
        return {}
    if resource != CAREERS:
        _name_of_its_type(resource, item)
    if resource in _SPECIAL:
        return {"special_education": _SPECIAL[resource](item)}
    member, make = ("gifted", _gifted) if resource == GENERAL else _BY_RESOURCE[resource]
    return {"programmes": {member: make(item)}}
