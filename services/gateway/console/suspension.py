"""A party is suspended with one act, and that is lifted: all of its credentials at once, with a reason, by the state's privacy officer."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_agreement_use import AgreementUse
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_lists import AgreementPage
from safepassage.wire_suspensions import Lifting, NewSuspension
from services.gateway.console.act_words import SUSPENSION_REASONS
from services.gateway.console.acts import Act, Field, FormWrong, refusals_beside
from services.gateway.console.agreements_shown import ONE, path_of
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.organisation_names import named, names_of
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.read_agreement import agreement_of
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.roles import Role
from services.gateway.registry.suspensions import credentials_of, lift, standing_suspension, suspend
from shared.contracts.audit import Actor

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

SUSPEND: Final = f"{ONE}/suspension"
LIFT: Final = f"{SUSPEND}/lift"
MAY_SUSPEND: Final[tuple[Role, ...]] = ("privacy-officer",)
"""Of the state: a party's credentials are those of every district's agreement with it."""
COUNTED: Final = 2_000
MOST: Final = 20


def _form_fields(*names: str) -> dict[str, Any]:
    return form_of({"token": "Of the page", "act": "Key of the form", **dict.fromkeys(names, "Why")})


@router.get(SUSPEND, response_model=None, responses=page_responses(200, 404))
async def ask_suspension(agreement_id: UUID, frame: Framed, node: Node) -> Response:
    """What it touches to suspend the party of an agreement, and the form to do it."""
    return await _suspension_form(frame, node, agreement_id, {}, {})


@router.post(
    SUSPEND,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=_form_fields("reason", "reference"),
)
async def suspend_party_on_page(agreement_id: UUID, form: Act, frame: Framed, node: Node) -> Response:
    """Suspend it, once."""
    agreement = await agreement_of(node, agreement_id)
    try:
        new, state, act = form.model(NewSuspension), frame.request.app.state, UUID(form.key)
        about: dict[str, Any] = {"suspension_id": act, "actor": _actor(frame), "now": frame.viewing.now}
        with refusals_beside("reason", "reference"):
            async with state.database.transaction() as tx:
                await suspend(tx, state.outbox, agreement.recipient_id, new, **about)
    except FormWrong as wrong:
        return await _suspension_form(frame, node, agreement_id, form.fields, wrong.fields)
    await state.standing.refresh()
    return RedirectResponse(path_of(agreement_id), 303)


@router.get(LIFT, response_model=None, responses=page_responses(200, 404))
async def ask_lifting(agreement_id: UUID, frame: Framed, node: Node) -> Response:
    """What comes in again, and the form to lift the suspension."""
    return await _lifting_form(frame, node, agreement_id, {}, {})


@router.post(LIFT, response_model=None, status_code=303, responses=page_responses(303, 404), openapi_extra=_form_fields("reference"))
async def lift_suspension_on_page(agreement_id: UUID, form: Act, frame: Framed, node: Node) -> Response:
    """Lift it. Where none stands nothing is changed."""
    agreement = await agreement_of(node, agreement_id)
    try:
        said, state = form.model(Lifting), frame.request.app.state
    except FormWrong as wrong:
        return await _lifting_form(frame, node, agreement_id, form.fields, wrong.fields)
    async with state.database.transaction() as tx:
        stands = await standing_suspension(tx, agreement.recipient_id)
        if stands is not None:
            about: dict[str, Any] = {"reference": said.reference, "actor": _actor(frame), "now": frame.viewing.now}
            await lift(tx, state.outbox, agreement.recipient_id, stands.id, **about)
    await state.standing.refresh()
    return RedirectResponse(path_of(agreement_id), 303)


async def _suspension_form(
    frame: Frame, node: NodeReader, agreement_id: UUID, kept: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    _, viewing = frame.translate, frame.viewing
    agreement = await agreement_of(node, agreement_id)
    party, count = await _party(frame, agreement)
    asked: dict[str, str | int] = {"recipient_id": str(agreement.recipient_id), "limit": MOST}
    page = await node.read("privacy", "/v1/agreements", AgreementPage, asked)
    paths = [f"/v1/agreements/{one.id}/use" for one in page.agreements]
    uses = await asyncio.gather(*(node.read("privacy", path, AgreementUse, {"newest": COUNTED}) for path in paths))
    answers = viewing.number(sum(use.decisions for use in uses))
    whole = page.next is None and all(use.complete for use in uses)
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Suspend a party"),
        lede=_("Nothing more is given to it from now on: all of its credentials are out at once, in every district."),
        facts=[
            (_("Party"), party),
            (_("Credentials that are out at once"), viewing.number(count)),
            (_("Agreements with it that stand"), viewing.number(len(page.agreements)) + ("" if page.next is None else "+")),
            (_("Requests decided under them so far"), answers if whole else _("at least %(n)s") % {"n": answers}),
        ],
        undo=_(
            "Lift it on the agreement’s page: the same credentials come in again. What people let its applications do has ended, and they"
            " are asked anew. The agreement itself stays as it is."
        ),
        fields=[
            Field(
                "reason",
                _("Why"),
                kind="choice",
                options=[("", _("Choose")), *((code, _(said)) for code, said in SUSPENSION_REASONS.items())],
            ),
            Field(
                "reference",
                _("What it rests on"),
                _("A reference of your own records, without anybody's name: “letter of May 4, file 12”."),
            ),
        ],
        kept=kept,
        wrong=wrong,
        action=SUSPEND.format(agreement_id=agreement.id),
        button=_("Suspend 1 credential") if count == 1 else _("Suspend %(n)s credentials") % {"n": viewing.number(count)},
        danger=True,
        back=path_of(agreement.id),
    )


async def _lifting_form(frame: Frame, node: NodeReader, agreement_id: UUID, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    agreement = await agreement_of(node, agreement_id)
    party, _count = await _party(frame, agreement)
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Lift a suspension"),
        lede=_("The credentials that it put out come in again at once. One that was out before stays out."),
        facts=[(_("Party"), party)],
        undo=_("Suspend it again."),
        fields=[
            Field(
                "reference",
                _("What it rests on"),
                _("A reference of your own records, without anybody's name: “letter of May 4, file 12”."),
            )
        ],
        kept=kept,
        wrong=wrong,
        action=LIFT.format(agreement_id=agreement.id),
        button=_("Lift the suspension"),
        danger=False,
        back=path_of(agreement.id),
    )


async def _party(frame: Frame, agreement: AnyAgreement) -> tuple[str, int]:
    """Its name, and how many of its credentials let in."""
    identifier = agreement.recipient_id
    async with frame.request.app.state.database.reading() as tx:
        held = (await credentials_of(tx, [identifier]))[identifier]
    return named(await names_of(frame.request, [identifier]), identifier), sum(one.disabled_at is None for one in held)


def _actor(frame: Frame) -> Actor:
    return frame.person.actor(frame.request.scope["state"].get("address"))
