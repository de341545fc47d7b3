"""The operations of the readiness scorecard, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, Page, fetching, paged, path_of, reading, writing
from safepassage.wire_readiness import (
    Attestation,
    AttestationHistory,
    AttestationWithdrawal,
    NewAttestation,
    ReadinessQuestions,
    Scorecard,
    Snapshot,
    SnapshotPage,
)


def read_scorecard() -> Call[Scorecard]:
    """Every question of the readiness scorecard as it stands. Scope readiness:read."""
    return reading("/v1/readiness", Scorecard)


def list_readiness_questions() -> Call[ReadinessQuestions]:
    """The questions, with where frameworks ask for the same. Scope readiness:read."""
    return reading("/v1/readiness/questions", ReadinessQuestions)


def export_scorecard_table() -> Call[bytes]:
    """The scorecard as CSV. Scope readiness:read."""
    return fetching("/v1/readiness/table", accept="text/csv")


def export_scorecard_page() -> Call[bytes]:
    """The scorecard as one HTML file, to read and to print. Scope readiness:read."""
    return fetching("/v1/readiness/page", accept="text/html")


def read_attestations(question_id: str) -> Call[AttestationHistory]:
    """What was ever attested on a question. Scope readiness:read."""
    return reading(path_of("/v1/readiness/questions/{id}/attestations", id=question_id), AttestationHistory)


def attest_question(question_id: str, attestation: NewAttestation, *, idempotency_key: str | None = None) -> Call[Attestation]:
    """Answer a question of the scorecard, with a document or on an official's word. Scope readiness:attest."""
    path = path_of("/v1/readiness/questions/{id}/attestations", id=question_id)
    return writing("POST", path, attestation, Attestation, idempotency_key=idempotency_key)


def withdraw_attestation(
    attestation_id: UUID, withdrawal: AttestationWithdrawal, *, idempotency_key: str | None = None
) -> Call[Attestation]:
    """Take an attestation back; it stays in the history. Scope readiness:attest."""
    path = path_of("/v1/readiness/attestations/{id}/withdrawal", id=attestation_id)
    return writing("POST", path, withdrawal, Attestation, idempotency_key=idempotency_key)


def take_snapshot(*, idempotency_key: str | None = None) -> Call[Snapshot]:
    """Measure now, and keep the scorecard. Scope readiness:attest."""
    return writing("POST", "/v1/readiness/snapshots", None, Snapshot, idempotency_key=idempotency_key)


def list_snapshots(*, limit: int | None = None) -> Call[Page[SnapshotPage]]:
    """The scores over time. Scope readiness:read."""
    return paged("/v1/readiness/snapshots", SnapshotPage, query={"limit": limit})


def read_snapshot(snapshot_id: UUID) -> Call[Snapshot]:
    """A scorecard as it was. Scope readiness:read."""
    return reading(path_of("/v1/readiness/snapshots/{id}", id=snapshot_id), Snapshot)
