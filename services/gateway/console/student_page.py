"""One student: who received what and why, what the family said and asked, what must be kept. That one looked is on the log."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_log import DisclosureAccounting
from services.gateway.console.exports import JSON, Form
from services.gateway.console.family_access import open_links_of, shown_holders, shown_links
from services.gateway.console.handles import SessionHandles
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_by_reference
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.peers_named import named_peers
from services.gateway.console.sorting import Orders
from services.gateway.console.student_shown import party_name, shown_entry
from services.gateway.console.student_tables import OfStudent, rows_of, said_of_all, shown_tables
from services.gateway.console.students import ONE, STUDENT, ShownStudent, rights_of
from services.gateway.console.students import PATH as SEARCH
from services.gateway.console.viewing import Language
from services.gateway.people.pages import page_responses
from shared.spreadsheet import MEDIA_TYPE

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

DOCUMENT: Final = f"{ONE}/accounting.pdf"
TABLE: Final = f"{ONE}/accounting/export"
HOLD: Final = f"{ONE}/hold"
Recorded = Annotated[Literal["asked", ""], Query(description="asked: what the law asks to be recorded alone.")]
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("-logged_at", region="#accounting")
FOR_THE_FAMILY: Final = "records-access"
"""For which purpose the log is opened when the family is answered (34 CFR 99.31(a)(12))."""


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_student(
    handle: str,
    student_id: ShownStudent,
    frame: Framed,
    node: Node,
    handles: SessionHandles,
    tables: OfStudent,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    recorded: Recorded = "",
) -> Response:
    """The accounting of disclosures, and with it what stands for the student."""
    _, peers = frame.translate, named_peers(frame)
    rights = await rights_of(node, student_id)
    asked: dict[str, str | int] = {"sort": sort, "limit": ON_A_PAGE, **({} if cursor is None else {"cursor": cursor})}
    asked |= recordable(recorded)
    kept = {**ORDERS.kept(sort), **({"recorded": recorded} if recorded else {})}
    accounting, following = await node.page("audit", accounting_of(student_id), DisclosureAccounting, asked)
    names = await names_by_reference(frame.request, [entry.party.organisation for entry in accounting.entries])
    further = [one.name or party_name(one, frame, names) for one in accounting.may_disclose_further]
    rows, beside = await rows_of(rights, handle, frame, node, student_id), said_of_all(tables)
    number, viewing = len(accounting.entries), frame.viewing
    count = _("No entries") if not number else _("1 entry") if number == 1 else _("%(n)s entries") % {"n": viewing.number(number)}
    received = {party_name(one.party, frame, names) for one in accounting.entries if one.phase == "disclosure"}
    path = ONE.format(handle=handle)
    return frame.page(
        "student.html",
        student_id=str(student_id),
        rows=[shown_entry(entry, frame, peers, names) for entry in accounting.entries],
        count=_("%(n)s entries, and more") % {"n": viewing.number(number)} if following else count,
        received=len(received),
        further=further,
        destroyed=bool(accounting.destroyed),
        more=None if following is None else f"{path}?{urlencode({**kept, **beside, 'cursor': following['cursor']})}",
        heads=frame.heads(ORDERS, sort),
        rights=rights is not None,
        others=[] if rights is None else [(ONE.format(handle=handles.seal(STUDENT, str(one))), str(one)) for one in rights.same_child],
        standing=shown_tables(frame, rows, tables, handle),
        held_by=[] if rights is None else shown_holders(rights, handle, frame, handles),
        in_person_only=rights is not None and rights.in_person_only,
        links=[] if rights is None else shown_links(await open_links_of(frame, node, student_id), rights, handle, frame),
        place_hold=HOLD.format(handle=handle) if node.may("retention:hold") else None,
        document=DOCUMENT.format(handle=handle),
        table=TABLE.format(handle=handle) + (f"?{urlencode(kept)}" if kept else ""),
        order={**ORDERS.kept(sort), **beside},
        recorded=recorded,
        recorded_ones=[("asked", _("Only what the law asks to be recorded"))],
        here=path,
        back=SEARCH,
    )


@router.get(DOCUMENT, response_model=None, responses=page_responses(200, 404))
async def read_student_document(student_id: ShownStudent, node: Node, language: Annotated[Language, Query()] = "en") -> Response:
    """The accounting for the parent: a PDF in plain words, tagged for screen readers (PDF/UA-1), by the audit service's own typesetter."""
    return await _file(node, student_id, "document", "application/pdf", "pdf", {"language": language})


@router.get(TABLE, response_model=None, responses=page_responses(200, 404))
async def read_student_table(
    student_id: ShownStudent,
    node: Node,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    recorded: Recorded = "",
    form: Form = "csv",
) -> Response:
    """The accounting as a table for a spreadsheet or as JSON, with the filter and in the order of the page."""
    asked = {"sort": sort, "form": form, **recordable(recorded)}
    return await _file(node, student_id, "table", MEDIA_TYPE if form == "csv" else JSON, form, asked)


def recordable(recorded: str) -> dict[str, str]:
    """What the log is asked for it."""
    return {"recordable_only": "true"} if recorded else {}


async def _file(
    node: NodeReader, student_id: UUID, kind: str, media_type: str, ending: str, query: Mapping[str, str] | None = None
) -> Response:
    await rights_of(node, student_id)
    content = await node.for_purpose(FOR_THE_FAMILY).bytes_of("audit", f"{accounting_of(student_id)}/{kind}", query)
    headers = {"content-disposition": f'attachment; filename="accounting-of-disclosures.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


def accounting_of(student_id: UUID) -> str:
    """The path of the student's accounting."""
    return f"/v1/students/{student_id}/disclosure-accounting"
