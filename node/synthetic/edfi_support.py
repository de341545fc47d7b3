"""Programmes, special education and health as elements of Ed-Fi interchanges."""

from collections.abc import Iterator
from typing import Any

from node.synthetic.edfi_elements import descriptor, published, said, tagged, valued

SERVED = {"Free": "Free lunch", "ReducedPrice": "Reduced lunch"}
PROGRAMMES = (
    "homeless", "migrant", "meal_status", "english_learner", "title_i", "gifted", "career_technical", "neglected_delinquent",
)  # fmt: skip


class Programs:
    """What one student is in. The schema wants a first day; where the record has none it is that of the present enrolment."""

    def __init__(self, student: str, organisation: str, record: dict[str, Any]) -> None:
        self._student, self._organisation = student, organisation
        self._begins: str = record["enrollment"]["enrollments"][0]["entry_date"]
        self._special, self._held = record.get("special_education", {}), record.get("programmes", {})

    def elements(self) -> Iterator[str]:
        """The program associations. Goals, minutes, accommodations and steps of special education have no place, nor has foster care."""
        if "iep" in self._special:
            yield self._special_education(self._special["iep"], self._special["eligibility"])
        if "section_504" in self._special:
            yield self._section_504(self._special["section_504"])
        for name in PROGRAMMES:
            if name in self._held:
                yield getattr(self, f"_{name}")(self._held[name])

    def _association(self, tag: str, program: str, period: dict[str, Any], *own: str) -> str:
        identity = tagged(
            "ProgramIdentity",
            self._organisation,
            valued("ProgramName", program),
            valued("ProgramType", published("ProgramType", program)),
        )
        begins = valued("BeginDate", period.get("begin_date", self._begins))
        ends = valued("EndDate", period.get("end_date"))
        return tagged(tag, self._student, tagged("ProgramReference", identity), begins, ends, self._organisation, *own)

    def _special_education(self, iep: dict[str, Any], eligibility: dict[str, Any]) -> str:
        disabilities = [
            tagged(
                "Disability",
                valued("Disability", descriptor("Disability", one["category"]["code"])),
                valued("OrderOfDisability", order),
            )
            for order, one in enumerate(eligibility["disabilities"], start=1)
        ]
        return self._association(
            "StudentSpecialEducationProgramAssociation",
            "Special Education",
            {"begin_date": iep["begin_date"]},
            said("IdeaEligibility", eligibility["eligible"]),
            valued("SpecialEducationSetting", descriptor("SpecialEducationSetting", iep["environment"]["code"])),
            valued("LastEvaluationDate", eligibility.get("evaluated_on")),
            valued("IEPReviewDate", iep.get("meeting_on")),
            valued("IEPBeginDate", iep["begin_date"]),
            valued("IEPEndDate", iep["end_date"]),
            *disabilities,
            *_services("SpecialEducationProgramService", (one["kind"] for one in iep["services"])),
        )

    def _section_504(self, plan: dict[str, Any]) -> str:
        disability = plan.get("disability")
        return self._association(
            "StudentSection504ProgramAssociation",
            "Section 504 Placement",
            plan,
            said("Section504Eligibility", plan["eligible"]),
            said("AccommodationPlan", plan.get("has_plan")),
            valued("Section504Disability", disability and descriptor("Section504Disability", disability["code"])),
            valued("Section504MeetingDate", plan.get("meeting_on")),
            valued("Section504EligibilityDecisionDate", plan.get("decided_on")),
        )

    def _homeless(self, held: dict[str, Any]) -> str:
        residence = descriptor("HomelessPrimaryNighttimeResidence", held["nighttime_residence"]["code"])
        return self._association(
            "StudentHomelessProgramAssociation",
            "Homeless",
            held,
            valued("HomelessPrimaryNighttimeResidence", residence),
            said("HomelessUnaccompaniedYouth", held["unaccompanied_youth"]),
        )

    def _migrant(self, held: dict[str, Any]) -> str:
        continued = held.get("continuation_of_services")
        return self._association(
            "StudentMigrantEducationProgramAssociation",
            "Migrant Education",
            held,
            said("PriorityForServices", held["priority_for_services"]),
            valued("LastQualifyingMove", held["qualifying_arrival_date"]),
            valued("ContinuationOfServicesReason", continued and descriptor("ContinuationOfServicesReason", continued["code"])),
            valued("QualifyingArrivalDate", held["qualifying_arrival_date"]),
            valued("EligibilityExpirationDate", held["eligibility_expires_on"]),
            *_services("MigrantEducationProgramService", held.get("services", ())),
        )

    def _meal_status(self, held: dict[str, Any]) -> str:
        served = {"code": SERVED[held["eligibility"]["code"]]}
        return self._association(
            "StudentSchoolFoodServiceProgramAssociation",
            "School Food Service",
            held,
            said("DirectCertification", held.get("directly_certified")),
            *_services("SchoolFoodServiceProgramService", [served]),
        )

    def _english_learner(self, held: dict[str, Any]) -> str:
        return self._association(
            "StudentLanguageInstructionProgramAssociation",
            "English as a Second Language (ESL)",
            held,
            said("EnglishLearnerParticipation", held["status"]["code"] == "Yes"),
            *_services("LanguageInstructionProgramService", held.get("services", ())),
        )

    def _title_i(self, held: dict[str, Any]) -> str:
        return self._association(
            "StudentTitleIPartAProgramAssociation",
            "Title I Part A",
            held,
            valued("TitleIPartAParticipant", descriptor("TitleIPartAParticipant", held["indicator"]["code"])),
            *_services("TitleIPartAProgramService", held.get("services", ())),
        )

    def _gifted(self, held: dict[str, Any]) -> str:
        return self._association("StudentProgramAssociation", "Gifted and Talented", held)

    def _career_technical(self, held: dict[str, Any]) -> str:
        tag = "CTEProgramService"
        services = [
            tagged(
                tag,
                valued(tag, descriptor(tag, one["kind"]["code"])),
                said("PrimaryIndicator", one["primary"]),
                valued("ServiceBeginDate", one["begin_date"]),
                valued("CIPCode", one["cip_code"]),
            )
            for one in held["services"]
        ]
        other = said("NonTraditionalGenderStatus", held["nontraditional_gender"])
        return self._association("StudentCTEProgramAssociation", "Career and Technical Education", held, other, *services)

    def _neglected_delinquent(self, held: dict[str, Any]) -> str:
        kind = "NeglectedOrDelinquentProgram"
        return self._association(
            f"Student{kind}Association",
            "Neglected and Delinquent Program",
            held,
            valued(kind, descriptor(kind, held["programme"]["code"])),
            valued("ELAProgressLevel", descriptor("ProgressLevel", held["reading_progress"]["code"])),
            valued("MathematicsProgressLevel", descriptor("ProgressLevel", held["mathematics_progress"]["code"])),
        )


def _services(tag: str, those: Any) -> Iterator[str]:
    return (tagged(tag, valued(tag, descriptor(tag, one["code"]))) for one in those)


def health_element(student: str, organisation: str, health: dict[str, Any], as_of: str) -> str:
    """StudentHealth. CVX codes and alerts have no place, and an exemption from all vaccines only where it is not a medical one.

    as_of  the day on which it is, where the record does not say another
    """
    held = health["immunizations"]
    exemptions = held.get("exemptions", ())
    medical = {one["vaccine"]["code"]: one for one in exemptions if one["kind"] == "medical" and "vaccine" in one}
    refused = next((one for one in exemptions if one["kind"] == "non-medical"), None)
    required = [
        tagged(
            "RequiredImmunization",
            valued("ImmunizationType", descriptor("ImmunizationType", one["vaccine"]["code"])),
            valued("ImmunizationDate", one["given_on"]),
        )
        for one in held.get("doses", ())
    ]
    required += [
        tagged(
            "RequiredImmunization",
            valued("ImmunizationType", descriptor("ImmunizationType", code)),
            valued("MedicalExemption", one.get("reason", "exempt")),
            valued("MedicalExemptionDate", one.get("granted_on")),
        )
        for code, one in medical.items()
    ]
    exempt = refused and descriptor("NonMedicalImmunizationExemption", refused.get("reason", "refused"))
    return tagged(
        "StudentHealth",
        student,
        organisation,
        valued("AsOfDate", held.get("as_of", as_of)),
        *required,
        valued("NonMedicalImmunizationExemption", exempt),
        valued("NonMedicalImmunizationExemptionDate", refused and refused.get("granted_on")),
    )
