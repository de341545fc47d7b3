"""What a family may say no to, where that stands, and taking a no back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.problems.rights import NoSuchPreference
from safepassage.wire_directory import DirectoryOptOut, Preference, RecruiterOptOut
from safepassage.wire_rights import Rescission, RightsFile
from services.gateway.console.acts import Act
from services.gateway.console.words import word
from services.gateway.family.acts import REASON, FamilyAct, done, require_one_of, said
from services.gateway.family.consent_choices import FORM, PATH
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)

OPT_OUT: Final = "/family/choices/opt-outs/{kind}"
RESCISSION: Final = "/family/choices/opt-outs/{preference_id}/rescission"

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


def _preference(file: RightsFile, preference_id: UUID) -> Preference:
    found = next((one for one in file.preferences if one.id == preference_id), None)
    if found is None:
        raise NoSuchPreference
    return found
