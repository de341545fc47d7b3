"""Matches that wait for a person: a false match gives a record to strangers, so where doubt is left nobody but a person decides."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import ColumnElement, Connection, Select, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from safepassage.ids import uuid7
from safepassage.problems.records import MatchResolved, NoSuchMatch, NotACandidate
from safepassage.problems.requests import InvalidRequest
from safepassage.record.loads import MatchDoubt, MatchKind, MatchOrder, MatchPage, MatchResolution, MatchReview
from services.records.logged import match_event, union_event
from services.records.tables import MatchCandidateRow, MatchReviewRow, OrganisationRow, StudentRow
from services.records.unions import hold, tell_of_children, unite
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.keyset import behind
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/matches", tags=["matches"])

_IS_PROPOSAL = MatchReviewRow.request_id == MatchReviewRow.id

Resolver = Annotated[Caller, caller_with("matches:resolve")]

OnMatchResolved = Callable[[AsyncSession, UUID, UUID | None, datetime], Awaitable[None]]
"""`app.state.on_match_resolved`: what goes on when a person has said it, in the same transaction (the exchange sets it)."""


def open_review(
    connection: Connection,
    *,
    request_id: UUID | None,
    student_ids: Sequence[UUID],
    reasons: Sequence[str],
    expires_at: datetime,
    now: datetime,
) -> UUID:
    """Ask a person about a request; asking again for the same request changes nothing. Gives the match's id.

    request_id  None: about records of this node (the caller adds the MergeProposalRow)
    """
    identifier = uuid7(now)
    if request_id is not None:
        query = select(MatchReviewRow.id).where(MatchReviewRow.request_id == request_id)
        held: UUID | None = connection.execute(query).scalar_one_or_none()
        if held is not None:
            return held
    review = {
        "id": identifier,
        "request_id": request_id or identifier,
        "reasons": ",".join(reasons),
        "opened_at": now,
        "expires_at": expires_at,
    }
    connection.execute(insert(MatchReviewRow).values(review))
    if student_ids:
        candidates = [{"match_id": identifier, "student_id": student_id} for student_id in student_ids]
        connection.execute(insert(MatchCandidateRow), candidates)
    return identifier


@router.get("", responses=responses(InvalidRequest))
async def list_matches(
    caller: Resolver,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    kind: Annotated[MatchKind | None, Query(description="Only those of one question; by default both.")] = None,
    doubt: Annotated[MatchDoubt | None, Query(description="Only those with this among their reasons.")] = None,
    ends_within_days: Annotated[int | None, Query(ge=1, le=366, description="Only those that end within so many days.")] = None,
    sort: Annotated[MatchOrder, Query(description="By which instant; with a minus the latest first.")] = "opened_at",
) -> MatchPage:
    """The matches that wait for a person of the caller's organisation, the oldest first unless asked otherwise."""
    bound_to = f"matches:{caller.client_id}:{kind}:{doubt}:{ends_within_days}:{sort}"
    position = request.app.state.cursors.read(cursor, bound_to=bound_to)
    query = reviews_of(caller).where(MatchReviewRow.outcome.is_(None), MatchReviewRow.expires_at > now)
    if kind is not None:
        query = query.where(_IS_PROPOSAL if kind == "records" else ~_IS_PROPOSAL)
    if doubt is not None:
        query = query.where(("," + MatchReviewRow.reasons + ",").contains(f",{doubt},", autoescape=True))
    if ends_within_days is not None:
        query = query.where(MatchReviewRow.expires_at <= now + timedelta(days=ends_within_days))
    by_end = sort.endswith("expires_at")
    columns: tuple[Any, ...] = (MatchReviewRow.expires_at, MatchReviewRow.id) if by_end else (MatchReviewRow.id,)
    last = None if position is None else [*([datetime.fromisoformat(position["at"])] * by_end), UUID(position["id"])]
    rows = (await tx.execute(behind(query, columns, last, sort=sort).limit(limit + 1))).scalars().all()
    if len(rows) > limit:
        end = rows[limit - 1]
        after = request.app.state.cursors.sign({"at": end.expires_at.isoformat(), "id": str(end.id)}, bound_to=bound_to)
        asked = {"limit": limit, "kind": kind, "doubt": doubt, "ends_within_days": ends_within_days, "sort": sort, "cursor": after}
        response.headers["link"] = next_link("/v1/matches", {name: value for name, value in asked.items() if value is not None})
    ids = [row.id for row in rows[:limit]]
    candidates = await candidates_of_reviews(tx, ids)
    return MatchPage(matches=tuple(said(row, candidates[row.id]) for row in rows[:limit]))


@router.post("/{match_id}/resolution", responses=responses(NoSuchMatch, MatchResolved, NotACandidate))
async def resolve_match(
    match_id: UUID,
    resolution: MatchResolution,
    caller: Resolver,
    request: Request,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> MatchReview:
    """Say which candidate the child is, or that none of them is.

    It cannot be taken back for a request: what follows may leave at once. Two records that are united can be separated again.
    """
    row = await _locked(tx, caller, match_id)
    candidates = (await candidates_of_reviews(tx, [row.id]))[row.id]
    if await once.earlier(tx, caller, "resolve_match") is not None:
        return said(row, candidates)
    if row.outcome is not None or row.expires_at <= now:
        raise MatchResolved
    if resolution.student_id is not None and resolution.student_id not in candidates:
        raise NotACandidate(field="student_id")
    row.outcome, row.student_id = ("none" if resolution.student_id is None else "student"), resolution.student_id
    row.resolved_by, row.resolved_at = caller.client_id, now
    await once.keep(tx, caller, "resolve_match", row.id, now)
    student = None if row.student_id is None else (row.student_id, (await tx.get_one(StudentRow, row.student_id)).custodian_id)
    request.app.state.outbox.record(
        tx, match_event(caller, match_id=row.id, outcome=row.outcome, reason=resolution.reason, student=student)
    )
    if _is_proposal(row) and row.student_id is not None:
        await _unite(request, caller, tx, leading_id=row.student_id, candidates=candidates, now=now)
    elif not _is_proposal(row):
        on_match_resolved: OnMatchResolved = request.app.state.on_match_resolved
        await on_match_resolved(tx, row.request_id, row.student_id, now)
    return said(row, candidates)


async def _locked(tx: AsyncSession, caller: Caller, match_id: UUID) -> MatchReviewRow:
    """The review, behind its candidates: whoever destroys one of them locks in this order too, so that no two wait for each other.

    Raises NoSuchMatch.
    """
    mine = review_of(caller, match_id)
    if (await tx.execute(mine.with_only_columns(MatchReviewRow.id))).scalar_one_or_none() is None:
        raise NoSuchMatch
    about = (await candidates_of_reviews(tx, [match_id]))[match_id]
    await tx.run_sync(lambda session: hold(session.connection(), about))
    row = (await tx.execute(mine.with_for_update())).scalar_one_or_none()
    if row is None:
        raise NoSuchMatch
    return row


async def _unite(
    request: Request, caller: Caller, tx: AsyncSession, *, leading_id: UUID, candidates: Sequence[UUID], now: datetime
) -> None:
    await tx.flush()
    for other_id in candidates:
        if other_id == leading_id:
            continue
        united = partial(_united, leading_id=leading_id, other_id=other_id, by=caller.client_id, now=now)
        union_id = await tx.run_sync(united)
        query = select(StudentRow.id, StudentRow.custodian_id).where(StudentRow.id.in_((leading_id, other_id))).order_by(StudentRow.id)
        students = [(row.id, row.custodian_id) for row in await tx.execute(query)]
        event = union_event(client_actor(caller.claims), union_id=union_id, operation="records-united", students=students)
        request.app.state.outbox.record(tx, event)
    await tell_of_children(request, tx, (leading_id,), now)


def reviews_of(caller: Caller) -> Select[MatchReviewRow]:
    """Matches of which every candidate's record is kept by the caller's organisation or below it."""
    return _all_kept(caller, StudentRow.custodian_id.in_(within(OrganisationRow, caller.organisation_id)))


def review_of(caller: Caller, match_id: UUID) -> Select[MatchReviewRow]:
    """One of them, by its id."""
    own = belongs_to(StudentRow.custodian_id, OrganisationRow, caller.organisation_id)
    return _all_kept(caller, own).where(MatchReviewRow.id == match_id)


def _all_kept(caller: Caller, reached: ColumnElement[bool]) -> Select[MatchReviewRow]:
    """# INVARIANT: where every candidate was destroyed meanwhile, it is no district's: it tells still whom somebody asked for."""
    candidates = select(MatchCandidateRow.student_id).where(MatchCandidateRow.match_id == MatchReviewRow.id)
    others = candidates.join(StudentRow, StudentRow.id == MatchCandidateRow.student_id).where(~reached)
    query = select(MatchReviewRow).where(~exists(others))
    return query if caller.kind == "sea" else query.where(exists(candidates))


async def candidates_of_reviews(tx: AsyncSession, match_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """The ids of the candidates of each match, in their order."""
    found: dict[UUID, list[UUID]] = {match_id: [] for match_id in match_ids}
    query = select(MatchCandidateRow.match_id, MatchCandidateRow.student_id).where(MatchCandidateRow.match_id.in_(match_ids))
    for row in await tx.execute(query):
        found[row.match_id].append(row.student_id)
    return {match_id: tuple(sorted(students)) for match_id, students in found.items()}


def _united(session: Session, *, leading_id: UUID, other_id: UUID, by: str, now: datetime) -> UUID:
    return unite(session.connection(), leading_id=leading_id, other_id=other_id, by=by, now=now)


def _is_proposal(row: MatchReviewRow) -> bool:
    """It is about two records of this node."""
    return row.request_id == row.id


def said(row: MatchReviewRow, candidates: tuple[UUID, ...]) -> MatchReview:
    """The match as it is told."""
    return MatchReview.model_validate(
        {
            "id": row.id,
            "kind": "records" if _is_proposal(row) else "request",
            "request_id": None if _is_proposal(row) else row.request_id,
            "candidates": candidates,
            "reasons": tuple(row.reasons.split(",")),
            "opened_at": row.opened_at,
            "expires_at": row.expires_at,
            "outcome": row.outcome,
            "student_id": row.student_id,
            "resolved_at": row.resolved_at,
        }
    )
