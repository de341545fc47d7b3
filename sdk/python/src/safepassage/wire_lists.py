"""Pages of what a caller may see, each with the cursor of the next one."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_decisions import Outcome
from safepassage.wire_duties import DestructionAttestation
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_policy import Debarment

DecisionOrder = Literal["decided_at", "-decided_at"]
AgreementOrder = Literal["ends_on", "-ends_on", "recipient", "-recipient"]
"""Of a list: with a minus from the end. recipient: by the name of the party, as people read it."""

Next = Annotated[str | None, Field(description="Cursor of the next page; also in the Link header.")]


class DecisionSummary(Wire):
    """A decision in a list: what tells of no student. `GET /v1/decisions/{id}` has it in full."""

    id: UUID
    action: Literal["request", "disclose", "redisclose", "seek-credentials", "send-credentials"]
    basis: Code
    purpose: Code
    recipient_kind: Code
    outcome: Outcome
    exchange_id: UUID | None
    decided_at: Instant
    valid_until: Instant
    policy_hash: Digest


class DecisionPage(Wire):
    """`GET /v1/decisions`: a page, the newest first."""

    decisions: tuple[DecisionSummary, ...]
    next: Next = None


class DebarmentPage(Wire):
    """`GET /v1/debarments`: a page, in the order in which they were recorded."""

    debarments: tuple[Debarment, ...]
    next: Next = None


class AgreementPage(Wire):
    """`GET /v1/agreements`: a page, those that end first in front; of those that are over, those that ended last."""

    agreements: tuple[AnyAgreement, ...]
    next: Next = None


class DestructionAttestations(Wire):
    """`GET /v1/agreements/{id}/destruction-attestations`: the newest first."""

    attestations: Annotated[tuple[DestructionAttestation, ...], Field(max_length=100)]
