"""Documents that came with a package: examined before anything of it is filed, then the student's. Their chunks stay as they came."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.canonical import from_base64url, to_base64url
from safepassage.chunks import ChunkedSeal, chunk_count
from safepassage.envelope import Envelope
from safepassage.ids import uuid7
from safepassage.package import Attached, Package, attachment_header
from safepassage.problems.bodies import AttachmentsDiffer, ChunkNotOpened
from services.records import bodies
from services.records.attachments import documents
from services.records.attachments.documents import Document, Held
from services.records.attachments.examination import examining
from services.records.exchange.exchange import Exchange
from services.records.tables import StudentRow
from services.records.vault import Vault


async def examine(exchange: Exchange, message: Envelope, package: Package) -> None:
    """Open every chunk of every document, and have it examined as one that is loaded here. Nothing of it is written.

    Raises ChunkNotOpened, AttachmentsDiffer, AttachmentTypeDiffers, AttachmentUnsafe, AttachmentInfected: the package is rejected.
    ScannerUnavailable, ScannerNotConfigured: later.
    """
    if not package.attachments:
        return
    row = await exchange.read(partial(_body, message=message))
    for one in package.attachments:
        seal = ChunkedSeal(from_base64url(one.key), header=attachment_header(envelope=message.claims(), first=one.first))
        async with examining(exchange.scanner, one.media_type) as examination:
            for number in range(chunk_count(one.size)):
                sealed = await bodies.sealed_chunk(exchange.database, row.id, one.first + number)
                await examination.feed(seal.open(sealed, number=number, size=one.size))
            digest = await examination.finish()
        if digest != one.digest:
            raise AttachmentsDiffer("a document is not the one whose digest is told")


def file_documents(
    connection: Connection, vault: Vault, message: Envelope, package: Package, *, student_id: UUID, exchange_id: UUID, now: datetime
) -> None:
    """They are the student's from here on: their keys are sealed under the student's data key. In the transaction that files the record."""
    if not package.attachments:
        return
    body_id = _body(connection, message=message).id
    wrapped = connection.execute(select(StudentRow.wrapped_key).where(StudentRow.id == student_id)).scalar_one()
    key = vault.data_key(student_id, wrapped)
    for one in package.attachments:
        document = Document(uuid7(now), body_id, str(exchange_id), now, _held(one, message))
        documents.add(connection, key, document, student_id=student_id)


def _held(one: Attached, message: Envelope) -> Held:
    header = attachment_header(envelope=message.claims(), first=one.first)
    return Held(**one.model_dump(), header=to_base64url(header))


def _body(connection: Connection, *, message: Envelope) -> Any:
    row = bodies.body_at(connection, kind=bodies.INCOMING, peer=message.iss, envelope_id=message.envelope_id)
    if row is None:
        raise ChunkNotOpened("its body is gone")
    return row
