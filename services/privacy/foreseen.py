"""What the facts of most questions are found by, known before the first of them is asked: PostgreSQL is then asked once (Database.see).

INVARIANT: it is what `services.privacy.facts.read_facts` reads, of one snapshot, or it is not used: whatever it asks beyond this, or for
other values, is read anew in a transaction.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Connection, String, bindparam, or_, select
from sqlalchemy import cast as as_type

from services.privacy.concerned_organisations import ATTENDANCE_MATTERS, CONCERNED, all_above, concerned_by
from services.privacy.debarments import AGAINST, recorded_against
from services.privacy.grounds import HEARD_ON, standing_kinds
from services.privacy.policy_schedule import DECIDING
from services.privacy.subjects import HELD_ONE
from services.privacy.tables import OrganisationRow, SubjectRow
from shared.contracts.privacy import DecisionRequest
from shared.database import Database
from shared.seen_together import NotSeen, Question, Seen

Found = TypeVar("Found")

_CUSTODIAN = select(SubjectRow.custodian_id).where(SubjectRow.student_id == bindparam("student_id"))
_UP = all_above(or_(OrganisationRow.id.in_(bindparam("identifiers", expanding=True)), OrganisationRow.id.in_(_CUSTODIAN)))
_ORGANISATIONS = select(OrganisationRow.whole).where(OrganisationRow.id.in_(select(_UP.c.id)))
_AGAINST_ANY = recorded_against(
    lambda party: or_(party.in_(bindparam("parties", expanding=True)), party.in_(select(as_type(_UP.c.id, String))))
)


async def read(
    database: Database,
    requests: Sequence[DecisionRequest],
    ask: Callable[[Connection], Found],
    *,
    beside: Sequence[Question] = (),
    always: Sequence[UUID | None],
    at: datetime,
) -> Found:
    """What `ask` makes of one snapshot (Database.read), in which it reads the facts of `requests`.

    beside  what else it asks there
    always  organisations that concern every request: the node's, and the asker's
    at      the instant before the snapshot, for the policy set in force then
    """
    is_foreseen = not database.is_sqlite and len(requests) == 1 and _is_foreseen(requests[0])
    seen = await _seen(database, requests[0], beside, always, at) if is_foreseen else None
    if seen is not None:
        try:
            return ask(cast(Connection, seen))  # shared.prepared asks it as it asks a connection
        except NotSeen:
            pass
    return await database.read(ask)


def _is_foreseen(request: DecisionRequest) -> bool:
    """Whether it names no more than a student and organisations."""
    named = (request.consent_id, request.agreement_id, request.educator, request.in_place_of)
    several = (request.other_consent_ids, request.evidence_ids, request.duty_ids)
    by_basis = request.basis in ATTENDANCE_MATTERS or request.basis in HEARD_ON or standing_kinds(request)
    return len(request.subjects) <= 1 and not by_basis and not any(several) and all(one is None for one in named)


async def _seen(
    database: Database, request: DecisionRequest, beside: Sequence[Question], always: Sequence[UUID | None], at: datetime
) -> Seen | None:
    # INVARIANT: of nobody as much is asked as of a student (services.records.exchange.nobody); what is known of nobody is in the request.
    known = () if request.nobody is None else (request.nobody,)
    identifiers = concerned_by(request, known, None, always)
    student: dict[str, Any] = {"student_id": request.subjects[0].student_id if request.subjects else UUID(int=0)}
    recipient = request.recipient
    concerned = {"identifiers": sorted(identifiers), **student}
    names = sorted({recipient.id, recipient.node or recipient.id})
    held, organisations, against = (HELD_ONE, student), (_ORGANISATIONS, concerned), (_AGAINST_ANY, {"parties": names, **concerned})
    seen = await database.see([held, organisations, against, (DECIDING, {"at": at}), *beside])
    if seen is None:
        return None
    custodians = {row.custodian_id for row in seen.rows(*held)}
    seen.answer(CONCERNED, {"identifiers": sorted(identifiers | custodians)}, seen.rows(*organisations))
    if not seen.rows(*against):  # nobody concerned is debarred, and none of them by whichever name
        seen.answer_whatever(AGAINST, [])
    return seen
