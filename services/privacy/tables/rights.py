"""What people asked for and said: requests to inspect, amend, be heard, statements; opt-outs and refusals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import Milliseconds


class RightsRequestRow(Base):
    """A request of a rights holder. It never changes, its due date least of all: what happened to it is in `rights_event`. Append-only."""

    __tablename__ = "rights_request"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """inspection | amendment | hearing | statement"""
    student_id: Mapped[UUID] = mapped_column(ForeignKey("subject.student_id"), index=True)
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    """The agency that owes the answer."""
    taken_by_id: Mapped[UUID] = mapped_column(index=True)
    """The organisation that took it in: a state agency forwards what is not its own to decide."""
    about_id: Mapped[UUID | None] = mapped_column(index=True)
    """Of a hearing its amendment, of a statement its hearing."""
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    overdue_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The request as it was recorded."""


class RightsEventRow(Base):
    """One thing that happened to a request, and on whose word. Append-only."""

    __tablename__ = "rights_event"
    __table_args__ = (UniqueConstraint("request_id", "number", name="rights_event_in_order"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("rights_request.id"))
    number: Mapped[int]
    """Counts up for each request. INVARIANT: of two who act at once, one has seen what the other did."""
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class PreferenceRow(Base):
    """An opt-out or refusal of one district's disclosures. It holds until it is rescinded, enrolment or not; it is never altered."""

    __tablename__ = "preference"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("subject.student_id"), index=True)
    district_id: Mapped[UUID] = mapped_column(index=True)
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    rescinded_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    epoch: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The Preference as it was recorded."""


class PreferenceEventRow(Base):
    """What happened to an opt-out or refusal, and on whose word. Append-only."""

    __tablename__ = "preference_event"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    preference_id: Mapped[UUID] = mapped_column(ForeignKey("preference.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """recorded | rescinded"""
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
