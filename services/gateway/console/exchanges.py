"""Exchanges: what this node asked other states and what they asked it, how far each is, and what waits for a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.record.loads import MatchPage
from safepassage.wire_dead_letters import DeadLetterPage
from safepassage.wire_exchanges import Exchange, ExchangeDirection, ExchangePage, ExchangeStanding
from services.gateway.console.exchange_words import ABOUT, DIRECTIONS, STANDINGS, Tone
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.peers_named import NamedPeers, host_of, named_peers
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.sorting import Orders
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/exchanges"
EXPORT: Final = f"{PATH}/export"
API: Final = "/v1/exchanges"
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("-requested_at", "expires_at", "state", region="#exchanges")
IN_AN_EXPORT: Final = 5_000
MOST: Final = 100
"""Of what waits for a person; more is said to be at least that."""
PURPOSES: Final = ("enrollment", "licensure")
"""For which nodes ask each other."""
COLUMNS: Final = ("id", "exchange_id", "direction", "about", "purpose", "peer", "state", "requested_at", "expires_at", "problem_code")
OVER: Final = frozenset({"applied", "refused", "rejected", "expired", "closed"})


@dataclass(frozen=True)
class ShownExchange:
    """A row of the table."""

    href: str
    at: datetime
    direction: str
    peer: str
    host: str
    about: str
    purpose: str
    tone: Tone
    mark: str
    state: str
    until: datetime | None
    """While it can still be answered."""


@dataclass(frozen=True)
class Waiting:
    """What waits for a person, and where it is dealt with."""

    title: str
    figure: str
    note: str
    href: str
    is_some: bool


def shown_exchange(one: Exchange, frame: Frame, peers: NamedPeers) -> ShownExchange:
    """An exchange in a row."""
    _ = frame.translate
    tone, mark, state = STANDINGS[one.state]
    return ShownExchange(
        href=f"{PATH}/{one.id}",
        at=one.requested_at,
        direction=_(DIRECTIONS[one.direction]),
        peer=peers.state(one.peer),
        host=host_of(one.peer),
        about=_(ABOUT[one.about]),
        purpose=_(PURPOSE_WORDS.get(one.purpose, one.purpose)),
        tone=tone,
        mark=mark,
        state=_(state),
        until=None if one.state in OVER else one.expires_at,
    )


Direction = Annotated[ExchangeDirection | None, Query()]
State = Annotated[ExchangeStanding | None, Query()]
Short = Annotated[str, Query(max_length=200)]
Sorted = Annotated[str, ORDERS.query]


def _chosen(peers: NamedPeers, direction: str | None, state: str | None, purpose: str, peer: str) -> dict[str, str]:
    """The filters that are set. Raises InvalidRequest for what is of no list."""
    if purpose and purpose not in PURPOSES:
        raise InvalidRequest("none of the list", field="purpose")
    if peer and peer not in peers.states:
        raise InvalidRequest("not a node of the trust list", field="peer")
    asked = {"direction": direction, "state": state, "purpose": purpose, "peer": peer}
    return {name: value for name, value in asked.items() if value}


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_exchanges(
    frame: Framed,
    node: Node,
    direction: Direction = None,
    state: State = None,
    purpose: Short = "",
    peer: Short = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Sorted = ORDERS.usual,
) -> Response:
    """Requests of ours and of other states, as far as they concern the person's organisation, the newest first."""
    _, viewing, peers = frame.translate, frame.viewing, named_peers(frame)
    chosen = _chosen(peers, direction, state, purpose, peer)
    more, filed = {} if cursor is None else {"cursor": cursor}, {**chosen, **ORDERS.kept(sort)}
    found, following = await node.page("records", API, ExchangePage, {**chosen, **more, "sort": sort, "limit": ON_A_PAGE})
    number = len(found.exchanges)
    count = _("No exchanges") if not number else _("1 exchange") if number == 1 else _("%(n)s exchanges") % {"n": viewing.number(number)}
    return frame.page(
        "exchanges.html",
        rows=[shown_exchange(one, frame, peers) for one in found.exchanges],
        count=_("%(n)s exchanges, and more") % {"n": viewing.number(number)} if following else count,
        more=None if following is None else f"{PATH}?{urlencode({**filed, 'cursor': following['cursor']})}",
        export=f"{EXPORT}?{urlencode(filed)}" if filed else EXPORT,
        heads=frame.heads(ORDERS, sort),
        order=ORDERS.kept(sort),
        chosen=chosen,
        waiting=await _waiting(frame, node),
        directions=[(code, _(name)) for code, name in DIRECTIONS.items()],
        states=[(code, _(name)) for code, (_tone, _mark, name) in STANDINGS.items()],
        purposes=[(code, _(PURPOSE_WORDS[code])) for code in PURPOSES],
        peers=peers.choices(),
    )


async def _waiting(frame: Frame, node: NodeReader) -> list[Waiting]:
    _, cards = frame.translate, []
    if node.may("matches:resolve"):
        matches, _more = await node.page("records", "/v1/matches", MatchPage, {"limit": MOST})
        number = len(matches.matches)
        said = _("Nobody but a person may say who these children are") if number else _("No match is in doubt")
        cards.append(Waiting(_("Matches that need a person"), _figure(frame, number), said, "/console/matches", bool(number)))
    if node.may("exchange:operate"):
        letters, _more = await node.page("records", "/v1/dead-letters", DeadLetterPage, {"limit": MOST})
        number = len(letters.letters)
        said = _("Send it again, or give it up") if number else _("Everything arrived")
        cards.append(Waiting(_("Did not arrive"), _figure(frame, number), said, "/console/dead-letters", bool(number)))
    return cards


def _figure(frame: Frame, number: int) -> str:
    return f"{frame.viewing.number(number)}{'+' if number >= MOST else ''}"


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_exchanges(
    frame: Framed,
    node: Node,
    direction: Direction = None,
    state: State = None,
    purpose: Short = "",
    peer: Short = "",
    sort: Sorted = ORDERS.usual,
    form: Form = "csv",
) -> Response:
    """The list as a file: codes, ids and instants, the first 5,000 of its order."""
    asked = {**_chosen(named_peers(frame), direction, state, purpose, peer), "sort": sort}
    found = await rows_of(node, "records", API, ExchangePage, asked, lambda page: page.exchanges, most=IN_AN_EXPORT)
    return exported("exchanges", form, COLUMNS, [one.model_dump(mode="json") for one in found], most=IN_AN_EXPORT)
