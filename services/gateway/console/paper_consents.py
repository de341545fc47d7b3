"""A consent that was signed on paper is written down for who signed it: which records, what for, to whom (34 CFR 99.30)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.problems.privacy import NoSuchRecipient
from safepassage.wire_policy import NewConsent
from safepassage.wire_student_rights import CurrentRights
from services.gateway.console.acts import MISSING, NOT_READ, Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.agency_day import agency_day
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.family_access import CONSENTING, holder_name
from services.gateway.console.identified import IDENTITY, identified, identity_fields
from services.gateway.console.node_reader import Node
from services.gateway.console.organisation_names import choosable
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.rights_holders import DOCUMENT, Holder, document_field, document_of
from services.gateway.console.students import ONE, ShownStudent
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

RECIPIENTS: Final = ("vendor", "agency", "sea")
"""Of the list; whoever else may receive is named by their id."""
OF_STUDENTS: Final = {element: name for element, name in ELEMENT_WORDS.items() if not element.startswith("educator.")}
NOBODY: Final = word("The node knows no such party.")
FORM: Final = {
    "token": "Of the page",
    "act": "Key of the form",
    "recipient": "Id",
    "purpose": "Code",
    "signed_on": "2026-05-04",
    DOCUMENT: "SHA-256",
    **IDENTITY,
}


@router.get(CONSENTING, response_model=None, responses=page_responses(200, 404))
async def ask_paper_consent(handle: str, holder: str, who: Holder, frame: Framed) -> Response:
    """What a consent permits, and the form to write it down as it was signed."""
    return await _form(handle, holder, who, frame, {}, {})


@router.post(CONSENTING, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=form_of(FORM))
async def record_paper_consent(
    handle: str, holder: str, student_id: ShownStudent, who: Holder, form: Act, frame: Framed, node: Node
) -> Response:
    """Write it down, once."""
    try:
        new = _consent(form, student_id, who, frame)
        with refusals_beside("signed_on", DOCUMENT):
            try:
                await node.act("privacy", "POST", "/v1/consents", key=form.key, body=new)
            except NoSuchRecipient as error:
                raise FormWrong({"elsewhere" if form.text("elsewhere") else "recipient": NOBODY}) from error
    except FormWrong as wrong:
        return await _form(handle, holder, who, frame, form.fields, wrong.fields)
    return RedirectResponse(ONE.format(handle=handle), 303)


def _consent(form: ActForm, student_id: UUID, who: CurrentRights, frame: Frame) -> NewConsent:
    """Raises FormWrong."""
    elements = [element for element in OF_STUDENTS if form.text(f"elements.{element}")]
    recipient = form.text("elsewhere") or form.text("recipient")
    needed = {"recipient": recipient, "elements": elements, **{name: form.text(name) for name in ("purpose", "signed_on", DOCUMENT)}}
    if missing := [name for name, said in needed.items() if not said]:
        raise FormWrong(dict.fromkeys(missing, MISSING))
    if form.text("purpose") not in PURPOSE_WORDS:
        raise FormWrong({"purpose": NOT_READ})
    acting_for, expires_at = identified(form, frame, who.person_id), _end(form, frame)
    try:
        return form.model(
            NewConsent,
            student_id=student_id,
            acting_for=acting_for,
            signature="paper",
            document=document_of(form),
            elements=elements,
            purposes=[form.text("purpose")],
            recipient_id=recipient,
            expires_at=expires_at,
        )
    except FormWrong as wrong:
        raise FormWrong({"elsewhere" if name == "recipient_id" else name: said for name, said in wrong.fields.items()}) from wrong


def _end(form: ActForm, frame: Frame) -> datetime | None:
    """The end of the last day, where there is one. Raises FormWrong."""
    if not form.text("until"):
        return None
    try:
        return frame.viewing.end_of(date.fromisoformat(form.text("until")))
    except (ValueError, OverflowError) as error:
        raise FormWrong({"until": NOT_READ}) from error


async def _form(handle: str, holder: str, who: CurrentRights, frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    choose = ("", _("Choose"))
    purposes = sorted(((code, _(name)) for code, name in PURPOSE_WORDS.items()), key=lambda one: one[1])
    elements = [(code, _(name)) for code, name in OF_STUDENTS.items()]
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Write down a consent on paper"),
        lede=_(
            "From now on this one party may be given these data for this one purpose. Write down what the paper says, and nothing more."
        ),
        facts=[(_("Who signed it"), f"{holder_name(who, frame)}, {who.person_id}"), (_("Law"), "34 CFR 99.30")],
        undo=_("It is taken back on the student’s page, or by the family on theirs."),
        fields=[
            Field(
                "recipient",
                _("Who may have them"),
                kind="choice",
                required=False,
                options=await choosable(frame.request, RECIPIENTS, await agency_day(frame)),
            ),
            Field("elsewhere", _("Or its id, if it is not in the list"), _("As the log shows it."), required=False),
            Field("elements", _("Which data"), kind="checks", options=elements),
            Field("purpose", _("What for"), kind="choice", options=[choose, *purposes]),
            Field("signed_on", _("When was it signed?"), kind="date"),
            Field("until", _("Last day on which it holds"), kind="date", required=False),
            document_field(frame),
            *identity_fields(frame, evidence=_("Where your check of the person is kept")),
        ],
        kept=kept,
        wrong=wrong,
        action=CONSENTING.format(handle=handle, holder=holder),
        button=_("Write the consent down"),
        danger=False,
        back=ONE.format(handle=handle),
    )
