"""`GET /v1/matches/{match_id}`: what a person compares who says which child it is. Who looked at whom is on the log before it is told."""

from collections.abc import Callable, Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Connection, select

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchMatch
from safepassage.problems.requests import LogUnavailable
from safepassage.record.match_cases import MatchCase
from safepassage.wire_exchange import PersonSelector
from services.records.logged import log_ahead, read_event
from services.records.match_reviews import Resolver, candidates_of_reviews, review_of, said
from services.records.match_sides import ELEMENTS, rows_of, side_of_record, side_of_request
from services.records.matching_candidates import SECTIONS, records_of
from services.records.tables import StudentRow
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/matches", tags=["matches"])

SoughtByMatch = Callable[[Connection, UUID], PersonSelector | None]
"""`app.state.sought_by_match`: whom a match's request asks for; None where nothing says it any more (the exchange sets it)."""


@router.get("/{match_id}", responses=responses(NoSuchMatch, LogUnavailable))
async def read_match(match_id: UUID, caller: Resolver, request: Request, now: Now) -> MatchCase:
    """The child asked for and each candidate side by side, as far as matching compares them. A decided match is told too, while it is kept.

    A guardian's surname is told, and nothing else of anybody but the child; a name that a court has sealed is not.
    """
    state = request.app.state
    sought_by: SoughtByMatch = state.sought_by_match
    async with state.database.reading() as tx:
        row = (await tx.execute(review_of(caller, match_id))).scalar_one_or_none()
        if row is None:
            raise NoSuchMatch
        ids = (await candidates_of_reviews(tx, [row.id]))[row.id]
        query = select(StudentRow.id, StudentRow.custodian_id).where(StudentRow.id.in_(ids)).order_by(StudentRow.id)
        students = [(one.id, one.custodian_id) for one in await tx.execute(query)]
        review = said(row, ids)

        def opened(connection: Connection) -> tuple[PersonSelector | None, Sequence[tuple[UUID, object]]]:
            sought = None if review.request_id is None else sought_by(connection, review.request_id)
            return sought, records_of(connection, state.vault, ids, sections=SECTIONS)

        sought, records = await tx.run_sync(lambda session: opened(session.connection()))
    event = read_event(caller, key=f"match-read:{uuid7(now)}", operation="match-read", students=students, elements=ELEMENTS)
    await log_ahead(request.app, caller, event, request.scope)
    sides = [side_of_record(record) for _, record in records]
    return MatchCase(
        review=review,
        candidates=tuple(identifier for identifier, _ in records),
        is_sought_known=sought is not None,
        rows=rows_of(None if sought is None else side_of_request(sought), sides),
    )
