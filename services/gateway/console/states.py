"""States: whom this node can exchange with, by the trust list; whether they answer, and whether their counts and ours agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_peers import OwnKey
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.state_rows import PATH, SILENT, STATES, ShownState, by_name, shown_state
from services.gateway.console.state_tables import OWN_KEYS, OWN_STANDINGS
from services.gateway.console.state_words import COUNTERS, REACHES, STATUSES, WITNESSES
from services.gateway.console.states_known import StatesKnown, states_known
from services.gateway.console.trust_list_shown import FRESH, holders, list_said
from services.gateway.console.whole_tables import Asked
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{PATH}/export"


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_states(
    frame: Framed,
    node: Node,
    asked: Annotated[Asked, STATES.asked],
    keys: Annotated[Asked, OWN_KEYS.asked],
) -> Response:
    """The trust list's own state, then each other node of it; what a service does not tell now is said to be unknown."""
    _, viewing, known = frame.translate, frame.viewing, await states_known(frame, node)
    every = [shown_state(member, known, frame) for member in known.others]
    rows = frame.table(STATES, by_name(every), asked, export=EXPORT)
    number = rows.number
    count = _("No states") if not number else _("1 state") if number == 1 else _("%(n)s states") % {"n": viewing.number(number)}
    said = list_said(known, viewing, _)
    return frame.page(
        "states.html",
        said=said[0],
        wrong=said[1:],
        held=known.standing.held,
        fresh_until=None if known.standing.held is None else known.standing.held.issued_at + FRESH,
        holders=holders(known, viewing.number, _),
        cards=_cards(frame, known, every),
        rows=rows,
        count=count,
        words={"status": STATUSES, "reach": REACHES, "counters": COUNTERS, "witness": WITNESSES},
        peers=known.peers,
        witnesses=known.witnesses,
        is_alone=not known.others,
        own_keys=frame.table(OWN_KEYS, own_keys(known, viewing.now), keys, export=EXPORT),
        standings=OWN_STANDINGS,
    )


def own_keys(known: StatesKnown, now: datetime) -> list[tuple[OwnKey, str]]:
    """To which other nodes seal, and how each stands (state_tables); none where that is not known now."""

    def standing(key: OwnKey) -> str:
        return "not-yet" if now < key.not_before else "in-force" if now < key.not_after else "opens"

    return [] if known.peers is None else [(key, standing(key)) for key in known.peers.own_keys]


@dataclass(frozen=True)
class Card:
    """A figure that leads to the rows that it counts."""

    title: str
    figure: str
    note: str
    href: str
    is_wrong: bool


def _cards(frame: Frame, known: StatesKnown, every: Sequence[ShownState]) -> list[Card]:
    _, number = frame.translate, frame.viewing.number
    active, out = sum(row.status == "active" for row in every), sum(row.status != "active" for row in every)
    cards = [
        Card(
            _("Can exchange with us"), number(active), _("%(n)s suspended or expelled") % {"n": number(out)}, f"{PATH}?status=active", False
        )
    ]
    if known.peers is not None:
        silent = sum(row.reach in SILENT for row in every)
        waits = _("Messages that wait: %(n)s") % {"n": number(sum(row.waits for row in every))}
        cards.append(Card(_("Do not answer"), number(silent), waits, f"{PATH}?reach=silent" if silent else PATH, bool(silent)))
        differ = sum(row.counters == "differ" for row in every)
        note = _("A day’s messages, counted by both") if not differ else _("One of both has lost something")
        cards.append(Card(_("Counters that differ"), number(differ), note, f"{PATH}?counters=differ" if differ else PATH, bool(differ)))
    if known.witnesses is not None:
        ours = sum(row.cosigned is not None for row in every)
        size, witnessed = known.witnesses.size, known.witnesses.witnessed_size
        note = _("%(part)s of %(all)s entries of our log are witnessed") % {"part": number(witnessed), "all": number(size)}
        is_wrong = any(row.witness in ("wrong", "late", "none-yet") for row in every)
        cards.append(Card(_("Witness our log"), number(ours), note if ours else _("No other node witnesses our log"), PATH, is_wrong))
    return cards
