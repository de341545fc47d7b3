"""A family's choices: what somebody may have because they said yes, and what nobody may have because they said no."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_directory import DisclosureRefusal
from services.gateway.family.consent_choices import PATH, party_of, shown_consent
from services.gateway.family.frame import FamilyRoute, Framed
from services.gateway.family.opt_out_choices import OPT_OUTS, shown_opt_out
from services.gateway.family.record_page import names_of
from services.gateway.family.rights_file import TheirFile
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)


@router.get(PATH, response_model=None, responses=page_responses(200))
async def show_family_choices(frame: Framed, file: TheirFile, done: Annotated[str | None, Query(max_length=8)] = None) -> Response:
    """What was allowed, and what was refused."""
    names = await names_of(frame, {party_of(consent.recipient_id) for consent in file.consents})
    return frame.page(
        "choices.html",
        consents=[shown_consent(one, names, frame) for one in file.consents],
        opt_outs=[shown_opt_out(kind, file, frame) for kind in OPT_OUTS],
        refusals=sum(isinstance(one.of, DisclosureRefusal) and one.rescinded_at is None for one in file.preferences),
        was_done=done is not None,
    )
