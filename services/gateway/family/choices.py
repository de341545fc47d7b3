"""A family's choices: what somebody may have because they said yes, and what nobody may have because they said no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.privacy import NoSuchConsent
from safepassage.problems.rights import NoSuchPreference
from safepassage.wire_directory import DirectoryOptOut, DisclosureRefusal, Preference, RecruiterOptOut
from safepassage.wire_log import Party
from safepassage.wire_policy import Consent, ConsentWithdrawal
from safepassage.wire_rights import ConsentNarrowing, Rescission, RightsFile
from services.gateway.console.acts import Act
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.words import spaced, word
from services.gateway.family.acts import CHOOSE_ONE, REASON, FamilyAct, Question, chosen, done, require_one_of, said
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.record_page import Names, names_of, party_name
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)

PATH: Final = "/family/choices"
WITHDRAWAL: Final = "/family/choices/consents/{consent_id}/withdrawal"
NARROWING: Final = "/family/choices/consents/{consent_id}/narrowing"
OPT_OUT: Final = "/family/choices/opt-outs/{kind}"
RESCISSION: Final = "/family/choices/opt-outs/{preference_id}/rescission"

FORM: Final = form_of({"token": "Of the page", "act": "Key of the form"})

OPT_OUTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "directory": (
        word("Basic information"),
        word("The school may give out basic information, like a name or an honor, without asking. You can say no."),
        word("Do not give out basic information"),
    ),
    "military": (
        word("The military"),
        word("The military may ask for name, address and phone. You can say no."),
        word("Do not give it to the military"),
    ),
    "higher-education": (
        word("Colleges"),
        word("Colleges may ask for name, address and phone. You can say no."),
        word("Do not give it to colleges"),
    ),
}
"""What one can opt out of: its name, what it is, and the button."""


@dataclass(frozen=True)
class ShownConsent:
    """A consent, as it stands."""

    id: UUID
    who: str
    by: str
    state: str
    tone: str
    use: tuple[str, ...]
    data: tuple[str, ...]
    until: str
    in_force: bool
    may_shrink: bool


@dataclass(frozen=True)
class ShownOptOut:
    """Something that one can opt out of, and where it stands."""

    kind: str
    name: str
    about: str
    state: str
    opted_out: bool
    """Of all of it: there is no more to say no to."""
    taken_back_at: str
    """The page on which it is taken back; empty where this person cannot."""


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_family_choices(frame: Framed, file: TheirFile, done: Annotated[str | None, Query(max_length=8)] = None) -> Response:
    """What was allowed, and what was refused."""
    names = await names_of(frame, {_party(consent.recipient_id) for consent in file.consents})
    return frame.page(
        "choices.html",
        consents=[shown_consent(one, names, frame) for one in file.consents],
        opt_outs=[shown_opt_out(kind, file, frame) for kind in OPT_OUTS],
        refusals=sum(isinstance(one.of, DisclosureRefusal) and one.rescinded_at is None for one in file.preferences),
        was_done=done is not None,
    )


def shown_consent(consent: Consent, names: Names, frame: FamilyFrame) -> ShownConsent:
    """Pure but for the reader's language."""
    _: Callable[[str], str] = frame.translate
    over = consent.expires_at is not None and consent.expires_at <= frame.viewing.now
    in_force = consent.withdrawn_at is None and not over
    mine = consent.acting_for.person_id == frame.member.acting_for.person_id
    return ShownConsent(
        id=consent.id,
        who=party_name(_party(consent.recipient_id), names, _),
        by=_("You said yes.") if mine else _("Another person with rights said yes."),
        state=_("You allow it") if in_force else _("It ended") if consent.withdrawn_at is None else _("Taken back"),
        tone="info" if in_force else "plain",
        use=tuple(_(PURPOSE_WORDS.get(one, spaced(one))) for one in consent.purposes),
        data=tuple(_element(one, _) for one in consent.elements),
        until="" if consent.expires_at is None else frame.viewing.instant(consent.expires_at),
        in_force=in_force,
        may_shrink=in_force and (len(consent.elements) > 1 or len(consent.purposes) > 1),
    )


def shown_opt_out(kind: str, file: RightsFile, frame: FamilyFrame) -> ShownOptOut:
    """Where it stands. Only who said it takes it back here; of what was said no to in part, one may still say no to the rest."""
    _: Callable[[str], str] = frame.translate
    name, about, _button = OPT_OUTS[kind]
    standing = [one for one in file.preferences if one.rescinded_at is None and covers(one, kind)]
    whole = [one for one in standing if not isinstance(one.of, DirectoryOptOut) or one.of.elements is None]
    mine = [one for one in whole or standing if one.of.acting_for.person_id == frame.member.acting_for.person_id]
    back = RESCISSION.format(preference_id=mine[0].id) if mine else ""
    if whole:
        state = _("You said no") if mine else _("Somebody said no")
    else:
        state = _("Somebody said no to a part of it") if standing else _("Nobody said no")
    return ShownOptOut(kind, _(name), _(about), state, bool(whole), back)


def covers(preference: Preference, kind: str) -> bool:
    """Whether what was said opts out of a kind, or of a part of it."""
    if isinstance(preference.of, DirectoryOptOut):
        return kind == "directory"
    return kind != "directory" and isinstance(preference.of, RecruiterOptOut) and preference.of.recruiters in (kind, "both")


@router.get(WITHDRAWAL, response_model=None, responses=page_responses(200, 404))
async def ask_family_withdrawal(consent_id: UUID, frame: Framed, file: TheirFile) -> Response:
    """Before a consent is taken back."""
    return (await _withdrawal(_consent(file, consent_id), frame)).page(frame)


@router.post(WITHDRAWAL, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def withdraw_family_consent(consent_id: UUID, form: Act, frame: Framed, node: FamilyNode, file: TheirFile) -> Response:
    """Take a consent back."""
    act = await _withdrawal(_consent(file, consent_id), frame)
    body = ConsentWithdrawal(acting_for=frame.member.acting_for, reason=REASON)
    return await done(frame, node, act, form, "POST", f"/v1/consents/{consent_id}/withdrawal", body)


async def _withdrawal(consent: Consent, frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    return FamilyAct(
        title=_("Take your yes back?"),
        lede=_("From now on, nothing more goes out because of it. What was sent before stays with those who have it."),
        facts=await _facts(consent, frame),
        action=WITHDRAWAL.format(consent_id=consent.id),
        button=_("Take it back"),
        back=PATH,
    )


@router.get(NARROWING, response_model=None, responses=page_responses(200, 404))
async def ask_family_narrowing(consent_id: UUID, frame: Framed, file: TheirFile) -> Response:
    """Which part of a consent is to stay."""
    consent = _consent(file, consent_id)
    act = await _narrowing(consent, frame)
    return act.page(frame, kept={f"{one.name}.{code}": "yes" for one in act.questions for code, _word in one.options})


@router.post(NARROWING, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def narrow_family_consent(consent_id: UUID, form: Act, frame: Framed, node: FamilyNode, file: TheirFile) -> Response:
    """Leave a part of a consent."""
    act = await _narrowing(_consent(file, consent_id), frame)
    elements, purposes = (chosen(form, question) for question in act.questions)
    if not elements or not purposes:
        return act.page(frame, kept=form.fields, wrong=frame.translate(CHOOSE_ONE))
    body = ConsentNarrowing(acting_for=frame.member.acting_for, reason=REASON, elements=elements, purposes=purposes)
    return await done(frame, node, act, form, "POST", f"/v1/consents/{consent_id}/narrowing", body)


async def _narrowing(consent: Consent, frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    return FamilyAct(
        title=_("Allow less?"),
        lede=_("Take the check away from what you do not want to allow any more. You cannot add it again here."),
        facts=(await _facts(consent, frame))[:1],
        questions=(
            Question("data", _("Which information may go out"), [(one, _element(one, _)) for one in consent.elements]),
            Question("use", _("What it may be used for"), [(one, _(PURPOSE_WORDS.get(one, spaced(one)))) for one in consent.purposes]),
        ),
        action=NARROWING.format(consent_id=consent.id),
        button=_("Allow only what is checked"),
        back=PATH,
    )


@router.get(OPT_OUT, response_model=None, responses=page_responses(200, 404))
async def ask_family_opt_out(kind: str, frame: Framed, _: TheirFile) -> Response:
    """Before somebody says no."""
    return _opt_out(kind, frame).page(frame)


@router.post(OPT_OUT, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def record_family_opt_out(kind: str, form: Act, frame: Framed, node: FamilyNode, _: TheirFile) -> Response:
    """Say no."""
    act, member, now = _opt_out(kind, frame), frame.member, frame.viewing.now
    document = said(title=act.title, lede=act.lede, link=member.link_id, at=now.isoformat())
    about = {"student_id": member.student_id, "acting_for": member.acting_for, "document": document, "received_at": now}
    body = DirectoryOptOut(**about) if kind == "directory" else RecruiterOptOut.model_validate(about | {"recruiters": kind})
    return await done(frame, node, act, form, "POST", "/v1/preferences", body)


def _opt_out(kind: str, frame: FamilyFrame) -> FamilyAct:
    require_one_of(kind, list(OPT_OUTS), "kind")
    name, about, button = map(frame.translate, OPT_OUTS[kind])
    lede = frame.translate("This stays until you take it back, also when the student leaves the school.")
    return FamilyAct(title=button, lede=lede, facts=[(name, about)], action=OPT_OUT.format(kind=kind), button=button, back=PATH)


@router.get(RESCISSION, response_model=None, responses=page_responses(200, 404))
async def ask_family_rescission(preference_id: UUID, frame: Framed, file: TheirFile) -> Response:
    """Before a no is taken back."""
    return _rescission(_preference(file, preference_id), frame).page(frame)


@router.post(RESCISSION, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def rescind_family_preference(preference_id: UUID, form: Act, frame: Framed, node: FamilyNode, file: TheirFile) -> Response:
    """Take a no back."""
    act = _rescission(_preference(file, preference_id), frame)
    body = Rescission(acting_for=frame.member.acting_for, reason=REASON)
    return await done(frame, node, act, form, "POST", f"/v1/preferences/{preference_id}/rescission", body)


def _rescission(preference: Preference, frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    kinds = [kind for kind in OPT_OUTS if covers(preference, kind)]
    return FamilyAct(
        title=_("Take your no back?"),
        lede=_("From now on, the school may give this out again without asking you."),
        facts=[(_(OPT_OUTS[kind][0]), _(OPT_OUTS[kind][1])) for kind in kinds],
        action=RESCISSION.format(preference_id=preference.id),
        button=_("Take my no back"),
        back=PATH,
    )


def _consent(file: RightsFile, consent_id: UUID) -> Consent:
    """INVARIANT: of the family's own file; another's is not there."""
    found = next((one for one in file.consents if one.id == consent_id), None)
    if found is None:
        raise NoSuchConsent
    return found


def _preference(file: RightsFile, preference_id: UUID) -> Preference:
    found = next((one for one in file.preferences if one.id == preference_id), None)
    if found is None:
        raise NoSuchPreference
    return found


async def _facts(consent: Consent, frame: FamilyFrame) -> list[tuple[str, str]]:
    shown = shown_consent(consent, await names_of(frame, {_party(consent.recipient_id)}), frame)
    _: Callable[[str], str] = frame.translate
    return [(_("Who may have it"), shown.who), (_("Which information"), ", ".join(shown.data)), (_("What it is for"), ", ".join(shown.use))]


def _element(element: str, _: Callable[[str], str]) -> str:
    return _(ELEMENT_WORDS.get(element, spaced(element.rpartition(".")[2])))


def _party(recipient: str) -> Party:
    entity, hash_, _id = recipient.rpartition("#")
    return Party(organisation=recipient, node=entity if hash_ else None)
