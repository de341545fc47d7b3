"""`/v1/disclosure-copies`: a district gets its copy of the record of further disclosures, and the state sees which are not given yet."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.log import DisclosureCopyGiven, LogFrozen, NoSuchDisclosureCopy, PurposeMissing
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.wire_log import CopiedDisclosure, DisclosureCopy, DisclosureCopyContent, DisclosureCopyPage, HandedOver
from services.audit.agency_days import agency_zone, zone_of_agency
from services.audit.disclosures.accounted_entries import accounted_entry, names_in, with_names
from services.audit.disclosures.accounting import Accountant, file_of
from services.audit.disclosures.accounting_table import copied_table
from services.audit.disclosures.called_back import called_back
from services.audit.disclosures.copies import give, shown
from services.audit.openings import Place, Sight, open_entries, sight_of
from services.audit.published import published_log
from services.audit.search_log import record_search
from services.audit.tables import DisclosureCopyRow, OrganisationRow, RedisclosureRow
from shared.actors import client_actor
from shared.caller import Caller
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import Database
from shared.problems import responses
from shared.request_clock import Now
from shared.spreadsheet import MEDIA_TYPE
from shared.tenancy import within

router = APIRouter(prefix="/v1/disclosure-copies", tags=["accounting"])

Ungiven = Annotated[bool, Query(description="Only those that are not given yet.")]


@router.get("", responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable))
async def list_disclosure_copies(
    request: Request, response: Response, caller: Accountant, now: Now, ungiven: Ungiven = False, limit: Limit = 100, cursor: Cursor = None
) -> DisclosureCopyPage:
    """Copies for the caller's organisation and those below, newest first; for the state agency, all."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"disclosure-copies:{caller.client_id}:{ungiven}"
    position = cursors.read(cursor, bound_to=bound_to)
    database: Database = request.app.state.database
    async with database.reading() as tx:
        sight = await sight_of(tx, caller)
        query = select(DisclosureCopyRow).where(DisclosureCopyRow.logged)
        if not sight.whole_state:
            query = query.where(DisclosureCopyRow.organisation_id.in_(within(OrganisationRow, caller.organisation_id)))
        if ungiven:
            query = query.where(DisclosureCopyRow.given_at.is_(None))
        if position is not None:
            query = query.where(DisclosureCopyRow.id < UUID(position["id"]))
        rows = (await tx.scalars(query.order_by(DisclosureCopyRow.id.desc()).limit(limit + 1))).all()
        zone = await zone_of_agency(tx)
    copies = tuple(shown(row, now=now, zone=zone) for row in rows[:limit])
    sequencer = request.app.state.sequencer
    await record_search(sequencer, caller, operation="disclosure-copies-listed", student_id=None, count=len(copies), now=now)
    if len(rows) > limit:
        signed = cursors.sign({"id": str(rows[limit - 1].id)}, bound_to=bound_to)
        parameters: dict[str, str | int] = {"ungiven": str(ungiven).lower(), "limit": limit, "cursor": signed}
        response.headers["link"] = next_link(request.url.path, parameters)
    return DisclosureCopyPage(copies=copies)


_ERRORS = responses(NotPermitted, PurposeMissing, NoSuchDisclosureCopy, LogFrozen, LogUnavailable)


@router.get("/{copy_id}", responses=_ERRORS)
async def read_disclosure_copy(copy_id: UUID, request: Request, caller: Accountant, now: Now) -> DisclosureCopyContent:
    """The whole copy. When its district reads it first, it is given."""
    return await _read(request, caller, copy_id, now)


@router.get("/{copy_id}/table", response_class=Response, responses=file_of("text/csv") | _ERRORS)
async def read_disclosure_copy_table(copy_id: UUID, request: Request, caller: Accountant, now: Now) -> Response:
    """The whole copy as CSV (RFC 4180). No cell begins a formula. When its district reads it first, it is given."""
    content = await _read(request, caller, copy_id, now)
    headers = {"content-disposition": f'attachment; filename="disclosure-copy-{copy_id}.csv"'}
    return Response(copied_table(content.disclosures), headers=headers, media_type=MEDIA_TYPE)


@router.post("/{copy_id}/delivery", responses=_ERRORS | responses(DisclosureCopyGiven, InvalidRequest))
async def record_disclosure_copy_delivery(
    copy_id: UUID, delivery: HandedOver, request: Request, caller: Accountant, now: Now
) -> DisclosureCopy:
    """Put on record that the district got its copy by another way: by the state agency, with what proves it."""
    if caller.kind != "sea":
        raise NotPermitted("the state agency says what it handed over")
    row, _ = await _copy(request, caller, copy_id)
    if not row.made_at <= delivery.handed_over_at <= now:
        raise InvalidRequest("after the copy was made, and not in the future", field="handed_over_at")
    if row.given_at is not None:
        raise DisclosureCopyGiven
    await give(request.app, row, client_actor(caller.claims), to=delivery.evidence_ref, at=delivery.handed_over_at)
    row, _ = await _copy(request, caller, copy_id)
    return shown(row, now=now, zone=await agency_zone(request.app.state.database))


async def _copy(request: Request, caller: Caller, copy_id: UUID) -> tuple[DisclosureCopyRow, Sight]:
    """A copy of the caller's organisation or one below it, and what the caller may see. Raises NoSuchDisclosureCopy."""
    database: Database = request.app.state.database
    async with database.reading() as tx:
        sight = await sight_of(tx, caller)
        row = await tx.get(DisclosureCopyRow, copy_id)
    if row is None or not row.logged or not sight.covers(row.organisation_id):
        raise NoSuchDisclosureCopy
    return row, sight


async def _read(request: Request, caller: Caller, copy_id: UUID, now: Now) -> DisclosureCopyContent:
    row, sight = await _copy(request, caller, copy_id)
    state = request.app.state
    async with state.database.reading() as tx:
        content = await _content(tx, request, row, sight, now)
    await record_search(state.sequencer, caller, operation="disclosure-copy", student_id=None, count=len(content.disclosures), now=now)
    if row.given_at is None and not sight.whole_state:
        await give(request.app, row, client_actor(caller.claims), to=caller.client_id, at=now)
        row, _ = await _copy(request, caller, copy_id)
        return content.model_copy(update={"copy_": shown(row, now=now, zone=await agency_zone(state.database))})
    return content


async def _content(tx: AsyncSession, request: Request, row: DisclosureCopyRow, sight: Sight, now: Now) -> DisclosureCopyContent:
    published, zone = await published_log(tx), await zone_of_agency(tx)
    in_order = select(RedisclosureRow.log, RedisclosureRow.idx).where(RedisclosureRow.copy_id == row.id)
    places = [Place(log, idx) for log, idx in await tx.execute(in_order.order_by(RedisclosureRow.log, RedisclosureRow.idx))]
    told, envelopes = [], []
    for opened in await open_entries(tx, request.app.state.keys, places):
        seen = opened.seen_by(sight)
        entry = None if seen is None else accounted_entry(seen, published, zone)
        if seen is not None and entry is not None:
            students = tuple(part.student for part in seen.subjects if part.student is not None)
            told.append(CopiedDisclosure(**dict(entry), student_ids=students))
            envelopes.append("" if seen.context is None else str(seen.context.payload.get("envelope_id")))
    names = await names_in(tx, request.app.state.settings.entity_id, told)
    back = await called_back(tx, request.app.state.keys, set(envelopes))
    told = [
        CopiedDisclosure(**dict(with_names(one, names)) | {"called_back": back.get(envelope)})
        for one, envelope in zip(told, envelopes, strict=True)
    ]
    return DisclosureCopyContent(
        copy_=shown(row, now=now, zone=zone), disclosures=tuple(told), closed=len(places) - len(told), checkpoint=published.note
    )
