"""All that was said and asked about one student: for staff who answer a parent, and for the family member behind a one-time link."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.rights import ShownInPersonOnly
from safepassage.wire_rights import RightsFile
from services.privacy.amendments import amendment_of
from services.privacy.consent_records import standing_consent
from services.privacy.hearings import hearing_of
from services.privacy.inspections import inspection_of
from services.privacy.opt_outs import open_preference, preferences_of
from services.privacy.policy import rights_role
from services.privacy.rights import Held, StaffOrFamily, visible_requests, with_events, zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts
from services.privacy.tables import ConsentRow, PreferenceRow, RightsRequestRow
from shared.caller import Caller
from shared.contracts.privacy import SubjectFacts
from shared.database import ReadOnly
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/students", tags=["rights"])

MOST: Final = 200
"""Of each kind."""
PROTECTED: Final = "protected-address"


@router.get("/{student_id}/rights-file", responses=responses(NoSuchStudent, RightsNotHeld, ShownInPersonOnly))
async def read_rights_file(student_id: UUID, request: Request, caller: StaffOrFamily, tx: ReadOnly, now: Now) -> RightsFile:
    """Consents, opt-outs and refusals, requests to inspect and amend, and hearings of one student, with what became of each."""
    sealer: Sealer = request.app.state.sealer
    subject = await callers_subject(tx, caller, student_id)
    require_standing(caller, open_facts(sealer, subject), now=now)

    consents = select(ConsentRow).where(ConsentRow.student_id == student_id).order_by(ConsentRow.id.desc()).limit(MOST)
    preferences = preferences_of(caller).where(PreferenceRow.student_id == student_id).order_by(PreferenceRow.id.desc()).limit(MOST)

    async def requests(kind: Literal["inspection", "amendment", "hearing"]) -> Sequence[Held]:
        query = visible_requests(caller, kind).where(RightsRequestRow.student_id == student_id)
        rows = await tx.scalars(query.order_by(RightsRequestRow.id.desc()).limit(MOST))
        return await with_events(tx, sealer, rows.all())

    return RightsFile(
        student_id=student_id,
        consents=tuple([await standing_consent(tx, sealer, row) for row in await tx.scalars(consents)]),
        preferences=tuple([open_preference(sealer, row) for row in await tx.scalars(preferences)]),
        inspections=tuple(map(inspection_of, await requests("inspection"))),
        amendments=tuple(map(amendment_of, await requests("amendment"))),
        hearings=tuple([hearing_of(held, await zone_name_of(tx, held.row.custodian_id)) for held in await requests("hearing")]),
    )


def require_standing(caller: Caller, facts: SubjectFacts, *, now: Now) -> None:
    """A family member holds the student's rights at this instant, and nothing protects the student's whereabouts. Staff may always look.

    Raises RightsNotHeld, ShownInPersonOnly.

    INVARIANT: asked each time, so that a page ends with the rights: at 18, by a court's order, or when the address becomes protected.
    """
    family = caller.claims.family
    if family is None:
        return
    if rights_role(facts, family.person_id, now=now) is None:
        raise RightsNotHeld
    if PROTECTED in facts.flags:
        raise ShownInPersonOnly
