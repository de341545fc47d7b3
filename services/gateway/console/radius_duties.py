"""The duties of a breach are started: the notices that a node keeps a clock for, each with one of its own, in one act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.problems.requests import InvalidRequest, TemporarilyUnavailable
from safepassage.wire_duties import CountedPeople, DutyCompletion
from safepassage.wire_log_radius import BreachNotice
from services.gateway.console.acts import Act, ActForm, Field, FormWrong
from services.gateway.console.blast_radius import DUTIES, FOUND
from services.gateway.console.counted_people import people_of
from services.gateway.console.duties import PATH as LIST
from services.gateway.console.duty_words import duty_name, law_of
from services.gateway.console.handles import Handles, SessionHandles
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.radius_counting import counted
from services.gateway.console.radius_question import Asked, Question
from services.gateway.console.radius_residence import states_of
from services.gateway.console.starting_duties import start_duties
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role
from shared.breach_clocks import CLOCK_OF_DUTY, NOT_FOUND

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

ROLES: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")
WAIT_SECONDS: Final = 5
NONE_CHOSEN: Final = word("Choose at least one notice.")
BY_TOLD: Final = word("By the states whose nodes were told of them, not by where they live")
BY_RESIDENCE: Final = word("By the states where they live; of whom that is not known counts in each")
NOT_SAID: Final = word("not said yet: ask again, with that instant")


@router.get(DUTIES, response_model=None, responses=page_responses(200))
async def ask_breach_duties(question: Asked, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Which clocks there are, and the form to start them."""
    notices, _people = await _notices(node, question)
    chosen = {kind: "yes" for kind, notice in notices.items() if begins_chosen(notice)}
    return _form(frame, handles, question, notices, chosen, {})


@router.post(
    DUTIES,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "evidence_ref": "What shows that it was discovered then"}),
)
async def start_breach_duties(question: Asked, form: Act, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Start them, each once, from the instant at which the breach was discovered."""
    notices, people = await _notices(node, question)
    try:
        said, chosen, discovered = form.model(DutyCompletion), _chosen(form, notices), _discovered(question)
        await start_duties(node, form, {kind: people[kind] for kind in chosen}, started_at=discovered, evidence_ref=said.evidence_ref)
    except FormWrong as wrong:
        return _form(frame, handles, question, notices, form.fields, wrong.fields)
    return RedirectResponse(LIST, 303)


def _chosen(form: ActForm, notices: Mapping[str, object]) -> list[str]:
    chosen = [kind for kind in notices if form.text(kind)]
    if not chosen:
        raise FormWrong({"": NONE_CHOSEN})
    return chosen


def _discovered(question: Question) -> datetime:
    if question.request.discovered_at is None:
        raise FormWrong({"": NOT_SAID})
    return question.request.discovered_at


def begins_chosen(notice: BreachNotice) -> bool:
    """It is started unless the officer takes it away: one that may bind a public agency, and that so many students make due. Pure."""
    return notice.owed and (notice.applies != "contractor" or "agency" in notice.to)


async def _notices(node: NodeReader, question: Question) -> tuple[Mapping[str, BreachNotice], Mapping[str, CountedPeople]]:
    """By duty, those that begin with the discovery; each once, whichever states ask for it; and for how many. Raises InvalidRequest."""
    if question.count is None:
        raise InvalidRequest("none: begin from what was counted", field="count")
    found = (await counted(node, question, wait=WAIT_SECONDS)).found
    if found is None:
        raise TemporarilyUnavailable("it is still being counted")
    states, lived = await states_of(node, question, found)
    begun = {notice.duty: (notice, state) for state in states for notice in state.notices if CLOCK_OF_DUTY[notice.duty].from_discovery}
    people = {
        duty: people_of(None if CLOCK_OF_DUTY[duty].state is None else state, found, lived, question.count)
        for duty, (_notice, state) in begun.items()
    }
    return {duty: notice for duty, (notice, _state) in begun.items()}, people


def _form(
    frame: Frame,
    handles: Handles,
    question: Question,
    notices: Mapping[str, BreachNotice],
    kept: Mapping[str, str],
    wrong: Mapping[str, str],
) -> Response:
    _, viewing, discovered = frame.translate, frame.viewing, question.request.discovered_at
    query, unsaid = question.query(handles), _(NOT_SAID)
    due = [
        (
            duty_name(kind, _),
            law_of(notice.citation or NOT_FOUND, _)
            if notice.due_at is None
            else _("%(law)s: before %(day)s") % {"law": law_of(notice.citation, _), "day": viewing.instant(notice.due_at)},
        )
        for kind, notice in notices.items()
    ]
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Start the clocks of a breach"),
        lede=_("Each notice that you choose is a duty from now on, and warns before it is too late. Nobody is told by it."),
        facts=[
            (_("Discovered"), unsaid if discovered is None else viewing.instant(discovered)),
            (_("Students are counted"), _(BY_TOLD if question.living is None else BY_RESIDENCE)),
            *due,
        ],
        undo=_("It is not: a duty that was started is done, with what shows it."),
        fields=[
            *(Field(kind, duty_name(kind, _), kind="check", required=False) for kind in notices),
            Field(
                "evidence_ref",
                _("What shows when it was discovered"),
                _("A reference of your own records, without anybody's name: “letter of May 4, file 12”."),
            ),
        ],
        kept=kept,
        wrong=wrong,
        action=f"{DUTIES}?{query}",
        button=_("Start the clocks"),
        danger=False,
        back=f"{FOUND}?{query}",
    )
