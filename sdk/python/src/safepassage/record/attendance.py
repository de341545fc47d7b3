"""Whether the student was there."""

from datetime import date
from typing import Annotated

from safepassage.record.codes import Amount, Coded, Count, OrganisationReference, SchoolYear, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Text, Wire


class AttendanceEvent(Wire):
    """One event: absent, tardy, left early, ..."""

    event_date: Annotated[date, ceds_id("001649")]
    category: Annotated[Coded, ceds_id("000076")]
    reason: Text | None = None
    duration_days: Amount | None = ceds("002098")
    school: OrganisationReference | None = ceds("001069")
    session: Short | None = ceds("000252")


class AttendanceSummary(Wire):
    """The days of one school year at one school."""

    school_year: Annotated[SchoolYear, ceds_id("000243")]
    school: OrganisationReference | None = ceds("001069")
    days_enrolled: Amount | None = None
    days_present: Amount | None = ceds("000202")
    days_absent: Amount | None = ceds("000201")
    times_tardy: Count | None = None


class Attendance(Section):
    """Section `attendance`."""

    events: Some[AttendanceEvent] | None = ceds("000076")
    summary: Some[AttendanceSummary] | None = ceds("000202")
