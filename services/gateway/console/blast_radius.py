"""Blast radius: what a credential, key, party, address or person touched between two instants, and who has to be told of it by when."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from safepassage.ids import uuid7
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_log_radius import BlastRadius, TouchedStudent, TouchedStudents
from safepassage.wire_residence import ResidenceCount
from services.gateway.console.acts import Act, Field, FormWrong
from services.gateway.console.charts.bars import shares
from services.gateway.console.exports import Form, exported
from services.gateway.console.handles import Handles, SessionHandles
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import names_of
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.radius_counting import counted as counted_so_far
from services.gateway.console.radius_question import BEGIN, MEMBERS, OF_WORDS, PERSONAL, Asked, Question, question_of_form
from services.gateway.console.radius_residence import SCOPE as RESIDENCE
from services.gateway.console.radius_residence import counted_by_residence
from services.gateway.console.radius_shown import organisations_in, shown_states, shown_student
from services.gateway.console.radius_tables import CUSTODIANS, DATA, RECIPIENTS, WAIT_SECONDS, kinds_of_data, who_received, whose_students
from services.gateway.console.radius_tables import EXPORT as TABLES
from services.gateway.console.sorting import Orders
from services.gateway.console.whole_tables import Asked as TableAsked
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/blast-radius"
FOUND: Final = f"{PATH}/found"
EXPORT: Final = f"{FOUND}/students/export"
DUTIES: Final = f"{FOUND}/duties"

ON_A_PAGE: Final = 50
AT_ONCE: Final = 1_000
IN_AN_EXPORT: Final = 20_000
"""Rows. A list for notices is whole, or there is none."""
COLUMNS: Final = (*(name for name in TouchedStudent.model_fields if name != "elements"), "elements")

ORDERS: Final = Orders("-logged_at", region="#main")
Whose = Annotated[UUID | None, Query(description="Whose students alone.")]


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_blast_radius_form(
    frame: Framed, of: Annotated[str, Query(max_length=20)] = "client", which: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The form; where another page leads here, with the credential or party in it."""
    if of not in MEMBERS or of in PERSONAL:
        raise InvalidRequest("none of the list", field="of")
    return _form(frame, {"of": of, "which": which}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303),
    openapi_extra=form_of(
        {"token": "Of the page", "act": "Key of the form", "of": "What", "which": "Which", "from": "From", "until": "Until"}
    ),
)
async def ask_blast_radius(form: Act, frame: Framed, handles: SessionHandles) -> Response:
    """Read the question, and go to its page."""
    try:
        question = question_of_form(form, frame.viewing)
    except FormWrong as wrong:
        return _form(frame, form.fields, wrong.fields)
    return _to_count(question, frame, handles)


@router.get(FOUND, response_model=None, responses=page_responses(200))
async def show_blast_radius(
    question: Asked,
    frame: Framed,
    node: Node,
    handles: SessionHandles,
    data: Annotated[TableAsked, DATA.asked],
    custodians: Annotated[TableAsked, CUSTODIANS.asked],
    recipients: Annotated[TableAsked, RECIPIENTS.asked],
    whose: Whose = None,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """What was touched, which clocks run, and the students, the newest entries first."""
    so_far = await _touched(question, frame, node, handles)
    if isinstance(so_far, Response):
        return so_far
    question, counted, lived = so_far
    more = {name: str(value) for name, value in (("custodian", whose), ("cursor", cursor)) if value is not None}
    students, following = await node.page(
        "audit", "/v1/log/blast-radius/rows", TouchedStudents, {"limit": ON_A_PAGE, "sort": sort, **more}, body=question.request
    )
    names, query = await names_of(frame.request, organisations_in(counted, students.rows)), question.query(handles)
    kinds, owners, files = kinds_of_data(counted, frame), whose_students(counted, names), f"{TABLES}?{query}"
    narrowed = {} if whose is None else {"whose": str(whose)}
    order = {**ORDERS.kept(sort), **DATA.said(data), **CUSTODIANS.said(custodians), **RECIPIENTS.said(recipients)}
    filed = {**ORDERS.kept(sort), **narrowed}
    return frame.page(
        "radius.html",
        **_heads(question, frame),
        counted=counted,
        elements=frame.table(DATA, kinds, data, export=files),
        widths=dict(zip((code for code, _name, _count in kinds), shares([count for _code, _name, count in kinds]), strict=True)),
        states=shown_states(counted, lived, frame),
        lived=lived,
        live=f"{FOUND}?{question.living_as(BEGIN).query(handles)}" if node.may(RESIDENCE) and lived is None else None,
        notices=f"{files}&table=notices",
        custodians=frame.table(CUSTODIANS, owners, custodians, export=files),
        recipients=frame.table(RECIPIENTS, who_received(counted), recipients, export=files),
        owners=[(code, name) for code, name, _count in owners],
        whose="" if whose is None else str(whose),
        kept={**dict(parse_qsl(query)), **order},
        action=FOUND,
        rows=[shown_student(one, names, frame, handles) for one in students.rows],
        heads=frame.heads(ORDERS, sort),
        more=None if following is None else f"{FOUND}?{query}&{urlencode({**order, **narrowed, 'cursor': following['cursor']})}",
        export=f"{EXPORT}?{query}" + (f"&{urlencode(filed)}" if filed else ""),
        start=f"{DUTIES}?{query}" if node.may("duties:complete") and counted.entries else None,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_blast_radius(
    question: Asked, node: Node, whose: Whose = None, sort: Annotated[str, ORDERS.query] = ORDERS.usual, form: Form = "csv"
) -> Response:
    """The students, in the order of the page, as a file for the notices: whole, or none, and then it raises InvalidRequest."""
    asked: dict[str, str | int] = {"limit": AT_ONCE, "sort": sort, **({} if whose is None else {"custodian": str(whose)})}
    found: list[TouchedStudent] = []
    while True:
        page, following = await node.page("audit", "/v1/log/blast-radius/rows", TouchedStudents, asked, body=question.request)
        found += page.rows
        if page.not_looked_at:
            raise InvalidRequest("the newest entries are not in the index yet: ask again in a moment", field="until")
        if following is None:
            break
        if len(found) >= IN_AN_EXPORT:
            raise InvalidRequest("more than 20,000 rows: choose a shorter time, and export it in parts", field="until")
        asked = {**asked, "cursor": following["cursor"]}
    return exported("students", form, COLUMNS, [one.model_dump(mode="json") for one in found])


async def _touched(
    question: Question, frame: Frame, node: NodeReader, handles: Handles
) -> tuple[Question, BlastRadius, ResidenceCount | None] | Response:
    """What was counted, with by where the students live if that was asked for; while it is being counted, the page that says so.

    The question is the one that goes on: what its address says of a counting by residence is as far as that is now.
    """
    if question.count is None:
        return _to_count(question, frame, handles)
    progress = await counted_so_far(node, question, wait=WAIT_SECONDS)
    if progress.found is None:
        onward = f"{FOUND}?{question.query(handles)}"
        return frame.page("radius_counting.html", progress=progress, living=False, onward=onward, **_heads(question, frame))
    if question.living is None:
        return question, progress.found, None
    begun, lived = question.living == BEGIN, await counted_by_residence(node, question)
    question = question.living_as(lived.goes_on)
    onward = f"{FOUND}?{question.query(handles)}"
    if begun:  # to the address that goes on: to read this one again would begin a counting again
        return RedirectResponse(onward, 303)
    if lived.found is None:
        return frame.page("radius_counting.html", progress=lived, living=True, onward=onward, **_heads(question, frame))
    return question, progress.found, lived


def _to_count(question: Question, frame: Frame, handles: Handles) -> Response:
    """To the page of a count that begins there."""
    return RedirectResponse(f"{FOUND}?{question.counted_as(uuid7(frame.viewing.now)).query(handles)}", 303)


def _heads(question: Question, frame: Frame) -> dict[str, Any]:
    """What was asked, and the way to ask again."""
    again = PATH if question.of in PERSONAL else f"{PATH}?{urlencode({'of': question.of, 'which': question.which})}"
    return {"question": question, "what": frame.translate(OF_WORDS[question.of]), "again": again}


def _form(frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _, viewing = frame.translate, frame.viewing
    zone = _("Your time, %(zone)s.") % {"zone": viewing.zone_name}
    defaults = {"until": viewing.field_of(viewing.now)}
    return frame.page(
        "radius_form.html",
        status=422 if wrong else 200,
        fields=[
            Field("of", _("What may be in wrong hands"), kind="choice", options=[(code, _(said)) for code, said in OF_WORDS.items()]),
            Field("which", _("Which of them"), _("As the log has it. A person or an address is in no address of a page.")),
            Field("from", _("From"), zone, kind="datetime-local"),
            Field("until", _("Until"), zone, kind="datetime-local"),
            Field(
                "discovered",
                _("When the breach was discovered"),
                _("With it the clocks of the notices are counted."),
                kind="datetime-local",
                required=False,
            ),
        ],
        kept={**defaults, **kept},
        wrong=wrong,
        action=PATH,
    )
