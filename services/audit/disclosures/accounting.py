"""`GET /v1/students/{student_id}/disclosure-accounting`: the record that a parent or eligible student may inspect, 34 CFR 99.32.

In pages, as a table for a spreadsheet, and as a document that a parent can read and print.
"""

import asyncio
import json
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from safepassage.problems.log import AccountingTooLong, LogFrozen, PurposeMissing
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import DisclosureAccounting, LogOrder
from services.audit.disclosures.accounted_entries import accounted_entries, names_in, own_agency, with_names
from services.audit.disclosures.accounting_document import Language, accounting_document
from services.audit.disclosures.accounting_table import accounting_rows, accounting_table
from services.audit.disclosures.disclosure_record import ACCOUNTED_KINDS, further_disclosers
from services.audit.openings import Place, sight_of
from services.audit.own_entries import own_entries_about
from services.audit.published import published_log
from services.audit.retention.destroyed import destroyed_years
from services.audit.search_log import record_search
from services.audit.subject_index import Window
from shared.caller import Caller, caller_with, family_or
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import Database
from shared.keyset import is_down
from shared.problems import responses
from shared.request_clock import Now
from shared.spreadsheet import MEDIA_TYPE

router = APIRouter(prefix="/v1/students/{student_id}/disclosure-accounting", tags=["accounting"])

MOST_OF_A_TABLE: Final = 20_000
MOST_OF_A_DOCUMENT: Final = 3_000
"""Entries of one student; so many pages are typeset in some ten seconds."""
JSON: Final = "application/json"
FILE: Final = "accounting-of-disclosures"
"""Names no student: it ends up in histories and lists of downloads."""

NEWEST_FIRST: Final = Window()

Accountant = Annotated[Caller, caller_with("audit:accounting")]
AccountantOrFamily = Annotated[Caller, family_or("audit:accounting")]
"""Or the family member at the page behind a one-time link, for their own student (decisions 56)."""
Sort = Annotated[LogOrder, Query(description="With a minus the newest first.")]
RecordableOnly = Annotated[bool, Query(description="Leave out what the law does not ask to be recorded.")]


def file_of(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses=` of an answer that is a file."""
    return {200: {"content": {one: {"schema": {"type": "string"}} for one in media_types}}}


@router.get("", responses=responses(NotPermitted, NoSuchStudent, PurposeMissing, LogFrozen, LogUnavailable))
async def disclosure_accounting(
    student_id: UUID,
    request: Request,
    response: Response,
    caller: AccountantOrFamily,
    now: Now,
    recordable_only: RecordableOnly = False,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: Sort = "-logged_at",
) -> DisclosureAccounting:
    """Each request for access to a student's data and each disclosure of it, newest or oldest first; who, why, when, under which law.

    Of another organisation's student, and of one who does not exist, there is nothing to tell. What a court keeps secret is left out.
    """
    if not caller.is_about(student_id):
        raise NoSuchStudent
    cursors: Cursors = request.app.state.cursors
    bound_to = f"accounting:{caller.client_id}:{student_id}:{recordable_only}:{sort}"
    position = cursors.read(cursor, bound_to=bound_to)
    window = Window(oldest_first=not is_down(sort))
    window = window if position is None else window.after(Place(position["log"], position["at"]))
    accounting, _, last = await _account(request, caller, student_id, window, recordable_only, most=limit, now=now)
    if last is not None:
        signed = cursors.sign({"log": last.log, "at": last.at}, bound_to=bound_to)
        parameters: dict[str, str | int] = {"recordable_only": str(recordable_only).lower(), "limit": limit, "sort": sort}
        parameters["cursor"] = signed
        response.headers["link"] = next_link(request.url.path, parameters)
    return accounting


_DOCUMENT_ERRORS = responses(NotPermitted, PurposeMissing, AccountingTooLong, LogFrozen, LogUnavailable)


@router.get("/table", response_class=Response, responses=file_of("text/csv", JSON) | _DOCUMENT_ERRORS)
async def export_disclosure_accounting_table(
    student_id: UUID,
    request: Request,
    caller: Accountant,
    now: Now,
    recordable_only: RecordableOnly = False,
    sort: Sort = "-logged_at",
    form: Annotated[Literal["csv", "json"], Query(description="csv: for a spreadsheet; json: an array of objects.")] = "csv",
) -> Response:
    """The whole record as CSV (RFC 4180), in which no cell begins a formula, or as JSON."""
    window = Window(oldest_first=not is_down(sort))
    accounting, _ = await _whole(request, caller, student_id, recordable_only, most=MOST_OF_A_TABLE, now=now, window=window)
    headers = {"content-disposition": f'attachment; filename="{FILE}-{now:%Y-%m-%d}.{form}"'}
    if form == "json":
        rows = json.dumps(accounting_rows(accounting), ensure_ascii=False)
        return Response(rows, headers=headers, media_type=JSON)
    return Response(accounting_table(accounting), headers=headers, media_type=MEDIA_TYPE)


@router.get("/document", response_class=Response, responses=file_of("application/pdf") | _DOCUMENT_ERRORS)
async def export_disclosure_accounting_document(
    student_id: UUID,
    request: Request,
    caller: Accountant,
    now: Now,
    recordable_only: RecordableOnly = False,
    language: Annotated[Language, Query(description="In which its words are.")] = "en",
) -> Response:
    """The whole record as a PDF in plain words, for the parent or eligible student: tagged, so that a screen reader reads it (PDF/UA-1).

    Who of a party's staff it was is not in it.
    """
    accounting, names = await _whole(request, caller, student_id, recordable_only, most=MOST_OF_A_DOCUMENT, now=now)
    drawn = await asyncio.to_thread(accounting_document, accounting, names, drawn_at=now, language=language)
    headers = {"content-disposition": f'attachment; filename="{FILE}-{now:%Y-%m-%d}.pdf"'}
    return Response(drawn, headers=headers, media_type="application/pdf")


async def _whole(
    request: Request, caller: Caller, student_id: UUID, recordable_only: bool, *, most: int, now: Now, window: Window = NEWEST_FIRST
) -> tuple[DisclosureAccounting, dict[str, str]]:
    accounting, names, last = await _account(request, caller, student_id, window, recordable_only, most=most, now=now)
    if last is not None:
        raise AccountingTooLong
    return accounting, names


async def _account(
    request: Request, caller: Caller, student_id: UUID, window: Window, recordable_only: bool, *, most: int, now: Now
) -> tuple[DisclosureAccounting, dict[str, str], Place | None]:
    """The first entries of the window, what the organisations in them are called, and the last place looked at if there are more.

    It is logged before anything is told.
    """
    state = request.app.state
    database: Database = state.database
    window = window._replace(kinds=ACCOUNTED_KINDS, sealed_too=False)
    async with database.reading() as tx:
        # Who may inspect the record may inspect what an emergency's threat was: 99.32(a)(5), (c).
        sight = (await sight_of(tx, caller))._replace(threats=True)
        tags = await state.keys.tags(tx, str(student_id))
        places = await own_entries_about(tx, state.keys, tags, window, sight, limit=most + 1)
        published = await published_log(tx)
        entries = await accounted_entries(tx, state.keys, places[:most], tags=tags, sight=sight, published=published)
        names = await names_in(tx, state.settings.entity_id, entries)
        own = await own_agency(tx)
        destroyed = await destroyed_years(tx, tags, sight)
    if recordable_only:
        entries = [entry for entry in entries if entry.ferpa_recordable or entry.idea_recordable]
    await record_search(state.sequencer, caller, operation="disclosure-accounting", student_id=student_id, count=len(entries), now=now)
    told = tuple(with_names(entry, names) for entry in entries)
    accounting = DisclosureAccounting(
        student_id=student_id,
        entries=told,
        checkpoint=published.note,
        destroyed=destroyed,
        may_disclose_further=further_disclosers(own, told),
    )
    return accounting, names, places[most - 1] if len(places) > most else None
