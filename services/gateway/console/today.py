"""Today: what crossed, and what needs a person. Clocks, open alerts, the log's health, readiness; each leads to where it is dealt with.

Each part is asked for on its own, all at the same time: one whose service does not answer is said to be unread in its place.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.wire_alerts import Alert, AlertPage
from safepassage.wire_duties import Duty, DutyPage
from safepassage.wire_ed_fi import EdFiSystemsOfOrganisation
from safepassage.wire_readiness import Scorecard
from services.gateway.console.alert_words import ALERT_WORDS
from services.gateway.console.crossed import what_crossed
from services.gateway.console.duties import ShownDuty, shown_duty
from services.gateway.console.log_health import log_health
from services.gateway.console.navigation import HOME
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.today_cards import MOST, Owed, cards_of
from services.gateway.console.today_pictures import days_of, flow_of, reasons_of
from services.gateway.console.unread import Unread, read_or_unread
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

FIRST: Final = 6


@dataclass(frozen=True)
class ShownAlert:
    """An alert in a line."""

    name: str
    found: str
    amount: str


@router.get(HOME, response_model=None, responses=page_responses(200))
async def show_today(frame: Framed, node: Node) -> Response:
    """What crossed, and what needs a person. 503 where nothing at all could be read, and the page is still one."""
    own = _own_state(frame)
    parts = await asyncio.gather(
        read_or_unread(frame, what_crossed(node, frame.viewing, own=own)),
        read_or_unread(frame, _owed(node)),
        read_or_unread(frame, _alerts(node)),
        read_or_unread(frame, _score(node)),
        read_or_unread(frame, log_health(frame, node)),
        read_or_unread(frame, _systems(node)),
    )
    crossed, owed, alerts, score, log, systems = parts
    unread = [part for part in parts if isinstance(part, Unread)]
    return frame.page(
        "today.html",
        status=503 if len(unread) == len([part for part in parts if part is not None]) else 200,
        is_whole=not unread,
        log=log,
        cards=cards_of(frame, crossed, owed, alerts, score, systems),
        duties=owed if isinstance(owed, Unread) else _next(frame, owed),
        alerts=alerts if isinstance(alerts, Unread) or alerts is None else [_alert(frame, one) for one in alerts.alerts[:FIRST]],
        crossed=crossed,
        flow=None if isinstance(crossed, Unread) else flow_of(frame, crossed, own),
        days=None if isinstance(crossed, Unread) else days_of(frame, crossed),
        reasons=None if isinstance(crossed, Unread) else reasons_of(frame, crossed),
    )


def _own_state(frame: Frame) -> str:
    """By the trust list; of a node that is not in one yet no state is known."""
    state = frame.request.app.state
    members = () if state.trust.held is None else state.trust.held.members
    return next((member.state for member in members if member.entity_id == state.settings.entity_id), "")


async def _owed(node: NodeReader) -> Owed:
    return Owed(await _duties(node, "overdue", MOST), await _duties(node, "due", MOST), await _duties(node, "outstanding", FIRST))


async def _duties(node: NodeReader, state: str, most: int) -> tuple[Duty, ...]:
    return (await node.read("privacy", "/v1/duties", DutyPage, {"state": state, "limit": most})).duties


async def _alerts(node: NodeReader) -> AlertPage | None:
    if not node.may("alerts:read"):
        return None
    return await node.read("audit", "/v1/log/alerts", AlertPage, {"state": "open", "limit": MOST})


async def _score(node: NodeReader) -> Scorecard | None:
    return await node.read("privacy", "/v1/readiness", Scorecard) if node.may("readiness:read") else None


async def _systems(node: NodeReader) -> EdFiSystemsOfOrganisation:
    return await node.read("records", "/v1/ed-fi-systems", EdFiSystemsOfOrganisation)


def _next(frame: Frame, owed: Owed) -> list[ShownDuty]:
    return [shown_duty(duty, frame.viewing, frame.translate, may_complete=False) for duty in owed.next]


def _alert(frame: Frame, alert: Alert) -> ShownAlert:
    _, viewing = frame.translate, frame.viewing
    count = _("count %(n)s") % {"n": viewing.number(alert.seen_count)}
    return ShownAlert(_(ALERT_WORDS[alert.rule]), viewing.instant(alert.found_at), count)
