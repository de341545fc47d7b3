"""Decisions as the agencies that keep the students' records read them: per element, with reasons, citations and obligations."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from safepassage.wire import Code, Digest, Instant, Wire


class FailedCondition(Wire):
    """A condition of the claimed basis that the facts do not meet."""

    reason: Code
    citation: str


class Withheld(Wire):
    """Why an element is not permitted: the forbid that stood against it, or the condition that failed."""

    element: str
    reason: Code
    policy: Code | None = None
    citation: str | None = None
    failed: tuple[FailedCondition, ...] = ()
    """Where no forbid stood against it: every condition of the basis that failed, the one of `reason` first."""
    same_for_every_student: bool = False
    """True where no fact of the student had a part in it: only then may a recipient be told that it was withheld (decisions 5)."""


class Obligation(Wire):
    """What the permission obliges to; open until discharged."""

    kind: Code
    argument: Annotated[str, StringConstraints(max_length=200)] | None = None
    citation: str | None = None
    due_at: Instant | None = None


class SubjectOutcome(Wire):
    """The decision for one student. The outcomes of a page share their tuples where they are alike."""

    student_id: UUID | None
    permitted: tuple[str, ...]
    withheld: tuple[Withheld, ...]


Outcome = Literal["permit", "permit-with-redaction", "deny"]


class Asker(Wire):
    """Who asked: a client of an organisation through the named service, or a job of that service."""

    service: Code
    client_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    organisation_id: UUID | None = None
    job: Code | None = None


class Fall(Wire):
    """Why a decision no longer stood when it was asked about."""

    at: Instant
    reason: Code
    citation: str | None = None


class AccessRecord(Wire):
    """What an enforcement point elsewhere was told (AuthZEN): less than the policies permit, where it may not act on that."""

    asked: Literal["evaluation", "search"]
    granted: bool
    denied_as: Code | None = None


class RecordedDecision(Wire):
    """`GET /v1/decisions/{id}`: in full, for the students whose records the caller's organisation keeps."""

    id: UUID
    action: Literal["request", "disclose", "redisclose", "seek-credentials", "send-credentials"]
    basis: Code
    purpose: Code
    recipient_kind: Code
    recipient_id: str
    """An organisation's UUID here, or `<entity id>#<its id there>` behind a peer."""
    elements: tuple[str, ...]
    """What was asked for."""
    consent_id: UUID | None = None
    agreement_id: UUID | None = None
    exchange_id: UUID | None = None
    asserted_by: str | None = None
    """Who asserted the evidence of enrolment."""
    asked_by: Asker
    decided_at: Instant
    valid_until: Instant
    outcome: Outcome
    subjects: tuple[SubjectOutcome, ...]
    policies: tuple[Code, ...]
    citations: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    reviewed: bool
    """False while any policy that the answer rests on is an unreviewed draft of law."""
    required: bool = False
    """The law makes the disclosure a duty, not a permission: 34 CFR 99.31(d), 20 USC 7908."""
    policy_hash: Digest
    input_hash: Digest
    fallen: Fall | None = None
    access: AccessRecord | None = None
    """Where an enforcement point asked for it (`/access/v1`)."""


class Reproduction(Wire):
    """`POST /v1/decisions/{id}/reproduction`: the recorded input led to the recorded outcome again, bit for bit."""

    decision_id: UUID
    policy_hash: Digest
    input_hash: Digest
    outcome_hash: Digest
