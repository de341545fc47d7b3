"""Programmes that support the student, each under a law of its own."""

from datetime import date
from typing import Annotated

from safepassage.record.codes import Coded, OrganisationReference, Period, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Name


class DatedService(Coded, Period):
    """A service of a programme, and from when to when the student had it."""

    begin_date: date | None = ceds("000326")
    end_date: date | None = ceds("000327")
    primary: bool | None = None


class Participation(Period):
    """How the student stood to a programme, from referral to exit, and when."""

    status: Annotated[Coded, ceds_id("001243")]


class Programme(Period):
    """Of each programme, but that in the care of an agency."""

    participation: Some[Participation] | None = ceds("001243")


class EnglishLearner(Programme):
    """English learner, ESEA section 8101(20)."""

    status: Annotated[Coded, ceds_id("000180")]
    services: Some[DatedService] | None = ceds("000447")
    title_iii_participation: Coded | None = ceds("000565")
    monitored_until: date | None = None


class Gifted(Programme):
    """Identified as gifted or talented, by the criteria of the state."""

    status: Annotated[Coded, ceds_id("000122")]
    criteria: Coded | None = ceds("001244")


class TitleI(Programme):
    """Served by Title I, Part A."""

    indicator: Annotated[Coded, ceds_id("000281")]
    services: Some[DatedService] | None = ceds("000282")


class Migrant(Programme):
    """A migratory child, ESEA section 1309(3)."""

    status: Annotated[Coded, ceds_id("000189")]
    qualifying_arrival_date: date | None = ceds("000432")
    priority_for_services: bool | None = ceds("000562")
    eligibility_expires_on: date | None = ceds("000430")
    services: Some[DatedService] | None = ceds("000186")
    continuation_of_services: Coded | None = ceds("000563")


class Homeless(Programme):
    """Experiencing homelessness, 42 USC 11434a. Where the child stays at night is not directory information (11432(g)(3)(G))."""

    nighttime_residence: Coded | None = ceds("000146")
    unaccompanied_youth: bool | None = ceds("000148")
    served: bool | None = ceds("000147")


class Foster(Period):
    """In the care of a child-welfare agency, 20 USC 1232g(b)(1)(L)."""

    agency: Name
    role: Annotated[Coded, ceds_id("000225")]
    """What the agency is to the child: legal custody, placement, ..."""
    case_reference: Short | None = None
    educational_decision_maker: Name | None = None


class MealStatus(Programme):
    """Free or reduced-price meals. Disclosed only to whom 42 USC 1758(b)(6) names."""

    eligibility: Annotated[Coded, ceds_id("000092")]
    directly_certified: bool | None = ceds("001654")


class CareerService(Period):
    """What of career and technical education a student is taught."""

    kind: Annotated[Coded, ceds_id("001288")]
    """The career cluster, or what the source calls the service."""
    cip_code: Short | None = ceds("000043")
    primary: bool | None = None


class CareerProgramme(Programme):
    """One programme of career and technical education that a student takes part in, and what of it the student is taught."""

    name: Name | None = None
    """What whoever offers it calls it, where that is more than the name of its kind."""
    kind: Coded | None = ceds("000225")
    organisation: OrganisationReference | None = None
    """Where the student takes part in it, where that is not the student's own district."""
    offered_by: OrganisationReference | None = None
    """Whose programme it is, where it is another's than `organisation`'s."""
    private: bool | None = None
    services: Some[CareerService] | None = None
    nontraditional_gender: bool | None = ceds("000588")
    """Of a gender that is not many in the field."""
    technical_skills_assessment: Coded | None = None
    exit_reason: Coded | None = ceds("000222")


class CareerTechnical(CareerProgramme):
    """Takes part in career and technical education, 20 USC 2302(5). Of several programmes it says the one that began last."""

    participant: Annotated[Coded, ceds_id("000592")]
    others: Some[CareerProgramme] | None = None
    """The other programmes, of the same time or before, in the order in which they began."""


class NeglectedDelinquent(Programme):
    """In a programme for neglected or delinquent children, Title I, Part D. That a child is in one says where the child was placed."""

    status: Annotated[Coded, ceds_id("000193")]
    programme: Coded | None = ceds("000194")
    services: Some[DatedService] | None = None
    mathematics_progress: Coded | None = ceds("000561")
    reading_progress: Coded | None = ceds("000561")
    exit_reason: Coded | None = ceds("000222")


class Programmes(Section):
    """Section `programmes`."""

    english_learner: EnglishLearner | None = ceds("000180")
    gifted: Gifted | None = ceds("000122")
    title_i: TitleI | None = ceds("000281")
    migrant: Migrant | None = ceds("000189")
    homeless: Homeless | None = ceds("000149")
    foster: Foster | None = ceds("000225")
    meal_status: MealStatus | None = ceds("000092")
    career_technical: CareerTechnical | None = ceds("000592")
    neglected_delinquent: NeglectedDelinquent | None = ceds("000193")
