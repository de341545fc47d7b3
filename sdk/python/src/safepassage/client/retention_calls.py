"""The operations on what the log keeps and destroys, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_retention import (
    LegalHold,
    LegalHoldLift,
    LegalHoldPage,
    LogDestruction,
    LogDestructionCallOff,
    LogDestructionPage,
    NewLegalHold,
    NewLogDestruction,
    NewLogDestructionApproval,
    RetentionClasses,
)


def list_retention_classes() -> Call[RetentionClasses]:
    """How long what the log seals is kept. Scope retention:hold, retention:destroy or retention:approve."""
    return reading("/v1/log/retention-classes", RetentionClasses)


def place_legal_hold(hold: NewLegalHold, *, idempotency_key: str | None = None) -> Call[LegalHold]:
    """Place a legal hold. Scope retention:hold."""
    return writing("POST", "/v1/log/holds", hold, LegalHold, idempotency_key=idempotency_key)


def list_legal_holds(*, student_id: UUID | None = None, limit: int | None = None) -> Call[Page[LegalHoldPage]]:
    """Legal holds, newest first. Scope retention:hold."""
    return paged("/v1/log/holds", LegalHoldPage, query={"student_id": student_id, "limit": limit})


def lift_legal_hold(hold_id: UUID, lift: LegalHoldLift, *, idempotency_key: str | None = None) -> Call[LegalHold]:
    """Lift a legal hold. Scope retention:hold."""
    return writing("POST", path_of("/v1/log/holds/{id}/lift", id=hold_id), lift, LegalHold, idempotency_key=idempotency_key)


def ask_log_destruction(destruction: NewLogDestruction, *, idempotency_key: str | None = None) -> Call[LogDestruction]:
    """Ask for a destruction, with its preview. Scope retention:destroy."""
    return writing("POST", "/v1/log/destructions", destruction, LogDestruction, idempotency_key=idempotency_key)


def list_log_destructions(*, limit: int | None = None) -> Call[Page[LogDestructionPage]]:
    """Destructions, newest first. Scope retention:hold, retention:destroy or retention:approve."""
    return paged("/v1/log/destructions", LogDestructionPage, query={"limit": limit})


def read_log_destruction(destruction_id: UUID) -> Call[LogDestruction]:
    """A destruction with its certificate. Scope retention:hold, retention:destroy or retention:approve."""
    return reading(path_of("/v1/log/destructions/{id}", id=destruction_id), LogDestruction)


def approve_log_destruction(
    destruction_id: UUID, approval: NewLogDestructionApproval, *, idempotency_key: str | None = None
) -> Call[LogDestruction]:
    """Approve a destruction as an official who did not ask for it. Scope retention:approve."""
    path = path_of("/v1/log/destructions/{id}/approvals", id=destruction_id)
    return writing("POST", path, approval, LogDestruction, idempotency_key=idempotency_key)


def call_off_log_destruction(
    destruction_id: UUID, call_off: LogDestructionCallOff, *, idempotency_key: str | None = None
) -> Call[LogDestruction]:
    """Call a destruction off before it is carried out. Scope retention:hold, retention:destroy or retention:approve."""
    path = path_of("/v1/log/destructions/{id}/call-off", id=destruction_id)
    return writing("POST", path, call_off, LogDestruction, idempotency_key=idempotency_key)
