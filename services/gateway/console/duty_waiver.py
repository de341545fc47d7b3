"""A notice of a breach does not bind, or need not be given: an officer says why, and what shows it, and its duty stands no more."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_duties import Duty, DutyWaiver
from services.gateway.console.acts import Act, Field, FormWrong, refusals_beside
from services.gateway.console.duties import PATH as LIST
from services.gateway.console.duty_words import duty_name, law_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = "/console/duties/{duty_id}/waived"
ROLES: Final[tuple[Role, ...]] = ("privacy-officer", "district-officer")

WAIVED_BECAUSE: Final[Mapping[str, str]] = {
    "law-does-not-bind": word("The law does not bind the agency"),
    "data-not-covered": word("The law does not speak of this kind of data"),
    "data-encrypted": word("The data was encrypted, and the key is safe"),
    "harm-not-likely": word("Harm is not likely, as was examined"),
    "too-few-people": word("Fewer people than the law asks for"),
    "told-under-other-law": word("They are told under another law"),
    "opened-in-error": word("There was no such breach, or the clock runs elsewhere"),
}
"""As the wire has them; a test compares."""


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def ask_duty_waiver(duty_id: UUID, frame: Framed, node: Node) -> Response:
    """What it means to waive a duty, and the form to say why."""
    return _form(frame, await node.read("privacy", f"/v1/duties/{duty_id}", Duty), {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "because": "Why", "evidence_ref": "What shows it"}),
)
async def waive_duty_on_page(duty_id: UUID, form: Act, frame: Framed, node: Node) -> Response:
    """Say it, once."""
    try:
        waiver = form.model(DutyWaiver)
        with refusals_beside("because", "evidence_ref"):
            await node.act("privacy", "POST", f"/v1/duties/{duty_id}/waiver", key=form.key, body=waiver)
    except FormWrong as wrong:
        duty = await node.read("privacy", f"/v1/duties/{duty_id}", Duty)
        return _form(frame, duty, form.fields, wrong.fields)
    return RedirectResponse(f"{LIST}?state=waived", 303)


def _form(frame: Frame, duty: Duty, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _: Callable[[str], str] = frame.translate
    hint = _("A reference of your own records, without anybody's name: “letter of May 4, file 12”.")
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Say that a notice need not be given"),
        lede=_("Whether this law binds is for your counsel to say. The log keeps who said so, and why."),
        facts=[
            (_("Duty"), duty_name(duty.kind, _)),
            (_("Law"), law_of(duty.citation, _)),
            (_("Began"), frame.viewing.instant(duty.begins_at)),
        ],
        undo=_("It is not: the duty stays waived. A clock can be started anew."),
        fields=[
            Field("because", _("Why"), kind="choice", options=[(code, _(said)) for code, said in WAIVED_BECAUSE.items()]),
            Field("evidence_ref", _("What shows it"), hint),
        ],
        kept=kept,
        wrong=wrong,
        action=PATH.format(duty_id=duty.id),
        button=_("Waive the notice"),
        danger=False,
        back=LIST,
    )
