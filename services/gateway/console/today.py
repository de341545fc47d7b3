"""Today: what needs a person. Clocks, open alerts, the log's health, readiness; each leads to where it is dealt with."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_alerts import AlertPage
from safepassage.wire_duties import Duty, DutyPage
from safepassage.wire_readiness import Scorecard
from services.gateway.console.alert_words import ALERT_WORDS
from services.gateway.console.charts.sparkline import Sparkline, sparkline
from services.gateway.console.crossed import WEEK, Crossed, what_crossed
from services.gateway.console.duties import shown_duty
from services.gateway.console.log_health import log_health
from services.gateway.console.navigation import HOME
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.today_pictures import days_of, flow_of, reasons_of, usual_of
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

MOST: Final = 200
"""A figure above it is said to be at least that."""
FIRST: Final = 6


@dataclass(frozen=True)
class Card:
    """A figure that leads to where it is dealt with."""

    title: str
    figure: str
    note: str
    href: str | None = None
    tone: Literal["danger"] | None = None
    mark: str | None = None
    line: Sparkline | None = None


@dataclass(frozen=True)
class ShownAlert:
    """An alert in a line."""

    name: str
    day: str
    amount: str


@router.get(HOME, response_model=None, responses=page_responses(200))
async def show_today(frame: Framed, node: Node) -> Response:
    """What crossed, and what needs a person."""
    own = _own_state(frame)
    crossed = await what_crossed(node, frame.viewing, own=own)
    overdue = await _duties(node, "overdue")
    due = await _duties(node, "due")
    outstanding = await node.read("privacy", "/v1/duties", DutyPage, {"state": "outstanding", "limit": FIRST})
    cards = [*_crossed(frame, crossed), _overdue(frame, overdue), _due(frame, due)]
    alerts = None
    if node.may("alerts:read"):
        page = await node.read("audit", "/v1/log/alerts", AlertPage, {"state": "open", "limit": MOST})
        _ = frame.translate
        note = _("What the log's rules found, and nobody has looked at")
        cards.append(Card(_("Open alerts"), _figure(frame, len(page.alerts)), note))
        alerts = [_alert(frame, ALERT_WORDS[one.rule], one.day, one.seen_count) for one in page.alerts[:FIRST]]
    if node.may("readiness:read"):
        cards.append(_ready(frame, await node.read("privacy", "/v1/readiness", Scorecard)))
    duties = [shown_duty(duty, frame.viewing, frame.translate, may_complete=False) for duty in outstanding.duties]
    return frame.page(
        "today.html",
        log=await log_health(frame, node),
        cards=cards,
        duties=duties,
        alerts=alerts,
        crossed=crossed,
        flow=flow_of(frame, crossed, own),
        days=days_of(frame, crossed),
        reasons=reasons_of(frame, crossed),
    )


def _own_state(frame: Frame) -> str:
    """By the trust list; of a node that is not in one yet no state is known."""
    state = frame.request.app.state
    members = () if state.trust.held is None else state.trust.held.members
    return next((member.state for member in members if member.entity_id == state.settings.entity_id), "")


def _crossed(frame: Frame, crossed: Crossed) -> list[Card]:
    _, number, today = frame.translate, frame.viewing.number, crossed.days[-1]
    named = ((_("Records sent"), crossed.sent), (_("Records received"), crossed.received), (_("Requests refused"), crossed.refused))
    return [
        Card(name, number(counts.today), usual_of(frame, today, counts.usual), line=sparkline(counts.days[-WEEK * 2 :]))
        for name, counts in named
    ]


async def _duties(node: NodeReader, state: str) -> tuple[Duty, ...]:
    return (await node.read("privacy", "/v1/duties", DutyPage, {"state": state, "limit": MOST})).duties


def _figure(frame: Frame, number: int) -> str:
    return f"{frame.viewing.number(number)}{'+' if number >= MOST else ''}"


def _overdue(frame: Frame, duties: tuple[Duty, ...]) -> Card:
    _ = frame.translate
    if not duties:
        return Card(_("Duties too late"), "0", _("Every clock was kept"), "/console/duties?state=overdue")
    oldest = shown_duty(duties[0], frame.viewing, _, may_complete=False)
    note = _("Oldest: %(what)s, %(when)s") % {"what": oldest.name, "when": oldest.when}
    return Card(_("Duties too late"), _figure(frame, len(duties)), note, "/console/duties?state=overdue", "danger", "clock")


def _due(frame: Frame, duties: tuple[Duty, ...]) -> Card:
    _ = frame.translate
    return Card(_("In their last days"), _figure(frame, len(duties)), _("Due soon, and not done"), "/console/duties?state=due")


def _alert(frame: Frame, name: str, day: str, count: int) -> ShownAlert:
    _ = frame.translate
    return ShownAlert(_(name), frame.viewing.day(date.fromisoformat(day)), _("count %(n)s") % {"n": frame.viewing.number(count)})


def _ready(frame: Frame, card: Scorecard) -> Card:
    _, number = frame.translate, frame.viewing.number
    figure = f"{100 * card.total.points // max(card.total.possible, 1)} %"
    note = _("%(points)s of %(possible)s points") % {"points": number(card.total.points), "possible": number(card.total.possible)}
    return Card(_("Readiness"), figure, note, "/console/readiness")
