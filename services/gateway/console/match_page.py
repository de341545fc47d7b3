"""One match side by side, and a person's word about it: on what it rests, once, on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.problems.people import HandleUnknown
from safepassage.record.loads import MatchResolution
from safepassage.record.match_cases import MatchCase, MatchRow
from services.gateway.console.acts import MISSING, NOT_READ, Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.handles import Handles, SessionHandles
from services.gateway.console.match_words import FIELDS, RESTS_ON_WORDS
from services.gateway.console.matches import API, KINDS, doubts_of
from services.gateway.console.matches import PATH as LIST
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.statistics_words import GROUPS
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/{{match_id}}"
DECISION: Final = f"{PATH}/decision"
NOBODY: Final = "none"
CANDIDATE: Final = "match-candidate"
"""Kind of the handles that stand for candidates in a form."""


@dataclass(frozen=True)
class ShownCell:
    """Of one candidate."""

    text: str
    compared: str


@dataclass(frozen=True)
class ShownRow:
    """One thing that is compared."""

    name: str
    sought: str
    cells: tuple[ShownCell, ...]


def shown_row(row: MatchRow, frame: Frame) -> ShownRow:
    """In words; days as the reader writes them."""

    def text(values: Sequence[str]) -> str:
        if row.field == "birth-date":
            values = [frame.viewing.day(date.fromisoformat(one)) for one in values]
        if row.field == "sex":
            values = [frame.translate(GROUPS.get(one.casefold(), one)) for one in values]
        if row.field == "multiple-birth":
            values = [frame.translate("Yes") for _ in values]
        return ", ".join(values)

    cells = tuple(ShownCell(text(cell.values), cell.compared) for cell in row.candidates)
    return ShownRow(frame.translate(FIELDS[row.field]), text(row.sought), cells)


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def show_match(match_id: UUID, frame: Framed, node: Node) -> Response:
    """The child asked for and the candidates side by side."""
    _ = frame.translate
    case = await node.read("records", f"{API}/{match_id}", MatchCase)
    review = case.review
    return frame.page(
        "match.html",
        question=_(KINDS[review.kind]),
        heads=_heads(case, frame),
        rows=[shown_row(row, frame) for row in case.rows],
        doubts=doubts_of(review, _),
        with_sought=case.is_sought_known,
        until=review.expires_at,
        decided=review.outcome is not None,
        decide=None if review.outcome is not None else DECISION.format(match_id=match_id),
        back=LIST,
    )


def _heads(case: MatchCase, frame: Frame) -> list[str]:
    _ = frame.translate
    if len(case.candidates) == 1:
        return [_("Our student")]
    return [_("Our student %(letter)s") % {"letter": _letter(place)} for place in range(len(case.candidates))]


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else str(place + 1)


@router.get(DECISION, response_model=None, responses=page_responses(200, 404))
async def ask_match_decision(match_id: UUID, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """What a person's word will do, and the form to give it."""
    return await _asked(match_id, frame, node, handles, {}, {})


@router.post(
    DECISION,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "who": "A candidate or none", "reason": "What it rests on"}),
)
async def decide_match_on_page(match_id: UUID, form: Act, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Give it, once."""
    try:
        resolution = _resolution(form, handles)
        with refusals_beside("reason"):
            await node.act("records", "POST", f"{API}/{match_id}/resolution", key=form.key, body=resolution)
    except FormWrong as wrong:
        return await _asked(match_id, frame, node, handles, form.fields, wrong.fields)
    return RedirectResponse(LIST, 303)


def _resolution(form: ActForm, handles: Handles) -> MatchResolution:
    """Raises FormWrong."""
    wrong = {name: MISSING for name in ("who", "reason") if not form.text(name)}
    if wrong:
        raise FormWrong(wrong)
    try:
        who = None if form.text("who") == NOBODY else UUID(handles.open(CANDIDATE, form.text("who")))
    except HandleUnknown as error:
        raise FormWrong({"who": NOT_READ}) from error
    return form.model(MatchResolution, student_id=who)


async def _asked(
    match_id: UUID, frame: Frame, node: NodeReader, handles: Handles, kept: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    _ = frame.translate
    case = await node.read("records", f"{API}/{match_id}", MatchCase)
    of_records = case.review.kind == "records"
    named = [(handles.seal(CANDIDATE, str(one)), head) for one, head in zip(case.candidates, _heads(case, frame), strict=True)]
    none = _("They are two children") if of_records else _("None of them")
    facts = [(_("Question"), _(KINDS[case.review.kind])), (_("Why a person"), "; ".join(doubts_of(case.review, _)))]
    facts += [(head, _in_short(case, place, frame)) for place, head in enumerate(_heads(case, frame))]
    undo = _("It is not: what follows may leave at once.")
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Say which child it is"),
        lede=_("A false word gives a child’s record to strangers. Where you are in doubt, do nothing: then nothing leaves."),
        facts=facts,
        undo=_("The records can be separated again, and all is as it was.") if of_records else undo,
        fields=[
            Field(
                "who",
                _("The record by which the child goes on") if of_records else _("The child is"),
                kind="choice",
                options=[("", _("Choose")), *named, (NOBODY, none)],
            ),
            Field(
                "reason",
                _("What it rests on"),
                _("The log keeps it, with who you are."),
                "choice",
                options=[("", _("Choose")), *((code, _(name)) for code, name in RESTS_ON_WORDS.items())],
            ),
        ],
        kept=kept,
        wrong=wrong,
        action=DECISION.format(match_id=match_id),
        button=_("Say so"),
        danger=not of_records,
        back=PATH.format(match_id=match_id),
    )


def _in_short(case: MatchCase, place: int, frame: Frame) -> str:
    """A candidate by name and birthday."""
    rows = {row.field: shown_row(row, frame).cells[place].text for row in case.rows if row.candidates}
    name = " ".join(rows[field] for field in ("given-name", "middle-name", "surname", "suffix") if rows.get(field))
    return ", ".join(part for part in (name, rows.get("birth-date", "")) if part)
