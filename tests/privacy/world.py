"""Alder in small: a state agency, two districts with a school each, a vendor; students of Oak; and the evidence that permits."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from safepassage.canonical import digest_of
from safepassage.wire_exchange import EnrollmentEvidence, EvidenceDocument, Official, ReceivingOrganisation
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import ActingFor, Agreement, Consent
from shared.contracts.privacy import Attendance, DecisionRequest, Recipient, RightsHolder, SubjectFacts, SubjectVersion, TransferFacts
from tests.privacy.node import NODE_ORGANISATION, PrivacyNode, organisation

BIRCH = "https://birch.example"
SCHEDULE = ("academics.transcript", "attendance.summary", "identity.name")
STAFF = ("rights:act",)


@dataclass
class World:
    """Who is there. `students` are of Oak, with one parent each."""

    node: PrivacyNode
    sea: Organisation = field(default_factory=lambda: organisation("sea", "Alder", id=NODE_ORGANISATION))
    oak: Organisation = field(init=False)
    elm: Organisation = field(init=False)
    oak_school: Organisation = field(init=False)
    elm_school: Organisation = field(init=False)
    birch: Organisation = field(init=False)
    vendor: Organisation = field(default_factory=lambda: organisation("vendor", "Acme Reading"))
    parents: dict[UUID, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        notices = {
            "onward_transfer_agreed": "board minute 12",
            "annual_notice_forwards_records": "notice 2026 p. 2",
            "annual_notice_school_officials": "notice 2026 p. 3",
        }
        self.birch = organisation("peer", "Birch", entity_id=BIRCH)
        self.oak = organisation("lea", "Oak", self.sea, **notices)
        self.elm = organisation("lea", "Elm", self.sea, **notices)
        self.oak_school = organisation("school", "Oak High", self.oak)
        self.elm_school = organisation("school", "Elm High", self.elm)

    @classmethod
    async def on(cls, node: PrivacyNode) -> "World":
        """Project everybody into the service."""
        world = cls(node)
        for one in (world.sea, world.oak, world.elm, world.oak_school, world.elm_school, world.vendor, world.birch):
            await node.project(one)
        return world

    def facts(self, *, district: Organisation | None = None, version: int = 1, student_id: UUID | None = None, **more: Any) -> SubjectFacts:
        """The facts of a student of Oak (or of `district`) with one parent."""
        district = district or self.oak
        student_id = student_id or uuid4()
        parent = self.parents.setdefault(student_id, uuid4())
        school = self.oak_school if district is self.oak else self.elm_school
        values: dict[str, Any] = {
            "student_id": student_id,
            "facts_version": version,
            "custodian_id": district.id,
            "originating_agency": str(district.id),
            "attendances": (Attendance(organisation_id=school.id, **{"from": date(2024, 8, 20)}),),
            "birth_date": date(2012, 3, 4),
            "time_zone": "America/New_York",
            "jurisdiction": "US-XA",
            "rights_holders": (RightsHolder(person_id=parent, relation="mother", **{"from": date(2012, 3, 4)}),),
        }
        return SubjectFacts(**values | more)

    async def student(self, **more: Any) -> SubjectFacts:
        """A student whose facts the service holds."""
        facts = self.facts(**more)
        answer = await self.node.push(facts)
        assert answer.status == 204, answer.body
        return facts

    def acting_for(self, person_id: UUID, **more: Any) -> ActingFor:
        """A person whom the agency's staff identified an hour ago."""
        values: dict[str, Any] = {
            "person_id": person_id,
            "assurance_level": "ial2",
            "method": "in-person",
            "evidence_ref": "desk log 2026/118",
            "authenticated_at": self.node.clock() - timedelta(hours=1),
        }
        return ActingFor(**values | more)

    def new_consent(self, facts: SubjectFacts, **more: Any) -> dict[str, Any]:
        """A consent of the student's parent for the vendor, as it is sent."""
        values: dict[str, Any] = {
            "student_id": str(facts.student_id),
            "acting_for": self.acting_for(self.parents[facts.student_id]).model_dump(mode="json"),
            "signed_on": "2026-10-19",
            "signature": "paper",
            "document": digest_of(b"signed paper"),
            "elements": list(SCHEDULE),
            "purposes": ["financial-aid"],
            "recipient_id": str(self.vendor.id),
        }
        return values | more

    async def consent(self, facts: SubjectFacts, **more: Any) -> Consent:
        """A consent on record."""
        answer = await self.node.client(self.oak, *STAFF).post("/v1/consents", self.new_consent(facts, **more))
        assert answer.status == 201, answer.body
        return Consent.model_validate_json(answer.body)

    def withdrawal(self, consent: Consent) -> dict[str, Any]:
        """The grantor takes it back."""
        return {"acting_for": self.acting_for(consent.acting_for.person_id).model_dump(mode="json"), "reason": "asked-by-parent"}

    async def withdraw(self, consent: Consent) -> Consent:
        """Take a consent back."""
        answer = await self.node.client(self.oak, *STAFF).post(f"/v1/consents/{consent.id}/withdrawal", self.withdrawal(consent))
        assert answer.status == 200, answer.body
        return Consent.model_validate_json(answer.body)

    def new_agreement(self, **more: Any) -> dict[str, Any]:
        """A contract of Oak with the vendor, as it is sent."""
        values: dict[str, Any] = {
            "kind": "contractor",
            "recipient_id": str(self.vendor.id),
            "district_ids": [str(self.oak.id)],
            "document": digest_of(b"contract"),
            "signed_on": "2026-08-01",
            "starts_on": "2026-08-15",
            "ends_on": "2027-07-01",
            "elements": list(SCHEDULE),
            "purposes": ["instruction"],
            "institutional_service": "s. 1",
            "direct_control": "s. 4",
            "redisclosure_limits": "s. 5",
            "legitimate_interest": "notice 2026 p. 3",
        }
        return values | more

    async def agreement(self, *, by: Organisation | None = None, **more: Any) -> Agreement:
        """A contract on record."""
        client = self.node.client(by or self.oak, "agreements:write")
        answer = await client.post("/v1/agreements", self.new_agreement(**more))
        assert answer.status == 201, answer.body
        return Agreement.model_validate_json(answer.body)

    def versions(self, *facts: SubjectFacts) -> tuple[SubjectVersion, ...]:
        """Which facts the asker would release under."""
        return tuple(SubjectVersion(student_id=one.student_id, facts_version=one.facts_version) for one in facts)

    def by_consent(self, facts: SubjectFacts, consent: Consent, **more: Any) -> DecisionRequest:
        """A disclosure to the vendor on a consent."""
        values: dict[str, Any] = {
            "action": "disclose",
            "subjects": self.versions(facts),
            "recipient": Recipient(kind="vendor", id=str(self.vendor.id)),
            "basis": "consent",
            "purpose": "financial-aid",
            "elements": SCHEDULE,
            "consent_id": consent.id,
        }
        return DecisionRequest(**values | more)

    def by_contract(self, agreement: Agreement, *facts: SubjectFacts, **more: Any) -> DecisionRequest:
        """A page for the vendor under its contract."""
        values: dict[str, Any] = {
            "action": "disclose",
            "subjects": self.versions(*facts),
            "recipient": Recipient(kind="vendor", id=str(self.vendor.id)),
            "basis": "contractor",
            "purpose": "instruction",
            "elements": SCHEDULE,
            "agreement_id": agreement.id,
        }
        return DecisionRequest(**values | more)

    def by_transfer(self, facts: SubjectFacts, **more: Any) -> DecisionRequest:
        """A transfer to a school of Birch, on the district's behalf."""
        values: dict[str, Any] = {
            "action": "redisclose",
            "subjects": self.versions(facts),
            "recipient": Recipient(kind="school", id=f"{BIRCH}#river-school", node=BIRCH),
            "basis": "transfer",
            "purpose": "enrollment",
            "elements": ("academics.transcript", "contacts.addresses", "identity.name", "identity.ssn"),
            "transfer": TransferFacts(evidence=evidence(), request_digest=digest_of(b"request"), asserted_by=BIRCH),
            "exchange_id": uuid4(),
            "valid_for_seconds": 14 * 86_400,
        }
        return DecisionRequest(**values | more)


def evidence(receiving_id: str = "river-school") -> EnrollmentEvidence:
    """What Birch asserts of the enrolment."""
    return EnrollmentEvidence(
        receiving_organisation=ReceivingOrganisation(id=receiving_id, kind="school", name="River School"),
        kind="enrolled",
        entry_date=date(2026, 10, 19),
        grade="09",
        document=EvidenceDocument(type="enrollment-form", digest=digest_of(b"form")),
        parent_initiated=True,
        official=Official(role="registrar", pairwise_id="r-17", attested_at=datetime(2026, 10, 19, 14, 0, tzinfo=UTC)),
    )
