"""What a parent or eligible student may ask for, through the agency: narrow a consent, opt out, inspect, amend, be heard, disagree."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.record.provenance import Contested
from safepassage.wire import Base64Url, Code, Digest, Instant, Wire
from safepassage.wire_directory import Preference
from safepassage.wire_exchange import Official
from safepassage.wire_policy import ActingFor, Consent, ElementId, Elements, Purposes

EvidenceRef = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""Where the agency keeps what shows it: never the thing itself."""

ContestedParts = Annotated[tuple[Contested, ...], Field(min_length=1, max_length=50)]


class ConsentNarrowing(Wire):
    """`POST /v1/consents/{id}/narrowing`: what remains of it. It may only shrink, and something of it remains."""

    acting_for: ActingFor
    reason: Code
    elements: Elements
    purposes: Purposes
    expires_at: Instant | None = None
    """An earlier expiry; absent: as it was."""


class ConsentEvent(Wire):
    """One thing that happened to a consent."""

    kind: Literal["granted", "narrowed", "withdrawn"]
    at: Instant
    client_id: str
    organisation_id: UUID
    acting_for: ActingFor
    reason: Code
    elements: tuple[ElementId, ...] | None = None
    """What it covered from then on; absent where that did not change."""
    purposes: tuple[Code, ...] | None = None
    expires_at: Instant | None = None


class ConsentHistory(Wire):
    """`GET /v1/consents/{id}/history`: all that happened, in order. What was in force at an instant follows from it."""

    consent_id: UUID
    events: tuple[ConsentEvent, ...]


class PublicSigningKey(Wire):
    """An Ed25519 public key (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Base64Url
    kid: Digest
    alg: Literal["Ed25519"]
    use: Literal["sig"]


class ReceiptKeys(Wire):
    """`GET /v1/receipt-keys`: the keys that the node signs receipts of consents with. Get them once, over a connection that you trust."""

    issuer: str
    keys: tuple[PublicSigningKey, ...]


class SignedConsentReceipt(Wire):
    """`GET /v1/consents/{id}/receipt`: for the person who gave it (safepassage.consent_receipt)."""

    receipt: Annotated[str, StringConstraints(max_length=65_536)]
    """Compact JWS, typ sp-consent-receipt+jws."""
    principal_salt: Base64Url
    """Opens `pii_principal_id`: with the student's id it shows for whom the receipt is. Not part of the receipt."""


class Rescission(Wire):
    """`POST /v1/preferences/{id}/rescission`: an opt-out or refusal is taken back."""

    acting_for: ActingFor
    reason: Code


class MeetingAhead(Wire):
    """Before which a parent must have had access: 34 CFR 300.613(a)."""

    kind: Literal["iep-meeting", "due-process-hearing", "resolution-session"]
    on: date


class NewInspection(Wire):
    """A request to inspect and review education records: 34 CFR 99.10, at a state agency too; 300.613 for those of a child with an IEP."""

    student_id: UUID
    acting_for: ActingFor
    received_on: date
    request_ref: EvidenceRef
    parts: ContestedParts | None = None
    """Elements or sections; absent: the whole record."""
    law: Literal["ferpa", "idea"] = "ferpa"
    before: MeetingAhead | None = None

    @model_validator(mode="after")
    def _meeting_of_idea(self) -> Self:
        if self.before is not None and self.law != "idea":
            raise ValueError("a meeting belongs to a request under IDEA")
        return self


class RightsEvent(Wire):
    """What happened to a request."""

    kind: Code
    at: Instant
    organisation_id: UUID
    evidence_ref: EvidenceRef | None = None
    reason: Code | None = None


class Inspection(NewInspection):
    """A request to inspect, and what happened to it. While it is outstanding nothing of the record is destroyed (99.10(e))."""

    id: UUID
    custodian_id: UUID
    state: Literal["outstanding", "complied", "refused", "withdrawn"]
    overdue_at: Instant
    """The first instant that is too late. Nothing moves it."""
    events: tuple[RightsEvent, ...]


class InspectionStep(Wire):
    """`POST /v1/inspections/{id}/steps`."""

    step: Literal["explained", "arranged", "copy-given", "inspected", "refused", "withdrawn"]
    evidence_ref: EvidenceRef
    reason: Code | None = None
    """Of a refusal: `99.12` limits what may be inspected."""
    acting_for: ActingFor | None = None
    """Who withdraws it; only they can."""

    @model_validator(mode="after")
    def _with_what_it_needs(self) -> Self:
        if (self.acting_for is not None) != (self.step == "withdrawn") or (self.reason is not None) != (self.step == "refused"):
            raise ValueError("a withdrawal names the person, a refusal its reason, and no other step does")
        return self


class InspectionPage(Wire):
    """`GET /v1/inspections`: those due first in front."""

    inspections: tuple[Inspection, ...]
    next: str | None = None


class NewAmendment(Wire):
    """A request to amend a record: 34 CFR 99.20, 300.618."""

    student_id: UUID
    acting_for: ActingFor
    received_on: date
    request_ref: EvidenceRef
    relates_to: ContestedParts
    grounds: Literal["inaccurate", "misleading", "privacy"]
    law: Literal["ferpa", "idea"] = "ferpa"


class Amendment(NewAmendment):
    """A request to amend, and what happened to it."""

    id: UUID
    decided_by: str
    """The agency that made the record and decides: an organisation here, or `<entity id>#<its id there>` behind a peer."""
    state: Literal["received", "forwarded", "granted", "refused", "hearing", "withdrawn"]
    overdue_at: Instant
    events: tuple[RightsEvent, ...]


class AmendmentDecision(Wire):
    """`POST /v1/amendments/{id}/decision`: by the originating agency alone."""

    outcome: Literal["granted", "refused"]
    decided_on: date
    official: Official
    evidence_ref: EvidenceRef


class NewHearing(Wire):
    """A request for a hearing on a refused amendment: 34 CFR 99.21(a)."""

    amendment_id: UUID
    acting_for: ActingFor
    received_on: date
    request_ref: EvidenceRef


class HearingOfficer(Wire):
    """Who conducts the hearing, without a direct interest in the outcome: 99.22(c)."""

    role: Code
    pairwise_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    no_interest_ref: EvidenceRef


class HearingSchedule(Wire):
    """`POST /v1/hearings/{id}/schedule`: notice of date, time and place, 99.22(b)."""

    at: Instant
    place_ref: EvidenceRef
    notice_given_on: date
    notice_ref: EvidenceRef
    officer: HearingOfficer


class HearingRecord(Wire):
    """`POST /v1/hearings/{id}/record`: it was held, 99.22(d)."""

    held_at: Instant
    opportunity_ref: EvidenceRef
    """What shows the full and fair opportunity to present evidence, and that assistance of their choice was allowed."""


class HearingDecision(Wire):
    """`POST /v1/hearings/{id}/decision`: in writing, on the evidence alone, with its summary and the reasons, 99.22(e)-(f)."""

    outcome: Literal["amend", "stands"]
    decided_on: date
    officer_pairwise_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    document: Digest
    """Of the written decision."""
    evidence_summary_ref: EvidenceRef
    reasons_ref: EvidenceRef
    solely_on_evidence_ref: EvidenceRef


class Hearing(NewHearing):
    """A hearing, and what happened in it."""

    id: UUID
    student_id: UUID
    custodian_id: UUID
    state: Literal["requested", "scheduled", "held", "amend", "stands", "withdrawn"]
    overdue_at: Instant
    """The first instant that is too late for the hearing."""
    decision_overdue_at: Instant | None = None
    """That is too late for its decision, which the agency's own clock counts from the hearing (99.22(e)); none before it was held."""
    schedule: HearingSchedule | None = None
    record: HearingRecord | None = None
    decision: HearingDecision | None = None
    events: tuple[RightsEvent, ...]


class NewStatement(Wire):
    """A statement of disagreement: 34 CFR 99.21(b)(2). Its text goes into the record, with the id that this gives; here is its digest."""

    hearing_id: UUID
    acting_for: ActingFor
    relates_to: ContestedParts
    """Within what the amendment was about."""
    placed_on: date
    document: Digest


class Statement(NewStatement):
    """A statement on record. Its `id` is the id of the StatementOfDisagreement that the agency loads with the student's record."""

    id: UUID
    student_id: UUID
    custodian_id: UUID
    placed_by: Literal["parent", "eligible-student"]
    recorded_at: Instant


class RightsFile(Wire):
    """`GET /v1/students/{student_id}/rights-file`: what was said and asked about one student, of each kind the newest first."""

    student_id: UUID
    consents: tuple[Consent, ...]
    """Withdrawn and expired ones too."""
    preferences: tuple[Preference, ...]
    """Opt-outs and refusals, rescinded ones too."""
    inspections: tuple[Inspection, ...]
    amendments: tuple[Amendment, ...]
    hearings: tuple[Hearing, ...]
