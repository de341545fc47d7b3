"""Ed-Fi program associations → special education and programmes. What has no element of ours is reported, not dropped in silence."""

from typing import Any, Final
from xml.etree.ElementTree import Element

from services.records.formats.edfi_api_programs import CAREER, CAREER_TYPE
from services.records.formats.edfi_stream import Item, boolean_of, code_at, code_of, coded, day_of, present, text_of
from services.records.formats.edfi_times import minutes_of
from services.records.formats.parsed import Findings
from services.records.formats.xml_marks import value_of

Values = dict[str, Any]

CAREERS: Final = "StudentCTEProgramAssociation"
"""Of which a student may have several at once."""
_AT: Final = "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
_OFFERED_BY: Final = f"ProgramReference/ProgramIdentity/{_AT}"
_NAME: Final = "ProgramReference/ProgramIdentity/ProgramName"
_TYPE: Final = "ProgramReference/ProgramIdentity/ProgramType"
_TYPES: Final = {"StudentNeglectedOrDelinquentProgramAssociation": "neglected and delinquent program"}
"""Of elements that are not called as the standard calls the type of their programmes, that type."""


def _period(item: Item) -> Values:
    return present(begin_date=item.day("BeginDate"), end_date=item.day("EndDate"))


def _programme(item: Item) -> Values:
    """What every programme has. Who designated a status has no place."""
    statuses = [
        present(
            status=coded(text_of(one, "ParticipationStatus")),
            begin_date=day_of(one, "StatusBeginDate"),
            end_date=day_of(one, "StatusEndDate"),
        )
        for one in item.all("ProgramParticipationStatus")
        if one.findtext("ParticipationStatus", "").strip()
    ]
    return present(**_period(item), participation=statuses or None)


def _name_of_its_type(item: Item) -> None:
    """A programme of the organisation's own that is called after its type, and this after the element, says nothing more than that."""
    name, kind = (item.element.findtext(path, "").strip() for path in (_NAME, _TYPE))
    if item.element.findtext(_OFFERED_BY, "").strip() == item.element.findtext(_AT, "").strip() and code_of(kind) == name.casefold():
        item.known(_OFFERED_BY, _NAME)
        if code_of(kind) == _TYPES.get(item.tag) or code_of(kind).replace(" ", "").removesuffix("placement") in item.tag.casefold():
            code_at(item.element, _TYPE)


def _services(item: Item, tag: str) -> list[Values] | None:
    """Services with their days, and which of them is the primary one."""
    made = [{**(coded(text_of(one, tag)) or {}), **_had(one)} for one in item.all(tag) if one.findtext(tag, "").strip()]
    return made or None


def _had(service: Element) -> Values:
    return present(
        begin_date=day_of(service, "ServiceBeginDate"),
        end_date=day_of(service, "ServiceEndDate"),
        primary=boolean_of(service, "PrimaryIndicator"),
    )


def _is_first(disability: Element, *, is_only: bool) -> bool:
    """The first of several, or the only one. That another is the second or the third has no place here."""
    order = "OrderOfDisability"
    return is_only if disability.find(order) is None else value_of(disability, order, lambda text: text == "1" or None) is True


def special_education(item: Item) -> dict[str, Values]:
    """StudentSpecialEducationProgramAssociation → eligibility and IEP."""
    _name_of_its_type(item)
    said = [one for one in item.all("Disability") if text_of(one, "Disability")]
    disabilities = [{"category": coded(text_of(one, "Disability")), "primary": _is_first(one, is_only=len(said) == 1)} for one in said]
    eligible = item.boolean("IdeaEligibility")
    services = [
        {"kind": coded(text_of(one, "SpecialEducationProgramService")), **_had(one)}
        for one in item.all("SpecialEducationProgramService")
        if text_of(one, "SpecialEducationProgramService")
    ]
    minutes = value_of(item.element, "SpecialEducationHoursPerWeek", minutes_of)
    if minutes is not None:
        programme = {"system": "ed-fi", "code": "special-education"}
        services.append({"kind": programme, "minutes_per_week": minutes})
    eligibility = present(
        eligible=True if eligible is None else eligible,
        disabilities=disabilities or None,
        evaluated_on=item.day("LastEvaluationDate"),
        served_from=item.day("BeginDate"),
        served_until=item.day("EndDate"),
        exited_on=item.day("SpecialEducationExitDate"),
        exit_reason=coded(item.text("SpecialEducationExitReason") or item.text("ReasonExited")),
        exit_explanation=item.text("SpecialEducationExitExplained"),
    )
    iep = present(
        begin_date=item.day("IEPBeginDate"),
        end_date=item.day("IEPEndDate"),
        meeting_on=item.day("IEPReviewDate"),
        environment=coded(item.text("SpecialEducationSetting")),
        services=services or None,
    )
    return {"eligibility": eligibility, **({"iep": iep} if iep else {})}


def section_504(item: Item) -> dict[str, Values]:
    """StudentSection504ProgramAssociation."""
    _name_of_its_type(item)
    plan = present(
        **_period(item),
        eligible=item.boolean("Section504Eligibility") is not False,
        disability=coded(item.text("Section504Disability")),
        meeting_on=item.day("Section504MeetingDate"),
        decided_on=item.day("Section504EligibilityDecisionDate"),
        has_plan=item.boolean("AccommodationPlan"),
    )
    return {"section_504": plan}


def _homeless(item: Item) -> Values:
    return present(
        **_programme(item),
        nighttime_residence=coded(item.text("HomelessPrimaryNighttimeResidence")),
        unaccompanied_youth=item.boolean("HomelessUnaccompaniedYouth"),
        served=True,
    )


def _migrant(item: Item) -> Values:
    return present(
        **_programme(item),
        status={"system": "ceds:000189", "code": "Yes"},
        qualifying_arrival_date=item.day("QualifyingArrivalDate") or item.day("LastQualifyingMove"),
        priority_for_services=item.boolean("PriorityForServices"),
        eligibility_expires_on=item.day("EligibilityExpirationDate"),
        services=_services(item, "MigrantEducationProgramService"),
        continuation_of_services=coded(item.text("ContinuationOfServicesReason")),
    )


def _meals(item: Item) -> Values:
    """The kinds of meals served: free if any is, reduced if any is. That is less than the source's codes say, which are kept beside it."""
    kinds = [code_of(one.text) for one in item.element.iterfind("SchoolFoodServiceProgramService/SchoolFoodServiceProgramService")]
    status = (
        "Free"
        if any(kind.startswith("free") for kind in kinds)
        else "ReducedPrice"
        if any("reduced" in kind for kind in kinds)
        else "Other"
    )
    return present(
        **_programme(item),
        eligibility={"system": "ceds:000092", "code": status},
        directly_certified=item.boolean("DirectCertification"),
    )


def _english_learner(item: Item) -> Values:
    return present(
        **_programme(item),
        status={"system": "ceds:000180", "code": "Yes"},
        services=_services(item, "LanguageInstructionProgramService"),
        title_iii_participation=coded(item.text(_TYPE)),
    )


def _title_i(item: Item) -> Values:
    return present(
        **_programme(item),
        indicator=coded(item.text("TitleIPartAParticipant")),
        services=_services(item, "TitleIPartAProgramService"),
    )


def _which(item: Item) -> Values:
    """Which programme it is, and where: its name and kind where they are not the standard's own."""
    where, whose, name, kind = (item.text(path) for path in (_AT, _OFFERED_BY, _NAME, _TYPE))
    return present(
        name=None if name == CAREER else name,
        kind=None if kind == CAREER_TYPE else coded(kind),
        organisation=None if where is None else {"state_id": where},
        offered_by=None if whose == where or whose is None else {"state_id": whose},
    )


def key_of(item: Item) -> tuple[str, ...]:
    """Which association it is, as the standard has it: two of one key are said of one."""
    return tuple(item.element.findtext(path, "").strip() for path in ("BeginDate", _AT, _OFFERED_BY, _NAME, _TYPE))


def _career(item: Item) -> Values:
    services = [
        present(
            kind=coded(text_of(one, "CTEProgramService")),
            cip_code=text_of(one, "CIPCode"),
            **_had(one),
        )
        for one in item.all("CTEProgramService")
        if one.findtext("CTEProgramService", "").strip()
    ]
    return present(
        **_programme(item),
        **_which(item),
        private=item.boolean("PrivateCTEProgram"),
        participant={"system": "ceds:000592", "code": "Yes"},
        services=services or None,
        nontraditional_gender=item.boolean("NonTraditionalGenderStatus"),
        technical_skills_assessment=coded(item.text("TechnicalSkillsAssessment")),
        exit_reason=coded(item.text("ReasonExited")),
    )


def _neglected(item: Item) -> Values:
    return present(
        **_programme(item),
        status={"system": "ceds:000193", "code": "Yes"},
        programme=coded(item.text("NeglectedOrDelinquentProgram")),
        services=_services(item, "NeglectedOrDelinquentProgramService"),
        mathematics_progress=coded(item.text("MathematicsProgressLevel")),
        reading_progress=coded(item.text("ELAProgressLevel")),
        exit_reason=coded(item.text("ReasonExited")),
    )


_BY_TAG = {
    "StudentHomelessProgramAssociation": ("homeless", _homeless),
    "StudentMigrantEducationProgramAssociation": ("migrant", _migrant),
    "StudentSchoolFoodServiceProgramAssociation": ("meal_status", _meals),
    "StudentLanguageInstructionProgramAssociation": ("english_learner", _english_learner),
    "StudentTitleIPartAProgramAssociation": ("title_i", _title_i),
    "StudentCTEProgramAssociation": ("career_technical", _career),
    "StudentNeglectedOrDelinquentProgramAssociation": ("neglected_delinquent", _neglected),
}


def programme(item: Item, findings: Findings) -> tuple[str, Values] | None:
    """The element of the programmes section and its values; None, with a finding, for a programme that the record has no place for."""
    if item.tag != CAREERS:
        _name_of_its_type(item)
    if item.tag in _BY_TAG:
        member, make = _BY_TAG[item.tag]
        return member, make(item)
    if item.tag == "StudentProgramAssociation" and code_of(item.element.findtext(_TYPE, "").strip()) == "gifted and talented":
        code_at(item.element, _TYPE)
        return "gifted", present(**_programme(item), status={"system": "ceds:000122", "code": "Yes"})
    findings.missed("programme-not-in-the-record", item.position)
    return None
