"""A set that two officials approved is activated, from an instant on; and an activation is called off before its start."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from starlette.responses import RedirectResponse, Response

from safepassage.problems.policy_sets import NoSuchActivation
from safepassage.wire import Digest
from safepassage.wire_policy_sets import NewCallOff, NewPolicyActivation, PolicyActivation, PolicySetDocument
from services.gateway.console.acts import NOT_READ, Act, Field, FormWrong, refusals_beside
from services.gateway.console.decisions import PATH as DECISIONS
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.policy_set import PATH as SET
from services.gateway.console.policy_set import Hash
from services.gateway.console.policy_set_approval import approved_by, what_it_changes
from services.gateway.console.policy_set_words import ACTIVATED_FOR, CALLED_OFF_FOR, REASONS
from services.gateway.console.policy_sets import PATH as LIST
from services.gateway.console.policy_sets import all_activations
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

PATH: Final = f"{SET}/activation"
CALL_OFF: Final = f"{DECISIONS}/activations/{{number}}/call-off"
ROLES: Final[tuple[Role, ...]] = ("approver",)

Number = Annotated[int, Path(ge=1, lt=2**31)]


@router.get(PATH, response_model=None, responses=page_responses(200, 404))
async def ask_policy_activation(policy_hash: Hash, frame: Framed, node: Node) -> Response:
    """What it means to activate it, and the form to do so."""
    return await _activation_form(policy_hash, None, frame, node, {}, {})


@router.post(
    PATH,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "valid_from": "In the reader's zone", "reason": "Code"}),
)
async def activate_policy_set_on_page(
    policy_hash: Hash,
    form: Act,
    frame: Framed,
    node: Node,
    replaces: Annotated[Digest, Query(description="The set that decided when the form was made.")],
) -> Response:
    """Activate it, once; refused where another set decides by then than the one that the person was shown."""
    try:
        starts = {"valid_from": at} if (at := _instant(form.text("valid_from"), frame)) is not None else {}
        named = {"acting_official": acting_official(frame.person), "replaces": replaces, "reason": _reason(form, ACTIVATED_FOR), **starts}
        body = NewPolicyActivation.model_validate(named)
        with refusals_beside("valid_from", "reason"):
            await node.act("privacy", "POST", f"/v1/policy-sets/{policy_hash}/activation", key=form.key, body=body)
    except FormWrong as wrong:
        return await _activation_form(policy_hash, replaces, frame, node, form.fields, wrong.fields)
    return RedirectResponse(f"{LIST}#activations", 303)


@router.get(CALL_OFF, response_model=None, responses=page_responses(200, 404))
async def ask_policy_call_off(number: Number, frame: Framed, node: Node) -> Response:
    """What it means to call it off, and the form to do so."""
    return await _call_off_form(number, frame, node, {}, {})


@router.post(
    CALL_OFF,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "reason": "Code"}),
)
async def call_off_activation_on_page(number: Number, form: Act, frame: Framed, node: Node) -> Response:
    """Call it off, once."""
    try:
        body = NewCallOff(acting_official=acting_official(frame.person), reason=_reason(form, CALLED_OFF_FOR))
        with refusals_beside("reason"):
            await node.act("privacy", "POST", f"/v1/policy-activations/{number}/call-off", key=form.key, body=body)
    except FormWrong as wrong:
        return await _call_off_form(number, frame, node, form.fields, wrong.fields)
    return RedirectResponse(f"{LIST}#activations", 303)


async def _activation_form(
    policy_hash: str, replaces: str | None, frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    document = await node.read("privacy", f"/v1/policy-sets/{policy_hash}", PolicySetDocument)
    replaced = replaces or document.difference.active
    then = await node.read("privacy", f"/v1/policy-sets/{replaced}", PolicySetDocument)
    _, viewing = frame.translate, frame.viewing
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Let these rules decide"),
        lede=_("From that instant on every decision is made by this set. What was decided before stays as it was decided."),
        facts=[
            (_("Set of rules"), document.title),
            (_("Approved by"), approved_by(document, frame)),
            *what_it_changes(document, frame),
            (_("It takes the place of"), then.title),
        ],
        undo=_("It can be called off before its start. Later an earlier set is activated again, with two approvals of its own."),
        fields=[
            Field(
                "valid_from",
                _("From"),
                _("In your time zone, %(zone)s. Empty: as soon as every replica knows it.") % {"zone": viewing.zone_name},
                kind="datetime-local",
                required=False,
            ),
            _reasons(frame, ACTIVATED_FOR),
        ],
        kept=kept,
        wrong=wrong,
        action=f"{PATH.format(policy_hash=policy_hash)}?replaces={replaced}",
        button=_("Let these rules decide"),
        danger=True,
        back=SET.format(policy_hash=policy_hash),
    )


async def _call_off_form(number: int, frame: Frame, node: NodeReader, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    found = next((one for one in (await all_activations(node)).activations if one.number == number), None)
    if found is None:
        raise NoSuchActivation
    document = await node.read("privacy", f"/v1/policy-sets/{found.policy_hash}", PolicySetDocument)
    _ = frame.translate
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Call an activation off"),
        lede=_("The set that decides until then goes on."),
        facts=[
            (_("Set of rules"), document.title),
            (_("It would start"), frame.viewing.instant(found.valid_from)),
            (_("Now"), _standing(found, frame)),
        ],
        undo=_("The set is activated again, with two new approvals."),
        fields=[_reasons(frame, CALLED_OFF_FOR)],
        kept=kept,
        wrong=wrong,
        action=CALL_OFF.format(number=number),
        button=_("Call it off"),
        danger=True,
        back=LIST,
    )


def _standing(activation: PolicyActivation, frame: Frame) -> str:
    _ = frame.translate
    if activation.called_off_at is not None:
        return _("It was called off")
    return _("It has not begun") if activation.valid_from > frame.viewing.now else _("It has begun: it cannot be called off any more")


def _reasons(frame: Frame, codes: tuple[str, ...]) -> Field:
    _ = frame.translate
    return Field("reason", _("Reason"), kind="choice", options=[(code, _(REASONS[code])) for code in codes])


def _reason(form: Act, codes: tuple[str, ...]) -> str:
    """Raises FormWrong."""
    if form.text("reason") not in codes:
        raise FormWrong({"reason": NOT_READ})
    return form.text("reason")


def _instant(text: str, frame: Frame) -> datetime | None:
    """Of a `datetime-local` field, in the reader's zone. Raises FormWrong."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(frame.viewing.zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FormWrong({"valid_from": NOT_READ}) from error
