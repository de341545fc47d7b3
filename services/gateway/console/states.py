"""States: whom this node can exchange with, by the trust list; whether they answer, and whether their counts and ours agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.sorting import Columns
from services.gateway.console.state_rows import (
    COLUMNS,
    PATH,
    SILENT,
    Agreeing,
    OnList,
    Reached,
    ShownState,
    Sorted,
    chosen_rows,
    in_order,
    shown_state,
)
from services.gateway.console.state_words import COUNTERS, REACHES, STATUSES, WITNESSES, Shown
from services.gateway.console.states_known import StatesKnown, states_known
from services.gateway.console.trust_list_shown import FRESH, holders, list_said
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{PATH}/export"
OWN_KEYS: Final = Columns(
    {"-epoch": lambda key: key.epoch, "-until": lambda key: key.not_after, "-destroyed": lambda key: key.destroyed_at},
    parameter="sort-keys",
    region="#main",
)


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_states(
    frame: Framed,
    node: Node,
    status: OnList = None,
    reach: Reached = None,
    counters: Agreeing = None,
    sort: Sorted = COLUMNS.usual,
    keys: Annotated[str, OWN_KEYS.query] = OWN_KEYS.usual,
) -> Response:
    """The trust list's own state, then each other node of it; what a service does not tell now is said to be unknown."""
    _, viewing, known = frame.translate, frame.viewing, await states_known(frame, node)
    every = [shown_state(member, known, frame) for member in known.others]
    rows = in_order(chosen_rows(every, status, reach, counters), sort)
    asked = {"status": status, "reach": reach, "counters": counters}
    chosen = {name: value for name, value in asked.items() if value}
    order = {**COLUMNS.kept(sort), **OWN_KEYS.kept(keys)}
    filed = {**chosen, **COLUMNS.kept(sort)}
    number = len(rows)
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
        chosen=chosen,
        heads=frame.heads(COLUMNS, sort),
        order=order,
        export=f"{EXPORT}?{urlencode(filed)}" if filed else EXPORT,
        statuses=_choices(STATUSES, frame),
        reaches=[*_choices(REACHES, frame), ("silent", _("Does not answer, for whatever reason"))],
        counters_of=_choices(COUNTERS, frame),
        words={"status": STATUSES, "reach": REACHES, "counters": COUNTERS, "witness": WITNESSES},
        peers=known.peers,
        witnesses=known.witnesses,
        is_alone=not known.others,
        own_keys=[] if known.peers is None else OWN_KEYS.rows(known.peers.own_keys, keys),
        own_heads=frame.heads(OWN_KEYS, keys),
        action=PATH,
    )


def _choices(words: Any, frame: Frame) -> list[tuple[str, str]]:
    shown: dict[str, Shown] = dict(words)
    return [(code, frame.translate(said)) for code, (_tone, _mark, said) in shown.items()]


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
