"""What the node's rules may know of a student, and knew at an instant: a closed list, without name, number, address or grade."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Code, Instant, Wire

Flag = Literal["special-education", "part-c", "foster", "homeless", "protected-address", "dual-enrollment", "military", "migrant"]
"""dual-enrollment: attends a postsecondary institution beside the secondary school whose record it is."""


class Attendance(Wire):
    """The student is, or was, enrolled at an organisation."""

    organisation_id: UUID
    from_: Annotated[date, Field(alias="from", serialization_alias="from")]
    until: date | None = None
    """The last day, which is one of attendance."""


class RightsHolder(Wire):
    """A parent or guardian with FERPA rights (99.3 "Parent", 99.4), until a binding document ends them."""

    person_id: UUID
    relation: Code
    from_: Annotated[date, Field(alias="from", serialization_alias="from")]
    ended_on: date | None = None
    ended_by: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Reference of the order, statute or binding document that revoked the rights."""


MilitaryStatus = Literal[
    "active-duty",
    "guard-or-reserve-on-orders",
    "guard-or-reserve-inactive",
    "medically-discharged-or-retired",
    "died",
    "retired",
    "veteran",
    "civilian",
    "not-known",
]
"""As the compact tells them apart (Art. III). medically-discharged-or-retired: severely injured before. died: on active duty or of injuries
sustained on it. on-orders: on active duty orders under 10 U.S.C. 1209 and 1211. not-known: the record does not say which."""


class MilitaryService(Wire):
    """A parent's or guardian's service, as far as the compact's test of coverage asks. No rule that permits reads it."""

    status: MilitaryStatus
    since: date | None = None
    """Of a discharge, retirement or death, its day."""
    until: date | None = None
    """The last day of a service that has ended."""


class KnownFacts(Wire):
    """One version of a student's facts, and when the node knew the student by it."""

    student_id: UUID
    facts_version: Annotated[int, Field(ge=1)]
    """A decision's record names the version that it saw."""
    known_from: Instant
    """The instant at which it came here."""
    known_until: Instant | None = None
    """The instant at which the next version came; none while it is the one that decides."""
    custodian_id: UUID
    originating_agency: Annotated[str, StringConstraints(max_length=200)]
    attendances: tuple[Attendance, ...]
    birth_date: date
    time_zone: str
    attends_postsecondary: bool
    postsecondary_until: date | None = None
    """The last day of it, where the record has one."""
    secondary_until: date | None = None
    """Of who attends both: the last day at the secondary school, where the record has one."""
    jurisdiction: str
    flags: tuple[Flag, ...]
    """Sorted."""
    rights_holders: tuple[RightsHolder, ...]
    military_service: MilitaryService | None = None
