"""Ed-Fi program associations → special education and programmes. What has no element of ours is reported, not dropped in silence."""

from typing import Any
from xml.etree.ElementTree import Element

from services.records.formats.edfi_stream import Item, boolean_of, code_at, code_of, coded, day_of, present, text_of
from services.records.formats.edfi_times import minutes_of
from services.records.formats.parsed import Findings
from services.records.formats.xml_marks import value_of

Values = dict[str, Any]


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


def _is_first(disability: Element, *, is_only: bool) -> bool:
    """The first of several, or the only one. That another is the second or the third has no place here."""
    order = "OrderOfDisability"
    return is_only if disability.find(order) is None else value_of(disability, order, lambda text: text == "1" or None) is True


def special_education(item: Item) -> dict[str, Values]:
    """StudentSpecialEducationProgramAssociation → eligibility and IEP."""
    said = [one for one in item.all("Disability") if text_of(one, "Disability")]
    disabilities = [{"category": coded(text_of(one, "Disability")), "primary": _is_first(one, is_only=len(said) == 1)} for one in said]
    eligible = item.boolean("IdeaEligibility")
    services = [
        {"kind": coded(text_of(one, "SpecialEducationProgramService"))}
        for one in item.all("SpecialEducationProgramService")
        if text_of(one, "SpecialEducationProgramService")
    ]
    minutes = value_of(item.element, "SpecialEducationHoursPerWeek", minutes_of)
    if minutes is not None:
        programme = {"system": "ed-fi", "code": "special-education"}
        services.append({"kind": programme, "minutes_per_week": minutes})  # type: ignore[dict-item]  # a JSON object
    eligibility = present(
        eligible=True if eligible is None else eligible,
        disabilities=disabilities or None,
        evaluated_on=item.day("LastEvaluationDate"),
        exit_reason=coded(item.text("SpecialEducationExitReason")),
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
    return present(**_programme(item), status={"system": "ceds:000180", "code": "Yes"}, title_iii_participation=coded(item.text(_TYPE)))


def _title_i(item: Item) -> Values:
    return present(**_programme(item), indicator=coded(item.text("TitleIPartAParticipant")))


def _career(item: Item) -> Values:
    services = [
        present(
            kind=coded(text_of(one, "CTEProgramService")),
            cip_code=text_of(one, "CIPCode"),
            primary=boolean_of(one, "PrimaryIndicator"),
            begin_date=day_of(one, "ServiceBeginDate"),
            end_date=day_of(one, "ServiceEndDate"),
        )
        for one in item.all("CTEProgramService")
        if one.findtext("CTEProgramService", "").strip()
    ]
    return present(
        **_programme(item),
        participant={"system": "ceds:000592", "code": "Yes"},
        services=services or None,
        nontraditional_gender=item.boolean("NonTraditionalGenderStatus"),
        technical_skills_assessment=coded(item.text("TechnicalSkillsAssessment")),
        exit_reason=coded(item.text("ReasonExited")),
    )


def _neglected(item: Item) -> Values:
    tag = "NeglectedOrDelinquentProgramService"
    services = [
        {
            **(coded(text_of(one, tag)) or {}),
            **present(begin_date=day_of(one, "ServiceBeginDate"), end_date=day_of(one, "ServiceEndDate")),
        }
        for one in item.all(tag)
        if one.findtext(tag, "").strip()
    ]
    return present(
        **_programme(item),
        status={"system": "ceds:000193", "code": "Yes"},
        programme=coded(item.text("NeglectedOrDelinquentProgram")),
        services=services or None,
        mathematics_progress=coded(item.text("MathematicsProgressLevel")),
        reading_progress=coded(item.text("ELAProgressLevel")),
        exit_reason=coded(item.text("ReasonExited")),
    )


_TYPE = "ProgramReference/ProgramIdentity/ProgramType"


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
    if item.tag in _BY_TAG:
        member, make = _BY_TAG[item.tag]
        return member, make(item)
    if item.tag == "StudentProgramAssociation" and code_of(item.element.findtext(_TYPE, "").strip()) == "gifted and talented":
        code_at(item.element, _TYPE)
        return "gifted", present(**_programme(item), status={"system": "ceds:000122", "code": "Yes"})
    findings.missed("programme-not-in-the-record", item.position)
    return None
