"""Alerts: what is unusual in the log, day by day, and whether somebody has looked into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from safepassage.wire_alerts import Alert, AlertPage, AlertReason, AlertRule, AlertState
from services.gateway.console.alert_words import ALERT_WORDS, REASONS, STATES
from services.gateway.console.decision_words import Tone
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.log_rows import code_of, entry_href, who_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.sorting import Orders
from services.gateway.people.pages import page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/alerts"
EXPORT: Final = f"{PATH}/export"
API: Final = "/v1/log/alerts"
ROLES: Final[tuple[Role, ...]] = ("auditor", "privacy-officer", "operator", "approver")
ON_A_PAGE: Final = 50
IN_AN_EXPORT: Final = 5_000
ORDERS: Final = Orders("-found_at", region="#alerts")
COLUMNS: Final = (
    "id",
    "rule",
    "day",
    "state",
    "found_at",
    "count",
    "usual",
    "seen_count",
    "reopened",
    "who",
    "about",
    "evidence_log",
    "first",
    "last",
    "log",
    "index",
    "proof",
    "acknowledged_as",
    "acknowledged_at",
)
"""Not what officials noted for each other."""


@dataclass(frozen=True)
class ShownAlert:
    """A row of the table."""

    href: str | None
    at: datetime
    name: str
    who: str
    code: str
    seen: int
    usual: int
    tone: Tone
    mark: str
    state: str
    reason: str
    """What came of it, once somebody has looked."""


def shown_alert(alert: Alert, frame: Frame) -> ShownAlert:
    """An alert in a row, which leads to the log's own entry of it once that has a page."""
    _, (tone, mark, state) = frame.translate, STATES[alert.state]
    said: AlertReason | None = alert.acknowledgements[0].reason if alert.acknowledgements and alert.state == "acknowledged" else None
    return ShownAlert(
        href=entry_href(alert.log, alert.index, alert.proof),
        at=alert.found_at,
        name=_(ALERT_WORDS[alert.rule]),
        who=who_of(alert.actor, _) if alert.actor else _("This node"),
        code=code_of(alert.actor) if alert.actor else alert.about or "",
        seen=alert.seen_count,
        usual=alert.usual,
        tone=tone,
        mark=mark,
        state=_(state),
        reason="" if said is None else _(REASONS[said]),
    )


async def _chosen(
    state: Annotated[AlertState | Literal[""], Query()] = "", rule: Annotated[AlertRule | Literal[""], Query()] = ""
) -> Mapping[str, str]:
    return {name: value for name, value in (("state", state), ("rule", rule)) if value}


Chosen = Annotated[Mapping[str, str], Depends(_chosen)]
"""The filters that are set."""


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_alerts(
    frame: Framed,
    node: Node,
    chosen: Chosen,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """What the rules found, the newest first. That somebody looked is itself an entry of the log."""
    _, viewing, more = frame.translate, frame.viewing, {} if cursor is None else {"cursor": cursor}
    found, following = await node.page("audit", API, AlertPage, {**chosen, **more, "sort": sort, "limit": ON_A_PAGE})
    number = len(found.alerts)
    count = _("No alerts") if not number else _("1 alert") if number == 1 else _("%(n)s alerts") % {"n": viewing.number(number)}
    return frame.page(
        "alerts.html",
        rows=[shown_alert(one, frame) for one in found.alerts],
        count=_("%(n)s alerts, and more") % {"n": viewing.number(number)} if following else count,
        more=None if following is None else f"{PATH}?{urlencode({**chosen, **ORDERS.kept(sort), 'cursor': following['cursor']})}",
        heads=frame.heads(ORDERS, sort),
        export=ORDERS.address(EXPORT, sort, **chosen),
        order=ORDERS.kept(sort),
        states=[(code, _(said)) for code, (_tone, _mark, said) in STATES.items()],
        rules=sorted(((code, _(said)) for code, said in ALERT_WORDS.items()), key=lambda one: one[1]),
        chosen=chosen,
    )


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_alerts(node: Node, chosen: Chosen, sort: Annotated[str, ORDERS.query] = ORDERS.usual, form: Form = "csv") -> Response:
    """The alerts as a file: the first 5,000 of the list's order."""
    found = await rows_of(node, "audit", API, AlertPage, {**chosen, "sort": sort}, lambda page: page.alerts, most=IN_AN_EXPORT)
    return exported("alerts", form, COLUMNS, [_row(one) for one in found], most=IN_AN_EXPORT)


def _row(alert: Alert) -> dict[str, object]:
    said = alert.model_dump(mode="json")
    last = said["acknowledgements"][0] if said["acknowledgements"] else {}
    return said | {
        "who": code_of(alert.actor) if alert.actor else None,
        "acknowledged_as": last.get("reason"),
        "acknowledged_at": last.get("at"),
    }
