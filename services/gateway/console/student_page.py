"""One student: who received what and why, what the family said and asked, what must be kept. That one looked is on the log."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_log import DisclosureAccounting
from safepassage.wire_retention import LegalHold, LegalHoldPage
from safepassage.wire_student_rights import StudentRights
from services.gateway.console.duties import shown_duty
from services.gateway.console.family_access import RESCINDING, open_links_of, shown_holders, shown_links
from services.gateway.console.handles import SessionHandles
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_by_reference
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.peers_named import named_peers
from services.gateway.console.sorting import Orders
from services.gateway.console.student_shown import ShownStanding, party_name, shown_consent, shown_entry, shown_request
from services.gateway.console.student_words import HOLD_REASONS, PREFERENCE_KINDS
from services.gateway.console.students import ONE, ShownStudent
from services.gateway.console.students import PATH as SEARCH
from services.gateway.console.viewing import Language
from services.gateway.people.pages import page_responses
from shared.spreadsheet import MEDIA_TYPE

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

DOCUMENT: Final = f"{ONE}/accounting.pdf"
TABLE: Final = f"{ONE}/accounting.csv"
HOLD: Final = f"{ONE}/hold"
WITHDRAWAL: Final = f"{ONE}/consents/{{consent_id}}/withdrawal"
Recorded = Annotated[Literal["asked", ""], Query(description="asked: what the law asks to be recorded alone.")]
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("-logged_at", region="#accounting")
MOST_HOLDS: Final = 1_000
FOR_THE_FAMILY: Final = "records-access"
"""For which purpose the log is opened when the family is answered (34 CFR 99.31(a)(12))."""


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_student(
    handle: str,
    student_id: ShownStudent,
    frame: Framed,
    node: Node,
    handles: SessionHandles,
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
    holds = await _holds(node, student_id)
    parties = [entry.party.organisation for entry in accounting.entries] + [one.recipient_id for one in (rights.consents if rights else ())]
    names = await names_by_reference(frame.request, parties)
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
        destroyed=bool(accounting.destroyed),
        more=None if following is None else f"{path}?{urlencode({**kept, 'cursor': following['cursor']})}",
        heads=frame.heads(ORDERS, sort),
        rights=rights is not None,
        consents=[] if rights is None else _consents(rights, handle, frame, names),
        preferences=[] if rights is None else _preferences(rights, handle, frame),
        requests=[] if rights is None else [shown_request(one, frame) for one in rights.requests],
        duties=[] if rights is None else [shown_duty(one, viewing, _, may_complete=node.may("duties:complete")) for one in rights.duties],
        held_by=[] if rights is None else shown_holders(rights, handle, frame, handles),
        in_person_only=rights is not None and rights.in_person_only,
        links=[] if rights is None else shown_links(await open_links_of(frame, node, student_id), rights, handle, frame),
        holds=holds,
        place_hold=HOLD.format(handle=handle) if node.may("retention:hold") else None,
        document=DOCUMENT.format(handle=handle),
        table=TABLE.format(handle=handle) + (f"?{urlencode(kept)}" if kept else ""),
        order=ORDERS.kept(sort),
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
    student_id: ShownStudent, node: Node, sort: Annotated[str, ORDERS.query] = ORDERS.usual, recorded: Recorded = ""
) -> Response:
    """The accounting as a table for a spreadsheet, with the filter and in the order of the page."""
    return await _file(node, student_id, "table", MEDIA_TYPE, "csv", {"sort": sort, **recordable(recorded)})


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


async def rights_of(node: NodeReader, student_id: UUID) -> StudentRights | None:
    """What stands for the student; None for who may not act for families. Raises NoSuchStudent for another district's, and for nobody."""
    return await node.read("privacy", f"/v1/students/{student_id}/rights", StudentRights) if node.may("rights:act") else None


async def _holds(node: NodeReader, student_id: UUID) -> list[tuple[LegalHold, str]] | None:
    if not node.may("retention:hold"):
        return None
    found = await node.read("audit", "/v1/log/holds", LegalHoldPage, {"limit": MOST_HOLDS})
    return [(hold, HOLD_REASONS[hold.reason]) for hold in found.holds if hold.student_id == student_id]


def _consents(rights: StudentRights, handle: str, frame: Frame, names: Mapping[str, str]) -> list[ShownStanding]:
    return [shown_consent(one, frame, names, act=WITHDRAWAL.format(handle=handle, consent_id=one.id)) for one in rights.consents]


def _preferences(rights: StudentRights, handle: str, frame: Frame) -> list[ShownStanding]:
    _ = frame.translate
    shown = []
    for one in rights.preferences:
        back = RESCINDING.format(handle=handle, preference_id=one.id)
        tone, mark, state = ("good", "check", _("In force")) if one.rescinded_at is None else ("plain", "cross", _("Taken back"))
        act = back if one.rescinded_at is None else None
        shown.append(ShownStanding(_(PREFERENCE_KINDS[one.of.kind]), "", one.recorded_at, tone, mark, state, act))  # type: ignore[arg-type]
    return shown
