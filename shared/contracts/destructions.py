"""What records asks privacy before it destroys anything of a student."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from safepassage.wire import Wire
from shared.contracts.subject_batches import MOST


class ToDestroy(Wire):
    """`POST /internal/destructions/awaited`: students of whose records something is about to be destroyed."""

    students: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST)]
    clearance: UUID | None = None
    """The destruction that privacy cleared (`POST /v1/destructions`), where it has to be that of each of them."""
    whole: bool = False
    """All that is held of each of them goes, together."""


class AwaitedStudents(Wire):
    """The answer: those of them whose records somebody waits to inspect, which are not destroyed meanwhile (34 CFR 99.10(e))."""

    students: tuple[UUID, ...] = ()
    said_here_alone: tuple[UUID, ...] = ()
    """Of those that go whole: about whom an opt-out stands that another record of the child, which stays, has not (docs/decisions/0066)."""
    keeps_permanent_record: bool = False
    """Of the clearance that was named: the permanent record stays (34 CFR 300.624(b))."""
