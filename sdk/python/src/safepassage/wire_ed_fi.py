"""Pushing to an Ed-Fi system: what a party to an agreement asks for, and what became of each body."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Instant, Wire

SystemName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""As the node's operator calls a system."""


class EdFiKeeping(Wire):
    """`PUT /v1/ed-fi-systems/{system}/keeping`."""

    keeps: Literal["record", "identity"]
    """identity: what finds the child and what is decided on; the rest stays with the system, which is asked when it is needed."""


class EdFiSystemOfOrganisation(Wire):
    """One of the caller's Ed-Fi systems."""

    name: SystemName
    keeps: Literal["record", "identity"]
    done: bool
    """The last pull kept just that of everybody; until then some of what was kept before is still here, or not yet."""
    pulled_at: Instant | None = None
    students_left_with_district: int
    """Students of the organization of whom the node keeps what finds them, whichever system has the rest."""


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
    students: Annotated[tuple[PushedStudent, ...], Field(max_length=100)]
    next: str | None = None
    """The cursor of those who follow; None where there are none."""
