"""What an information system says to ask another state for a child's record, and what it is told (decisions 4 and 5)."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.claims import OrganisationId
from safepassage.problems import Problem
from safepassage.wire import Code, Digest, Instant, Name, Wire

Sections = Annotated[tuple[Annotated[str, StringConstraints(max_length=32)], ...], Field(min_length=1, max_length=20)]


class ReceivingOrganisation(Wire):
    """The school or district that receives the record: the recipient in law; the two nodes are conduits."""

    id: OrganisationId
    """Its id at the requester's node."""
    kind: Literal["school", "lea"]
    name: Name
    nces_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{7}([0-9]{5})?$")] | None = None


class EvidenceDocument(Wire):
    """A document that proves the enrolment; it stays with the requester, its digest travels."""

    type: Code
    digest: Digest


class Official(Wire):
    """The official who attested it: a role and a pairwise id, never a name."""

    role: Code
    pairwise_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    attested_at: Instant


class EnrollmentEvidence(Wire):
    """Enrolment evidence, version 1 (34 CFR 99.31(a)(2), 99.34): kept by both nodes, shown as asserted by the requester."""

    v: Literal[1] = 1
    receiving_organisation: ReceivingOrganisation
    kind: Literal["enrolled", "seeks"]
    entry_date: date
    grade: Annotated[str, StringConstraints(max_length=8)]
    document: EvidenceDocument
    parent_initiated: bool
    """The parent or eligible student asked for the transfer (99.34(a)(1)(i))."""
    official: Official


class PersonSelector(Wire):
    """Who the child is, as the family and the receiving school say. Sealed inside the request; never in clear on the wire."""

    first_name: Name
    middle_name: Name | None = None
    last_name: Name
    birth_date: date
    state_student_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    """The id that the former state gave, if the family knows it."""
    former_school_nces_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None = None
    former_district_nces_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{7}$")] | None = None
    guardian_last_name: Name | None = None


class NewExchangeRequest(Wire):
    """`POST /v1/exchange-requests`."""

    holder: Annotated[str, StringConstraints(max_length=200)]
    """Entity id of the node to ask, from the trust list."""
    person: PersonSelector
    purpose: Literal["enrollment"] = "enrollment"
    basis: Literal["transfer", "consent"] = "transfer"
    consent_id: UUID | None = None
    """With basis `consent`: the id of the consent at the holder's node, from the receipt that the family was given there."""
    sections: Sections
    attachments: bool = False
    """Whether documents are wanted too (a PDF of an IEP): needs a malware scanner at this node. They come where the child's addresses are
    asked for and permitted, since a document shows them."""
    evidence: EnrollmentEvidence
    duty_ids: Annotated[tuple[UUID, ...], Field(max_length=10)] = ()
    """Duties of the caller's organisation that the request serves (to ask, to contact the last school, to obtain the records): the
    exchange's receipts end them. They stay in this node."""

    @model_validator(mode="after")
    def _consent_with_its_basis(self) -> Self:
        if (self.consent_id is not None) != (self.basis == "consent"):
            raise ValueError("consent_id goes with the basis consent")
        return self


ExchangeState = Literal["requested", "accepted", "received", "applied", "refused", "not-provided", "rejected", "expired"]
"""As the requester sees it. not-provided is not final: a package may follow until `expires_at`."""


class ExchangeRequest(Wire):
    """Where a request stands, for the information system that made it."""

    id: UUID
    holder: str
    state: ExchangeState
    requested_at: Instant
    expires_at: Instant
    student_id: UUID | None = None
    """The student in the requester's node, once the package is applied."""
    problem_code: Code | None = None
    remedy: str | None = None
    requeued_as: UUID | None = None
    """Where this one came to nothing and an operator had another one made in its place: that one's id."""


class NewExchangeRequests(Wire):
    """`POST /v1/exchange-request-batches`: requests for up to 100 children, to any nodes."""

    requests: Annotated[tuple[NewExchangeRequest, ...], Field(min_length=1, max_length=100)]


class ExchangeRequestAnswer(Wire):
    """What one of them would have been answered alone: the request that was made, or the problem."""

    request: ExchangeRequest | None = None
    problem: Problem | None = None


class ExchangeRequestAnswers(Wire):
    """In the order of the requests. Sent again with the same key, what was made is answered again, and what was not is tried again."""

    answers: Annotated[tuple[ExchangeRequestAnswer, ...], Field(max_length=100)]
