"""An opt-out that reached an officer on paper is written down for who said it, and taken back for them (34 CFR 99.37)."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from safepassage.problems.records import NoSuchStudent
from safepassage.problems.rights import NoSuchPreference
from safepassage.wire_directory import NewPreference, Preference
from safepassage.wire_rights import Rescission
from safepassage.wire_student_rights import CurrentRights, StudentRights
from services.gateway.console.acts import MISSING, NOT_READ, Act, ActForm, Field, FormWrong, refusals_beside
from services.gateway.console.family_access import OPTING_OUT, RESCINDING, holder_name
from services.gateway.console.identified import IDENTITY, identified, identity_fields
from services.gateway.console.node_reader import Node, NodeReader
from services.gateway.console.pages import ConsoleRoute, Frame, Framed
from services.gateway.console.rights_holders import DOCUMENT, Holder, document_field, document_of
from services.gateway.console.student_words import PREFERENCE_KINDS
from services.gateway.console.students import ONE, ShownStudent, rights_of
from services.gateway.console.words import word
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

KINDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "directory": (word("Directory information: to nobody"), {"kind": "directory-opt-out"}),
    "military": (word("Lists for military recruiters"), {"kind": "recruiter-opt-out", "recruiters": "military"}),
    "higher-education": (word("Lists for colleges"), {"kind": "recruiter-opt-out", "recruiters": "higher-education"}),
    "both": (word("Lists for military recruiters and for colleges"), {"kind": "recruiter-opt-out", "recruiters": "both"}),
}
"""What somebody may say no to: its name, and what the service is told."""
_NEW: Final[TypeAdapter[NewPreference]] = TypeAdapter(NewPreference)


@router.get(OPTING_OUT, response_model=None, responses=page_responses(200, 404))
async def ask_opt_out(handle: str, holder: str, who: Holder, frame: Framed) -> Response:
    """What an opt-out changes, and the form to write it down."""
    return _form(handle, holder, who, frame, {}, {})


@router.post(
    OPTING_OUT,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of(
        {"token": "Of the page", "act": "Key of the form", "what": "Of the list", "received_at": "When", DOCUMENT: "SHA-256", **IDENTITY}
    ),
)
async def record_opt_out_on_page(
    handle: str, holder: str, student_id: ShownStudent, who: Holder, form: Act, frame: Framed, node: Node
) -> Response:
    """Write it down, once."""
    try:
        new = _opt_out(form, student_id, who, frame)
        with refusals_beside("received_at", DOCUMENT):
            await node.act("privacy", "POST", "/v1/preferences", key=form.key, body=new)
    except FormWrong as wrong:
        return _form(handle, holder, who, frame, form.fields, wrong.fields)
    return RedirectResponse(ONE.format(handle=handle), 303)


def _opt_out(form: ActForm, student_id: UUID, who: CurrentRights, frame: Frame) -> NewPreference:
    """Raises FormWrong."""
    if missing := [name for name in ("what", "received_at", DOCUMENT) if not form.text(name)]:
        raise FormWrong(dict.fromkeys(missing, MISSING))
    received_at = frame.viewing.instant_of(form.text("received_at"))
    unread = [name for name, read in (("what", form.text("what") in KINDS), ("received_at", received_at)) if not read]
    if unread:
        raise FormWrong(dict.fromkeys(unread, NOT_READ))
    acting_for = identified(form, frame, who.person_id)
    said = {"student_id": student_id, "acting_for": acting_for, "document": document_of(form), "received_at": received_at}
    try:
        return _NEW.validate_python({**said, **KINDS[form.text("what")][1]})
    except ValidationError as error:
        raise FormWrong({DOCUMENT: NOT_READ}) from error


def _form(handle: str, holder: str, who: CurrentRights, frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    _ = frame.translate
    kinds = [("", _("Choose")), *((code, _(name)) for code, (name, _said) in KINDS.items())]
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Write down an opt-out"),
        lede=_(
            "From now on nothing goes out on this ground, from any school of the district. It stays in force when the student has left."
        ),
        facts=[
            (_("For whom"), f"{holder_name(who, frame)}, {who.person_id}"),
            (_("What it does not touch"), _("What was given before, and what the law permits on another ground.")),
        ],
        undo=_("The same person takes it back, here or on the family’s page."),
        fields=[
            Field("what", _("What do they say no to?"), kind="choice", options=kinds),
            Field("received_at", _("When did it reach you?"), _("On your clock, and not after now."), kind="datetime-local"),
            document_field(frame),
            *identity_fields(frame, evidence=_("What shows that they asked for it")),
        ],
        kept=kept,
        wrong=wrong,
        action=OPTING_OUT.format(handle=handle, holder=holder),
        button=_("Write the opt-out down"),
        danger=False,
        back=ONE.format(handle=handle),
    )


@router.get(RESCINDING, response_model=None, responses=page_responses(200, 404))
async def ask_rescission(handle: str, preference_id: UUID, student_id: ShownStudent, frame: Framed, node: Node) -> Response:
    """What it means to take an opt-out back, and the form to do it."""
    rights, preference = await _preference(node, student_id, preference_id)
    return _back_form(handle, rights, preference, frame, {}, {})


@router.post(
    RESCINDING,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404, 409),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", **IDENTITY}),
)
async def rescind_on_page(handle: str, preference_id: UUID, student_id: ShownStudent, form: Act, frame: Framed, node: Node) -> Response:
    """Take it back, once, for who may."""
    rights, preference = await _preference(node, student_id, preference_id)
    try:
        body = Rescission(acting_for=identified(form, frame, _who_takes_back(rights, preference)), reason="withdrawn-by-grantor")
        with refusals_beside(*IDENTITY):
            await node.act("privacy", "POST", f"/v1/preferences/{preference.id}/rescission", key=form.key, body=body)
    except FormWrong as wrong:
        return _back_form(handle, rights, preference, frame, form.fields, wrong.fields)
    return RedirectResponse(ONE.format(handle=handle), 303)


def _who_takes_back(rights: StudentRights, preference: Preference) -> UUID:
    """Who said it; the student, to whom the rights have passed. Whether they may is the service's to say."""
    passed = [one.person_id for one in rights.held_by if one.role == "student"]
    return passed[0] if passed else preference.of.acting_for.person_id


async def _preference(node: NodeReader, student_id: UUID, preference_id: UUID) -> tuple[StudentRights, Preference]:
    """Raises NoSuchStudent, NoSuchPreference: also for another student's than the one of the page."""
    rights = await rights_of(node, student_id)
    if rights is None:
        raise NoSuchStudent
    found = next((one for one in rights.preferences if one.id == preference_id), None)
    if found is None:
        raise NoSuchPreference
    return rights, found


def _back_form(
    handle: str, rights: StudentRights, preference: Preference, frame: Frame, kept: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    _ = frame.translate
    person_id = _who_takes_back(rights, preference)
    holders = [holder_name(one, frame) for one in rights.held_by if one.person_id == person_id]
    return frame.page(
        "act.html",
        status=422 if wrong else 200,
        title=_("Take an opt-out back"),
        lede=_("From now on the law’s own rule counts again, as if nobody had said no."),
        facts=[
            (_("For whom"), f"{holders[0] if holders else _('Somebody whose rights have ended')}, {person_id}"),
            (_("What was said"), _(PREFERENCE_KINDS[preference.of.kind])),
            (_("Given on"), frame.viewing.instant(preference.recorded_at)),
        ],
        undo=_("It is not: the family opts out again."),
        fields=identity_fields(frame, evidence=_("What shows that they asked for it")),
        kept=kept,
        wrong=wrong,
        action=RESCINDING.format(handle=handle, preference_id=preference.id),
        button=_("Take the opt-out back"),
        danger=True,
        back=ONE.format(handle=handle),
    )
