"""Acts about one student: a legal hold on what the log seals, and a consent taken back by who gave it."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.problems.privacy import NoSuchConsent
from safepassage.wire_policy import Consent, ConsentWithdrawal
from safepassage.wire_retention import NewLegalHold
from services.gateway.console.acts import Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.identified import IDENTITY, identified, identity_fields
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.officials import acting_official
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.student_page import HOLD
from services.gateway.console.student_tables import WITHDRAWAL
from services.gateway.console.student_words import HOLD_REASONS
from services.gateway.console.students import ONE, ShownStudent, rights_of
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)


@router.get(HOLD, response_model=None, responses=page_responses(200, 404))
async def ask_hold(handle: str, student_id: ShownStudent, frame: Framed, node: Node) -> Response:
    """What a hold does, and the form to place it."""
    await rights_of(node, student_id)
    return _hold_form(handle, frame, {}, {})


@router.post(
    HOLD,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "reason": "Of a closed list", "reference": "File number"}),
)
async def place_hold(handle: str, student_id: ShownStudent, form: Act, frame: Framed, node: Node) -> Response:
    """Place it, once."""
    await rights_of(node, student_id)
    try:
        new = form.model(NewLegalHold, student_id=student_id, acting_official=acting_official(frame.person))
        with refusals_beside("reason", "reference"):
            await node.act("audit", "POST", "/v1/log/holds", key=form.key, body=new)
    except FormWrong as wrong:
        return _hold_form(handle, frame, form.fields, wrong.fields)
    return RedirectResponse(ONE.format(handle=handle), 303)


def _hold_form(handle: str, frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    hint = _("A file number without anybody’s name: letters, digits and . _ : -")
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Place a hold"),
        lede=_("Nothing that the log seals of this student is destroyed while the hold stands, whatever the schedule says."),
        facts=[(_("Whom it touches"), _("The student whose page you came from"))],
        undo=_("A hold is lifted by an official, with a reason, on record."),
        fields=[
            Field(
                "reason", _("Why"), kind="choice", options=[("", _("Choose")), *((code, _(name)) for code, name in HOLD_REASONS.items())]
            ),
            Field("reference", _("File number"), hint),
        ],
        kept=kept,
        wrong=wrong,
        action=HOLD.format(handle=handle),
        button=_("Place the hold"),
        danger=False,
        back=ONE.format(handle=handle),
    )


@router.get(WITHDRAWAL, response_model=None, responses=page_responses(200, 404))
async def ask_withdrawal(handle: str, consent_id: UUID, student_id: ShownStudent, frame: Framed, node: Node) -> Response:
    """What it means to take a consent back, and the form to do it."""
    return _withdrawal_form(handle, await _consent(node, student_id, consent_id), frame, {}, {})


@router.post(
    WITHDRAWAL,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", **IDENTITY}),
)
async def withdraw_on_page(handle: str, consent_id: UUID, student_id: ShownStudent, form: Act, frame: Framed, node: Node) -> Response:
    """Take it back, once, for who gave it."""
    consent = await _consent(node, student_id, consent_id)
    try:
        body = _withdrawal(form, consent, frame)
        with refusals_beside("method", "evidence_ref"):
            await node.act("privacy", "POST", f"/v1/consents/{consent.id}/withdrawal", key=form.key, body=body)
    except FormWrong as wrong:
        return _withdrawal_form(handle, consent, frame, form.fields, wrong.fields)
    return RedirectResponse(ONE.format(handle=handle), 303)


def _withdrawal(form: ActForm, consent: Consent, frame: Frame) -> ConsentWithdrawal:
    """By who gave the consent, whom staff identified when and as well as the officer says."""
    acting_for = identified(form, frame, consent.acting_for.person_id)
    return ConsentWithdrawal(acting_for=acting_for, reason="withdrawn-by-grantor")


async def _consent(node: NodeReader, student_id: UUID, consent_id: UUID) -> Consent:
    """Raises NoSuchStudent, NoSuchConsent: also for another student's than the one of the page."""
    rights = await rights_of(node, student_id)
    found = next((one for one in (rights.consents if rights else ()) if one.id == consent_id), None)
    if found is None:
        raise NoSuchConsent
    return found


def _withdrawal_form(handle: str, consent: Consent, frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    data = ", ".join(_(ELEMENT_WORDS.get(one, one)) for one in consent.elements)
    who = _("The parent who gave it") if consent.grantor_role == "parent" else _("The student, who gave it")
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Take a consent back"),
        lede=_("Every decision from now on finds it withdrawn, and what waits to be sent on it is recalled."),
        facts=[
            (_("For whom"), who),
            (_("Data"), data),
            (_("Given on"), frame.viewing.instant(consent.granted_at)),
        ],
        undo=_("It is not: the family gives a new consent."),
        fields=identity_fields(frame, evidence=_("What shows that they asked for it")),
        kept=kept,
        wrong=wrong,
        action=WITHDRAWAL.format(handle=handle, consent_id=consent.id),
        button=_("Take the consent back"),
        danger=True,
        back=ONE.format(handle=handle),
    )
