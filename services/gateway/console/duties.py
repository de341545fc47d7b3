"""Duties and rights: what is owed to whom by when, each clock with its paragraph."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_duties import Duty, DutyPage, DutyState
from services.gateway.console.duty_words import KINDS, duty_name, law_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.console.sorting import Orders
from services.gateway.console.viewing import Viewing
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/duties"
ON_A_PAGE: Final = 50
ORDERS: Final = Orders("overdue_at", "-begins_at", "kind", region="#duties")

ENDS_BY_ITSELF: Final = frozenset(
    {"inspect-records", "inspect-records-before-meeting", "decide-amendment", "hold-hearing", "decide-hearing"}
)
"""Done by the step of the request that they are about, and by nothing else; a test compares them with the service's."""

Shown = DutyState | Literal["outstanding", "all"]
STATES: Final[tuple[tuple[Shown, str], ...]] = (
    ("outstanding", "Not done"),
    ("overdue", "Too late"),
    ("due", "In the last days"),
    ("open", "There is time"),
    ("undelayed", "Without unreasonable delay"),
    ("done", "Done"),
    ("waived", "Waived"),
    ("all", "All"),
)


@dataclass(frozen=True)
class ShownDuty:
    """A row of the table."""

    href: str
    kind: str
    state: DutyState
    name: str
    tone: Literal["good", "warn", "danger", "plain"]
    mark: str
    when: str
    begins_at: datetime
    overdue_at: datetime | None
    citation: str
    wording: str
    """The law's own phrase, in English, where it names no number."""
    figure: Literal["law", "ours"]
    done_by: str | None
    """Where the reader can say that it is done."""
    waived_by: str | None
    """Where the reader can say that it does not bind."""


def shown_duty(duty: Duty, viewing: Viewing, translate: Callable[[str], str], *, may_complete: bool) -> ShownDuty:
    """How a duty stands, in words, and by a mark that is told without colour."""
    left = None if duty.overdue_at is None else viewing.days_left(duty.overdue_at)
    tone, mark, when = _standing(duty, left, translate)
    stands = may_complete and duty.state not in ("done", "waived")
    return ShownDuty(
        href=f"{PATH}/{duty.id}",
        kind=duty.kind,
        state=duty.state,
        name=duty_name(duty.kind, translate),
        tone=tone,
        mark=mark,
        when=when,
        begins_at=duty.begins_at,
        overdue_at=duty.overdue_at,
        citation=law_of(duty.citation, translate),
        wording=duty.wording if duty.overdue_at is None else "",
        figure=duty.figure,
        done_by=f"{PATH}/{duty.id}/done" if stands and duty.kind not in ENDS_BY_ITSELF else None,
        waived_by=f"{PATH}/{duty.id}/waived" if stands and duty.waivable else None,
    )


def _standing(duty: Duty, left: int | None, _: Callable[[str], str]) -> tuple[Literal["good", "warn", "danger", "plain"], str, str]:
    if duty.state == "done":
        return ("warn", "check", _("Done late")) if duty.late else ("good", "check", _("Done"))
    if duty.state == "waived":
        return "plain", "dot", _("Waived")
    if left is None:
        return "warn", "half", _("Without unreasonable delay")
    if duty.state == "overdue":
        return "danger", "clock", _("Today") if left == 0 else _("1 day late") if left == -1 else _("%(n)s days late") % {"n": -left}
    when = _("Due today") if left == 0 else _("In 1 day") if left == 1 else _("In %(n)s days") % {"n": left}
    return ("warn", "half", when) if duty.state == "due" else ("plain", "dot", when)


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_duties(
    frame: Framed,
    node: Node,
    state: Annotated[Shown, Query()] = "outstanding",
    kind: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
) -> Response:
    """The clocks of the person's organisation and those below it."""
    if kind and kind not in KINDS:
        raise InvalidRequest("not a kind of duty", field="kind")
    asked = {"state": state, **({"kind": kind} if kind else {})}
    filed, order = {**asked, **ORDERS.kept(sort)}, {"sort": sort}
    found = await node.read(
        "privacy", "/v1/duties", DutyPage, {**asked, **order, "limit": ON_A_PAGE, **({"cursor": cursor} if cursor is not None else {})}
    )
    viewing, _, may_complete = frame.viewing, frame.translate, node.may("duties:complete")
    number = len(found.duties)
    count = _("No duties") if not number else _("1 duty") if number == 1 else _("%(n)s duties") % {"n": viewing.number(number)}
    return frame.page(
        "duties.html",
        rows=[shown_duty(duty, viewing, _, may_complete=may_complete) for duty in found.duties],
        count=_("The first %(n)s duties") % {"n": viewing.number(number)} if found.next and cursor is None else count,
        more=None if found.next is None else f"{PATH}?{urlencode({**filed, 'cursor': found.next})}",
        export=f"{PATH}/export?{urlencode(filed)}",
        told=f"{PATH}/contractor-notice" if may_complete else None,
        heads=frame.heads(ORDERS, sort),
        order=ORDERS.kept(sort),
        states=[(code, _(word)) for code, word in STATES],
        kinds=sorted(((code, _(word)) for code, word in KINDS.items()), key=lambda one: one[1]),
        chosen_state=state,
        chosen_kind=kind,
    )
