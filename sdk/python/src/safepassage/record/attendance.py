"""Whether the student was there."""

from datetime import date
from typing import Annotated

from pydantic import Field

from safepassage.record.codes import Amount, Coded, Count, OrganisationReference, SchoolYear, Section, Short, Some, ceds
from safepassage.wire import Text, Wire


class AttendanceEvent(Wire):
    """One event: absent, tardy, left early, ..."""

    event_date: Annotated[date, Field(json_schema_extra={"x-ceds": "001649"})]
    category: Annotated[Coded, Field(json_schema_extra={"x-ceds": "000076"})]
    reason: Text | None = None
    duration_days: Amount | None = ceds("002098")
    school: OrganisationReference | None = None
    session: Short | None = None


class AttendanceSummary(Wire):
    """The days of one school year at one school."""

    school_year: SchoolYear
    school: OrganisationReference | None = None
    days_enrolled: Amount | None = None
    days_present: Amount | None = ceds("000202")
    days_absent: Amount | None = ceds("000201")
    times_tardy: Count | None = None


class Attendance(Section):
    """Section `attendance`."""

    events: Some[AttendanceEvent] | None = ceds("000076")
    summary: Some[AttendanceSummary] | None = ceds("000202")
