"""Duties: clocks that the law starts for an organisation. Open, due, overdue or done, and never gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.rights import DutyDone, DutyEndsByItself, NoSuchDuty, OrganisationNotYours
from safepassage.wire_duties import Duty, DutyCompletion, DutyPage, DutyState, NewDuty
from services.privacy.behind import event_of
from services.privacy.clocks import DUTY_RULES, DutyRule, Until, overdue_from, state_of, warned_from
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject
from services.privacy.tables import DutyRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/v1/duties", tags=["duties"])

TABLE = "duty"

Reader = Annotated[Caller, caller_with("duties:read", "duties:complete")]
Writer = Annotated[Caller, caller_with("duties:complete")]

ENDS_BY_ITSELF = frozenset({"inspect-records", "inspect-records-before-meeting", "decide-amendment", "hold-hearing", "decide-hearing"})
"""Done by the step of the request that they are about, and by nothing else."""

_OPEN = {
    "sqlite": sqlite.insert(DutyRow).on_conflict_do_nothing(index_elements=["key"]),
    "postgresql": postgresql.insert(DutyRow).on_conflict_do_nothing(index_elements=["key"]),
}


@dataclass(frozen=True)
class Clock:
    """A duty that starts now or has started."""

    kind: str
    custodian_id: UUID
    zone_name: str
    begins_at: datetime
    about: str | None = None
    student_id: UUID | None = None
    ends_at: datetime | None = None
    """Where a fact gives the end (`Until`); where the rule has a term too, the earlier counts."""

    @property
    def rule(self) -> DutyRule:
        """Its rule."""
        return DUTY_RULES[self.kind]

    @property
    def overdue_at(self) -> datetime:
        """The first instant that is too late."""
        term = self.rule.term
        if isinstance(term, Until):
            if self.ends_at is None:
                raise ValueError("the end of this duty is a fact")
            return self.ends_at
        return overdue_from(term, self.begins_at, zone_name=self.zone_name)

    @property
    def key(self) -> str:
        """Which duty it is."""
        return f"{self.kind}:{self.custodian_id}:{self.about or '-'}"


def start(
    connection: Connection,
    clocks: Sequence[Clock],
    *,
    now: datetime,
    opened_by: str | None = None,
    sealer: Sealer | None = None,
    evidence_ref: str | None = None,
) -> None:
    """Open duties; one that is there already is not opened again."""
    for clock in clocks:
        duty_id, overdue_at = uuid7(now), clock.overdue_at
        start_sealed = None
        if sealer is not None and evidence_ref is not None:
            start_sealed = sealer.seal(evidence_ref.encode(), table=TABLE, row=duty_id, of=f"start:{clock.key}")
        values = {
            "id": duty_id,
            "key": clock.key,
            "kind": clock.kind,
            "custodian_id": clock.custodian_id,
            "student_id": clock.student_id,
            "about": clock.about,
            "begins_at": clock.begins_at,
            "due_from": warned_from(overdue_at, days=clock.rule.warn_days, zone_name=clock.zone_name),
            "overdue_at": overdue_at,
            "opened_by": opened_by,
            "sealed_start": start_sealed,
        }
        connection.execute(_OPEN[connection.dialect.name], values)


async def start_duties(tx: AsyncSession, clocks: Sequence[Clock], *, now: datetime) -> None:
    """`start`, in a session."""
    await tx.run_sync(lambda session: start(session.connection(), clocks, now=now))


async def end_duties(
    tx: AsyncSession,
    sealer: Sealer,
    caller: Caller,
    *,
    about: str,
    kinds: Sequence[str],
    evidence_ref: str,
    now: datetime,
    custodian_id: UUID | None = None,
) -> None:
    """What it was about has happened: the duties are done, with its evidence; those of one organisation, or of all."""
    query = select(DutyRow).where(DutyRow.about == about, DutyRow.kind.in_(kinds), DutyRow.done_at.is_(None))
    if custodian_id is not None:
        query = query.where(DutyRow.custodian_id == custodian_id)
    for row in (await tx.execute(query.with_for_update())).scalars():
        _done(row, sealer, caller, evidence_ref, now)


def duty_of(row: DutyRow, *, now: datetime) -> Duty:
    """The row as it is said aloud."""
    rule = DUTY_RULES[row.kind]
    return Duty(
        id=row.id,
        kind=row.kind,
        organisation_id=row.custodian_id,
        student_id=row.student_id,
        about=row.about,
        citation=rule.citation,
        figure=rule.figure,
        checked=rule.checked,
        begins_at=row.begins_at,
        due_from=row.due_from,
        overdue_at=row.overdue_at,
        state=state_of(due_from=row.due_from, overdue_at=row.overdue_at, done_at=row.done_at, now=now),
        done_at=row.done_at,
        late=(row.done_at or now) >= row.overdue_at,
    )


@router.get("", responses=responses(InvalidRequest))
async def list_duties(
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[DutyState | Literal["outstanding", "all"], Query(description="outstanding: all but those done.")] = "outstanding",
    kind: Annotated[str | None, Query(max_length=64, description="Of one kind only.")] = None,
    organisation_id: Annotated[UUID | None, Query(description="Of one organisation and those below it.")] = None,
) -> DutyPage:
    """The duties of the caller's organisation and those below it: what is overdue or due first in front."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_duties:{caller.client_id}:{state}:{kind}:{organisation_id}"
    if organisation_id is not None and not await _reaches(tx, caller, organisation_id):
        return DutyPage(duties=())
    query = select(DutyRow).where(DutyRow.custodian_id.in_(within(OrganisationRow, organisation_id or caller.organisation_id)))
    query = query.where(*_in_state(state, now))
    if kind is not None:
        query = query.where(DutyRow.kind == kind)
    position = cursors.read(cursor, bound_to=bound_to)
    if position is not None:
        at, identifier = datetime.fromisoformat(position["at"]), UUID(position["id"])
        query = query.where(or_(DutyRow.overdue_at > at, and_(DutyRow.overdue_at == at, DutyRow.id > identifier)))
    rows = (await tx.execute(query.order_by(DutyRow.overdue_at, DutyRow.id).limit(limit + 1))).scalars().all()
    page = tuple(duty_of(row, now=now) for row in rows[:limit])
    if len(rows) <= limit:
        return DutyPage(duties=page)
    last = rows[limit - 1]
    following = cursors.sign({"at": last.overdue_at.isoformat(), "id": str(last.id)}, bound_to=bound_to)
    asked: dict[str, Any] = {"limit": limit, "state": state, "kind": kind, "organisation_id": organisation_id, "cursor": following}
    response.headers["link"] = next_link(request.url.path, {name: str(value) for name, value in asked.items() if value is not None})
    return DutyPage(duties=page, next=following)


@router.post("", status_code=201, responses=responses(InvalidRequest, NoSuchStudent, OrganisationNotYours))
async def open_duty(new: NewDuty, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]) -> Duty:
    """Start a clock that the node cannot see start by itself: a child was enrolled, a notice given, a district has asked."""
    earlier = await once.earlier(tx, caller, "open_duty")
    if earlier is not None:
        return duty_of(await _callers_duty(tx, caller, earlier), now=now)
    rule = DUTY_RULES.get(new.kind)
    if rule is None or rule.opened_by == "node":
        raise InvalidRequest("not a kind of duty that is opened by hand", field="kind")
    if new.started_at > now:
        raise InvalidRequest("it has started when it is recorded", field="started_at")
    custodian_id = await _whose(tx, caller, new)
    clock = Clock(
        kind=new.kind,
        custodian_id=custodian_id,
        zone_name=await zone_name_of(tx, custodian_id),
        begins_at=new.started_at,
        about=new.about or f"opened:{uuid7(now)}",
        student_id=new.student_id,
    )
    sealer: Sealer = request.app.state.sealer
    await tx.run_sync(
        lambda session: start(
            session.connection(), [clock], now=now, opened_by=caller.client_id, sealer=sealer, evidence_ref=new.evidence_ref
        )
    )
    row = (await tx.execute(select(DutyRow).where(DutyRow.key == clock.key))).scalar_one()
    await once.keep(tx, caller, "open_duty", row.id, now)
    _tell(request, tx, caller, row, "opened")
    return duty_of(row, now=now)


@router.post("/{duty_id}/completion", responses=responses(NoSuchDuty, DutyDone, DutyEndsByItself))
async def complete_duty(
    duty_id: UUID,
    completion: DutyCompletion,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Duty:
    """Say, with the reference of what shows it, that a duty was done. Of a yearly one the next begins with it."""
    earlier = await once.earlier(tx, caller, "complete_duty")
    row = await _callers_duty(tx, caller, earlier or duty_id, for_update=True)
    if earlier is not None:
        return duty_of(row, now=now)
    if row.kind in ENDS_BY_ITSELF:
        raise DutyEndsByItself
    if row.done_at is not None:
        raise DutyDone
    _done(row, request.app.state.sealer, caller, completion.evidence_ref, now)
    if row.kind == "annual-notice":
        zone_name = await zone_name_of(tx, row.custodian_id)
        await start_duties(tx, [Clock("annual-notice", row.custodian_id, zone_name, now, about=f"duty:{row.id}")], now=now)
    await once.keep(tx, caller, "complete_duty", row.id, now)
    _tell(request, tx, caller, row, "done")
    return duty_of(row, now=now)


def _done(row: DutyRow, sealer: Sealer, caller: Caller, evidence_ref: str, now: datetime) -> None:
    row.done_at, row.done_by = now, caller.client_id
    row.sealed_evidence = sealer.seal(evidence_ref.encode(), table=TABLE, row=row.id, of=f"evidence:{row.key}")


def _in_state(state: str, now: datetime) -> list[Any]:
    undone = DutyRow.done_at.is_(None)
    conditions: dict[str, list[Any]] = {
        "all": [],
        "done": [DutyRow.done_at.is_not(None)],
        "outstanding": [undone],
        "open": [undone, DutyRow.due_from > now, DutyRow.overdue_at > now],
        "due": [undone, DutyRow.due_from <= now, DutyRow.overdue_at > now],
        "overdue": [undone, DutyRow.overdue_at <= now],
    }
    return conditions[state]


async def _whose(tx: AsyncSession, caller: Caller, new: NewDuty) -> UUID:
    """Whose duty it is. Raises NoSuchStudent, OrganisationNotYours."""
    custodian_id = caller.organisation_id
    if new.student_id is not None:
        custodian_id = (await callers_subject(tx, caller, new.student_id)).custodian_id
    if new.organisation_id is None:
        return custodian_id
    if not await _reaches(tx, caller, new.organisation_id):
        raise OrganisationNotYours(field="organisation_id")
    return new.organisation_id


async def _reaches(tx: AsyncSession, caller: Caller, organisation_id: UUID) -> bool:
    """It is the caller's own organisation, or one below it."""
    own = within(OrganisationRow, caller.organisation_id)
    query = select(OrganisationRow.id).where(OrganisationRow.id == organisation_id, OrganisationRow.id.in_(own))
    return (await tx.execute(query)).scalar_one_or_none() is not None


async def _callers_duty(tx: AsyncSession, caller: Caller, duty_id: UUID, *, for_update: bool = False) -> DutyRow:
    """INVARIANT: another organisation's duty looks absent."""
    query = select(DutyRow).where(DutyRow.id == duty_id, DutyRow.custodian_id.in_(within(OrganisationRow, caller.organisation_id)))
    row = (await tx.execute(query.with_for_update() if for_update else query)).scalar_one_or_none()
    if row is None:
        raise NoSuchDuty
    return row


def _tell(request: Request, tx: AsyncSession, caller: Caller, row: DutyRow, happened: str) -> None:
    context = Context(operation=f"duty-{happened}", reason=row.kind, about=f"duty:{row.id}")
    students = () if row.student_id is None else (row.student_id,)
    event = event_of("duty", f"duty:{row.id}:{happened}", caller, context, students=students, custodians=(row.custodian_id,))
    request.app.state.outbox.record(tx, event)
