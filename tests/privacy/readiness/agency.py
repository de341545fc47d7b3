"""The state agency at its scorecard: a privacy service with audit behind it, and what gateway and records report."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from safepassage.canonical import digest_of
from safepassage.wire_readiness import Answer, Attestation, Scorecard
from shared.contracts.readiness import GatewayMeasures, GatewayReport, RecordsMeasures, RecordsReport
from shared.in_process import Answer as Reply
from tests.privacy.node import Client
from tests.privacy.readiness.reported import GOOD
from tests.privacy.world import World

BOTH = ("readiness:read", "readiness:attest")


@dataclass
class Agency:
    """What an official does, and what the siblings tell."""

    world: World

    @property
    def official(self) -> Client:
        """A client of the agency that reads and attests."""
        return self.world.node.client(self.world.sea, *BOTH, client_id="agency-staff")

    async def card(self) -> Scorecard:
        """GET /v1/readiness."""
        answer = await self.official.get("/v1/readiness")
        assert answer.status == 200, answer.body
        return Scorecard.model_validate_json(answer.body)

    async def answer(self, question_id: str) -> Answer:
        """How one question stands."""
        return next(one for one in (await self.card()).answers if one.question_id == question_id)

    async def attest(self, question_id: str, *, key: str | None = None, by: Client | None = None, **more: Any) -> Reply:
        """Attest with a document, unless told otherwise."""
        document = {"digest": digest_of(b"charter"), "reference": "Charter of 2025, page 3"}
        values: dict[str, Any] = {"level": 3, "official": "o-7f2a", "role": "privacy-officer", "document": document}
        body = {name: value for name, value in (values | more).items() if value is not None}
        return await (by or self.official).post(f"/v1/readiness/questions/{question_id}/attestations", body, key=key)

    async def attested(self, question_id: str, **more: Any) -> Attestation:
        """An attestation on record."""
        answer = await self.attest(question_id, **more)
        assert answer.status == 201, answer.body
        return Attestation.model_validate_json(answer.body)

    async def withdraw(
        self, attestation: Attestation, *, key: str | None = None, by: Client | None = None, official: str = "o-9c1d"
    ) -> Reply:
        """Take one back."""
        body = {"official": official, "role": "chief", "reason": "no-longer-true"}
        return await (by or self.official).post(f"/v1/readiness/attestations/{attestation.id}/withdrawal", body, key=key)

    async def history(self, question_id: str) -> list[dict[str, Any]]:
        """What was ever attested on a question."""
        answer = await self.official.get(f"/v1/readiness/questions/{question_id}/attestations")
        found: list[dict[str, Any]] = json.loads(answer.body)["attestations"]
        return found

    async def gateway_reports(self, *, at: datetime | None = None, **changed: Any) -> Reply:
        """The gateway pushes what it measured."""
        node = self.world.node
        report = GatewayReport(measured_at=at or node.clock(), measures=GatewayMeasures(**GOOD["gateway"] | changed))
        token = node.gateway.for_job("privacy", "readiness", node.clock())
        return await node.send("PUT", "/internal/readiness-evidence/gateway", token, body=report)

    async def records_reports(self, **changed: Any) -> Reply:
        """records pushes what it measured."""
        node = self.world.node
        report = RecordsReport(measured_at=node.clock(), measures=RecordsMeasures(**GOOD["records"] | changed))
        token = node.records.for_job("privacy", "readiness", node.clock())
        return await node.send("PUT", "/internal/readiness-evidence/records", token, body=report)


def new_key() -> str:
    """An idempotency key."""
    return str(uuid4())
