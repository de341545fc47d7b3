"""A family asks for a hearing, after the agency refused to correct the record (34 CFR 99.21(a))."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.problems.rights import NoSuchRightsRequest
from safepassage.wire_rights import Amendment, NewHearing, RightsFile
from services.gateway.console.acts import Act
from services.gateway.family.acts import FamilyAct, done
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.requests import FORM, HEARING, PATH, reference_of, shown_request, today_of
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)

REFUSED: Final = "refused"
"""The state of an amendment after which there is a right to be heard, and before a hearing was asked for."""


@router.get(HEARING, response_model=None, responses=page_responses(200, 404))
async def ask_family_hearing(amendment_id: UUID, frame: Framed, file: TheirFile) -> Response:
    """What a hearing is, before it is asked for."""
    return _hearing(_refused(file, amendment_id), frame).page(frame)


@router.post(HEARING, response_model=None, status_code=303, responses=page_responses(303, 404, 409), openapi_extra=FORM)
async def request_family_hearing(amendment_id: UUID, form: Act, frame: Framed, node: FamilyNode, file: TheirFile) -> Response:
    """Ask for it: its clock begins. Again with the same form is no second one."""
    act = _hearing(_held(file, amendment_id), frame)
    body = NewHearing(
        amendment_id=amendment_id, acting_for=frame.member.acting_for, received_on=today_of(frame), request_ref=reference_of(frame)
    )
    return await done(frame, node, act, form, "POST", "/v1/hearings", body)


def _hearing(amendment: Amendment, frame: FamilyFrame) -> FamilyAct:
    _: Callable[[str], str] = frame.translate
    shown = shown_request(amendment, frame)
    return FamilyAct(
        title=_("Ask for a hearing"),
        lede=_("Somebody who has no stake in it hears you. You can bring proof, and somebody who helps you or speaks for you."),
        facts=[
            (_("What you asked for"), shown.name),
            (_("Which parts"), ", ".join(shown.parts)),
            (_("When"), shown.asked_on),
            (
                _("What comes next"),
                _("They tell you the day and the place ahead of time. After the hearing they decide in writing and say why."),
            ),
        ],
        action=HEARING.format(amendment_id=amendment.id),
        button=_("Ask for a hearing"),
        back=PATH,
    )


def _held(file: RightsFile, amendment_id: UUID) -> Amendment:
    """INVARIANT: of the family's own file; another's is not there."""
    found = next((one for one in file.amendments if one.id == amendment_id), None)
    if found is None:
        raise NoSuchRightsRequest
    return found


def _refused(file: RightsFile, amendment_id: UUID) -> Amendment:
    """One that was refused and on which no hearing was asked for. Raises NoSuchRightsRequest."""
    found = _held(file, amendment_id)
    if found.state != REFUSED:
        raise NoSuchRightsRequest
    return found
