"""An agency's enforcement point, and what it sends."""

from typing import Any
from uuid import UUID

from safepassage.wire_access import OBLIGATION_KINDS, AccessDecision, AccessDecisions
from safepassage.wire_organisations import Organisation
from safepassage.wire_policy import Agreement, Consent
from shared.contracts.privacy import SubjectFacts
from shared.in_process import Answer
from tests.privacy.node import Client
from tests.privacy.world import SCHEDULE, World

PROOF = {
    "assurance_level": "ial2",
    "method": "client-credentials",
    "evidence_ref": "vendor desk 7",
    "authenticated_at": "2026-10-20T11:30:00.000Z",
}


class Enforcer:
    """The district's gateway in front of its own systems."""

    def __init__(self, world: World, organisation: Organisation | None = None, *scopes: str) -> None:
        self.world = world
        self.organisation = organisation or world.oak
        self.client: Client = world.node.client(self.organisation, "access:evaluate", *scopes, client_id="pep")

    async def ask(self, body: Any, path: str = "/access/v1/evaluation") -> Answer:
        return await self.client.post(path, body)

    async def decision(self, body: Any) -> AccessDecision:
        answer = await self.ask(body)
        assert answer.status == 200, answer.body
        return AccessDecision.model_validate_json(answer.body)

    async def decisions(self, body: Any) -> tuple[AccessDecision, ...]:
        answer = await self.ask(body, "/access/v1/evaluations")
        assert answer.status == 200, answer.body
        return AccessDecisions.model_validate_json(answer.body).evaluations

    def by_consent(self, facts: SubjectFacts | UUID | str, consent: Consent | None, **changes: Any) -> dict[str, Any]:
        """May the vendor have what the consent names?"""
        context = {"supported_obligations": list(OBLIGATION_KINDS), "recipient_proof": PROOF}
        if consent is not None:
            context["consent_id"] = str(consent.id)
        return self._body(facts, "consent", "financial-aid", context, changes)

    def by_contract(self, facts: SubjectFacts | UUID | str, agreement: Agreement, **changes: Any) -> dict[str, Any]:
        """May the vendor have what the contract schedules?"""
        context = {
            "supported_obligations": list(OBLIGATION_KINDS),
            "recipient_proof": PROOF,
            "agreement_id": str(agreement.id),
        }
        return self._body(facts, "contractor", "instruction", context, changes)

    def _body(
        self, facts: SubjectFacts | UUID | str, basis: str, purpose: str, context: dict[str, Any], changes: dict[str, Any]
    ) -> dict[str, Any]:
        student = str(facts.student_id if isinstance(facts, SubjectFacts) else facts)
        recipient = changes.pop("recipient", self.world.vendor)
        return {
            "subject": {"type": recipient.kind, "id": str(recipient.id)},
            "action": {"name": "disclose", "properties": {"basis": basis, "purpose": purpose}},
            "resource": {
                "type": "student_record",
                "id": student,
                "properties": {"elements": list(changes.pop("elements", SCHEDULE)), "partial": changes.pop("partial", False)},
            },
            "context": context | changes,
        }
