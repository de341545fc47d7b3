"""Where the student is and was enrolled."""

from datetime import date
from typing import Annotated

from pydantic import model_validator

from safepassage.record.codes import Coded, OrganisationReference, SchoolYear, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Wire


class Enrollment(Wire):
    """Membership in a school from its entry to its exit."""

    school: Annotated[OrganisationReference, ceds_id("001069")]
    district: OrganisationReference | None = ceds("001068")
    entry_date: Annotated[date, ceds_id("000097")]
    entry_type: Coded | None = ceds("000099")
    exit_date: date | None = ceds("000107")
    exit_type: Coded | None = ceds("000110")
    grade: Coded | None = ceds("000100")
    school_year: SchoolYear | None = ceds("000243")
    calendar: Short | None = ceds("000494")
    primary: bool = True
    """False for a second school at the same time."""
    derived_from: Coded | None = None
    """What it was inferred from, where the source has no enrolment: system `safepassage:derivation`."""

    @model_validator(mode="after")
    def _in_order(self) -> "Enrollment":
        if self.exit_date is not None and self.exit_date < self.entry_date:
            raise ValueError("exit_date is before entry_date")
        return self


class Residency(Wire):
    """Which district the student lives in, and which answers for what."""

    residence: OrganisationReference | None = ceds("001068")
    responsible: OrganisationReference | None = ceds("000637")
    responsibility: Coded | None = ceds("000594")
    residence_status: Coded | None = ceds("000532")


class Enrollments(Section):
    """Section `enrollment`."""

    enrollments: Some[Enrollment] | None = ceds("000097")
    residency: Residency | None = ceds("000637")
