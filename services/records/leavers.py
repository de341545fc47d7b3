"""Who has left a custodian for good: every enrolment is over, and no record of the student is on its way."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from services.records.exchange.states import UNDELIVERED, Incoming, Request
from services.records.tables import EnrollmentRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow, StudentRow

_FILED: Final = (Incoming.APPLIED, Incoming.REJECTED)


def has_left(custodian_id: UUID, day: date) -> tuple[Any, ...]:
    """Conditions: the custodian's, enrolled once, every enrolment ended before `day`, and no record of the student on its way.

    The last day is asked of each student. Of two conditions on enrolments PostgreSQL makes joins, and once it takes those who left for
    few it compares each with all who were ever enrolled.
    """
    last = select(func.max(func.coalesce(EnrollmentRow.exit_date, date.max))).where(EnrollmentRow.student_id == StudentRow.id)
    return StudentRow.custodian_id == custodian_id, last.scalar_subquery() < day, ~under_way(StudentRow.id)


def under_way(student_id: Any) -> Any:
    """Whether a record of the student is on its way, or may be asked of us still."""
    return or_(
        exists().where(OutgoingEnvelopeRow.student_id == student_id, OutgoingEnvelopeRow.state.in_(UNDELIVERED)),
        exists().where(PeerRequestRow.student_id == student_id, PeerRequestRow.state.in_((Request.ACCEPTED, Request.WAITING))),
        exists().where(IncomingEnvelopeRow.student_id == student_id, IncomingEnvelopeRow.state.not_in(_FILED)),
    )
