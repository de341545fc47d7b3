"""Documents of a student's record: loading, listing, reading."""

from datetime import date
from typing import Final
from uuid import UUID, uuid4

from safepassage.client.call import Call, fetching, path_of, putting, reading, taking
from safepassage.wire_attachments import Attachment, Attachments, MediaType

_ALL: Final = "/v1/students/{id}/attachments"
_ONE: Final = "/v1/students/{id}/attachments/{attachment_id}"


def load_attachment(
    student_id: UUID,
    content: bytes,
    media_type: MediaType,
    element: str,
    *,
    dated: date | None = None,
    attachment_id: UUID | None = None,
) -> Call[Attachment]:
    """Load a document of a student's record (a PDF of an IEP); the node examines it first. Scope records:load.

    element        that it belongs to, which is in the record: `special_education.iep`
    attachment_id  a new one unless it is given; the same document again under the same id changes nothing
    """
    identifier = attachment_id or uuid4()
    query = {"element": element, "dated": dated}
    return taking(1800, putting(path_of(_ONE, id=student_id, attachment_id=identifier), content, media_type, Attachment, query=query))


def list_attachments(student_id: UUID) -> Call[Attachments]:
    """The documents of a student's record; logged. Scope records:read."""
    return reading(path_of(_ALL, id=student_id), Attachments)


def read_attachment(student_id: UUID, attachment_id: UUID) -> Call[bytes]:
    """A document, whole in memory; logged. Scope records:read."""
    return fetching(path_of(_ONE, id=student_id, attachment_id=attachment_id), accept="*/*")
