"""Evidence as it is stored and sent: organisations, students, a consent, an agreement, a transfer; tests change them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from safepassage.wire_exchange import EnrollmentEvidence, EvidenceDocument, Official, ReceivingOrganisation
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import ActingFor, Agreement, Consent, Debarment
from services.privacy.policy import PolicyInput, build_input
from shared.contracts.privacy import DecisionRequest, Recipient, RightsHolder, SubjectFacts, SubjectVersion, TransferFacts

NOW: Final = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
DIGEST: Final = "A" * 43

SEA, DISTRICT, SCHOOL, OTHER_DISTRICT, VENDOR, PEER = (UUID(int=number) for number in range(1, 7))
STUDENT: Final = UUID("4f6d3c1e-8a2b-4c5d-9e0f-112233445566")
PARENT: Final = UUID("5f6d3c1e-8a2b-4c5d-9e0f-112233445566")
CONSENT, AGREEMENT = UUID(int=100), UUID(int=101)
NODE: Final = "https://birch.example"
RECEIVING: Final = "01900000-0000-7000-8000-00000000000b"
TRANSCRIPT: Final = "academics.transcript"


def organisation(identifier: UUID, kind: str, parent: UUID | None = None, **changes: Any) -> Organisation:
    """An organisation of the node."""
    facts = {"id": identifier, "version": 1, "kind": kind, "name": "Somewhere", "parent_id": parent, "valid_from": date(2020, 1, 1)}
    return Organisation.model_validate(facts | changes)


def organisations(**district: Any) -> dict[UUID, Organisation]:
    """A state agency, a district with a school, another district, a vendor; the district has given and agreed to everything."""
    agreed = {
        "onward_transfer_agreed": "board minutes 2026-04",
        "annual_notice_forwards_records": "notice 2026, p. 3",
        "annual_notice_school_officials": "notice 2026, p. 2",
    }
    every = (
        organisation(SEA, "sea"),
        organisation(DISTRICT, "lea", SEA, **(agreed | district)),
        organisation(SCHOOL, "school", DISTRICT),
        organisation(OTHER_DISTRICT, "lea", SEA),
        organisation(VENDOR, "vendor"),
    )
    return {it.id: it for it in every}


def student(**changes: Any) -> SubjectFacts:
    """A child of the district."""
    facts: dict[str, Any] = {
        "student_id": STUDENT,
        "facts_version": 3,
        "custodian_id": DISTRICT,
        "originating_agency": str(DISTRICT),
        "birth_date": date(2012, 5, 4),
        "time_zone": "America/New_York",
        "jurisdiction": "US-XA",
        "rights_holders": (RightsHolder.model_validate({"person_id": PARENT, "relation": "mother", "from": date(2012, 5, 4)}),),
    }
    return SubjectFacts.model_validate(facts | changes)


def holder(**changes: Any) -> RightsHolder:
    """A parent's entry."""
    return RightsHolder.model_validate({"person_id": PARENT, "relation": "mother", "from": date(2012, 5, 4)} | changes)


def consent(**changes: Any) -> Consent:
    """A parent's paper consent to the vendor."""
    acting = {"person_id": PARENT, "assurance_level": "ial2", "method": "portal", "evidence_ref": "case 1", "authenticated_at": NOW}
    facts: dict[str, Any] = {
        "id": CONSENT,
        "student_id": STUDENT,
        "acting_for": ActingFor.model_validate(acting | changes.pop("acting_for", {})),
        "signed_on": date(2026, 9, 1),
        "signature": "paper",
        "document": DIGEST,
        "elements": (TRANSCRIPT,),
        "purposes": ("financial-aid",),
        "recipient_id": str(VENDOR),
        "grantor_role": "parent",
        "granted_at": datetime(2026, 9, 2, 15, 0, tzinfo=UTC),
    }
    return Consent.model_validate(facts | changes)


def agreement(**changes: Any) -> Agreement:
    """The district's agreement with the vendor."""
    facts: dict[str, Any] = {
        "id": AGREEMENT,
        "kind": "contractor",
        "recipient_id": VENDOR,
        "district_ids": (DISTRICT,),
        "document": DIGEST,
        "signed_on": date(2026, 7, 1),
        "starts_on": date(2026, 8, 1),
        "ends_on": date(2027, 7, 1),
        "elements": (TRANSCRIPT,),
        "purposes": ("instruction",),
        "institutional_service": "1.1",
        "direct_control": "2.3",
        "redisclosure_limits": "2.4",
        "legitimate_interest": "notice, p. 2",
        "recorded_at": NOW - timedelta(days=30),
    }
    return Agreement.model_validate(facts | changes)


def transfer(kind: str = "enrolled", receiving: str = RECEIVING, **changes: Any) -> TransferFacts:
    """What a peer's signed request says."""
    evidence = EnrollmentEvidence(
        receiving_organisation=ReceivingOrganisation(id=receiving, kind="school", name="Birch Middle"),
        kind="seeks" if kind == "seeks" else "enrolled",
        entry_date=date(2026, 10, 26),
        grade="07",
        document=EvidenceDocument(type="enrolment-form", digest=DIGEST),
        parent_initiated=False,
        official=Official(role="registrar", pairwise_id="r-1", attested_at=NOW - timedelta(hours=2)),
    )
    return TransferFacts.model_validate({"evidence": evidence, "request_digest": DIGEST, "asserted_by": NODE} | changes)


def debarment(**changes: Any) -> Debarment:
    """The vendor is barred from the district's records."""
    begins = NOW - timedelta(days=10)
    facts: dict[str, Any] = {
        "id": UUID(int=200),
        "party": str(VENDOR),
        "originating_agency": str(DISTRICT),
        "finding": "SPPO 2026-7",
        "begins_at": begins,
        "until": begins.replace(year=begins.year + 5),
        "recorded_at": NOW,
    }
    return Debarment.model_validate(facts | changes)


BEHIND_PEER: Final = Recipient(kind="school", id=f"{NODE}#{RECEIVING}", node=NODE)
THE_VENDOR: Final = Recipient(kind="vendor", id=str(VENDOR))


def request(basis: str, **changes: Any) -> DecisionRequest:
    """A vendor's or peer's request for the transcript of the one student."""
    facts: dict[str, Any] = {
        "action": "redisclose" if basis == "transfer" else "disclose",
        "subjects": (SubjectVersion(student_id=STUDENT, facts_version=3),),
        "recipient": BEHIND_PEER if basis == "transfer" else THE_VENDOR,
        "basis": basis,
        "purpose": {"transfer": "enrollment", "consent": "financial-aid"}.get(basis, "instruction"),
        "elements": (TRANSCRIPT,),
        "consent_id": CONSENT if basis == "consent" else None,
        "agreement_id": AGREEMENT if basis == "contractor" else None,
        "transfer": transfer() if basis == "transfer" else None,
    }
    return DecisionRequest.model_validate(facts | changes)


def built(asked: DecisionRequest, **changes: Any) -> PolicyInput:
    """The input of a request on the evidence above, some of it changed."""
    evidence: dict[str, Any] = {
        "now": NOW,
        "node_organisation_id": SEA,
        "caller_organisation_id": VENDOR if asked.recipient.node is None else None,
        "subjects": [student()] if asked.subjects else [],
        "organisations": organisations(),
        "consent": consent() if asked.consent_id else None,
        "agreement": agreement() if asked.agreement_id else None,
    }
    return build_input(asked, **(evidence | changes))
