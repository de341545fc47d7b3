"""Evidence of a legal basis: a recorded thing with a reference to what proves it, never a word of the asker's. Requests name ids only.

A kind is closed and told by its `kind`. What a parent or eligible student says - a consent, an opt-out, a refusal - is no evidence of
these kinds: see wire_policy and wire_directory.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Instant, Wire
from safepassage.wire_directory import DirectoryNotice, ParentsDisagree
from safepassage.wire_educator_application import EducatorApplication
from safepassage.wire_ground import Ground, OfStudents, Reference
from safepassage.wire_legal_process import ChildWelfare, CourtOrder, Emergency, JuvenileJustice, LegalAction
from safepassage.wire_policy import Agreement, NewAgreement
from safepassage.wire_programmes import (
    Accreditation,
    AuditAgreement,
    AuditMandate,
    ConductRisk,
    Dependency,
    FinancialAid,
    InterstateUnderstanding,
    MealEvaluation,
    NewAuditAgreement,
    NewStudyAgreement,
    OnwardUnderstanding,
    OperatorOnboarding,
    RecruiterRequest,
    SchoolOfficial,
    StudyAgreement,
)


class DisciplinaryProceeding(OfStudents):
    """The final results of a postsecondary institution's proceeding about a crime of violence or a non-forcible sex offence, 99.39."""

    kind: Literal["disciplinary-proceeding"] = "disciplinary-proceeding"
    offense: Literal["crime-of-violence", "non-forcible-sex-offense"]
    final_at: Instant
    violation_found: Reference | None = None
    """Where the institution determined that the student violated its rules or policies, 99.31(a)(14)(i)(B)."""
    victim: Reference | None = None
    """Where the recipient is named as the victim of the alleged perpetrator, (a)(13)."""


class SubstanceViolation(OfStudents):
    """A postsecondary institution's determination of a violation with alcohol or a controlled substance, 99.31(a)(15)."""

    kind: Literal["substance-violation"] = "substance-violation"
    determination: Reference


class OffenderRegistration(OfStudents):
    """Information on a registered offender, provided to the agency under 42 U.S.C. 14071, 99.31(a)(16)."""

    kind: Literal["offender-registration"] = "offender-registration"
    provided_under: Reference


class DeidentifiedRelease(Ground):
    """A release without personally identifiable information, 99.31(b)."""

    kind: Literal["de-identified-release"] = "de-identified-release"
    determination: Reference
    """The reasonable determination that no student is identifiable, (b)(1)."""
    other_information: Reference
    """Where it takes other releases and other reasonably available information into account, (b)(1)."""
    at_least: Annotated[int, Field(ge=2, le=1000)]
    """Students in a request, at the least: fewer are known ones, 99.3 "Personally Identifiable Information" (g)."""
    code_kept_secret: Reference | None = None
    """Of coded records: where the way in which codes are made is kept from the recipient, (b)(2)(i)."""
    code_without_personal_information: Reference | None = None
    """(b)(2)(iii)."""


Kind = Annotated[
    Accreditation
    | AuditMandate
    | ChildWelfare
    | ConductRisk
    | CourtOrder
    | DeidentifiedRelease
    | Dependency
    | DirectoryNotice
    | DisciplinaryProceeding
    | EducatorApplication
    | Emergency
    | FinancialAid
    | InterstateUnderstanding
    | JuvenileJustice
    | LegalAction
    | MealEvaluation
    | OffenderRegistration
    | OnwardUnderstanding
    | OperatorOnboarding
    | ParentsDisagree
    | RecruiterRequest
    | SchoolOfficial
    | SubstanceViolation,
    Field(discriminator="kind"),
]

STANDING = ("directory-notice", "interstate-understanding", "onward-understanding", "operator-onboarding", "parents-disagree")
"""Kinds that no request names: they hold for every disclosure of their agency, and are loaded with its facts where a rule asks for them."""


class Evidence(Wire):
    """Evidence on record. It is revoked, never altered."""

    id: UUID
    of: Kind
    recorded_at: Instant
    revoked_at: Instant | None = None


class EvidenceRevocation(Wire):
    """`POST /v1/evidence/{id}/revocation`: an order that was vacated, an emergency that is over, a determination taken back."""

    reason: Code


AnyAgreement = Annotated[Agreement | AuditAgreement | StudyAgreement, Field(discriminator="kind")]
"""Every kind of written agreement, on record."""
AnyNewAgreement = Annotated[NewAgreement | NewAuditAgreement | NewStudyAgreement, Field(discriminator="kind")]
"""Every kind, as it is put on record."""
