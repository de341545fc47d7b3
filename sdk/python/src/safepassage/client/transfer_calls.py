"""Calls about transfers beside the record: notices to the other state, holds."""

from uuid import UUID

from safepassage.client.call import Call, Page, asking_for_file, fetching, paged, path_of, reading, writing
from safepassage.hand_carry import NewHandCarryCopy, SignedHandCarry
from safepassage.transfer_confirmation import SignedConfirmation
from safepassage.wire_transfers import (
    HoldResolution,
    NewTransferNotice,
    TransferHold,
    TransferHoldPage,
    TransferNotice,
    TransferNoticePage,
)


def send_transfer_notice(exchange_id: UUID, notice: NewTransferNotice, *, idempotency_key: str | None = None) -> Call[TransferNotice]:
    """Tell the state that the record was asked of what became of the child: came, never came, left again. Scope exchange:request."""
    path = path_of("/v1/exchange-requests/{id}/notices", id=exchange_id)
    return writing("POST", path, notice, TransferNotice, idempotency_key=idempotency_key)


def list_transfer_notices(*, exchange_id: UUID | None = None, limit: int | None = None) -> Call[Page[TransferNoticePage]]:
    """Notices sent and received about the caller's students and requests, newest first. Scope exchange:request or matches:resolve."""
    return paged("/v1/transfer-notices", TransferNoticePage, query={"exchange_id": exchange_id, "limit": limit})


def list_transfer_holds(*, limit: int | None = None) -> Call[Page[TransferHoldPage]]:
    """Requests of other states that wait for a person because both sides' evidence does not agree. Scope matches:resolve."""
    return paged("/v1/transfer-holds", TransferHoldPage, query={"limit": limit})


def resolve_transfer_hold(hold_id: UUID, resolution: HoldResolution, *, idempotency_key: str | None = None) -> Call[TransferHold]:
    """Release a record that is held, or say that it does not leave. Scope matches:resolve."""
    path = path_of("/v1/transfer-holds/{id}/resolution", id=hold_id)
    return writing("POST", path, resolution, TransferHold, idempotency_key=idempotency_key)


def read_transfer_confirmation(exchange_id: UUID) -> Call[SignedConfirmation]:
    """The written confirmation that a student transferred, with what proves it, 34 CFR 200.34(b)(3); logged. Scope audit:accounting."""
    return reading(path_of("/v1/transfer-confirmations/{id}", id=exchange_id), SignedConfirmation)


def read_transfer_confirmation_document(exchange_id: UUID) -> Call[bytes]:
    """The same as a page to print, which carries it as a file; logged. Scope audit:accounting."""
    return fetching(path_of("/v1/transfer-confirmations/{id}/document", id=exchange_id), accept="application/pdf")


def make_hand_carry_copy(student_id: UUID, new: NewHandCarryCopy, *, idempotency_key: str | None = None) -> Call[SignedHandCarry]:
    """An unofficial copy of the record for a parent or eligible student; each is a disclosure, logged. Scope rights:act."""
    path = path_of("/v1/students/{id}/hand-carry-copies", id=student_id)
    return writing("POST", path, new, SignedHandCarry, idempotency_key=idempotency_key)


def print_hand_carry_copy(signed: SignedHandCarry) -> Call[bytes]:
    """A copy that the node has sealed, as a PDF for the parent. Scope rights:act."""
    return asking_for_file("/v1/hand-carry-documents", signed, lambda response: response.content)
