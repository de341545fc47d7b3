"""An operator has what did not arrive sent again by a new decision, or gives it up: with a reason, once, on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_dead_letters import DeadLetter, OperatorAct
from services.gateway.console.acts import Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.dead_letters import API, ONE, letter_facts
from services.gateway.console.exchange_words import LETTER_REASONS
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.peers_named import named_peers
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

REQUEUE: Final = f"{ONE}/requeue"
GIVE_UP: Final = f"{ONE}/abandonment"
FORM: Final = form_of({"token": "Of the page", "act": "Key of the form", "reason": "Why, of a closed list"})


@dataclass(frozen=True)
class LetterDeed:
    """What can be done with a letter, in words."""

    path: str
    ending: str
    title: str
    lede: str
    undo: str
    button: str
    danger: bool


SENDING_AGAIN: Final = LetterDeed(
    REQUEUE,
    "requeue",
    word("Send it again"),
    word("It is decided anew, with the rules and the record as they are now, and leaves under a new id."),
    word("An answer can be recalled until the other node has acknowledged it; a request that has left cannot."),
    word("Send it again by a new decision"),
    danger=False,
)
GIVING_UP: Final = LetterDeed(
    GIVE_UP,
    "abandonment",
    word("Give it up"),
    word("Nothing more is sent for it. The other node is told, where it knows of the exchange."),
    word("It is not: whoever needs the record asks anew."),
    word("Give up this message"),
    danger=True,
)


@router.get(REQUEUE, response_model=None, responses=page_responses(200, 404))
async def ask_requeue(letter_id: UUID, frame: Framed, node: Node) -> Response:
    """What it means to send it again, and the form to do it."""
    return await _asked(SENDING_AGAIN, letter_id, frame, node, {}, {})


@router.post(REQUEUE, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def requeue_on_page(letter_id: UUID, form: Act, frame: Framed, node: Node) -> Response:
    """Do it, once."""
    return await _done(SENDING_AGAIN, letter_id, form, frame, node)


@router.get(GIVE_UP, response_model=None, responses=page_responses(200, 404))
async def ask_abandonment(letter_id: UUID, frame: Framed, node: Node) -> Response:
    """What it means to give it up, and the form to do it."""
    return await _asked(GIVING_UP, letter_id, frame, node, {}, {})


@router.post(GIVE_UP, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def give_up_on_page(letter_id: UUID, form: Act, frame: Framed, node: Node) -> Response:
    """Do it, once."""
    return await _done(GIVING_UP, letter_id, form, frame, node)


async def _done(deed: LetterDeed, letter_id: UUID, form: ActForm, frame: Frame, node: NodeReader) -> Response:
    try:
        why = form.model(OperatorAct, acting_official=acting_official(frame.person))
        with refusals_beside("reason"):
            await node.act("records", "POST", f"{API}/{letter_id}/{deed.ending}", key=form.key, body=why)
    except FormWrong as wrong:
        return await _asked(deed, letter_id, frame, node, form.fields, wrong.fields)
    return RedirectResponse(ONE.format(letter_id=letter_id), 303)


async def _asked(
    deed: LetterDeed, letter_id: UUID, frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    _ = frame.translate
    letter = await node.read("records", f"{API}/{letter_id}", DeadLetter)
    reasons = sorted(((code, _(name)) for code, name in LETTER_REASONS.items()), key=lambda one: one[1])
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_(deed.title),
        lede=_(deed.lede),
        facts=letter_facts(letter, frame, named_peers(frame)),
        undo=_(deed.undo),
        fields=[Field("reason", _("Why"), _("The log keeps it, with who you are."), "choice", options=[("", _("Choose")), *reasons])],
        kept=kept,
        wrong=wrong,
        action=deed.path.format(letter_id=letter_id),
        button=_(deed.button),
        danger=deed.danger,
        back=ONE.format(letter_id=letter_id),
    )
