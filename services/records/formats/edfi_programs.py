"""Ed-Fi program associations → special education and programmes. What has no element of ours is reported, not dropped in silence."""

from typing import Any

from services.records.formats.edfi_stream import Item, boolean, code_of, coded, day, present, text_of
from services.records.formats.parsed import Findings

Values = dict[str, Any]


def _period(item: Item) -> Values:
    return present(begin_date=day(item.text("BeginDate")), end_date=day(item.text("EndDate")))


def special_education(item: Item) -> dict[str, Values]:
    """StudentSpecialEducationProgramAssociation → eligibility and IEP."""
    disabilities = [
        {"category": coded(text_of(one, "Disability")), "primary": text_of(one, "OrderOfDisability") in (None, "1")}
        for one in item.all("Disability")
        if text_of(one, "Disability")
    ]
    eligible = boolean(item.text("IdeaEligibility"))
    services = [
        {"kind": coded(text_of(one, "SpecialEducationProgramService"))}
        for one in item.all("SpecialEducationProgramService")
        if text_of(one, "SpecialEducationProgramService")
    ]
    hours = item.text("SpecialEducationHoursPerWeek")
    if hours is not None and hours.replace(".", "", 1).isdigit():
        programme = {"system": "ed-fi", "code": "special-education"}
        services.append({"kind": programme, "minutes_per_week": int(float(hours) * 60)})  # type: ignore[dict-item]  # a JSON object
    eligibility = present(
        eligible=True if eligible is None else eligible,
        disabilities=disabilities or None,
        evaluated_on=day(item.text("LastEvaluationDate")),
        exit_reason=coded(item.text("SpecialEducationExitReason")),
    )
    iep = present(
        begin_date=day(item.text("IEPBeginDate")),
        end_date=day(item.text("IEPEndDate")),
        meeting_on=day(item.text("IEPReviewDate")),
        environment=coded(item.text("SpecialEducationSetting")),
        services=services or None,
    )
    return {"eligibility": eligibility, **({"iep": iep} if iep else {})}


def section_504(item: Item) -> dict[str, Values]:
    """StudentSection504ProgramAssociation."""
    plan = present(
        **_period(item),
        eligible=boolean(item.text("Section504Eligibility")) is not False,
        disability=coded(item.text("Section504Disability")),
        meeting_on=day(item.text("Section504MeetingDate")),
        decided_on=day(item.text("Section504EligibilityDecisionDate")),
        has_plan=boolean(item.text("AccommodationPlan")),
    )
    return {"section_504": plan}


def _homeless(item: Item) -> Values:
    return present(
        **_period(item),
        nighttime_residence=coded(item.text("HomelessPrimaryNighttimeResidence")),
        unaccompanied_youth=boolean(item.text("HomelessUnaccompaniedYouth")),
        served=True,
    )


def _migrant(item: Item) -> Values:
    return present(
        **_period(item),
        status={"system": "ceds:000189", "code": "Yes"},
        qualifying_arrival_date=day(item.text("QualifyingArrivalDate")) or day(item.text("LastQualifyingMove")),
        priority_for_services=boolean(item.text("PriorityForServices")),
        eligibility_expires_on=day(item.text("EligibilityExpirationDate")),
        continuation_of_services=coded(item.text("ContinuationOfServicesReason")),
    )


def _meals(item: Item) -> Values:
    """The kinds of meals served: free if any is, reduced if any is; the source's codes do not say more."""
    codes = [text_of(one, "SchoolFoodServiceProgramService") for one in item.all("SchoolFoodServiceProgramService")]
    kinds = [code_of(code) for code in codes]
    status = (
        "Free"
        if any(kind.startswith("free") for kind in kinds)
        else "ReducedPrice"
        if any("reduced" in kind for kind in kinds)
        else "Other"
    )
    return present(
        **_period(item),
        eligibility={"system": "ceds:000092", "code": status},
        directly_certified=boolean(item.text("DirectCertification")),
    )


def _english_learner(item: Item) -> Values:
    return present(**_period(item), status={"system": "ceds:000180", "code": "Yes"}, title_iii_participation=coded(_program_type(item)))


def _title_i(item: Item) -> Values:
    return present(**_period(item), indicator=coded(item.text("TitleIPartAParticipant")))


def _program_type(item: Item) -> str | None:
    return item.text("ProgramReference/ProgramIdentity/ProgramType")


_BY_TAG = {
    "StudentHomelessProgramAssociation": ("homeless", _homeless),
    "StudentMigrantEducationProgramAssociation": ("migrant", _migrant),
    "StudentSchoolFoodServiceProgramAssociation": ("meal_status", _meals),
    "StudentLanguageInstructionProgramAssociation": ("english_learner", _english_learner),
    "StudentTitleIPartAProgramAssociation": ("title_i", _title_i),
}


def programme(item: Item, findings: Findings) -> tuple[str, Values] | None:
    """The element of the programmes section and its values; None, with a finding, for a programme that the record has no place for."""
    if item.tag in _BY_TAG:
        member, make = _BY_TAG[item.tag]
        return member, make(item)
    if item.tag == "StudentProgramAssociation" and code_of(_program_type(item)) == "gifted and talented":
        return "gifted", present(**_period(item), status={"system": "ceds:000122", "code": "Yes"})
    findings.missed("programme-not-in-the-record", item.position)
    return None
