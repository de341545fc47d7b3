"""Pushing to an Ed-Fi system: what a party to an agreement asks for, and what became of each body."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.record.load_reports import LoadQuality
from safepassage.wire import Code, Instant, Wire

SystemName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""As the node's operator calls a system."""


class EdFiKeeping(Wire):
    """`PUT /v1/ed-fi-systems/{system}/keeping`."""

    keeps: Literal["record", "identity"]
    """identity: what finds the child and what is decided on; the rest stays with the system, which is asked when it is needed."""


EdFiFault = Literal[
    "no-answer",
    "changes-too-fast",
    "credentials-refused",
    "token-refused",
    "address-not-public",
    "too-much",
    "not-its-api",
    "no-students",
    "all-refused",
    "secret-unusable",
    "node-busy",
    "internal-fault",
]
"""Why a pull or a push did not do what it was for. The system's own words are not kept: they may hold values."""

EdFiHow = Literal["never", "under-way", "good", "failing", "failing-long", "late"]
"""How it stands: failing-long, for a day or more. late: nothing was tried for twice as long as the file of systems says."""


class EdFiAttempts(Wire):
    """How the last pulls from a system, or pushes to it, went."""

    how: EdFiHow
    attempted_at: Instant
    succeeded_at: Instant | None = None
    """The last that did what it was for, also where nothing had changed."""
    fault: EdFiFault | None = None
    """Of the last that ended; null where it did what it was for."""
    faults: Annotated[int, Field(ge=0)] = 0
    """Attempts in a row that did not."""
    failing_since: Instant | None = None
    next_at: Instant | None = None
    """When the next is to be, by the file of systems; of pushes nothing is known before."""
    counts: dict[Code, int] = Field(default_factory=dict)
    """Of the last one that came to its end: a pull's students, created and changed; a push's students, and its bodies by outcome."""


class EdFiSystemOfOrganisation(Wire):
    """An Ed-Fi system of the caller's organisation, or of one below it; the state's operators see every one of the node."""

    name: SystemName
    keeps: Literal["record", "identity"]
    done: bool
    """The last pull kept just that of everybody; until then some of what was kept before is still here, or not yet."""
    pulled_at: Instant | None = None
    students_left_with_district: int
    """Students of the organization of whom the node keeps what finds them, whichever system has the rest."""
    organisation_id: UUID | None = None
    """Whose it is."""
    host: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Of its address, without what stands behind it."""
    pulls: EdFiAttempts | None = None
    """Null where none was tried."""
    pushes: EdFiAttempts | None = None


class EdFiLoad(Wire):
    """A load that came with a pull."""

    id: UUID
    loaded_at: Instant
    counts: dict[Code, int]
    wrong: Annotated[int, Field(ge=0)]
    """How often something did not validate, resolve or agree; not what the record has no place for."""


class EdFiSystemDetail(Wire):
    """`GET /v1/ed-fi-systems/{system}`."""

    system: EdFiSystemOfOrganisation
    loads: Annotated[tuple[EdFiLoad, ...], Field(max_length=50)]
    """The newest first. A pull that found nothing new made none."""
    quality: LoadQuality | None = None
    """Of the load that was asked for, or of the newest: what went wrong in it, by cause."""


class EdFiSystemsOfOrganisation(Wire):
    """`GET /v1/ed-fi-systems`."""

    systems: Annotated[tuple[EdFiSystemOfOrganisation, ...], Field(max_length=200)]


class EdFiPush(Wire):
    """`POST /v1/ed-fi-pushes`: students in reach of an agreement, into the caller's own system."""

    system: SystemName
    agreement_id: UUID
    elements: Annotated[tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(min_length=1, max_length=100)] | None = None
    """The whole schedule if left out."""
    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
    """`next` of the answer before."""


class ReceivedPush(Wire):
    """`POST /v1/exchange-requests/{id}/ed-fi-push`: what came with an exchange, into the receiving organisation's own system."""

    system: SystemName
    student_unique_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,32}$")]
    """The id that the organisation gives the student there."""


class EdFiOutcome(Wire):
    """What became of one body."""

    resource: Annotated[str, StringConstraints(max_length=100)]
    outcome: Literal["created", "updated", "refused", "not-sent"]
    """not-sent: the student itself was refused, the system went away, or a quarter of a minute was over: ask again with the same cursor."""
    status: int | None = None
    """The system's HTTP status. Its words are not handed on: they may hold values."""


class PushedStudent(Wire):
    """One student."""

    student: UUID
    """The caller's own pseudonym, which without hyphens is the `studentUniqueId`; of a record that came, the student's id."""
    outcomes: tuple[EdFiOutcome, ...]
    """In the order in which they were sent. None: Ed-Fi demands more of a student than was permitted."""
    not_expressed: tuple[str, ...]
    """Elements that were permitted, and did not go or not whole: Ed-Fi has no place for them, or demands more than there is."""


class EdFiPushed(Wire):
    """The answer."""

    agreement_id: UUID
    decision_id: UUID | None
    """None where no student is in reach."""
    not_scheduled: tuple[str, ...]
    left_with_source: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    """Of whom something that is permitted is with their district's own system: nothing of them was sent, for half a body would take the
    place of a whole one. `GET /v1/roster-entries/{student}/document` asks that system for one of them."""
    students: Annotated[tuple[PushedStudent, ...], Field(max_length=100)]
    next: str | None = None
    """The cursor of those who follow; None where there are none."""
