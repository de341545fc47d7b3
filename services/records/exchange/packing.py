"""Documents on their way into an answer: which of them may leave, and their chunks, sealed anew for this one envelope and stored.

INVARIANT: a document leaves only with its element, and only where the decision permits the child's addresses, which a document shows.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from safepassage.body import MAX_CHUNKS
from safepassage.canonical import to_base64url
from safepassage.chunks import ChunkedSeal, chunk_count, new_key
from safepassage.package import Attached, attachment_header
from safepassage.proofs import leaf_hash
from safepassage.record import StudentRecord
from services.records import bodies
from services.records.attachments.documents import Document, documents_at, sources_of_sections
from services.records.release import ADDRESSES
from services.records.tables import OWN
from services.records.vault import Vault
from shared.database import Database

log = logging.getLogger(__name__)

MOST: Final = 100
"""Documents of one package."""


@dataclass(frozen=True)
class Packed:
    """The documents of an envelope, sealed and stored, and what the envelope says of them."""

    envelope_id: UUID
    attached: tuple[Attached, ...]
    leaves: tuple[bytes, ...]
    """The leaf hashes of all chunks."""


def documents_to_release(
    connection: Connection,
    vault: Vault,
    student_id: UUID,
    *,
    record: StudentRecord,
    permitted: Collection[str],
    most_bytes: int,
    own: Collection[str] = (),
) -> tuple[Document, ...]:
    """The documents that go with `record`, which was cut to what is permitted: of its elements, and of the source that it has them from.

    own  its sections, where the district's own system has just supplied them
    """
    if ADDRESSES not in permitted:
        return ()
    elements, sources = set(record.elements()), sources_of_sections(connection, student_id)
    sources |= dict.fromkeys(own, OWN)
    leaving, size, chunks = list[Document](), 0, 0
    for document in documents_at(connection, vault, student_id):
        held = document.held
        if held.element not in elements or sources.get(held.element.partition(".")[0]) != document.source:
            continue
        size, chunks = size + held.size, chunks + chunk_count(held.size)
        if len(leaving) == MOST or size > most_bytes or chunks > MAX_CHUNKS:
            log.error("documents are more than a package takes: the oldest stay", extra={"count": len(leaving)})
            break
        leaving.append(document)
    return tuple(leaving)


async def pack(database: Database, documents: Sequence[Document], *, envelope: dict[str, Any], recipient: str, now: datetime) -> Packed:
    """Seal every chunk anew and store it. What comes of no use, because the envelope is not stored after all, is swept away.

    envelope  the claims that its chunks are bound to (`attachment_header`), as in the JWS

    Raises ChunkNotOpened.
    """
    envelope_id = UUID(envelope["envelope_id"])

    def begin(connection: Connection) -> None:
        bodies.begin(connection, envelope_id, kind=bodies.OUTGOING, now=now, peer=recipient, envelope_id=envelope_id)

    await database.write(begin)
    attached, leaves, waiting = list[Attached](), list[bytes](), list[bodies.Chunk]()
    for document in documents:
        held, key, first = document.held, new_key(), len(leaves)
        seal, last = ChunkedSeal(key, header=attachment_header(envelope=envelope, first=first)), chunk_count(held.size) - 1
        async for content in document.parts(database):
            number = len(leaves) - first
            sealed = seal.seal(content, number=number, last=number == last)
            waiting.append(bodies.Chunk(len(leaves), leaf_hash(sealed), sealed))
            leaves.append(waiting[-1].leaf)
            if len(waiting) == bodies.AT_ONCE:
                await bodies.store(database, envelope_id, waiting, now=now)
                waiting = []
        about = held.model_dump(include={"element", "media_type", "dated", "size", "digest"})
        attached.append(Attached(**about, first=first, key=to_base64url(key)))
    if waiting:
        await bodies.store(database, envelope_id, waiting, now=now)
    return Packed(envelope_id, tuple(attached), tuple(leaves))
