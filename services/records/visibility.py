"""Which students a caller may know exist (decisions 8). There is no other way from a caller to a student.

A caller sees a student who is enrolled now at its organisation or below it, and one who left it and whose record it still keeps. The state
agency sees by scope and purpose, never by its role alone. A vendor sees pages of roster entries, and no student here.
"""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.records import NoSuchStudent, PurposeMissing
from services.records.tables import EnrollmentRow, OrganisationRow, StudentRow
from shared.caller import Caller
from shared.tenancy import belongs_to, belongs_to_any, within, within_any

STATE_SCOPE = "records:read:state"


def enrolled_on(day: date) -> ColumnElement[bool]:
    """An enrolment that holds on `day`; its last day belongs to it."""
    return and_(EnrollmentRow.entry_date <= day, or_(EnrollmentRow.exit_date.is_(None), EnrollmentRow.exit_date >= day))


def visible(caller: Caller, today: date, *, state_scope: str = STATE_SCOPE, named: bool = False) -> ColumnElement[bool]:
    """A condition on StudentRow, within the districts that the token is for.

    named        it is asked of students who are found by an id or by what somebody knows of them: of one who is another's no more is done
                 than of one who is not there (shared.tenancy.belongs_to)
    state_scope  what a state agency's client has to have, of an operation that reads no record out
    today        where the state agency is (services.records.agency_days)

    Raises PurposeMissing, NotPermitted (a state agency's client without scope or purpose), NoSuchStudent.
    """
    seen = _visible(caller, today, state_scope, named=named)
    if caller.districts is None:
        return seen
    there = _in_districts(caller.districts, named=named)
    return and_(seen, or_(_enrolled(there).where(enrolled_on(today)).exists(), there(StudentRow.custodian_id)))


def _visible(caller: Caller, today: date, state_scope: str, *, named: bool) -> ColumnElement[bool]:
    if caller.kind == "sea":
        caller.require(state_scope)
        if caller.purpose is None:
            raise PurposeMissing
        return StudentRow.id.is_not(None)
    if caller.kind not in ("lea", "school"):
        raise NoSuchStudent
    own = _of_the_callers(caller, named=named)
    enrolled = _enrolled(own)
    return or_(enrolled.where(enrolled_on(today)).exists(), and_(own(StudentRow.custodian_id), enrolled.exists()))


Places = Callable[[Any], ColumnElement[bool]]
"""Whether a column names one of them."""


def _of_the_callers(caller: Caller, *, named: bool) -> Places:
    if named:
        return lambda column: belongs_to(column, OrganisationRow, caller.organisation_id)
    own = within(OrganisationRow, caller.organisation_id)
    return lambda column: column.in_(own)


def _in_districts(districts: Collection[UUID], *, named: bool) -> Places:
    if named:
        return lambda column: belongs_to_any(column, OrganisationRow, districts)
    there = within_any(OrganisationRow, districts)
    return lambda column: column.in_(there)


def _enrolled(places: Places) -> Select[UUID]:
    """Of the student in question, the enrolments at these places: whoever asks whether one child is there asks of no other's."""
    return select(EnrollmentRow.student_id).where(EnrollmentRow.student_id == StudentRow.id, places(EnrollmentRow.organisation_id))


async def require_visible(tx: AsyncSession, caller: Caller, student_id: UUID, today: date) -> StudentRow:
    """The student. Raises NoSuchStudent, alike for one who is not here and one whom the caller may not see."""
    query = select(StudentRow).where(StudentRow.id == student_id, visible(caller, today, named=True))
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchStudent
    return row


async def require_kept(tx: AsyncSession, caller: Caller, student_id: UUID) -> StudentRow:
    """The student, locked, whose record the caller's organisation or one below it keeps; nobody else changes it. Raises NoSuchStudent."""
    own = belongs_to(StudentRow.custodian_id, OrganisationRow, caller.organisation_id)
    query = select(StudentRow).where(StudentRow.id == student_id, own).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchStudent
    return row
