"""What did not arrive: for operators, each with what is wrong, since when, and what can be done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems import REGISTRY
from safepassage.wire_dead_letters import DeadLetter, DeadLetterPage, LetterState
from services.gateway.console.exchange_words import (
    LETTER_CODES,
    LETTER_KINDS,
    LETTER_REASONS,
    LETTER_STATES,
    Tone,
)
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.peer_problem_words import peer_remedy
from services.gateway.console.peers_named import NamedPeers, host_of, named_peers
from services.gateway.console.sorting import Orders
from services.gateway.people.pages import page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/dead-letters"
EXPORT: Final = f"{PATH}/export"
ONE: Final = f"{PATH}/{{letter_id}}"
API: Final = "/v1/dead-letters"
ROLES: Final[tuple[Role, ...]] = ("operator",)
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("since", region="#letters")


@dataclass(frozen=True)
class ShownLetter:
    """A row of the table."""

    href: str
    since: datetime
    kind: str
    peer: str
    host: str
    tone: Tone
    mark: str
    state: str
    wrong: str
    until: datetime | None


def shown_letter(letter: DeadLetter, peers: NamedPeers, translate: Callable[[str], str]) -> ShownLetter:
    """A letter in a row."""
    tone, mark, state = LETTER_STATES[letter.state]
    return ShownLetter(
        href=ONE.format(letter_id=letter.id),
        since=letter.since,
        kind=translate(LETTER_KINDS[letter.kind]),
        peer=peers.state(letter.peer),
        host=host_of(letter.peer),
        tone=tone,
        mark=mark,
        state=translate(state),
        wrong=what_is_wrong(letter.code, translate),
        until=letter.expires_at if letter.state == "open" else None,
    )


def what_is_wrong(code: str, translate: Callable[[str], str]) -> str:
    """In words; the code where it is none of ours."""
    if code in LETTER_CODES:
        return translate(LETTER_CODES[code])
    problem = REGISTRY.get(code)
    return code if problem is None else translate(problem.title)


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_dead_letters(
    frame: Framed,
    node: Node,
    state: Annotated[LetterState, Query()] = "open",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """What ended without doing what it was for, the oldest first."""
    _, viewing, peers = frame.translate, frame.viewing, named_peers(frame)
    more = {} if cursor is None else {"cursor": cursor}
    found, following = await node.page("records", API, DeadLetterPage, {"state": state, "sort": sort, "limit": ON_A_PAGE, **more})
    number = len(found.letters)
    count = _("No messages") if not number else _("1 message") if number == 1 else _("%(n)s messages") % {"n": viewing.number(number)}
    return frame.page(
        "dead_letters.html",
        rows=[shown_letter(letter, peers, _) for letter in found.letters],
        count=_("%(n)s messages, and more") % {"n": viewing.number(number)} if following else count,
        more=None if following is None else f"{PATH}?{urlencode({'state': state, **ORDERS.kept(sort), 'cursor': following['cursor']})}",
        heads=frame.heads(ORDERS, sort),
        order=ORDERS.kept(sort),
        export=ORDERS.address(EXPORT, sort, state=state),
        states=[(code, _(name)) for code, (_tone, _mark, name) in LETTER_STATES.items()],
        chosen=state,
    )


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_dead_letter(letter_id: UUID, frame: Framed, node: Node) -> Response:
    """One of them, also when it is closed."""
    letter = await node.read("records", f"{API}/{letter_id}", DeadLetter)
    _, peers = frame.translate, named_peers(frame)
    shown = shown_letter(letter, peers, _)
    return frame.page(
        "dead_letter.html",
        letter=shown,
        remedy=peer_remedy(letter.code, _),
        problem_remedy=letter.remedy,
        facts=letter_facts(letter, frame, peers),
        requeue=f"{ONE.format(letter_id=letter.id)}/requeue" if "requeue" in letter.can else None,
        give_up=f"{ONE.format(letter_id=letter.id)}/abandonment" if "give-up" in letter.can else None,
        exchange=f"/console/exchanges/{letter.exchange_id}" if letter.kind == "request" else None,
        again=None if letter.requeued_as is None else f"/console/exchanges/{letter.requeued_as}",
        back=PATH,
    )


def letter_facts(letter: DeadLetter, frame: Frame, peers: NamedPeers) -> list[tuple[str, str]]:
    """What it is, for its own page and for those of its acts."""
    _, viewing = frame.translate, frame.viewing
    facts = [
        (_("Message"), _(LETTER_KINDS[letter.kind])),
        (_("Other node"), f"{peers.state(letter.peer)}, {host_of(letter.peer)}"),
        (_("What is wrong"), what_is_wrong(letter.code, _)),
        (_("Since"), viewing.instant(letter.since)),
    ]
    if letter.expires_at is not None:
        facts.append((_("Can be answered until"), viewing.instant(letter.expires_at)))
    if letter.arrived:
        facts.append((_("All the same"), _("The other node has acknowledged it.")))
    if letter.acted_at is not None:
        facts.append((_("Dealt with"), viewing.instant(letter.acted_at)))
    if letter.reason is not None:
        facts.append((_("Reason"), _(LETTER_REASONS[letter.reason])))
    facts.append((_("Id"), str(letter.id)))
    return facts
