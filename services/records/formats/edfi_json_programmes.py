"""Programmes as Ed-Fi resources."""

from dataclasses import dataclass
from typing import Any

from safepassage.record import Coded, Sections
from safepassage.record.programmes import (
    CareerProgramme,
    CareerService,
    DatedService,
    EnglishLearner,
    Gifted,
    Homeless,
    MealStatus,
    Migrant,
    NeglectedDelinquent,
    Programme,
    TitleI,
)
from services.records.formats.edfi_api_programs import CAREER, CAREER_TYPE
from services.records.formats.edfi_characteristics import as_characteristics
from services.records.formats.edfi_json_support import program_members, text_of
from services.records.formats.edfi_resources import Body, Resources, descriptor, organisation_id, without_nothing
from services.records.formats.edfi_unsaid import NO, PROFICIENCY


def programmes(record: Sections, resources: Resources, student: Body) -> None:
    """One association for each programme that Ed-Fi knows, whose begin the record has, and in which the student is."""
    held = record.programmes
    if held is None:
        return
    associations = _Associations(record, resources, student)
    if held.homeless is not None and not as_characteristics(held.homeless):
        associations.homeless(held.homeless)
    if held.migrant is not None and _is_in(held.migrant.status):
        associations.migrant(held.migrant)
    if held.english_learner is not None and _is_instructed(held.english_learner):
        associations.english_learner(held.english_learner)
    if held.title_i is not None:
        associations.title_i(held.title_i)
    if held.meal_status is not None:
        associations.meals(held.meal_status)
    if held.career_technical is not None and _is_in(held.career_technical.participant):
        for career in (*(held.career_technical.others or ()), held.career_technical):
            _career(career, record, resources, student)
    if held.neglected_delinquent is not None and _is_in(held.neglected_delinquent.status):
        associations.neglected_delinquent(held.neglected_delinquent)
    if held.gifted is not None and _is_in(held.gifted.status):
        associations.gifted(held.gifted)


@dataclass(frozen=True)
class _Associations:
    """Of one student with the programmes that are of the district, each under the name that Ed-Fi has for it."""

    record: Sections
    resources: Resources
    student: Body

    def homeless(self, programme: Homeless) -> None:
        self._add(
            "studentHomelessProgramAssociations",
            "programmes.homeless",
            programme,
            program_members(self.record, self.student, "Homeless", programme.begin_date, programme.end_date),
            homelessPrimaryNighttimeResidenceDescriptor=descriptor(programme.nighttime_residence, "HomelessPrimaryNighttimeResidence"),
            homelessUnaccompaniedYouth=programme.unaccompanied_youth,
        )

    def migrant(self, programme: Migrant) -> None:
        arrived = programme.qualifying_arrival_date
        self._add(
            "studentMigrantEducationProgramAssociations",
            "programmes.migrant",
            programme,
            program_members(self.record, self.student, "Migrant Education", programme.begin_date or arrived, programme.end_date),
            lastQualifyingMove=text_of(arrived),
            qualifyingArrivalDate=text_of(arrived),
            priorityForServices=programme.priority_for_services,
            eligibilityExpirationDate=text_of(programme.eligibility_expires_on),
            migrantEducationProgramServices=_dated(programme.services, "migrantEducationProgramService"),
            continuationOfServicesReasonDescriptor=descriptor(programme.continuation_of_services, "ContinuationOfServicesReason"),
        )

    def english_learner(self, programme: EnglishLearner) -> None:
        kind = _program_type(programme.title_iii_participation)
        self._add(
            "studentLanguageInstructionProgramAssociations",
            "programmes.english_learner",
            programme,
            program_members(self.record, self.student, "Bilingual", programme.begin_date, programme.end_date, kind=kind),
            languageInstructionProgramServices=_dated(programme.services, "languageInstructionProgramService"),
        )
        if programme.monitored_until is not None:
            self.resources.lost("programmes.english_learner")

    def title_i(self, programme: TitleI) -> None:
        self._add(
            "studentTitleIPartAProgramAssociations",
            "programmes.title_i",
            programme,
            program_members(self.record, self.student, "Title I Part A", programme.begin_date, programme.end_date),
            titleIPartAParticipantDescriptor=descriptor(programme.indicator, "TitleIPartAParticipant"),
            titleIPartAProgramServices=_dated(programme.services, "titleIPartAProgramService"),
        )

    def meals(self, programme: MealStatus) -> None:
        """The status as a descriptor of its own: the record does not say which meals."""
        kind = descriptor(programme.eligibility, "SchoolFoodServiceProgramService") or ""
        self._add(
            "studentSchoolFoodServiceProgramAssociations",
            "programmes.meal_status",
            programme,
            program_members(self.record, self.student, "School Food Service", programme.begin_date, programme.end_date),
            directCertification=programme.directly_certified,
            schoolFoodServiceProgramServices=[{"schoolFoodServiceProgramServiceDescriptor": kind}],
        )

    def neglected_delinquent(self, programme: NeglectedDelinquent) -> None:
        self._add(
            "studentNeglectedOrDelinquentProgramAssociations",
            "programmes.neglected_delinquent",
            programme,
            program_members(self.record, self.student, "Neglected and Delinquent Program", programme.begin_date, programme.end_date),
            neglectedOrDelinquentProgramDescriptor=descriptor(programme.programme, "NeglectedOrDelinquentProgram"),
            neglectedOrDelinquentProgramServices=_dated(programme.services, "neglectedOrDelinquentProgramService"),
            mathematicsProgressLevelDescriptor=descriptor(programme.mathematics_progress, "ProgressLevel"),
            elaProgressLevelDescriptor=descriptor(programme.reading_progress, "ProgressLevel"),
            reasonExitedDescriptor=descriptor(programme.exit_reason, "ReasonExited"),
        )

    def gifted(self, programme: Gifted) -> None:
        self._add(
            "studentProgramAssociations",
            "programmes.gifted",
            programme,
            program_members(self.record, self.student, "Gifted and Talented", programme.begin_date, programme.end_date),
        )
        if programme.criteria is not None:
            self.resources.lost("programmes.gifted")

    def _add(self, resource: str, element: str, programme: Programme, general: Body, **own: Any) -> None:
        self.resources.add(resource, element, **general, **_participation(programme, element, self.resources), **own)


def _career(career: CareerProgramme, record: Sections, resources: Resources, student: Body) -> None:
    """One of career and technical education: each is an association of its own, and its name and place tell it from the others."""
    members = program_members(record, student, CAREER, career.begin_date, career.end_date)
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
        serviceBeginDate=text_of(one.begin_date),
        serviceEndDate=text_of(one.end_date),
    )


def _dated(services: tuple[DatedService, ...] | None, member: str) -> list[Body]:
    """A list of services, each an object with its descriptor and days."""
    return [
        without_nothing(
            **{f"{member}Descriptor": descriptor(one, member[0].upper() + member[1:])},
            serviceBeginDate=text_of(one.begin_date),
            serviceEndDate=text_of(one.end_date),
            primaryIndicator=one.primary,
        )
        for one in services or ()
    ]


def _participation(programme: Programme, element: str, resources: Resources) -> Body:
    """Statuses with their days. Ed-Fi demands the day on which each began."""
    statuses = [
        without_nothing(
            participationStatusDescriptor=descriptor(one.status, "ParticipationStatus"),
            statusBeginDate=text_of(one.begin_date),
            statusEndDate=text_of(one.end_date),
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
