"""Taking a document: examined, sealed chunk by chunk and stored as it streams in, and the student's only once all of it was found good."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from safepassage.canonical import to_base64url
from safepassage.chunks import CHUNK_BYTES, ChunkedSeal, new_key
from safepassage.ids import uuid7
from safepassage.problems.requests import BodyTooLarge
from safepassage.proofs import leaf_hash
from safepassage.wire_attachments import MediaType
from services.records import bodies
from services.records.attachments.documents import Held, rest_header
from services.records.attachments.examination import examining
from services.records.attachments.scanner import Scanner
from shared.database import Database


@dataclass(frozen=True)
class Incoming:
    """What is said of a document that is about to come."""

    element: str
    media_type: MediaType
    dated: date | None


async def take(
    database: Database, scanner: Scanner, parts: AsyncIterator[bytes], about: Incoming, *, longest: int, now: datetime
) -> tuple[UUID, Held]:
    """Store a content as it comes. Gives its body and what is to be sealed of it; what is raised leaves a body that is swept away.

    INVARIANT: what is written is sealed, and nothing names it before it was examined to its end.
    Raises BodyTooLarge, and what `Examination` raises.
    """
    body_id, key = uuid7(now), new_key()
    header = rest_header(body_id)
    seal, sealed, count = ChunkedSeal(key, header=header), list[bodies.Chunk](), 0
    async with examining(scanner, about.media_type) as examination:
        await database.write(lambda connection: bodies.begin(connection, body_id, kind=bodies.LOADED, now=now))
        async for content, last in _chunks(parts, longest=longest):
            await examination.feed(content)
            chunk = seal.seal(content, number=count, last=last)
            sealed.append(bodies.Chunk(count, leaf_hash(chunk), chunk))
            count += 1
            if last or len(sealed) == bodies.AT_ONCE:
                await bodies.store(database, body_id, sealed, now=now)
                sealed = []
        digest = await examination.finish()
    held = Held(
        element=about.element,
        media_type=about.media_type,
        dated=about.dated,
        size=examination.size,
        digest=digest,
        first=0,
        key=to_base64url(key),
        header=to_base64url(header),
    )
    return body_id, held


async def _chunks(parts: AsyncIterator[bytes], *, longest: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Whole chunks, and whether one is the last. Raises BodyTooLarge as soon as it is longer than that."""
    waiting, size = bytearray(), 0
    async for part in parts:
        size += len(part)
        if size > longest:
            raise BodyTooLarge
        waiting += part
        while len(waiting) > CHUNK_BYTES:
            yield bytes(waiting[:CHUNK_BYTES]), False
            del waiting[:CHUNK_BYTES]
    yield bytes(waiting), True
