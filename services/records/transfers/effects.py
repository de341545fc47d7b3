"""What a requester's notice does here: an enrolment ends or is restored, a claim ends, and what was held for it is looked at again."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, or_, select, update

from safepassage.notice import NoticeContent
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Outgoing
from services.records.exchange.stored_rows import store
from services.records.tables import (
    ClaimEndRow,
    EndedEnrollmentRow,
    EnrollmentRow,
    OrganisationRow,
    OutgoingEnvelopeRow,
    PeerRequestRow,
    StudentRow,
)
from services.records.transfers.holding import has_ended, look_again
from services.records.transfers.retelling import tell_facts_again
from shared.group_commit import Writing

ARRIVED = (Outgoing.RECEIVED, Outgoing.PROCESSED)


def have_effect(tx: Writing, exchange: Exchange, request: PeerRequestRow, content: NoticeContent, now: datetime) -> None:
    """In the transaction that stores the notice. `request` is the peer's, which the notice is about.

    Where the record was released, both sides' evidence has agreed: only then does a notice touch an enrolment here.
    """
    student_id = request.student_id
    if content.effective_on is None:
        return
    if content.kind in ("no-show", "withdrawn"):
        end_claim(tx, exchange, request.id, student_id, by="peer", now=now)
    if student_id is None:
        return
    if content.kind == "enrolled" and _was_released(tx.connection, request.id) and not has_ended(tx.connection, request.id):
        _end_enrollments(tx, exchange, request.id, student_id, first_day_there=content.effective_on, now=now)
    if content.kind == "no-show":
        _restore_enrollments(tx, exchange, request.id, student_id, now)


def end_claim(tx: Writing, exchange: Exchange, request_id: UUID, student_id: UUID | None, *, by: str, now: datetime) -> None:
    """The claim does not stand any more, once, whoever the child turns out to be; what was held because of it is looked at again."""
    ended = store(tx.connection, ClaimEndRow(request_id=request_id, ended_by=by, ended_at=now))
    if ended and student_id is not None:
        look_again(tx, exchange, student_id, now)


def _was_released(connection: Connection, request_id: UUID) -> bool:
    table = OutgoingEnvelopeRow.__table__
    query = select(table.c.id).where(table.c.request_id == request_id, table.c.kind == "package", table.c.state.in_(ARRIVED))
    return connection.execute(query.limit(1)).first() is not None


def _end_enrollments(tx: Writing, exchange: Exchange, request_id: UUID, student_id: UUID, *, first_day_there: date, now: datetime) -> None:
    """The custodian's enrolments of the child that go on, and began before, end the day before; another agency's stay as they are.

    One whose end is on record and still to come goes on as one without: many a system gives each the end of its school year. An end that
    has come is what the district says itself.
    """
    connection, last_day = tx.connection, first_day_there - timedelta(days=1)
    custodian = select(StudentRow.custodian_id).where(StudentRow.id == student_id).scalar_subquery()
    own = select(OrganisationRow.id).where(or_(OrganisationRow.id == custodian, OrganisationRow.parent_id == custodian))
    mine = (
        EnrollmentRow.student_id == student_id,
        or_(EnrollmentRow.exit_date.is_(None), EnrollmentRow.exit_date >= max(first_day_there, now.date())),
        EnrollmentRow.entry_date <= last_day,
        EnrollmentRow.organisation_id.in_(own),
    )
    columns = (EnrollmentRow.organisation_id, EnrollmentRow.entry_date, EnrollmentRow.exit_date.label("was_until"))
    ended = connection.execute(select(*columns).where(*mine)).all()
    if not ended:
        return
    connection.execute(update(EnrollmentRow).where(*mine).values(exit_date=last_day))
    kept = {(one.organisation_id, one.entry_date): one.was_until for one in ended}
    # Our own nodes say it once; another maker's may correct the day, and the district's system may have said its end anew since.
    of_this = EndedEnrollmentRow.request_id == request_id
    for before in connection.execute(select(EndedEnrollmentRow.__table__).where(of_this)).all():
        place = (before.organisation_id, before.entry_date)
        if place in kept:
            kept[place] = before.was_until if kept[place] == before.ended_on else kept[place]
            here = (EndedEnrollmentRow.organisation_id == place[0], EndedEnrollmentRow.entry_date == place[1])
            connection.execute(delete(EndedEnrollmentRow).where(of_this, *here))
    common = {"request_id": request_id, "student_id": student_id, "ended_on": last_day}
    rows = [{**common, "organisation_id": place[0], "entry_date": place[1], "was_until": until} for place, until in kept.items()]
    connection.execute(insert(EndedEnrollmentRow).values(rows))
    tell_facts_again(tx, exchange, student_id, now)


def _restore_enrollments(tx: Writing, exchange: Exchange, request_id: UUID, student_id: UUID, now: datetime) -> None:
    """Those that this exchange has ended, where nobody has said anything else of them since."""
    connection, restored = tx.connection, 0
    for one in connection.execute(select(EndedEnrollmentRow.__table__).where(EndedEnrollmentRow.request_id == request_id)).all():
        same = (
            EnrollmentRow.student_id == student_id,
            EnrollmentRow.organisation_id == one.organisation_id,
            EnrollmentRow.entry_date == one.entry_date,
            EnrollmentRow.exit_date == one.ended_on,
        )
        restored += connection.execute(update(EnrollmentRow).where(*same).values(exit_date=one.was_until)).rowcount
    connection.execute(delete(EndedEnrollmentRow).where(EndedEnrollmentRow.request_id == request_id))
    if restored:
        tell_facts_again(tx, exchange, student_id, now)
