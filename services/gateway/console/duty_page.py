"""One duty: whose it is, when its clock runs out, and what shows that it was done."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from safepassage.wire_duties import Duty
from services.gateway.console.counted_people import count_facts
from services.gateway.console.duties import shown_duty
from services.gateway.console.duty_waiver import WAIVED_BECAUSE
from services.gateway.console.node_reader import Node
from services.gateway.console.organisation_names import named, names_of
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.people.pages import page_responses
from shared.breach_clocks import CLOCK_OF_DUTY

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

ONE: Final = "/console/duties/{duty_id}"
EXCHANGE: Final = "exchange:"


@router.get(ONE, response_model=None, responses=page_responses(200, 404))
async def show_duty(request: Request, duty_id: UUID, frame: Framed, node: Node) -> Response:
    """Also when it is done: its permanent address."""
    duty = await node.read("privacy", f"/v1/duties/{duty_id}", Duty)
    names = await names_of(request, {duty.organisation_id})
    return frame.page(
        "duty.html",
        row=shown_duty(duty, frame.viewing, frame.translate, may_complete=node.may("duties:complete")),
        facts=facts_of(duty, named(names, duty.organisation_id), frame),
        exchange=None if (exchange_id := exchange_of(duty)) is None else f"/console/exchanges/{exchange_id}",
    )


def exchange_of(duty: Duty) -> UUID | None:
    """The exchange that it is about, where it is about one."""
    about = duty.about or ""
    try:
        return UUID(about.removeprefix(EXCHANGE)) if about.startswith(EXCHANGE) else None
    except ValueError:
        return None


def facts_of(duty: Duty, whose: str, frame: Frame) -> list[tuple[str, str]]:
    """By name, in the order of its life."""
    _, instant = frame.translate, frame.viewing.instant
    facts = [
        (_("Whose"), whose),
        (_("Began"), instant(duty.begins_at)),
    ]
    if duty.due_from is not None and duty.overdue_at is not None:
        facts += [(_("In its last days from"), instant(duty.due_from)), (_("Too late from"), instant(duty.overdue_at))]
    else:
        facts.append((_("Too late from"), _("The law names no number of days: without unreasonable delay")))
    if duty.start_ref is not None:
        facts.append((_("What shows when it began"), duty.start_ref))
    if duty.kind in CLOCK_OF_DUTY:
        facts += count_facts(duty.counted, frame)
    if duty.waived_at is not None:
        facts.append((_("Waived at"), instant(duty.waived_at)))
        facts.append((_("Why it need not be given"), _(WAIVED_BECAUSE.get(duty.waived_because or "", ""))))
    if duty.done_at is not None:
        facts.append((_("Done at"), instant(duty.done_at)))
    if duty.evidence_ref is not None:
        by_receipt = duty.evidence_ref.startswith(EXCHANGE)
        shows = _("What shows that it was done") if duty.done_at is not None else _("What shows it")
        facts.append((shows, _("A signed receipt of the exchange") if by_receipt else duty.evidence_ref))
    return facts
