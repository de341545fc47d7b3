"""Looking a student up: by an identifier, or by name and date of birth, in the caller's own organisation; logged and limited.

Nobody browses children: what is not specific is refused, and each client has so many look-ups a minute.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select

from safepassage.ids import uuid7
from safepassage.problems.records import LookupNotSpecific, NoSuchStudent, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TooManyRequests
from safepassage.record.loads import FoundStudents, StudentLookup
from services.records.agency_days import Today
from services.records.logged import log_ahead, read_event
from services.records.lookup_tags import LookupTags
from services.records.normalisation import given_name, surname_forms
from services.records.tables import StudentRow, TagRow
from services.records.visibility import visible
from shared.caller import Caller, caller_with
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/students", tags=["students"])

Reader = Annotated[Caller, caller_with("records:read", "records:read:state")]

MOST_FOUND = 20
A_MINUTE = 60
MINUTE = timedelta(minutes=1)


class LookupLimit:
    """How many look-ups a client may make in a minute, in this process. `app.state.lookup_limit`."""

    def __init__(self, a_minute: int = A_MINUTE) -> None:
        self._a_minute = a_minute
        self._made: OrderedDict[str, deque[datetime]] = OrderedDict()

    def count(self, client_id: str, now: datetime) -> None:
        """Count one. Raises TooManyRequests."""
        made = self._made.setdefault(client_id, deque())
        self._made.move_to_end(client_id)
        while len(self._made) > 10_000:
            self._made.popitem(last=False)
        while made and made[0] <= now - MINUTE:
            made.popleft()
        if len(made) >= self._a_minute:
            raise TooManyRequests("too many look-ups", retry_after_seconds=int((made[0] + MINUTE - now).total_seconds()) + 1)
        made.append(now)


@router.post(
    "/lookup",
    responses=responses(LookupNotSpecific, NoSuchStudent, TooManyRequests, NotPermitted, PurposeMissing, LogUnavailable),
)
async def lookup_students(lookup: StudentLookup, caller: Reader, request: Request, now: Now, today: Today) -> FoundStudents:
    """Find students of the caller's own organisation. The look-up is on the log before it is answered, found or not."""
    state = request.app.state
    state.lookup_limit.count(caller.client_id, now)
    wanted = tags_of(state.vault.tags, lookup)
    async with state.database.reading() as tx:
        seen = visible(caller, today, named=True)
        query = select(StudentRow.id, StudentRow.custodian_id).where(seen).order_by(StudentRow.id).limit(MOST_FOUND + 1)
        for tags in wanted:
            query = query.where(StudentRow.id.in_(select(TagRow.student_id).where(TagRow.tag.in_(tags))))
        found: list[tuple[UUID, UUID]] = [(row.id, row.custodian_id) for row in await tx.execute(query)]
    if len(found) > MOST_FOUND:
        raise LookupNotSpecific("too many students are meant")
    event = read_event(
        caller, key=f"lookup:{uuid7(now)}", operation="student-lookup", students=found, outcome="found" if found else "not-found"
    )
    await log_ahead(request.app, caller, event, request.scope)
    return FoundStudents(students=tuple(student_id for student_id, _ in found))


def tags_of(tags: LookupTags, lookup: StudentLookup) -> list[frozenset[bytes]]:
    """Sets of tags, of each of which a student must have one. Raises LookupNotSpecific."""
    if lookup.identifier is not None:
        if lookup.first_name or lookup.last_name or lookup.birth_date:
            raise LookupNotSpecific("an identifier, or name and date of birth, not both")
        tag = tags.identifier(lookup.identifier.kind, lookup.identifier.system, lookup.identifier.value)
        if tag is None:
            raise LookupNotSpecific(field="identifier.value")
        return [frozenset({tag})]
    given, surnames = given_name(lookup.first_name), surname_forms(lookup.last_name or "")
    if given is None or not surnames or lookup.birth_date is None:
        raise LookupNotSpecific
    born = lookup.birth_date
    return [frozenset(tags.surname_and_birth(form, born) for form in surnames), frozenset({tags.given_and_birth(given, born)})]
