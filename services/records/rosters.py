"""Rosters: many students in one upload, read as far as the files go, stored a part at a time, answered with a report without a value.

The same upload again changes nothing: each student's content is tagged, so that one cut off in the middle is simply sent again.
"""

from collections.abc import Sequence
from datetime import UTC, date, tzinfo
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from safepassage.ids import uuid7
from safepassage.problems.ed_fi import RecordWithDistrict
from safepassage.problems.records import RosterTooLargeHere, UnreadableRoster
from safepassage.problems.requests import BodyTooLarge, RequestUnderWay, TemporarilyUnavailable, UnsupportedMediaType
from safepassage.record.loads import LoadReport
from services.records.ed_fi.pulling import IDENTITY
from services.records.formats.archive import Archive
from services.records.formats.edfi_api import SOURCE
from services.records.formats.edfi_documents import MEDIA_TYPE as EDFI
from services.records.formats.edfi_documents import EdFiUpload, edfi_document, edfi_files, is_edfi_files
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.oneroster import read_oneroster
from services.records.formats.oneroster_delta import Delta
from services.records.formats.oneroster_tables import Tables
from services.records.formats.own_json import read_own_json
from services.records.formats.parsed import ParsedRoster
from services.records.formats.xsre_reading import is_xsre, read_xsre
from services.records.load_memory import OF_A_DOCUMENT, OF_OWN_LINES, LoadMemory, need
from services.records.roster_as_before import read_but_as_before
from services.records.roster_deltas import applied
from services.records.roster_division import LoadedBy
from services.records.roster_storing import RosterStoring
from services.records.tables import EdFiKeepingRow, LoadRow
from shared.caller import Caller, caller_with
from shared.garbage import without_collection
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/rosters", tags=["rosters"])

Loader = Annotated[Caller, caller_with("records:load")]

ZIP, JSON_LINES = "application/zip", "application/x-ndjson"
MOST_BYTES = 64 << 20
TIMES_OF_DOCUMENTS: Final = {JSON_LINES: OF_OWN_LINES, EDFI: OF_A_DOCUMENT}
PART = 500
"""Students stored in one transaction."""


@router.post(
    "",
    responses=responses(
        UnreadableRoster,
        RecordWithDistrict,
        UnsupportedMediaType,
        BodyTooLarge,
        RosterTooLargeHere,
        RequestUnderWay,
        TemporarilyUnavailable,
    ),
    openapi_extra={"requestBody": {"required": True, "content": {ZIP: {}, JSON_LINES: {}, EDFI: {}}}},
)
async def load_roster(caller: Loader, request: Request, now: Now, once: Annotated[Once, Depends()]) -> LoadReport:
    """Load a roster: a OneRoster 1.2 CSV package, whole or a delta; Ed-Fi 5 interchange files, an Ed-Fi API's resources or SIF xSre files
    in a zip; such resources as one document; or our own JSON, one student a line.
    """
    state = request.app.state
    media_type, body = (request.headers.get("content-type") or "").partition(";")[0].strip(), await request.body()
    if media_type not in (ZIP, JSON_LINES, EDFI):
        raise UnsupportedMediaType
    if len(body) > MOST_BYTES:
        raise BodyTooLarge
    async with state.database.reading() as tx:
        load_id = await once.earlier(tx, caller, "load_roster")
        held = None if load_id is None else await tx.get(LoadRow, load_id)
    if held is not None and held.report:
        return LoadReport.model_validate_json(held.report)
    memory: LoadMemory = state.load_memory
    needed = await to_thread.run_sync(partial(need, body, times=TIMES_OF_DOCUMENTS.get(media_type)))
    with memory.holding(needed), without_collection():
        return await _load(request, caller, media_type, body, load_id, once, now)


async def _load(request: Request, caller: Caller, media_type: str, body: bytes, load_id: UUID | None, once: Once, now: Now) -> LoadReport:
    """Load, or go on with the load that was cut off (`load_id`)."""
    state = request.app.state
    today = state.days.today(now)
    # What an upload is read from goes before anything is stored.
    roster = await _read(request, caller, await to_thread.run_sync(parsed, media_type, body, today, state.days.zone), now)
    if roster.source_system == SOURCE:
        await _require_kept(request, caller)
    if load_id is None:
        load_id = await _begin(request, caller, roster.format, once, now)
    storing = RosterStoring(
        state.vault,
        state.outbox,
        roster,
        loader=LoadedBy.of(caller),
        jurisdiction=state.settings.jurisdiction,
        load_id=load_id,
        now=now,
    )
    try:
        for part, start in enumerate(range(0, len(roster.students), PART)):
            async with state.database.transaction() as tx:
                await storing.store(tx, roster.students[start : start + PART], part=part)
        async with state.database.transaction() as tx:
            await storing.finish(tx)
            report = storing.report()
            row = await tx.get_one(LoadRow, load_id)
            row.report, row.loaded_at = report.model_dump_json(), state.clock()
    except IntegrityError as error:
        raise TemporarilyUnavailable("another load of the same students is under way") from error
    return report


async def _require_kept(request: Request, caller: Caller) -> None:
    """INVARIANT: what a district leaves with its own Ed-Fi system does not come in by a file. Raises RecordWithDistrict."""
    async with request.app.state.database.reading() as tx:
        query = select(EdFiKeepingRow.system).where(
            EdFiKeepingRow.organisation_id == caller.organisation_id, EdFiKeepingRow.keeps == IDENTITY
        )
        if (await tx.scalars(query)).first() is not None:
            raise RecordWithDistrict


async def _read(request: Request, caller: Caller, upload: ParsedRoster | Delta | EdFiUpload, now: Now) -> ParsedRoster:
    """What was not read yet: it takes what is here to do so."""
    state, organisation_id = request.app.state, caller.organisation_id
    if isinstance(upload, Delta):
        days = state.days
        about = (state.database, state.vault, upload)
        return await applied(*about, organisation_id=organisation_id, today=days.today(now), zone=days.zone)
    if isinstance(upload, EdFiUpload):
        return await read_but_as_before(state.database, state.vault, upload, organisation_id=organisation_id, now=now)
    return upload


async def _begin(request: Request, caller: Caller, format_: str, once: Once, now: Now) -> UUID:
    """Put the load and its key on record. Raises RequestUnderWay."""
    load_id = uuid7(now)
    async with request.app.state.database.transaction() as tx:
        organisation_id, client_id = caller.organisation_id, caller.client_id
        tx.add(LoadRow(id=load_id, organisation_id=organisation_id, client_id=client_id, format=format_, loaded_at=now, report=""))
        await once.keep(tx, caller, "load_roster", load_id, now)
    return load_id


def parsed(media_type: str, body: bytes, today: date, zone: tzinfo = UTC) -> ParsedRoster | Delta | EdFiUpload:
    """The upload, read by the format that it is in; a delta says nothing alone, and of Ed-Fi's bodies not all need be read.

    zone  where it is `today`

    Raises UnreadableRoster.
    """
    if media_type == JSON_LINES:
        return read_own_json(body)
    if media_type == EDFI:
        return edfi_document(body)
    archive = Archive.of_zip(body)
    roster = _of_archive(archive, today, zone)
    if isinstance(roster, EdFiUpload):
        roster.told = archive.told
    else:
        roster.findings.told = archive.told
    return roster


def _of_archive(archive: Archive, today: date, zone: tzinfo) -> ParsedRoster | Delta | EdFiUpload:
    if "manifest.csv" in archive:
        return Delta(archive) if Tables(archive, deltas=True).is_delta else read_oneroster(archive, today=today, zone=zone)
    documents = [name for name in archive.names if name.casefold().endswith(".xml")]
    for name in documents[:1]:
        with archive.open(name) as file:
            foreign = is_xsre(file)
        return read_xsre(archive) if foreign else read_edfi_xml(archive)
    if is_edfi_files(archive):
        return edfi_files(archive)
    raise UnreadableRoster("neither a OneRoster manifest nor files of Ed-Fi or SIF are in the zip")


__all__: Sequence[str] = ("parsed", "router")
