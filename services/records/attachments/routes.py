"""`/v1/students/{student_id}/attachments`: documents of a record, loaded by its own agency, read by whoever may see the student."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from safepassage.ids import uuid7
from safepassage.problems import attachments as problems
from safepassage.problems.bodies import NoRoomForBody
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import BodyTooLarge, LogUnavailable, NotPermitted, UnsupportedMediaType
from safepassage.wire_attachments import ATTACHABLE, MOST_TOLD, Attachment, Attachments, MediaType
from services.records import bodies
from services.records.agency_days import Today
from services.records.attachments import documents, loading
from services.records.attachments.documents import Document
from services.records.logged import log_ahead, read_event
from services.records.reading import read_record
from services.records.students import Loader, Reader
from services.records.tables import OWN
from services.records.vault import Vault
from services.records.visibility import require_kept, require_visible
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Context, Event
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/students/{student_id}/attachments", tags=["attachments"])

MEDIA_TYPES: tuple[MediaType, ...] = ("application/pdf", "image/png", "image/jpeg")
_PRIVATE = {"cache-control": "no-store", "content-disposition": "attachment"}
"""A browser saves it, and shows nothing of it as a page of ours."""
_ANY = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES}

Element = Annotated[
    str, Query(max_length=64, description="The element of the record that the document belongs to: `special_education.iep`.")
]
Dated = Annotated[date | None, Query(description="The day that the document bears.")]


@router.put(
    "/{attachment_id}",
    status_code=201,
    responses=responses(
        NoSuchStudent,
        UnsupportedMediaType,
        BodyTooLarge,
        problems.ElementTakesNoAttachment,
        problems.AttachmentEmpty,
        problems.AttachmentTypeDiffers,
        problems.AttachmentUnsafe,
        problems.AttachmentInfected,
        problems.AttachmentExists,
        problems.ScannerNotConfigured,
        problems.ScannerUnavailable,
        NoRoomForBody,
    ),
    openapi_extra={"requestBody": {"required": True, "content": _ANY}},
)
async def load_attachment(
    student_id: UUID, attachment_id: UUID, caller: Loader, request: Request, now: Now, element: Element, dated: Dated = None
) -> Attachment:
    """Load a document of a student's record, under an id that the caller makes. The same document again under its id changes nothing.

    It is examined as it comes, by its type and by the malware scanner, and kept sealed; it is there once it was found good to its end.
    """
    state = request.app.state
    about = loading.Incoming(element, _media_type(request), dated)
    state.scanner.require_configured()
    async with state.database.transaction() as tx:
        row = await require_kept(tx, caller, student_id)
        held = await _documents(tx, state.vault, student_id)
        record = (await read_record(tx, state.vault, student_id)).record
    custodian_id = row.custodian_id
    before = next((one for one in held if one.id == attachment_id), None)
    if before is not None:
        return await _again(before, about, request)
    if element not in ATTACHABLE or element not in record.elements():
        raise problems.ElementTakesNoAttachment(field="element")
    settings = state.settings
    longest = min(settings.max_attachment_bytes, settings.max_body_bytes - _own_bytes(held))
    bodies.require_disk(state.database, more=longest, left=settings.min_free_disk_bytes)
    body_id, found = await loading.take(state.database, state.scanner, request.stream(), about, longest=longest, now=now)
    document = Document(attachment_id, body_id, OWN, now, found)
    async with state.database.transaction() as tx:
        await _keep(tx, request, caller, document, student_id)
        state.outbox.record(tx, _loaded(caller, document, student_id, custodian_id))
    return document.told()


async def _keep(tx: AsyncSession, request: Request, caller: Caller, document: Document, student_id: UUID) -> None:
    """The student's from here on. Raises NoSuchStudent, AttachmentExists, BodyTooLarge: others may have come while it did."""
    state = request.app.state
    student = await require_kept(tx, caller, student_id)
    if await tx.run_sync(lambda session: documents.is_taken(session.connection(), document.id)):
        raise problems.AttachmentExists
    if _own_bytes(await _documents(tx, state.vault, student_id)) + document.held.size > state.settings.max_body_bytes:
        raise BodyTooLarge
    key = state.vault.data_key(student_id, student.wrapped_key)
    await tx.run_sync(lambda session: documents.add(session.connection(), key, document, student_id=student_id))


def _own_bytes(held: Iterable[Document]) -> int:
    """Of the documents that are loaded here, together: those of one student travel in one package."""
    return sum(one.held.size for one in held if one.source == OWN)


async def _again(before: Document, about: loading.Incoming, request: Request) -> Attachment:
    """What is held, if the same comes again. Raises AttachmentExists."""
    digest, size = hashlib.sha256(), 0
    async for part in request.stream():
        size += len(part)
        if size > before.held.size:
            raise problems.AttachmentExists
        digest.update(part)
    said = (about.element, about.media_type, about.dated, to_base64url(digest.digest()))
    if said != (before.held.element, before.held.media_type, before.held.dated, before.held.digest):
        raise problems.AttachmentExists
    return before.told()


@router.get("", responses=responses(NoSuchStudent, NotPermitted, LogUnavailable))
async def list_attachments(student_id: UUID, caller: Reader, request: Request, now: Now, today: Today) -> Attachments:
    """The documents of a student's record, the newest first. That they were listed is on the log before they are."""
    found, custodian_id = await _visible(request, caller, student_id, today)
    elements = sorted({one.held.element for one in found})
    await _log_read(request, caller, "attachment-list", student_id, custodian_id, elements, now)
    return Attachments(attachments=tuple(one.told() for one in found[:MOST_TOLD]), older=max(0, len(found) - MOST_TOLD))


@router.get(
    "/{attachment_id}",
    responses={
        **responses(NoSuchStudent, problems.NoSuchAttachment, NotPermitted, LogUnavailable),
        200: {"description": "The document.", "content": _ANY},
    },
    response_class=StreamingResponse,
)
async def read_attachment(student_id: UUID, attachment_id: UUID, caller: Reader, request: Request, now: Now, today: Today) -> Response:
    """A document as it was loaded, or as it came from another state. The read is on the log before its first byte leaves."""
    found, custodian_id = await _visible(request, caller, student_id, today)
    document = next((one for one in found if one.id == attachment_id), None)
    if document is None:
        raise problems.NoSuchAttachment
    await _log_read(request, caller, "attachment-read", student_id, custodian_id, [document.held.element], now)
    headers = {**_PRIVATE, "content-length": str(document.held.size)}
    return StreamingResponse(_content(document, request), media_type=document.held.media_type, headers=headers)


async def _content(document: Document, request: Request) -> AsyncIterator[bytes]:
    async for part in document.parts(request.app.state.database):
        yield part


async def _visible(request: Request, caller: Caller, student_id: UUID, today: date) -> tuple[list[Document], UUID]:
    state = request.app.state
    async with state.database.reading() as tx:
        row = await require_visible(tx, caller, student_id, today)
        return await _documents(tx, state.vault, student_id), row.custodian_id


async def _documents(tx: AsyncSession, vault: Vault, student_id: UUID) -> list[Document]:
    return await tx.run_sync(lambda session: documents.documents_at(session.connection(), vault, student_id))


async def _log_read(
    request: Request, caller: Caller, operation: str, student_id: UUID, custodian_id: UUID, elements: list[str], now: Now
) -> None:
    key = f"read:{uuid7(now)}"
    event = read_event(caller, key=key, operation=operation, students=[(student_id, custodian_id)], elements=elements)
    await log_ahead(request.app, caller, event, request.scope)


def _loaded(caller: Caller, document: Document, student_id: UUID, custodian_id: UUID) -> Event:
    return Event(
        class_="load",
        key=f"attachment:{document.id}:loaded",
        subjects=(student_id,),
        custodians=(custodian_id,),
        actor=client_actor(caller.claims),
        context=Context(operation="attachment-load", elements=(document.held.element,), count=1),
    )


def _media_type(request: Request) -> MediaType:
    """As it was declared. Raises UnsupportedMediaType."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    for kind in MEDIA_TYPES:
        if kind == declared:
            return kind
    raise UnsupportedMediaType(f"takes {', '.join(MEDIA_TYPES)}", field="Content-Type")
