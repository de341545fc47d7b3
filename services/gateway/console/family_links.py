"""A link to the family's page is made, shown once, and taken back, by an officer who has checked who the person is (docs/family.md)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from safepassage.problems.requests import NotFound
from safepassage.problems.rights import ShownInPersonOnly
from safepassage.wire_family import MadeFamilyLink, NewFamilyLink
from safepassage.wire_student_rights import CurrentRights
from services.gateway.console.acts import Act, FormWrong, refusals_beside
from services.gateway.console.family_access import (
    MAKING,
    TAKING_BACK,
    holder_name,
    open_links_of,
    whose_link,
)
from services.gateway.console.family_letter import code_of, letters_of
from services.gateway.console.identified import IDENTITY, identified, identity_fields
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.rights_holders import Holder
from services.gateway.console.students import ONE, ShownStudent, rights_of
from services.gateway.family.link_routes import link_for
from services.gateway.family.link_values import link_of_form
from services.gateway.family.links import FamilyLinkTold, withdraw_link
from services.gateway.people.pages import form_of, page_responses
from services.gateway.registry.reach import reached
from services.gateway.tables import FamilyLinkRow
from shared.contracts.audit import Actor

router = APIRouter(tags=["console"], route_class=ConsoleRoute)


async def _sent_to(who: Holder, student_id: ShownStudent, node: Node) -> CurrentRights:
    """Raises as `Holder`; ShownInPersonOnly."""
    rights = await rights_of(node, student_id)
    if rights is None or rights.in_person_only:
        raise ShownInPersonOnly
    return who


SentTo = Annotated[CurrentRights, Depends(_sent_to)]
"""Whom the address names, if they hold the student's rights at this instant and may come by a link."""


@router.get(MAKING, response_model=None, responses=page_responses(200, 404))
async def ask_family_link(handle: str, holder: str, who: SentTo, frame: Framed) -> Response:
    """What the person will see and for how long, and the form to make their link."""
    return _form(handle, holder, who, frame, {}, {})


@router.post(
    MAKING,
    response_model=None,
    responses=page_responses(200, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", **IDENTITY}),
)
async def make_family_link_on_page(
    handle: str, holder: str, student_id: ShownStudent, who: SentTo, form: Act, frame: Framed, node: Node
) -> Response:
    """Make it, once, and show it: this answer alone holds it. Sent again the form shows it for a minute, then says that it was made."""
    of = link_of_form(secret=frame.person.secret, key=form.key, student_id=student_id, person_id=who.person_id)
    try:
        new = NewFamilyLink(student_id=student_id, acting_for=identified(form, frame, who.person_id))
        with refusals_beside(*IDENTITY):
            made = await link_for(frame.request, new, by=node.claims, actor=_actor(frame), now=frame.viewing.now, of=of)
    except FormWrong as wrong:
        return _form(handle, holder, who, frame, form.fields, wrong.fields)
    except FamilyLinkTold:
        open_ = any(link.id == of.id for link in await open_links_of(frame, node, student_id))
        return frame.page("family_link_told.html", status=409, back=_back(handle), taking_back=_taking_back(handle, of.id) if open_ else "")
    return _made(handle, made, who, frame)


def _form(handle: str, holder: str, who: CurrentRights, frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _, settings = frame.translate, frame.request.app.state.settings
    until = frame.viewing.now + timedelta(hours=settings.family_link_hours)
    lasts = {
        "until": frame.viewing.instant(until),
        "idle": frame.viewing.number(settings.family_idle_seconds // 60),
        "longest": frame.viewing.number(settings.family_session_seconds // 60),
    }
    sees = _(
        "Who asked for the record and who received it, consents and opt-outs, and their own requests. Their own choices they can change."
    )
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Make a link to the family’s page"),
        lede=_(
            "Whoever has the link comes in. Make it when you have checked who the person is, and send it only where you have checked too."
        ),
        facts=[
            (_("For whom"), f"{holder_name(who, frame)}, {who.person_id}"),
            (_("What they will see"), sees),
            (
                _("How long"),
                _(
                    "Once, until %(until)s. The visit ends after %(idle)s minutes without a click,"
                    " and after %(longest)s minutes in any case."
                )
                % lasts,
            ),
        ],
        undo=_("Withdraw it on the student’s page: it opens nothing from then on, and a visit that goes on ends at once."),
        fields=identity_fields(frame, evidence=_("Where your check of the person is kept")),
        kept=kept,
        wrong=wrong,
        action=MAKING.format(handle=handle, holder=holder),
        button=_("Make the link"),
        danger=False,
        back=_back(handle),
    )


def _made(handle: str, made: MadeFamilyLink, who: CurrentRights, frame: Frame) -> Response:
    return frame.page(
        "family_link_made.html",
        link=made.link,
        name=holder_name(who, frame),
        until=made.expires_at,
        code=code_of(made.link),
        letters=letters_of(frame, until=made.expires_at),
        back=_back(handle),
        taking_back=_taking_back(handle, made.id),
    )


@router.get(TAKING_BACK, response_model=None, responses=page_responses(200, 404))
async def ask_family_link_withdrawal(handle: str, link_id: UUID, student_id: ShownStudent, frame: Framed, node: Node) -> Response:
    """What ends with a link, and the form to take it back."""
    _ = frame.translate
    name, made_at, used = await _open_link(frame, node, student_id, link_id)
    return frame.page(
        "act.html",
        title=_("Withdraw a link to the family’s page"),
        lede=_("It opens nothing from now on. A visit that came of it ends at once."),
        facts=[
            (_("For whom"), name),
            (_("Made at"), made_at),
            (_("State"), _("It was used: the visit goes on") if used else _("Nobody has used it yet")),
        ],
        undo=_("It is not: you make another link."),
        fields=[],
        kept={},
        wrong={},
        action=TAKING_BACK.format(handle=handle, link_id=link_id),
        button=_("Withdraw the link"),
        danger=True,
        back=_back(handle),
    )


@router.post(
    TAKING_BACK,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form"}),
)
async def withdraw_family_link_on_page(handle: str, link_id: UUID, student_id: ShownStudent, _: Act, frame: Framed, node: Node) -> Response:
    """Take it back. What is over already, or was taken back, is no more there."""
    await _open_link(frame, node, student_id, link_id)
    state = frame.request.app.state
    reach = reached(FamilyLinkRow.organisation_id, node.claims, named=True)
    async with state.database.transaction() as tx:
        await withdraw_link(tx, state.outbox, link_id, reach=reach, actor=_actor(frame), now=frame.viewing.now)
    return RedirectResponse(_back(handle), 303)


async def _open_link(frame: Frame, node: NodeReader, student_id: UUID, link_id: UUID) -> tuple[str, str, bool]:
    """For whom it is, when it was made, whether it was used. Raises NoSuchStudent; NotFound also for a link of another student's family."""
    rights = await rights_of(node, student_id)
    link = next((one for one in await open_links_of(frame, node, student_id) if one.id == link_id), None)
    if rights is None or link is None:
        raise NotFound
    return whose_link(link, rights, frame), frame.viewing.instant(link.made_at), link.used_at is not None


def _taking_back(handle: str, link_id: UUID) -> str:
    return TAKING_BACK.format(handle=handle, link_id=link_id)


def _back(handle: str) -> str:
    return ONE.format(handle=handle)


def _actor(frame: Frame) -> Actor:
    return frame.person.actor(frame.request.scope["state"].get("address"))
