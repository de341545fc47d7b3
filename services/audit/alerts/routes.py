"""`/v1/log/alerts`: what is unusual, and what officials say of it. Reading is an entry of the log, and so is acknowledging."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.problems.alerts import AlertAboutYou, AlertAcknowledged, AlertHasGrown, NoSuchAlert
from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.wire_alerts import Alert, AlertOrder, AlertPage, AlertRule, AlertState, NewAlertAcknowledgement
from services.audit.alerts.showing import alert_of, is_about, keys_of, require_agency, sealed_note, shown_alerts
from services.audit.drafts import draft_of
from services.audit.group_commit import Place
from services.audit.retention.acts import actor_for, earlier_act
from services.audit.retention.holds import OneAct
from services.audit.search_log import record_search
from services.audit.sequencer import Sequencer
from services.audit.tables import AlertAcknowledgementRow, AlertRow
from shared.caller import Caller, caller_with
from shared.clock import EPOCH
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.keyset import behind
from shared.officials import as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/alerts", tags=["alerts"])

Reader = Annotated[Caller, caller_with("alerts:read", "alerts:review")]
Reviewer = Annotated[Caller, caller_with("alerts:review")]
OfRule = Annotated[AlertRule | None, Query(description="Only those of one rule.")]
InState = Annotated[AlertState | None, Query(description="Only those that are open, or acknowledged.")]
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
SinceDay = Annotated[str | None, Query(pattern=DAY, description="Only those of this day (UTC) or a later one.")]
UntilDay = Annotated[str | None, Query(pattern=DAY, description="Only those of an earlier day than this one.")]

READING_FAILS = (NotPermitted, PurposeMissing, LogFrozen, LogUnavailable)


@router.get("", responses=responses(*READING_FAILS, InvalidRequest))
async def list_alerts(
    request: Request,
    response: Response,
    caller: Reader,
    now: Now,
    rule: OfRule = None,
    state: InState = None,
    since: SinceDay = None,
    until: UntilDay = None,
    sort: Annotated[AlertOrder, Query(description="With a minus the newest first.")] = "-found_at",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> AlertPage:
    """Alerts, newest first unless asked otherwise. That somebody has looked is an entry of the log, one for each page."""
    node = request.app.state
    cursors: Cursors = node.cursors
    asked = {"rule": rule, "state": state, "since": since, "until": until}
    named = {name: value for name, value in asked.items() if value is not None}
    bound_to = f"alerts:{caller.client_id}:{sorted(named.items())}:{sort}"
    position = cursors.read(cursor, bound_to=bound_to)
    query = select(AlertRow).where(AlertRow.entry_idx.is_not(None))
    if rule is not None:
        query = query.where(AlertRow.rule == rule)
    if state is not None:
        query = query.where(AlertRow.acknowledged_count.is_(None) if state == "open" else AlertRow.acknowledged_count.is_not(None))
    if since is not None:
        query = query.where(AlertRow.day >= _day("since", since))
    if until is not None:
        query = query.where(AlertRow.day < _day("until", until))
    query = behind(query, (AlertRow.id,), None if position is None else (UUID(position["id"]),), sort=sort)
    async with node.database.reading() as tx:
        await require_agency(tx, caller)
        rows = (await tx.scalars(query.limit(limit + 1))).all()
        alerts = await shown_alerts(tx, node.keys, rows[:limit])
    await record_search(node.sequencer, caller, operation="alerts-listed", student_id=None, count=len(alerts), now=now)
    if len(rows) > limit:
        signed = cursors.sign({"id": str(alerts[-1].id)}, bound_to=bound_to)
        response.headers["link"] = next_link("/v1/log/alerts", named | {"sort": sort, "limit": limit, "cursor": signed})
    return AlertPage(alerts=tuple(alerts))


@router.get("/{alert_id}", responses=responses(*READING_FAILS, NoSuchAlert))
async def read_alert(alert_id: UUID, request: Request, caller: Reader, now: Now) -> Alert:
    """One alert, with what was said of it."""
    state = request.app.state
    async with state.database.reading() as tx:
        await require_agency(tx, caller)
    alert = await _read(state, alert_id)
    await record_search(state.sequencer, caller, operation="alert-read", student_id=None, count=1, now=now)
    return alert


@router.post(
    "/{alert_id}/acknowledgements",
    status_code=201,
    responses=responses(*READING_FAILS, InvalidRequest, NoSuchAlert, AlertAcknowledged, AlertHasGrown, AlertAboutYou),
)
async def acknowledge_alert(
    alert_id: UUID, new: NewAlertAcknowledgement, request: Request, caller: Reviewer, now: Now, once: OneAct
) -> Alert:
    """Say what came of an alert, once it was looked into. If it goes on for as much again on its day, it is open again."""
    state = request.app.state
    actor = actor_for(caller, new.acting_official, now)
    official = as_known(caller.claims, new.acting_official)
    async with state.database.reading() as tx:
        await require_agency(tx, caller)
        keys = await keys_of(tx, state.keys)
    if await earlier_act(state.database, once, caller, "acknowledge_alert") is not None:
        return await _read(state, alert_id)
    async with state.database.reading() as tx:
        row = await alert_of(tx, alert_id)
        _require_acknowledgeable(row, new)
        if await is_about(tx, row, caller, state.keys):
            raise AlertAboutYou
    acknowledgement_id = uuid7(now)
    note = sealed_note(keys.notes, new.note, of=acknowledgement_id)
    await record_alert_act(
        state.sequencer,
        actor,
        key=f"alert:{alert_id}:acknowledged:{acknowledgement_id}",
        operation="alert-acknowledged",
        about=f"alert:{alert_id}:{official.pairwise_id}",
        reason=new.reason,
        count=new.seen_count,
        digests=Digests() if note is None else Digests(ct=digest_of(note)),
    )
    async with state.database.transaction() as tx:
        row = await alert_of(tx, alert_id, lock=True)
        _require_acknowledgeable(row, new)
        row.acknowledged_count, row.acknowledged_as = row.seen_count, new.reason
        tx.add(
            AlertAcknowledgementRow(
                id=acknowledgement_id,
                alert_id=alert_id,
                at=now,
                official=official.pairwise_id,
                role=official.role,
                reason=new.reason,
                sealed_note=note,
                count=new.seen_count,
            )
        )
        await once.keep(tx, caller, "acknowledge_alert", alert_id, now)
    return await _read(state, alert_id)


async def record_alert_act(
    sequencer: Sequencer,
    actor: Actor,
    *,
    key: str,
    operation: str,
    about: str,
    count: int,
    digests: Digests,
    reason: str | None = None,
) -> Place:
    """Append what an official says of alerts, before it takes effect. Raises LogFrozen, LogUnavailable."""
    event = Event(
        class_="alert",
        key=key,
        custodians=() if actor.organisation_id is None else (actor.organisation_id,),
        actor=actor,
        context=Context(operation=operation, outcome="done", reason=reason, about=about, count=count),
        digests=digests,
    )
    receipt = await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])
    return receipt.places[0]


def _require_acknowledgeable(row: AlertRow, new: NewAlertAcknowledgement) -> None:
    if row.acknowledged_count is not None:
        raise AlertAcknowledged
    # INVARIANT: what is acknowledged is what was read.
    if row.seen_count != new.seen_count:
        raise AlertHasGrown(field="seen_count")


async def _read(state: Any, alert_id: UUID) -> Alert:
    async with state.database.reading() as tx:
        (alert,) = await shown_alerts(tx, state.keys, [await alert_of(tx, alert_id)])
    return alert


def _day(field: str, text: str) -> int:
    try:
        return (datetime.fromisoformat(f"{text}T00:00:00+00:00") - EPOCH) // timedelta(days=1)
    except ValueError:
        raise InvalidRequest("not a day of the calendar", field=field) from None
