"""The readiness scorecard: 76 questions, a level from 0 to 4 for each, and whether the running node shows it or an official attests it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Code, Digest, Instant, Name, Wire

Area = Literal[
    "governance", "inventory", "agreements", "rights", "log", "exchange", "vendors", "security", "breach", "retention", "quality"
]  # fmt: skip

EvidenceKind = Literal["live", "document", "attestation"]
"""live: the running node shows it. document: a document shows it. attestation: an official says so."""

Level = Annotated[int, Field(ge=0, le=4)]
"""0 absent, 1 ad hoc, 2 documented, 3 implemented with evidence, 4 measured."""

Count = Annotated[int, Field(ge=0, le=2**53)]
QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][0-9]{1,2}$")]
ServiceOfMeasure = Literal["gateway", "privacy", "records", "audit"]


class CrossReference(Wire):
    """Where a framework asks for the same."""

    framework: Literal["ferpa", "idea", "csf", "cis", "ptac", "other"]
    at: Annotated[str, StringConstraints(max_length=200)]
    checked: bool
    """Whether the place was compared with the framework's own text."""


class ReadinessQuestion(Wire):
    """One question of the scorecard."""

    id: QuestionId
    area: Area
    question: Annotated[str, StringConstraints(max_length=400)]
    evidenced_by: Annotated[tuple[EvidenceKind, ...], Field(min_length=1, max_length=3)]
    shown_by: Annotated[str, StringConstraints(max_length=200)]
    """What shows the answer."""
    references: tuple[CrossReference, ...] = ()


class ReadinessQuestions(Wire):
    """`GET /v1/readiness/questions`."""

    questions: tuple[ReadinessQuestion, ...]


class Measure(Wire):
    """A figure that a service of the node gave: a count, an age or a share, never anything of one student."""

    name: Code
    value: Count
    service: ServiceOfMeasure
    measured_at: Instant


class AttestedDocument(Wire):
    """A document that shows the answer: the agency keeps it, the node keeps its digest and where it is."""

    digest: Digest
    reference: Name


class NewAttestation(Wire):
    """`POST /v1/readiness/questions/{id}/attestations`: an official of the state agency answers a question."""

    level: Annotated[int, Field(ge=1, le=4)]
    official: Code
    """The official's pairwise id, never a name."""
    role: Code
    document: AttestedDocument | None = None
    expires_at: Instant | None = None
    """By default twelve months on; three years at the most."""


class Attestation(NewAttestation):
    """An answer on record. The newest version of a question counts; the older ones stay in its history."""

    id: UUID
    question_id: QuestionId
    version: Annotated[int, Field(ge=1)]
    client_id: str
    attested_at: Instant
    withdrawn_at: Instant | None = None
    withdrawn_by: Code | None = None
    withdrawal_reason: Code | None = None


class AttestationWithdrawal(Wire):
    """`POST /v1/readiness/attestations/{id}/withdrawal`."""

    official: Code
    role: Code
    reason: Code


class AttestationHistory(Wire):
    """`GET /v1/readiness/questions/{id}/attestations`: every version, the newest first, withdrawn and expired ones too."""

    question_id: QuestionId
    attestations: tuple[Attestation, ...]


class Score(Wire):
    """Points: the sum of levels, four for each question at the most. What the node shows is apart from what is attested."""

    questions: Count
    points: Count
    possible: Count
    live_points: Count
    attested_points: Count
    live: Count
    """Questions with a level above 0 that the node shows."""
    attested: Count
    absent: Count
    """Questions at level 0."""


class AreaScore(Score):
    """The score of one area."""

    area: Area


class Answer(Wire):
    """How one question stands."""

    question_id: QuestionId
    level: Level
    rests_on: Literal["live", "document", "attestation", "nothing"]
    """What the level was taken from. A question that the node measures is never raised by a word alone."""
    reason: Annotated[str, StringConstraints(max_length=400)]
    raised_by: Annotated[str, StringConstraints(max_length=400)] | None = None
    """What would raise the level; absent at level 4."""
    live_level: Level | None = None
    """What the node measured; absent where it has no measure for this question."""
    measures: Annotated[tuple[Measure, ...], Field(max_length=20)] = ()
    attestation: Attestation | None = None
    """The newest word on the question while it holds: not withdrawn, not expired."""


class Scorecard(Wire):
    """`GET /v1/readiness`: every question as it stands, with the scores of areas and of all."""

    v: Literal[1] = 1
    node: str
    """The node's entity id."""
    assessed_at: Instant
    total: Score
    areas: tuple[AreaScore, ...]
    answers: tuple[Answer, ...]
    """In the order of the questions."""
    not_reported: tuple[ServiceOfMeasure, ...] = ()
    """Services whose measures are missing or too old: what needs them is at level 0."""


class SnapshotSummary(Wire):
    """A scorecard that was kept, without its answers."""

    id: UUID
    taken_at: Instant
    occasion: Literal["daily", "on-demand"]
    total: Score
    areas: tuple[AreaScore, ...]


class SnapshotPage(Wire):
    """`GET /v1/readiness/snapshots`: the newest first."""

    snapshots: tuple[SnapshotSummary, ...]
    next: Annotated[str | None, Field(description="Cursor of the next page; also in the Link header.")] = None


class Snapshot(SnapshotSummary):
    """`GET /v1/readiness/snapshots/{id}`: the whole scorecard as it was."""

    scorecard: Scorecard
