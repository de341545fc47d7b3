"""A family's consents, as they stand, and taken back: whole, or a part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.problems.privacy import NoSuchConsent
from safepassage.wire_log import Party
from safepassage.wire_policy import Consent, ConsentWithdrawal
from safepassage.wire_rights import ConsentNarrowing, RightsFile
from services.gateway.console.acts import Act
from services.gateway.console.element_words import ELEMENT_WORDS
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.words import spaced
from services.gateway.family.acts import CHOOSE_ONE, REASON, FamilyAct, Question, chosen, done
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.record_page import Names, names_of, party_name
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)

PATH: Final = "/family/choices"
WITHDRAWAL: Final = "/family/choices/consents/{consent_id}/withdrawal"
NARROWING: Final = "/family/choices/consents/{consent_id}/narrowing"

FORM: Final = form_of({"token": "Of the page", "act": "Key of the form"})


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


def shown_consent(consent: Consent, names: Names, frame: FamilyFrame) -> ShownConsent:
    """Pure but for the reader's language."""
    _: Callable[[str], str] = frame.translate
    over = consent.expires_at is not None and consent.expires_at <= frame.viewing.now
    in_force = consent.withdrawn_at is None and not over
    mine = consent.acting_for.person_id == frame.member.acting_for.person_id
    return ShownConsent(
        id=consent.id,
        who=party_name(party_of(consent.recipient_id), names, _),
        by=_("You said yes.") if mine else _("Another person with rights said yes."),
        state=_("You allow it") if in_force else _("It ended") if consent.withdrawn_at is None else _("Taken back"),
        tone="info" if in_force else "plain",
        use=tuple(_(PURPOSE_WORDS.get(one, spaced(one))) for one in consent.purposes),
        data=tuple(_element(one, _) for one in consent.elements),
        until="" if consent.expires_at is None else frame.viewing.instant(consent.expires_at),
        in_force=in_force,
        may_shrink=in_force and (len(consent.elements) > 1 or len(consent.purposes) > 1),
    )


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


def _consent(file: RightsFile, consent_id: UUID) -> Consent:
    """INVARIANT: of the family's own file; another's is not there."""
    found = next((one for one in file.consents if one.id == consent_id), None)
    if found is None:
        raise NoSuchConsent
    return found


async def _facts(consent: Consent, frame: FamilyFrame) -> list[tuple[str, str]]:
    shown = shown_consent(consent, await names_of(frame, {party_of(consent.recipient_id)}), frame)
    _: Callable[[str], str] = frame.translate
    return [(_("Who may have it"), shown.who), (_("Which information"), ", ".join(shown.data)), (_("What it is for"), ", ".join(shown.use))]


def _element(element: str, _: Callable[[str], str]) -> str:
    return _(ELEMENT_WORDS.get(element, spaced(element.rpartition(".")[2])))


def party_of(recipient: str) -> Party:
    entity, hash_, _id = recipient.rpartition("#")
    return Party(organisation=recipient, node=entity if hash_ else None)
