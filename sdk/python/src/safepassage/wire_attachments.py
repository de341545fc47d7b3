"""Documents of a student's record: what is told of each."""

from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from safepassage.elements import ELEMENTS
from safepassage.wire import Digest, Instant, Wire
from safepassage.wire_policy import ElementId

MediaType = Literal["application/pdf", "image/png", "image/jpeg"]
"""What a document can be."""

ATTACHABLE: Final[frozenset[str]] = frozenset(
    element.id
    for element in ELEMENTS
    if element.section in ("special_education", "academics", "assessments", "programmes", "health", "discipline")
    and element.id not in ("programmes.homeless", "programmes.meal_status", "programmes.neglected_delinquent")
)
"""Elements that take documents. A document goes as a whole, so none belongs to an element of which something inside stays."""


class Attachment(Wire):
    """A document of a student's record."""

    id: UUID
    element: ElementId
    """The element that it belongs to; it is read and disclosed as that is."""
    media_type: MediaType
    dated: date | None = None
    """The day that the document bears."""
    size: int
    """In bytes."""
    digest: Digest
    """SHA-256 of the document."""
    loaded_at: Instant
    exchange_id: UUID | None = None
    """The exchange with which it came; None for one that an agency of this node loaded."""


MOST_TOLD: Final = 1000


class Attachments(Wire):
    """`GET /v1/students/{student_id}/attachments`, the newest first."""

    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MOST_TOLD)]
    older: Annotated[int, Field(ge=0)] = 0
    """How many more there are, from before these: each is read by its id."""
