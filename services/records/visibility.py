"""Which students a caller may know exist (decisions 8). There is no other way from a caller to a student.

A caller sees a student who is enrolled now at its organisation or below it, and one who left it and whose record it still keeps. The state
agency sees by scope and purpose, never by its role alone. A vendor sees pages of roster entries, and no student here.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.records import NoSuchStudent, PurposeMissing
from services.records.tables import EnrollmentRow, OrganisationRow, StudentRow
from shared.caller import Caller
from shared.tenancy import within, within_any

STATE_SCOPE = "records:read:state"


def enrolled_on(day: date) -> ColumnElement[bool]:
    """An enrolment that holds on `day`; its last day belongs to it."""
    return and_(EnrollmentRow.entry_date <= day, or_(EnrollmentRow.exit_date.is_(None), EnrollmentRow.exit_date >= day))


def visible(caller: Caller, today: date, *, state_scope: str = STATE_SCOPE) -> ColumnElement[bool]:
    """A condition on StudentRow, within the districts that the token is for.

    state_scope  what a state agency's client has to have, of an operation that reads no record out
    today        where the state agency is (services.records.agency_days)

    Raises PurposeMissing, NotPermitted (a state agency's client without scope or purpose), NoSuchStudent.
    """
    seen = _visible(caller, today, state_scope)
    if caller.districts is None:
        return seen
    there = within_any(OrganisationRow, caller.districts)
    return and_(seen, or_(_enrolled(there).where(enrolled_on(today)).exists(), StudentRow.custodian_id.in_(there)))


def _visible(caller: Caller, today: date, state_scope: str) -> ColumnElement[bool]:
    if caller.kind == "sea":
        caller.require(state_scope)
        if caller.purpose is None:
            raise PurposeMissing
        return StudentRow.id.is_not(None)
    if caller.kind not in ("lea", "school"):
        raise NoSuchStudent
    own = within(OrganisationRow, caller.organisation_id)
    enrolled = _enrolled(own)
    return or_(enrolled.where(enrolled_on(today)).exists(), and_(StudentRow.custodian_id.in_(own), enrolled.exists()))


def _enrolled(places: Select[tuple[UUID]]) -> Select[UUID]:
    """Of the student in question, the enrolments at these places: whoever asks whether one child is there asks of no other's."""
    return select(EnrollmentRow.student_id).where(EnrollmentRow.student_id == StudentRow.id, EnrollmentRow.organisation_id.in_(places))


async def require_visible(tx: AsyncSession, caller: Caller, student_id: UUID, today: date) -> StudentRow:
    """The student. Raises NoSuchStudent, alike for one who is not here and one whom the caller may not see."""
    query = select(StudentRow).where(StudentRow.id == student_id, visible(caller, today))
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchStudent
    return row


async def require_kept(tx: AsyncSession, caller: Caller, student_id: UUID) -> StudentRow:
    """The student, locked, whose record the caller's organisation or one below it keeps; nobody else changes it. Raises NoSuchStudent."""
    own = within(OrganisationRow, caller.organisation_id)
    query = select(StudentRow).where(StudentRow.id == student_id, StudentRow.custodian_id.in_(own)).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchStudent
    return row
