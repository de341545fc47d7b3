"""Consents and agreements: the evidence that a basis needs, each condition of the law a field of its own."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Code, Digest, Instant, Name, Wire

ElementId = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]+\.[a-z_0-9]+$", max_length=64)]
Elements = Annotated[tuple[ElementId, ...], Field(min_length=1, max_length=200)]
PartyId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""An organisation's UUID here (36 characters, lower case), or `<entity id>#<its id there>` behind another node."""
Purposes = Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


class ActingFor(Wire):
    """The parent or eligible student for whom the agency's portal or staff act (34 CFR 99.31(c))."""

    person_id: UUID
    """A rights holder of the student, or the student's own id where rights have passed to the student."""
    assurance_level: Literal["ial1", "ial2", "ial3"]
    method: Code
    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    authenticated_at: Instant


class NewConsent(Wire):
    """A signed and dated written consent, 34 CFR 99.30."""

    student_id: UUID
    acting_for: ActingFor
    signed_on: date
    signature: Literal["paper", "electronic"]
    document: Digest
    """Digest of the signed document, kept by the agency."""
    elements: Elements
    """The records that may be disclosed, 99.30(b)(1)."""
    purposes: Purposes
    """99.30(b)(2)."""
    recipient_id: PartyId
    """The party, 99.30(b)(3): an organisation of this node, or one behind another node."""
    expires_at: Instant | None = None
    electronic_approval: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Where an electronic consent shows the person's approval of what it says, 99.30(d)(2). A paper one needs none."""


class Consent(NewConsent):
    """A consent on record."""

    id: UUID
    grantor_role: Literal["parent", "student"]
    granted_at: Instant
    narrowed_at: Instant | None = None
    """When it was last narrowed: elements, purposes and expiry are those that remain."""
    withdrawn_at: Instant | None = None


class ConsentWithdrawal(Wire):
    """`POST /v1/consents/{id}/withdrawal`."""

    acting_for: ActingFor
    reason: Code


class StateClause(Wire):
    """A clause that the law of one state asks for, and where the document has it."""

    clause: Code
    """State, section, paragraph: `ca-49073.1-b1`."""
    where: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Subprocessor(Wire):
    """A party that works for the one that signed, and where the document, or a list that it names, has it."""

    name: Name
    service: Name
    """What it does."""
    where: Name


Subprocessors = Annotated[tuple[Subprocessor, ...], Field(max_length=200)]


class NewAgreement(Wire):
    """A written agreement with a party that acts for districts: each clause that the law asks for, with where it stands in the document."""

    kind: Literal["contractor"]
    """contractor: 34 CFR 99.31(a)(1)(i)(B)."""
    recipient_id: UUID
    district_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=500)]
    document: Digest
    signed_on: date
    starts_on: date
    ends_on: date
    """The first day on which it no longer holds."""
    elements: Elements
    """Its schedule of data."""
    purposes: Purposes
    institutional_service: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Where it says which institutional service the party performs, (B)(1)."""
    direct_control: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Where it puts the use and maintenance of records under the district's direct control, (B)(2)."""
    redisclosure_limits: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Where it binds the party to 99.33(a), (B)(3)."""
    legitimate_interest: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Reference of the annual notice's criteria that the party meets, 99.7(a)(3)(iii)."""
    destruction: Annotated[str, StringConstraints(max_length=200)] | None = None
    security: Annotated[str, StringConstraints(max_length=200)] | None = None
    breach_notice: Annotated[str, StringConstraints(max_length=200)] | None = None
    state_clauses: Annotated[tuple[StateClause, ...], Field(max_length=40)] = ()
    subprocessors: Subprocessors = ()


class AgreementAmendment(Wire):
    """`POST /v1/agreements/{id}/amendments`: from its day on, the schedule and the end of an agreement are these."""

    document: Digest
    signed_on: date
    from_: Annotated[date, Field(alias="from", serialization_alias="from")]
    elements: Elements
    purposes: Purposes
    ends_on: date
    state_clauses: Annotated[tuple[StateClause, ...], Field(max_length=40)] | None = None
    """All that count from then on; None: those of before."""
    subprocessors: Subprocessors | None = None
    """All from then on; None: those of before."""


class Agreement(NewAgreement):
    """An agreement on record."""

    id: UUID
    recorded_at: Instant
    terminated_at: Instant | None = None
    amendments: Annotated[tuple[AgreementAmendment, ...], Field(max_length=40)] = ()
    """In the order in which they were recorded; of those in force the last one counts."""


class AgreementTermination(Wire):
    """`POST /v1/agreements/{id}/termination`."""

    reason: Code


class NewDebarment(Wire):
    """A finding that bars a third party from the records of one agency for at least five years, 34 CFR 99.67(c)-(e)."""

    party: PartyId
    """An organisation's UUID here, `<entity id>#<its id there>` behind a peer, or the entity id of a whole node."""
    originating_agency: PartyId
    """The agency from which the information originated: only its records are closed to the party."""
    finding: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Reference of the finding of the Department's office."""
    begins_at: Instant
    until: Instant

    @model_validator(mode="after")
    def _at_least_five_years(self) -> Self:
        begins = self.begins_at
        if (begins.month, begins.day) == (2, 29):
            begins = begins.replace(month=3, day=1)
        if self.until < begins.replace(year=begins.year + 5):
            raise ValueError("a debarment lasts at least five years")
        return self


class Debarment(NewDebarment):
    """A debarment on record."""

    id: UUID
    recorded_at: Instant


class OpenObligation(Wire):
    """What a permission obliged to, until it is discharged."""

    id: UUID
    decision_id: UUID
    kind: Code
    argument: str | None
    citation: str | None
    due_at: Instant | None
    discharged_at: Instant | None = None
    waivers: int = 0
    """Officials of the agency who have waived it; it counts from the second on."""
    waived_at: Instant | None = None
    suspended: bool = False
    """Of a `destroy-by` that is due: somebody waits to inspect the records, so they are not destroyed meanwhile, and it is not overdue
    (34 CFR 99.10(e))."""


class Obligations(Wire):
    """`GET /v1/obligations`: a page, those due first in front."""

    obligations: tuple[OpenObligation, ...]
    next: Annotated[str | None, Field(description="Cursor of the next page; also in the Link header.")] = None


class Discharge(Wire):
    """`POST /v1/obligations/{id}/discharge`."""

    evidence_ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Reference of what shows that it was done."""
