"""The facts of evidence, one model to a kind: what the rules read of it (policy_input.py says how they are recorded).

Of every kind: `for_discloser` its agency is the one that discloses, `names_recipient` it names the party of the request, `about_student` it
is about this student, `begins_at` and `ends_at` its period or its revocation, `elements` what it is about. The others are conditions of
the law; a Boolean is true where the evidence has a reference to what proves it.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from safepassage.wire import Wire

Milliseconds = Annotated[int, Field(gt=-(2**53), lt=2**53)]
"""Since the epoch; exact in JSON."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = tuple[Word, ...]
"""A set: sorted, each once."""


class AccreditationFacts(Wire):
    """99.31(a)(7) (Cedar: Accreditation)."""

    accrediting_function: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool


class AidFacts(Wire):
    """99.31(a)(4) (Cedar: Aid)."""

    about_student: bool
    applied_or_received: bool
    begins_at: Milliseconds
    conditioned_on_attendance: bool
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool
    necessary: bool


class DependencyFacts(Wire):
    """99.31(a)(8) (Cedar: Dependency)."""

    about_student: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_parent: bool
    names_recipient: bool


class DirectoryFacts(Wire):
    """99.37 (Cedar: Directory): the notice of the agency that keeps the record, and what the student's side said."""

    designated: Words
    ends_at: Milliseconds
    former_student: bool
    found_by_other_information: bool
    given_at: Milliseconds
    limited_to_parties: bool
    limited_to_purposes: bool
    names_recipient: bool
    objections_until: Milliseconds
    opted_out: Words
    purposes: Words


class EmergencyFacts(Wire):
    """99.31(a)(10), 99.36 (Cedar: Emergency)."""

    about_student: bool
    approved_at: Milliseconds
    approved_by_another: bool
    declared_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    knowledge_necessary: bool
    names_recipient: bool
    threat_articulated: bool


class JuvenileFacts(Wire):
    """99.31(a)(5), 99.38 (Cedar: Juvenile): after, or before, 19 November 1974; on the day itself neither."""

    about_student: bool
    adjudicated_at: Milliseconds | None = None
    adopted_after: bool
    adopted_before: bool
    begins_at: Milliseconds
    certified_at: Milliseconds | None = None
    concerns_system: bool
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool
    own_state: bool


class LitigationFacts(Wire):
    """99.31(a)(9)(iii) (Cedar: Litigation)."""

    about_student: bool
    elements: Words
    ends_at: Milliseconds
    filed_at: Milliseconds
    for_discloser: bool
    initiated_by: Word
    names_recipient: bool
    relevant: bool


class MandateFacts(Wire):
    """99.31(a)(3), 99.35(a)(1)-(2) (Cedar: Mandate)."""

    activity_named: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    listed_authority: bool
    names_recipient: bool
    protected: bool
    supported_programme: bool


class MealsFacts(Wire):
    """1232g(b)(1)(K) (Cedar: Meals)."""

    aggregate_results: bool
    begins_at: Milliseconds
    destroyed: bool
    elements: Words
    ends_at: Milliseconds
    for_agriculture: bool
    for_discloser: bool
    names_recipient: bool
    protected: bool
    supported_programme: bool


class OfficialFacts(Wire):
    """99.31(a)(1)(i)(A), (ii) (Cedar: Official)."""

    about_student: bool
    access_controlled: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    in_agency: bool
    legitimate_interest: bool
    names_recipient: bool
    purposes: Words


class OnboardingFacts(Wire):
    """16 CFR 312, as far as a vendor said it when it was taken on (Cedar: Onboarding)."""

    collects_from_under_13: bool
    consent_path: bool
    retention_policy: bool
    subdisclosures: bool
    under_13: bool


class OrderFacts(Wire):
    """99.31(a)(9)(i)-(ii), 1232g(b)(2)(B) (Cedar: Order)."""

    about_student: bool
    attorney_general: bool
    child_protection: bool
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    form: Word
    issued_at: Milliseconds
    listed_offense: bool
    names_recipient: bool
    nondisclosure_ordered: bool
    notice_at: Milliseconds | None = None
    parent_is_party: bool
    protective_action_until: Milliseconds | None = None
    verified: bool


class PlacementFacts(Wire):
    """1232g(b)(1)(L) (Cedar: Placement)."""

    about_student: bool
    begins_at: Milliseconds
    case_plan_access: bool
    confidentiality: bool
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    legally_responsible: bool
    names_recipient: bool


class ProceedingFacts(Wire):
    """99.31(a)(13)-(14), 99.39 (Cedar: Proceeding)."""

    about_student: bool
    elements: Words
    ends_at: Milliseconds
    final_at: Milliseconds
    final_since_1998: bool
    for_discloser: bool
    names_recipient: bool
    names_victim: bool
    offense: Word
    postsecondary: bool
    violation_found: bool


class RecruitingFacts(Wire):
    """7908(a), 10 USC 503(c) (Cedar: Recruiting)."""

    about_student: bool
    assisted: bool
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool
    opt_out_stands: bool
    optout_notified: bool
    recruiter: Word
    requested_at: Milliseconds


class RegistrationFacts(Wire):
    """99.31(a)(16) (Cedar: Registration)."""

    about_student: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool
    provided_under_registration: bool


class RelationFacts(Wire):
    """A person who would receive it, and the student (Cedar: Relation)."""

    is_parent: bool
    is_student: bool
    rights_ended_at: Milliseconds | None = None


class ReleaseFacts(Wire):
    """99.31(b) (Cedar: Release)."""

    begins_at: Milliseconds
    code_kept_secret: bool
    code_without_personal_information: bool
    determined: bool
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool
    other_information_considered: bool
    targets_student: bool


class RiskFacts(Wire):
    """99.36(b)(3) (Cedar: Risk)."""

    about_student: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    legitimate_interest: bool
    names_recipient: bool
    significant_risk: bool


class SubstanceFacts(Wire):
    """99.31(a)(15) (Cedar: Substance)."""

    about_student: bool
    begins_at: Milliseconds
    elements: Words
    ends_at: Milliseconds
    for_discloser: bool
    names_recipient: bool
    postsecondary: bool
    under_21: bool
    violation_determined: bool


class GroundFacts(Wire):
    """What a group of students has of it: of each kind one."""

    accreditation: AccreditationFacts | None = None
    aid: AidFacts | None = None
    dependency: DependencyFacts | None = None
    directory: DirectoryFacts | None = None
    emergency: EmergencyFacts | None = None
    juvenile: JuvenileFacts | None = None
    litigation: LitigationFacts | None = None
    mandate: MandateFacts | None = None
    meals: MealsFacts | None = None
    official: OfficialFacts | None = None
    onboarding: OnboardingFacts | None = None
    order: OrderFacts | None = None
    placement: PlacementFacts | None = None
    proceeding: ProceedingFacts | None = None
    recruiting: RecruitingFacts | None = None
    registration: RegistrationFacts | None = None
    relation: RelationFacts | None = None
    release: ReleaseFacts | None = None
    risk: RiskFacts | None = None
    substance: SubstanceFacts | None = None
