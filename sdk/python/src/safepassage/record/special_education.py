"""Special education: IDEA Parts B and C, and section 504."""

from datetime import date
from typing import Annotated

from safepassage.record.codes import Coded, Count, Long, OrganisationReference, Period, Section, Some, ceds, ceds_id
from safepassage.wire import Text, Wire


class Disability(Wire):
    """A category of disability, IDEA section 602(3) as the state codes it."""

    category: Annotated[Coded, ceds_id("001733")]
    primary: Annotated[bool, ceds_id("000218")] = False


class IdeaEvent(Wire):
    """A step of the process: referral, consent to evaluate, evaluation, meeting, exit, ..."""

    kind: Coded
    event_date: date
    note: Text | None = None


class Eligibility(Wire):
    """Whether the child is a child with a disability, since when, and how that was found."""

    eligible: Annotated[bool, ceds_id("000151")]
    disabilities: Some[Disability] | None = ceds("001733")
    evaluated_on: date | None = ceds("001731")
    determined_on: date | None = ceds("002120")
    reevaluation_due_on: date | None = ceds("001241")
    events: Some[IdeaEvent] | None = None
    served_from: date | None = ceds("000590")
    served_until: date | None = ceds("000591")
    """The last day in the programme that serves the child, as of a school year's. It ends no eligibility: `exited_on` does."""
    exited_on: date | None = ceds("000263")
    exit_reason: Coded | None = ceds("000260")
    exit_explanation: Text | None = None


class Goal(Wire):
    """A measurable annual goal."""

    area: Annotated[Coded, ceds_id("001698")]
    statement: Annotated[Long, ceds_id("000903")]
    progress: Text | None = ceds("001690")


class Service(Period):
    """A service of a plan, in minutes a week."""

    kind: Annotated[Coded, ceds_id("001383")]
    minutes_per_week: Count | None = ceds("001520")
    setting: Coded | None = None
    provider_role: Coded | None = None
    primary: bool | None = None


class IndividualizedEducationProgramme(Period):
    """The IEP in force: 34 CFR 300.320; the new district gives comparable services until it adopts it or writes its own (300.323)."""

    meeting_on: date | None = ceds("001684")
    review_due_on: date | None = None
    environment: Coded | None = ceds("000535")
    placement: OrganisationReference | None = ceds("001069")
    goals: Some[Goal] | None = ceds("000903")
    services: Some[Service] | None = ceds("001383")
    accommodations: Some[Coded] | None = ceds("001685")
    transition_plan: Long | None = ceds("001235")
    extended_school_year: bool | None = ceds("001717")


class EarlyIntervention(Period):
    """Services under Part C, birth to three; a parent may object to what passes to Part B (34 CFR 303.401)."""

    eligibility: Coded | None = ceds("001656")
    plan_date: date | None = ceds("001236")
    services: Some[Service] | None = ceds("001383")
    notified_part_b_on: date | None = ceds("001500")


class Section504Plan(Period):
    """Accommodations under section 504 of the Rehabilitation Act."""

    eligible: Annotated[bool, ceds_id("000249")]
    disability: Coded | None = ceds("001320")
    meeting_on: date | None = None
    decided_on: date | None = None
    has_plan: bool | None = None
    accommodations: Some[Coded] | None = ceds("001685")


class SpecialEducation(Section):
    """Section `special_education`."""

    eligibility: Eligibility | None = ceds("000151")
    iep: IndividualizedEducationProgramme | None = ceds("000320")
    early_intervention: EarlyIntervention | None = ceds("001656")
    section_504: Section504Plan | None = ceds("000249")
