"""Statistics of a node's students: asked, charged to the asking organisation, put on the log, and told with noise."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import PurposeMissing, SealBroken
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.problems.statistics import BudgetSpent, NoSuchStatistics, StatisticsUnavailable, TableTooLarge
from safepassage.statistics_page import as_csv, as_page
from safepassage.wire_statistics import KeptStatistics, KeptStatisticsList, StatisticsAnswer, StatisticsBudget, StatisticsQuestion
from services.records.agency_days import Today
from services.records.logged import log_ahead
from services.records.reach import districts_with_the_rest
from services.records.settings import RecordsSettings
from services.records.statistics import ledger, table
from services.records.statistics.counting import counts
from services.records.statistics.noise import deviation_of, opendp
from services.records.statistics.population import Reach, coded_students
from services.records.tables import OrganisationRow, StatisticsAnswerRow
from services.records.visibility import STATE_SCOPE
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.database import Database
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import within

SCOPE: Final = "records:statistics"
MOST_LISTED: Final = 100

router = APIRouter(tags=["statistics"])

Asking = Annotated[Caller, caller_with(SCOPE)]


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The file.", "content": {media_type: {"schema": {"type": "string"}}}}}


_FILE_PROBLEMS: Final = responses(NotPermitted, PurposeMissing, NoSuchStatistics, LogUnavailable)


@router.post(
    "/v1/statistics",
    responses=responses(
        NotPermitted, PurposeMissing, BudgetSpent, TableTooLarge, StatisticsUnavailable, SealBroken, KeysUnavailable, LogUnavailable
    ),
)
async def ask_statistics(question: StatisticsQuestion, caller: Asking, request: Request, now: Now, today: Today) -> StatisticsAnswer:
    """How many students, and of whom how many, by group. A district is told of its own students, the state agency of all.

    Each answer tells at most `epsilon` of any one student, and is charged to the organisation's budget of the school year. The same
    question is answered alike until `again_on`, and costs nothing.
    """
    _require_reach(caller)
    opendp()
    database: Database = request.app.state.database
    settings: RecordsSettings = request.app.state.settings
    answer = await _given(database, caller, question, today)
    if answer is None:
        answer = await _made(request, caller, question, today, now, budget=settings.statistics_budget)
    await _log(request, caller, answer, "statistics", now)
    return answer


@router.get("/v1/statistics", responses=responses(NotPermitted, PurposeMissing))
async def list_statistics(caller: Asking, request: Request) -> KeptStatisticsList:
    """The answers that the caller's organisation was given, without their numbers, the newest first."""
    _require_reach(caller)
    database: Database = request.app.state.database
    own = select(StatisticsAnswerRow.answer).where(StatisticsAnswerRow.organisation_id == caller.organisation_id)
    async with database.reading() as tx:
        rows = (await tx.scalars(own.order_by(StatisticsAnswerRow.id.desc()).limit(MOST_LISTED))).all()
    answers = map(StatisticsAnswer.model_validate_json, rows)
    return KeptStatisticsList(
        answers=tuple(
            KeptStatistics(id=one.id, question=one.question, as_of=one.as_of, made_at=one.made_at, again_on=one.again_on) for one in answers
        )
    )


@router.get("/v1/statistics/{statistics_id}", responses=responses(NotPermitted, PurposeMissing, NoSuchStatistics, LogUnavailable))
async def read_statistics(statistics_id: UUID, caller: Asking, request: Request, now: Now) -> StatisticsAnswer:
    """An answer that the caller's organisation was given before."""
    answer = await answer_of(request, caller, statistics_id)
    await _log(request, caller, answer, "statistics", now)
    return answer


@router.get("/v1/statistics/{statistics_id}/page", response_class=Response, responses=_FILE_PROBLEMS | _file("text/html"))
async def export_statistics_page(statistics_id: UUID, caller: Asking, request: Request, now: Now) -> Response:
    """The same as one HTML file, to read and to print: charts beside their tables, no script, nothing fetched."""
    answer = await answer_of(request, caller, statistics_id)
    await _log(request, caller, answer, "statistics", now)
    headers = {"content-disposition": f'attachment; filename="statistics-{answer.as_of}.html"'}
    return Response(as_page(answer), headers=headers, media_type="text/html; charset=utf-8")


@router.get("/v1/statistics/{statistics_id}/table", response_class=Response, responses=_FILE_PROBLEMS | _file("text/csv"))
async def export_statistics_table(statistics_id: UUID, caller: Asking, request: Request, now: Now) -> Response:
    """The same as CSV."""
    answer = await answer_of(request, caller, statistics_id)
    await _log(request, caller, answer, "statistics", now)
    headers = {"content-disposition": f'attachment; filename="statistics-{answer.as_of}.csv"'}
    return Response(as_csv(answer), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/v1/statistics-budget", responses=responses(NotPermitted))
async def read_statistics_budget(caller: Asking, request: Request, today: Today) -> StatisticsBudget:
    """What the caller's organisation may still ask in this school year."""
    database: Database = request.app.state.database
    budget: float = request.app.state.settings.statistics_budget
    async with database.reading() as tx:
        spent = await ledger.spent(tx, caller.organisation_id, today) / ledger.MILLIONTHS
    year = ledger.school_year_of(today)
    return StatisticsBudget(school_year=year, epsilon=budget, spent=spent, left=max(round(budget - spent, 6), 0.0))


async def answer_of(request: Request, caller: Caller, statistics_id: UUID) -> StatisticsAnswer:
    """Raises NoSuchStatistics, NotPermitted, PurposeMissing."""
    _require_reach(caller)
    database: Database = request.app.state.database
    async with database.reading() as tx:
        row = await tx.get(StatisticsAnswerRow, statistics_id)
    if row is None or row.organisation_id != caller.organisation_id:
        raise NoSuchStatistics
    return StatisticsAnswer.model_validate_json(row.answer)


def _require_reach(caller: Caller) -> None:
    """Districts and the state agency; the latter by scope and purpose, as for reading. Raises NotPermitted, PurposeMissing."""
    if caller.kind == "sea":
        caller.require(STATE_SCOPE)
        if caller.purpose is None:
            raise PurposeMissing
    elif caller.kind != "lea":
        raise NotPermitted("districts and the state agency ask for statistics")


async def _given(database: Database, caller: Caller, question: StatisticsQuestion, today: date) -> StatisticsAnswer | None:
    async with database.reading() as tx:
        return await _kept(tx, caller.organisation_id, question, today)


async def _kept(tx: AsyncSession, organisation_id: UUID, question: StatisticsQuestion, today: date) -> StatisticsAnswer | None:
    """The answer that stands."""
    asked = StatisticsAnswerRow.organisation_id == organisation_id, StatisticsAnswerRow.question_digest == _digest(question)
    query = select(StatisticsAnswerRow.answer).where(*asked, StatisticsAnswerRow.again_on > today).order_by(StatisticsAnswerRow.id)
    held = (await tx.execute(query.limit(1))).scalar_one_or_none()
    return None if held is None else StatisticsAnswer.model_validate_json(held)


def _digest(question: StatisticsQuestion) -> str:
    return digest_of(json.dumps(question.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode())


async def _made(
    request: Request, caller: Caller, question: StatisticsQuestion, today: date, now: datetime, *, budget: float
) -> StatisticsAnswer:
    """Count, add noise, charge, keep. What was counted for a question that is not charged is told to nobody."""
    state = request.app.state
    settings: RecordsSettings = state.settings
    database: Database = state.database
    organisation_id = None if caller.kind == "sea" else caller.organisation_id
    async with database.reading() as tx:
        ledger.require_left(await ledger.spent(tx, caller.organisation_id, today), question.epsilon, budget)
        districts = await _districts(tx, organisation_id, today)
        not_full = await _not_full(tx, list(districts)) if question.needs_whole_records else {}
    table.size_of(question, len(districts))
    ids = sorted(districts)
    coded = await coded_students(database, state.vault, Reach(organisation_id, question.population, today), ids)
    names = [str(one) for one in ids]
    level = settings.statistics_proficient_level
    counted = await asyncio.to_thread(counts, coded.codes, coded.districts, names, question, proficient_level=level)
    async with database.transaction() as tx:
        account = await ledger.locked(tx, caller.organisation_id, today)
        kept = await _kept(tx, caller.organisation_id, question, today)  # another client of the organisation may have asked meanwhile
        if kept is not None:
            return kept
        account.spent = ledger.require_left(account.spent, question.epsilon, budget)
        answer = StatisticsAnswer(
            id=uuid7(now),
            node=settings.entity_id,
            question=question,
            as_of=today,
            made_at=now,
            again_on=today + timedelta(days=settings.statistics_kept_days),
            smallest_group=settings.statistics_smallest_group,
            noise=round(deviation_of(question), 4),
            districts={str(one): name for one, name in districts.items()} if "district" in question.by else {},
            not_full=not_full,
            cells=table.told(counted, question, names, smallest_group=settings.statistics_smallest_group),
        )
        tx.add(
            StatisticsAnswerRow(
                id=answer.id,
                organisation_id=caller.organisation_id,
                question_digest=_digest(question),
                made_at=now,
                again_on=answer.again_on,
                answer=answer.model_dump_json(),
            )
        )
    return answer


async def _districts(tx: AsyncSession, organisation_id: UUID | None, today: date) -> dict[UUID, str]:
    """Districts in reach that there are today, with their names: known to everybody, so that a word of them tells nothing."""
    standing = or_(OrganisationRow.valid_until.is_(None), OrganisationRow.valid_until > today)
    query = select(OrganisationRow).where(OrganisationRow.kind == "lea", OrganisationRow.valid_from <= today, standing)
    if organisation_id is not None:
        query = query.where(OrganisationRow.id.in_(within(OrganisationRow, organisation_id)))
    rows: Sequence[OrganisationRow] = (await tx.execute(query)).scalars().all()
    return {row.id: row.organisation.name for row in rows}


async def _not_full(tx: AsyncSession, districts: Sequence[UUID]) -> dict[str, str]:
    """Those of whose students the node has what finds them alone, with their names: what they have chosen is no secret."""
    left = await tx.run_sync(lambda session: districts_with_the_rest(session.connection(), districts))
    rows = (await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(left)))).all()
    return {str(row.id): row.organisation.name for row in sorted(rows, key=lambda row: row.id)}


async def _log(request: Request, caller: Caller, answer: StatisticsAnswer, operation: str, now: datetime) -> None:
    """One entry an answer: who asked what for which purpose. No number of the answer is in it."""
    context = Context(
        operation=operation, outcome=answer.question.population, purpose=caller.purpose, request_digest=_digest(answer.question)
    )
    key = f"statistics:{answer.id}:{uuid7(now)}"
    event = Event(class_="read", key=key, actor=client_actor(caller.claims), context=context)
    await log_ahead(request.app, caller, event, request.scope)
