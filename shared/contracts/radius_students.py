"""What audit answers records that asks whom a counted blast radius is about. It never leaves the node."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from safepassage.wire import Wire


class CountedStudents(Wire):
    """`GET /internal/radius-counts/{id}/students?part=`: a part of the students that a count found, those of its owner alone."""

    students: Annotated[tuple[UUID, ...], Field(max_length=1000)]
    """Of this node; none past the last part."""
    parts: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=0)]
    """Students of all parts together."""


def radius_count(count_id: UUID) -> str:
    """What entries of the log are about that say who had a blast radius counted, and where its students live. Pure."""
    return f"radius-count:{count_id}"
