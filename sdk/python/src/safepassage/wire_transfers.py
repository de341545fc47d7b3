"""What district and state say and are told of a transfer beside the record: notices, and holds until both sides' evidence agrees."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.chain_part import Onward
from safepassage.notice import EnrollmentNotice, NoticeKind
from safepassage.wire import Code, Instant, Wire
from safepassage.wire_exchange import Official
from safepassage.wire_policy import ElementId


class NewTransferNotice(Wire):
    """`POST /v1/exchange-requests/{id}/notices`: what became of the child at the receiving school."""

    kind: EnrollmentNotice
    effective_on: date
    """The first day there (`enrolled`), the day that the child was expected (`no-show`), or the last day there (`withdrawn`)."""
    official: Official


class TransferNotice(Wire):
    """A notice about an exchange, sent to the other node or received from it."""

    id: UUID
    exchange_id: UUID
    direction: Literal["sent", "received"]
    node: str
    """Entity id of the other node."""
    kind: NoticeKind
    effective_on: date | None = None
    onward: Onward | None = None
    unread_elements: Annotated[tuple[ElementId, ...], Field(max_length=200)] | None = None
    """Of `read-in-part`: what the requester's version does not know of the record, and keeps unread; empty once it has read all."""
    student_id: UUID | None = None
    """The student here whom the exchange is about, where that is known."""
    at: Instant
    """When it was made, or stored here."""
    state: Literal["waiting", "delivered", "refused", "expired", "received"]
    problem_code: Code | None = None


class TransferNoticePage(Wire):
    """The newest first."""

    notices: tuple[TransferNotice, ...]


HoldCode = Literal["not-enrolled-here", "concurrent-enrollment", "concurrent-claims", "recorded-as-deceased", "recorded-in-institution"]
"""What keeps a record from leaving although it is permitted.

not-enrolled-here       nobody here has an enrolment of the child on record: this is not the sending school
concurrent-enrollment   the child is enrolled here since a later day than the other side claims: both count it as theirs
concurrent-claims       another school or district has claimed the same child and has not taken that back
recorded-as-deceased    the last exit on record says that the student died
recorded-in-institution the last exit on record says that the student was taken to an institution or correctional facility
"""


class TransferHold(Wire):
    """A request of another state that waits for a person of the custodian; the requester hears that nothing is provided."""

    id: UUID
    exchange_id: UUID
    requester: str
    recipient_organisation: str
    """The school or district that claims the child, by its id at the requester."""
    student_id: UUID
    custodian_id: UUID
    codes: tuple[HoldCode, ...]
    opened_at: Instant
    expires_at: Instant
    outcome: Literal["released", "refused", "lifted"] | None = None
    """lifted: what it rested on is gone, such as the other claim, or a newer look found something else."""
    reason: Code | None = None
    resolved_at: Instant | None = None


class TransferHoldPage(Wire):
    """The oldest first."""

    holds: tuple[TransferHold, ...]


class HoldResolution(Wire):
    """`POST /v1/transfer-holds/{id}/resolution`: a person's act."""

    outcome: Literal["released", "refused"]
    reason: Code
    """Why, as a code of the agency's own: who was asked, which document was seen."""
