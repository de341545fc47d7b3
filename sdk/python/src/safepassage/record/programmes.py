"""Programmes that support the student, each under a law of its own."""

from datetime import date
from typing import Annotated

from safepassage.record.codes import Coded, Period, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Name


class EnglishLearner(Period):
    """English learner, ESEA section 8101(20)."""

    status: Annotated[Coded, ceds_id("000180")]
    services: Some[Coded] | None = ceds("000447")
    title_iii_participation: Coded | None = ceds("000565")
    monitored_until: date | None = None


class Gifted(Period):
    """Identified as gifted or talented, by the criteria of the state."""

    status: Annotated[Coded, ceds_id("000122")]
    criteria: Coded | None = ceds("001244")


class TitleI(Period):
    """Served by Title I, Part A."""

    indicator: Annotated[Coded, ceds_id("000281")]
    services: Some[Coded] | None = ceds("000282")


class Migrant(Period):
    """A migratory child, ESEA section 1309(3)."""

    status: Annotated[Coded, ceds_id("000189")]
    qualifying_arrival_date: date | None = ceds("000432")
    priority_for_services: bool | None = ceds("000562")
    eligibility_expires_on: date | None = ceds("000430")
    services: Some[Coded] | None = ceds("000186")
    continuation_of_services: Coded | None = ceds("000563")


class Homeless(Period):
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


class MealStatus(Period):
    """Free or reduced-price meals. Disclosed only to whom 42 USC 1758(b)(6) names."""

    eligibility: Annotated[Coded, ceds_id("000092")]
    directly_certified: bool | None = ceds("001654")


class Programmes(Section):
    """Section `programmes`."""

    english_learner: EnglishLearner | None = ceds("000180")
    gifted: Gifted | None = ceds("000122")
    title_i: TitleI | None = ceds("000281")
    migrant: Migrant | None = ceds("000189")
    homeless: Homeless | None = ceds("000149")
    foster: Foster | None = ceds("000225")
    meal_status: MealStatus | None = ceds("000092")
