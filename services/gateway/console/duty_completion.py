"""A duty is done: an officer says what shows it, and its clock stands still."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_duties import Duty, DutyCompletion
from services.gateway.console.acts import Act, Field, FormWrong, refusals_beside
from services.gateway.console.duties import PATH as LIST
from services.gateway.console.duty_words import duty_name, law_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/duties/{duty_id}/done"
ROLES: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def ask_duty_completion(duty_id: UUID, frame: Framed, node: Node) -> Response:
    """What it means to say that a duty is done, and the form to say it."""
    return _form(frame, await node.read("privacy", f"/v1/duties/{duty_id}", Duty), {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "evidence_ref": "What shows that it was done"}),
)
async def complete_duty_on_page(duty_id: UUID, form: Act, frame: Framed, node: Node) -> Response:
    """Say it, once."""
    try:
        completion = form.model(DutyCompletion)
        with refusals_beside("evidence_ref"):
            await node.act("privacy", "POST", f"/v1/duties/{duty_id}/completion", key=form.key, body=completion)
    except FormWrong as wrong:
        duty = await node.read("privacy", f"/v1/duties/{duty_id}", Duty)
        return _form(frame, duty, form.fields, wrong.fields)
    return RedirectResponse(f"{LIST}?state=done", 303)


def _form(frame: Frame, duty: Duty, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _: Callable[[str], str] = frame.translate
    hint = _("A reference of your own records, without anybody's name: “letter of May 4, file 12”.")
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Say that a duty is done"),
        lede=_("Its clock stands still from now on. The log keeps who said so."),
        facts=[
            (_("Duty"), duty_name(duty.kind, _)),
            (_("Law"), law_of(duty.citation, _)),
            (_("Began"), frame.viewing.instant(duty.begins_at)),
            (_("Too late from"), _("Without unreasonable delay") if duty.overdue_at is None else frame.viewing.instant(duty.overdue_at)),
        ],
        undo=_("It is not: a duty that is done stays done."),
        fields=[Field("evidence_ref", _("What shows that it was done"), hint)],
        kept=kept,
        wrong=wrong,
        action=PATH.format(duty_id=duty.id),
        button=_("Say that it is done"),
        danger=False,
        back=LIST,
    )
