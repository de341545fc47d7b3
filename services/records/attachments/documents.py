"""A document at rest: what it is and the key of its chunks are sealed under the student's data key, so that it ends with that."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, insert, select

from safepassage.canonical import canonical_json, from_base64url
from safepassage.chunks import ChunkedSeal, chunk_count, header_digest
from safepassage.wire import Digest, Wire
from safepassage.wire_attachments import Attachment, MediaType
from services.records import bodies
from services.records.tables import OWN, AttachmentRow, SectionRow, StudentRow
from services.records.vault import DataKey, Vault
from shared.database import Database

SECTION: Final = "attachment"
"""What a sealed one is bound to, in the place of a section's name; with its id."""


class Held(Wire):
    """What is sealed of a document."""

    element: str
    media_type: MediaType
    dated: date | None = None
    size: int
    digest: Digest
    first: int
    """Number in its body of its first chunk."""
    key: Digest
    header: Digest
    """What its chunks are bound to."""


@dataclass(frozen=True)
class Document:
    """A stored document, opened as far as to say what it is."""

    id: UUID
    body_id: UUID
    source: str
    loaded_at: datetime
    held: Held

    def told(self) -> Attachment:
        """As a client is told of it."""
        about = self.held.model_dump(include={"element", "media_type", "dated", "size", "digest"})
        return Attachment(id=self.id, loaded_at=self.loaded_at, exchange_id=None if self.source == OWN else UUID(self.source), **about)

    async def parts(self, database: Database) -> AsyncIterator[bytes]:
        """Its content, a chunk at a time. Raises ChunkNotOpened."""
        held = self.held
        seal = ChunkedSeal(from_base64url(held.key), header=from_base64url(held.header))
        for number in range(chunk_count(held.size)):
            sealed = await bodies.sealed_chunk(database, self.body_id, held.first + number)
            yield seal.open(sealed, number=number, size=held.size)


def rest_header(body_id: UUID) -> bytes:
    """What the chunks of a document that was loaded here are bound to."""
    return header_digest({"v": 1, "at": "rest", "body": str(body_id)})


def add(connection: Connection, key: DataKey, document: Document, *, student_id: UUID) -> None:
    """Make it the student's."""
    row = {
        "id": document.id,
        "student_id": student_id,
        "body_id": document.body_id,
        "source": document.source,
        "sealed": seal_held(key, document.held, document.id, document.source),
        "loaded_at": document.loaded_at,
    }
    connection.execute(insert(AttachmentRow).values(row))


def is_taken(connection: Connection, identifier: UUID) -> bool:
    """Whether a document has this id."""
    return connection.execute(select(AttachmentRow.id).where(AttachmentRow.id == identifier)).first() is not None


def seal_held(key: DataKey, held: Held, identifier: UUID, source: str) -> bytes:
    """Sealed, bound to the student, the document's id and its source."""
    return key.seal(
        canonical_json(held.model_dump(mode="json", exclude_none=True)), section=f"{SECTION}\0{identifier}", source=source, version=1
    )


def open_held(key: DataKey, sealed: bytes, identifier: UUID, source: str) -> Held:
    """What `seal_held` sealed. Raises SealBroken."""
    return Held.model_validate_json(key.open(sealed, section=f"{SECTION}\0{identifier}", source=source, version=1))


def documents_at(connection: Connection, vault: Vault, student_id: UUID) -> list[Document]:
    """Every document of a student, the newest first. Raises SealBroken."""
    wrapped = connection.execute(select(StudentRow.wrapped_key).where(StudentRow.id == student_id)).scalar_one_or_none()
    rows = connection.execute(select(AttachmentRow.__table__).where(AttachmentRow.student_id == student_id)).all()
    if wrapped is None or not rows:
        return []
    key = vault.data_key(student_id, wrapped)
    found = [_opened(key, row) for row in rows]
    return sorted(found, key=lambda one: (one.loaded_at, one.id), reverse=True)


def _opened(key: DataKey, row: Any) -> Document:
    return Document(row.id, row.body_id, row.source, row.loaded_at, open_held(key, row.sealed, row.id, row.source))


def sources_of_sections(connection: Connection, student_id: UUID) -> dict[str, str]:
    """By section, whose version of it stands in the record: the node's own, or else what came last (record_sources.merged)."""
    query = select(SectionRow.section, SectionRow.source, SectionRow.version).where(SectionRow.student_id == student_id)
    ordered = sorted(connection.execute(query).all(), key=lambda row: (row.source == OWN, row.version))
    return {row.section: row.source for row in ordered}
