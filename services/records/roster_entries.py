"""What a vendor reads: of students in reach of its agreement exactly the scheduled elements that are permitted, under its own pseudonyms.

A page is one decision for all of its students and one entry on the log, which is there before the page leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from safepassage.elements import BY_ID
from safepassage.problems.privacy import NoSuchAgreement
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.record.loads import RosterPage
from safepassage.unread_elements import FIELD as UNREAD
from safepassage.unread_elements import said
from safepassage.wire_policy import Agreement
from services.records.agency_days import Today
from services.records.disclosure import Released, agreement_of, decide, named_alone, read_by_party, released, within_token
from services.records.logged import log_all_ahead
from services.records.pseudonyms import pseudonyms_of
from services.records.reach import Reach, SealedStudent, districts_with_the_rest, left_among, students_in_reach
from services.records.record_sources import pieces_of
from shared.caller import Caller, caller_with
from shared.contracts.privacy import Decision
from shared.cursors import Cursor, Limit, next_link
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/roster-entries", tags=["roster entries"])

Vendor = Annotated[Caller, caller_with("records:read")]

PATH = "/v1/roster-entries"
AgreementId = Annotated[UUID, Query(description="The agreement under which to read.")]
Elements = Annotated[str | None, Query(max_length=4000, description="Elements, separated by commas; the whole schedule if left out.")]


@router.get(
    "",
    response_model=RosterPage,
    responses=responses(NoSuchAgreement, NotPermitted, PurposeMissing, InvalidRequest, LogUnavailable, TemporarilyUnavailable),
)
async def read_roster_entries(
    caller: Vendor,
    request: Request,
    now: Now,
    today: Today,
    agreement_id: AgreementId,
    elements: Elements = None,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> Response:
    """A page of students in reach of an agreement, with what it schedules of them, policy by policy and student by student."""
    if caller.kind not in ("vendor", "agency"):
        raise NotPermitted("roster entries are for parties to an agreement; read your own students with GET /v1/students/{id}")
    if caller.purpose is None:
        raise PurposeMissing
    state = request.app.state
    agreement = await agreement_of(request, caller, agreement_id)
    asked = _asked(elements, agreement)
    wanted = within_token(caller, [element for element in asked if element in agreement.elements])
    bound_to = f"roster-entries:{caller.client_id}:{agreement_id}:{elements or ''}"
    after = _position(request, cursor, bound_to)

    def found(connection: Connection) -> tuple[list[SealedStudent], tuple[UUID, ...]]:
        reach = Reach(agreement.district_ids, today)
        students = students_in_reach(connection, reach, wanted, after=after, limit=limit + 1)
        return students, districts_with_the_rest(connection, agreement.district_ids)

    students, left = await state.database.read(found)
    page, links = students[:limit], {}
    if len(students) > limit:
        # The position is a student's own id, which never leaves: it is sealed inside the signed cursor.
        sealed = state.vault.seal_text(str(page[-1].student_id))
        query: dict[str, str | int] = {"agreement_id": str(agreement_id), "limit": limit}
        query |= {"elements": elements} if elements else {}
        links = {"link": next_link(PATH, query | {"cursor": state.cursors.sign({"after": sealed}, bound_to=bound_to)})}
    decision = await decide(request, caller, agreement, wanted, page) if page and wanted else None
    whose = {} if decision is None or not left else left_among(state.vault, decision, page, wanted=wanted)
    none = Disclosed([], (), ())
    entries, with_source, in_part = none if decision is None else await _disclose(request, caller, agreement, decision, page, whose, now)
    links |= {UNREAD: said(in_part)} if in_part else {}
    head = RosterPage(
        agreement_id=agreement_id,
        decision_id=None if decision is None else decision.id,
        not_scheduled=tuple(element for element in asked if element not in agreement.elements),
        left_with_districts=left,
        left_with_source=with_source,
        students=(),
    )
    pieces = [head.model_dump_json().encode().removesuffix(b"]}")]
    for entry in entries:
        pieces += pieces_of(entry)
        pieces.append(b",")
    if entries:
        pieces.pop()
    pieces.append(b"]}")
    return Response(b"".join(pieces), media_type="application/json", headers=links)


def _asked(elements: str | None, agreement: Agreement) -> list[str]:
    if elements is None:
        return list(agreement.elements)
    asked = list(dict.fromkeys(part.strip() for part in elements.split(",")))
    if not set(asked) <= set(BY_ID):
        raise InvalidRequest("names something that is not an element", field="elements")
    return asked


def _position(request: Request, cursor: str | None, bound_to: str) -> UUID | None:
    position = request.app.state.cursors.read(cursor, bound_to=bound_to)
    return None if position is None else UUID(request.app.state.vault.open_text(position["after"]))


class Disclosed(NamedTuple):
    """What leaves of a page."""

    entries: list[dict[str, Any]]
    with_source: tuple[UUID, ...]
    """Pseudonyms of whom the rest is with their district's own system."""
    in_part: tuple[str, ...]
    """Elements of which of somebody among them a peer of a later version said more than was read."""


async def _disclose(
    request: Request,
    caller: Caller,
    agreement: Agreement,
    decision: Decision,
    page: Sequence[SealedStudent],
    whose: Mapping[UUID, frozenset[str]],
    now: Now,
) -> Disclosed:
    """What is permitted of each student, once the log has the read; and of `whose` the rest is to be asked for one by one.

    whose  by student the elements that are permitted and not here. Who is named alone, of whom nothing else is, is on the log too
    """
    state = request.app.state
    leaving = released(state.vault, decision, page)
    there = {one.student.student_id for one in leaving}
    named = [Released(one, {}) for one in page if one.student_id in whose and one.student_id not in there]
    if not leaving and not named:
        return Disclosed([], (), ())
    pseudonyms = await pseudonyms_of(state.database, caller.organisation_id, [*there, *whose])
    events = [read_by_party(caller, agreement, decision, leaving, operation="roster-entries-read", now=now)] if leaving else []
    if named:
        event = read_by_party(caller, agreement, decision, named, operation="roster-entries-read", now=now)
        events.append(named_alone(event, {element for one in named for element in whose[one.student.student_id]}))
    await log_all_ahead(request.app, caller, events, request.scope)
    entries = [{"student": str(pseudonyms[one.student.student_id]), **one.document} for one in leaving]
    in_part = {element for one in leaving for element in one.in_part}
    return Disclosed(
        entries, tuple(pseudonyms[one] for one in whose), tuple(element for element in agreement.elements if element in in_part)
    )
