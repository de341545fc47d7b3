"""`/v1/log/alert-reviews`: once a week an official signs that the alerts were looked at, or that there was none."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of_json
from safepassage.ids import uuid7
from safepassage.problems.alerts import AlertAboutYou, AlertsOpen, WeekNotOver, WeekReviewed
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_alerts import AlertReview, AlertReviewPage, NewAlertReview
from services.audit.alerts.found import alert_digest, day_of
from services.audit.alerts.routes import READING_FAILS, Reader, Reviewer, record_alert_act
from services.audit.alerts.showing import is_about, require_agency
from services.audit.alerts.weeks import SETTLES, WEEK_DAYS, end_of, last_over, monday_before, monday_of, week_of
from services.audit.retention.acts import actor_for, earlier_act
from services.audit.retention.holds import OneAct
from services.audit.search_log import record_search
from services.audit.tables import AlertAcknowledgementRow, AlertCursorRow, AlertReviewRow, AlertRow, LogRow, SegmentRow, TreeStateRow
from shared.contracts.audit import Digests
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.officials import as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/alert-reviews", tags=["alerts"])

WEEKS_LISTED: Final = 12


@router.get("", responses=responses(*READING_FAILS))
async def list_alert_reviews(
    request: Request, response: Response, caller: Reader, now: Now, limit: Limit = 100, cursor: Cursor = None
) -> AlertReviewPage:
    """The weeks that were reviewed, newest first, and those of late that were not."""
    state = request.app.state
    cursors: Cursors = state.cursors
    bound_to = f"alert-reviews:{caller.client_id}"
    position = cursors.read(cursor, bound_to=bound_to)
    query = select(AlertReviewRow).order_by(AlertReviewRow.monday.desc()).limit(limit + 1)
    async with state.database.reading() as tx:
        await require_agency(tx, caller)
        rows = (await tx.scalars(query if position is None else query.where(AlertReviewRow.monday < position["monday"]))).all()
        reviews = [await _shown(tx, row) for row in rows[:limit]]
        unsigned = [monday for monday, signed in (await weeks_of(tx, last_over(now), WEEKS_LISTED)).items() if not signed]
    await record_search(state.sequencer, caller, operation="alert-reviews-listed", student_id=None, count=len(reviews), now=now)
    if len(rows) > limit:
        signed = cursors.sign({"monday": rows[limit - 1].monday}, bound_to=bound_to)
        response.headers["link"] = next_link("/v1/log/alert-reviews", {"limit": limit, "cursor": signed})
    return AlertReviewPage(reviews=tuple(reviews), unsigned=tuple(week_of(monday) for monday in unsigned))


@router.post("", status_code=201, responses=responses(*READING_FAILS, InvalidRequest, WeekNotOver, AlertsOpen, AlertAboutYou, WeekReviewed))
async def sign_alert_review(new: NewAlertReview, request: Request, caller: Reviewer, now: Now, once: OneAct) -> AlertReview:
    """Sign off a week that is over, once each of its alerts is acknowledged. The entry of the log pins what was signed."""
    state = request.app.state
    actor = actor_for(caller, new.acting_official, now)
    official = as_known(caller.claims, new.acting_official)
    monday = monday_of(new.week)
    if await earlier_act(state.database, once, caller, "sign_alert_review") is not None:
        async with state.database.reading() as tx:
            return await _shown(tx, await tx.get_one(AlertReviewRow, monday))
    if now < end_of(monday) + SETTLES:
        raise WeekNotOver
    async with state.database.reading() as tx:
        await require_agency(tx, caller)
        if monday < await _first_monday(tx, otherwise=monday):
            raise InvalidRequest("the log begins after that week", field="week")
        if await tx.get(AlertReviewRow, monday) is not None:
            raise WeekReviewed
        await _require_looked_at(tx, monday)
        alerts = await _alerts_of(tx, monday)
        digest = digest_of_json([await _said(tx, row) for row in alerts])
        for alert in alerts:
            if await is_about(tx, alert, caller, state.keys):
                raise AlertAboutYou
    review_id = uuid7(now)
    place = await record_alert_act(
        state.sequencer,
        actor,
        key=f"alert-review:{new.week}:{review_id}",
        operation="alerts-reviewed",
        about=f"alert-review:{new.week}:{official.pairwise_id}",
        count=len(alerts),
        digests=Digests(ct=digest),
    )
    row = AlertReviewRow(
        monday=monday,
        id=review_id,
        signed_at=now,
        official=official.pairwise_id,
        role=official.role,
        alerts=len(alerts),
        digest=digest,
        entry_log=place.log,
        entry_idx=place.at,
    )
    try:
        async with state.database.transaction() as tx:
            tx.add(row)
            await tx.flush()
            await once.keep(tx, caller, "sign_alert_review", review_id, now)
    except IntegrityError as error:  # INVARIANT: a week has one review
        raise WeekReviewed from error
    async with state.database.reading() as tx:
        return await _shown(tx, row)


async def weeks_of(tx: AsyncSession, newest: int, weeks: int) -> dict[int, bool]:
    """The last `weeks` weeks up to `newest`, as far as there was a log: of the Monday of each, the newest first, whether it is signed."""
    first = max(newest - (weeks - 1) * WEEK_DAYS, await _first_monday(tx, otherwise=newest + 1))
    signed = set((await tx.scalars(select(AlertReviewRow.monday).where(AlertReviewRow.monday >= first))).all())
    return {monday: monday in signed for monday in range(newest, first - 1, -WEEK_DAYS)}


async def _first_monday(tx: AsyncSession, *, otherwise: int) -> int:
    """Of the week in which the first log began; `otherwise` where there is none yet."""
    created = await tx.scalar(select(func.min(LogRow.created_at)))
    return otherwise if created is None else monday_before(day_of(created))


async def _require_looked_at(tx: AsyncSession, monday: int) -> None:
    """Raises WeekNotOver while the rules have not looked at all that was logged in the week, or an alert is not in the log yet."""
    end = int(end_of(monday).timestamp())
    seen = {row.log: row.at for row in (await tx.scalars(select(AlertCursorRow))).all()}
    for log, size in (await tx.execute(select(TreeStateRow.log, TreeStateRow.size))).all():
        at = seen.get(log, 0)
        if at < size:
            query = select(SegmentRow.t).where(SegmentRow.log == log, SegmentRow.start <= at).order_by(SegmentRow.start.desc())
            if (await tx.scalar(query.limit(1)) or 0) < end:
                raise WeekNotOver
    left = select(AlertRow.id).where(AlertRow.entry_idx.is_(None), AlertRow.day < monday + WEEK_DAYS)
    if await tx.scalar(left.limit(1)) is not None:
        raise WeekNotOver


async def _alerts_of(tx: AsyncSession, monday: int) -> list[AlertRow]:
    """Raises AlertsOpen."""
    of_week = select(AlertRow).where(AlertRow.day >= monday, AlertRow.day < monday + WEEK_DAYS).order_by(AlertRow.id)
    rows = list((await tx.scalars(of_week)).all())
    left = sum(row.acknowledged_count is None for row in rows)
    if left:
        raise AlertsOpen(f"{left} of {len(rows)} are open")
    return rows


async def _said(tx: AsyncSession, row: AlertRow) -> Any:
    query = select(AlertAcknowledgementRow).where(AlertAcknowledgementRow.alert_id == row.id).order_by(AlertAcknowledgementRow.id)
    said = [{"id": str(one.id), "reason": one.reason, "official": one.official} for one in (await tx.scalars(query)).all()]
    return {"id": str(row.id), "digest": alert_digest(row), "acknowledgements": said}


async def _shown(tx: AsyncSession, row: AlertReviewRow) -> AlertReview:
    log = await tx.get_one(LogRow, row.entry_log)
    members = {name: getattr(row, name) for name in ("id", "signed_at", "official", "role", "alerts", "digest")}
    return AlertReview(**members, week=week_of(row.monday), log=log.origin, index=row.entry_idx)
