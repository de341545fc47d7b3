"""A contractor has told of a breach: the clocks that its notice starts are started, each with one of its own, in one act.

A blast radius counts from the discovery; where a law counts from the contractor's notice, nothing that the node holds says when it came.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_duties import DutyCompletion
from services.gateway.console.acts import MISSING, NOT_READ, Act, ActForm, Field, FormWrong
from services.gateway.console.breach_words import term_of
from services.gateway.console.duties import PATH as LIST
from services.gateway.console.duty_words import duty_name, law_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.starting_duties import start_duties
from services.gateway.console.viewing import Viewing
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role
from shared.breach_clocks import BREACH_CLOCKS, CLOCK_OF_DUTY

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{LIST}/contractor-notice"
ROLES: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")
NONE_CHOSEN: Final = word("Choose at least one notice.")
NOT_YET: Final = word("This is later than now.")

STARTED: Final = tuple(clock.duty for clock in BREACH_CLOCKS if clock.from_contractors_notice)
"""The duties of an agency that a contractor's notice starts."""


@router.get(PATH, response_model=None, responses=page_responses(200))
async def ask_contractor_notice(frame: Framed) -> Response:
    """Which clocks a contractor's notice starts, and the form to start them."""
    return _form(frame, {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 409),
    openapi_extra=form_of(
        {"token": "Of the page", "act": "Key of the form", "came": "When the notice came", "evidence_ref": "What shows that it came then"}
    ),
)
async def start_contractor_notice(form: Act, frame: Framed, node: Node) -> Response:
    """Start them, each once, from the instant at which the notice came."""
    try:
        came, chosen, said = _came(form, frame.viewing), _chosen(form), form.model(DutyCompletion)
        await start_duties(node, form, dict.fromkeys(chosen), started_at=came, evidence_ref=said.evidence_ref)
    except FormWrong as wrong:
        return _form(frame, form.fields, wrong.fields)
    return RedirectResponse(LIST, 303)


def _chosen(form: ActForm) -> list[str]:
    chosen = [kind for kind in STARTED if form.text(f"notices.{kind}")]
    if not chosen:
        raise FormWrong({"notices": NONE_CHOSEN})
    return chosen


def _came(form: ActForm, viewing: Viewing) -> datetime:
    came = viewing.instant_of(form.text("came"))
    if came is None:
        raise FormWrong({"came": NOT_READ if form.text("came") else MISSING})
    if came > viewing.now:
        raise FormWrong({"came": NOT_YET})
    return came


def _form(frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _, zone = frame.translate, frame.viewing.zone_name
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("A contractor told us of a breach"),
        lede=_("Some laws count from the notice of the contractor. Each one that you choose is a duty from now on. Nobody is told by it."),
        facts=[],
        undo=_("It is not: a duty that was started is done, with what shows it."),
        fields=[
            Field("came", _("When the notice came"), _("Your time, %(zone)s.") % {"zone": zone}, kind="datetime-local"),
            Field("notices", _("Notices that are due now"), kind="checks", options=[(kind, _said(kind, frame)) for kind in STARTED]),
            Field(
                "evidence_ref",
                _("What shows when it came"),
                _("A reference of your own records, without anybody's name: “letter of May 4, file 12”."),
            ),
        ],
        kept=kept,
        wrong=wrong,
        action=PATH,
        button=_("Start the clocks"),
        danger=False,
        back=LIST,
    )


def _said(kind: str, frame: Frame) -> str:
    """Whom to tell, in which state, within how long, and where it says so."""
    _, clock = frame.translate, CLOCK_OF_DUTY[kind]
    term = term_of(clock.hours, frame) or _("Without unreasonable delay")
    return f"{duty_name(kind, _)}. {term}. {law_of(clock.citation, _)}"
