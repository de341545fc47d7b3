"""Officials, authorities, programmes and organisations for whose work records are opened: 34 CFR 99.31(a)(1), (3), (4), (6)-(8)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Digest, Instant, Wire
from safepassage.wire_ground import Ground, OfStudents, Proof, Reference
from safepassage.wire_policy import AgreementAmendment, Elements, PartyId, Purposes, StateClause, Subprocessors


class SchoolOfficial(Ground):
    """The agency's determination that officials within it have legitimate educational interests, 99.31(a)(1)(i)(A)."""

    kind: Literal["school-official"] = "school-official"
    legitimate_interest: Reference
    """Which criterion of the annual notice they meet, 99.7(a)(3)(iii)."""
    access_control: Reference
    """The physical or technological control, or the effective policy, that keeps them to those records, (a)(1)(ii)."""
    purposes: Purposes


class ConductRisk(OfStudents):
    """Teachers and officials of another school with interest in conduct that posed a significant risk, 99.36(b)(3)."""

    kind: Literal["conduct-risk"] = "conduct-risk"
    significant_risk: Reference
    legitimate_interest: Reference


class AuditMandate(Ground):
    """An authority of 99.31(a)(3) that audits, evaluates, enforces or complies itself, by its own employees."""

    kind: Literal["audit-mandate"] = "audit-mandate"
    office: Literal["comptroller-general", "attorney-general", "secretary", "state-educational-authority", "local-educational-authority"]
    activity: Literal["audit", "evaluation", "enforcement", "compliance"]
    programme: Reference
    """The Federal- or State-supported education programme, or the Federal legal requirement of one."""
    protection: Reference
    """The methods that keep the information from further disclosure and see to its destruction, 99.35(a)(2), (b)."""


class _WrittenAgreement(Wire):
    recipient_id: UUID
    district_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=500)]
    document: Digest
    signed_on: date
    starts_on: date
    ends_on: date
    """The first day on which it no longer holds, and by which the information is destroyed."""
    elements: Elements
    purposes: Purposes
    state_clauses: Annotated[tuple[StateClause, ...], Field(max_length=40)] = ()
    subprocessors: Subprocessors = ()


class _OnRecord(Wire):
    id: UUID
    recorded_at: Instant
    terminated_at: Instant | None = None
    amendments: Annotated[tuple[AgreementAmendment, ...], Field(max_length=40)] = ()


class NewAuditAgreement(_WrittenAgreement):
    """The written agreement that designates an authorised representative, 99.35(a)(3): where it has each clause."""

    kind: Literal["audit-evaluation"] = "audit-evaluation"
    authority_id: UUID
    """The State or local educational authority, or agency, that designates."""
    designation: Reference | None = None
    """(i)."""
    information: Reference | None = None
    """(ii)(A)."""
    purpose: Reference | None = None
    """(ii)(B)."""
    activity: Reference | None = None
    """(ii)(C)."""
    destruction: Reference | None = None
    """(iii)."""
    destruction_period: Reference | None = None
    """(iv)."""
    protection: Reference | None = None
    """(v)."""


class AuditAgreement(NewAuditAgreement, _OnRecord):
    """On record."""


class NewStudyAgreement(_WrittenAgreement):
    """The written agreement of a study for, or on behalf of, agencies, 99.31(a)(6)(iii): where it has each clause."""

    kind: Literal["study"] = "study"
    aim: Literal["predictive-tests", "student-aid-programs", "improve-instruction"]
    purpose_and_scope: Reference | None = None
    """(C)(1): purpose, scope and duration of the study, and the information to be disclosed."""
    use_limit: Reference | None = None
    """(C)(2)."""
    no_identification: Reference | None = None
    """(A), (C)(3)."""
    destruction: Reference | None = None
    """(B), (C)(4), with the time period."""


class StudyAgreement(NewStudyAgreement, _OnRecord):
    """On record."""


class FinancialAid(OfStudents):
    """Financial aid for which the student applied, or which the student received, 99.31(a)(4)."""

    kind: Literal["financial-aid"] = "financial-aid"
    stage: Literal["applied", "received"]
    needed_for: Annotated[tuple[Literal["eligibility", "amount", "conditions", "enforcement"], ...], Field(min_length=1, max_length=4)]
    """What the elements are necessary for, (i)(A)-(D)."""
    conditioned_on_attendance: Reference
    """(ii): the payment is conditioned on attendance."""


class Accreditation(Ground):
    """An accrediting organisation that carries out its accrediting functions, 99.31(a)(7)."""

    kind: Literal["accreditation"] = "accreditation"
    function: Reference


class Dependency(OfStudents):
    """Proof that the student is a dependent of a parent for the tax year, 99.31(a)(8); 26 U.S.C. 152."""

    kind: Literal["dependency"] = "dependency"
    person_id: UUID
    tax_year: Annotated[int, Field(ge=1974, le=2200)]
    """One that has begun. It counts until the next year's return is due at the latest (15 October of the year after that)."""


class MealEvaluation(Ground):
    """Monitoring and evaluation of meal programmes for the Secretary of Agriculture, 20 USC 1232g(b)(1)(K)."""

    kind: Literal["meal-evaluation"] = "meal-evaluation"
    acts_for: Literal["secretary-of-agriculture", "food-and-nutrition-service", "contractor"]
    programme: Reference
    aggregate_results: Reference
    protection: Reference
    destruction: Reference


class RecruiterRequest(Ground):
    """A recruiter's request to a district that receives assistance under the ESEA, 20 USC 7908; 10 USC 503(c)."""

    kind: Literal["recruiter-request"] = "recruiter-request"
    recruiter: Literal["military", "higher-education"]
    requested_at: Instant
    assistance: Reference
    """The assistance that the district receives."""
    secondary_school_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=500)]
    optout_notice: Reference
    """Where the parents were told that they may opt out, 7908(a)(2)(B)."""


class OperatorOnboarding(Proof):
    """What a vendor that operates an online service said when it was taken on (16 CFR 312, whose words are not at hand)."""

    kind: Literal["operator-onboarding"] = "operator-onboarding"
    recipient_id: PartyId
    collects_from_under_13: bool
    consent_path: Reference | None = None
    retention_policy: Reference | None = None
    subdisclosures: Reference | None = None


class InterstateUnderstanding(Proof):
    """A written understanding of the state agency with another state's on the exchange of records. No rule that permits reads it."""

    kind: Literal["interstate-understanding"] = "interstate-understanding"
    node: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Entity id of the other state's node."""


class OnwardUnderstanding(Proof):
    """A district's understanding that the state agency makes further disclosures on its behalf, 99.33(b)(1), by basis."""

    kind: Literal["onward-understanding"] = "onward-understanding"
    bases: Annotated[tuple[str, ...], Field(min_length=1, max_length=40)]
