"""The duties of an organisation as its staff sees them: listed, opened by hand where the node cannot see one start, said to be done.

What begins when another is done begins with it, by the same breach: what a state asks for once the people affected were told.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest, NotPermitted
from safepassage.problems.rights import DutyDone, DutyEndsByItself, DutyWaived, NoSuchDuty, OrganisationNotYours
from safepassage.wire_duties import Duty, DutyCompletion, DutyOrder, DutyPage, DutyState, NewDuty
from services.privacy.clocks import DUTY_RULES
from services.privacy.duties import UNDONE, Clock, details_of, duty_of, end_duty, rows_of, start, start_duties
from services.privacy.duty_events import tell
from services.privacy.duty_exchanges import exchange_about, serve, serving
from services.privacy.emergency_reviews import REVIEW, require_another
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject
from services.privacy.tables import DutyRow, OrganisationRow
from shared.breach_clocks import CLOCK_OF_DUTY
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.keys import SigningKey
from shared.keyset import behind
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/duties", tags=["duties"])

Reader = Annotated[Caller, caller_with("duties:read", "duties:complete")]
Writer = Annotated[Caller, caller_with("duties:complete")]

ENDS_BY_ITSELF = frozenset({"inspect-records", "decide-amendment", "hold-hearing", "decide-hearing"})
"""As kept: done by the step of the request that they are about, and by nothing else."""


@router.get("", responses=responses(InvalidRequest))
async def list_duties(
    caller: Reader,
    request: Request,
    response: Response,
    tx: ReadOnly,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[
        DutyState | Literal["outstanding", "all"], Query(description="outstanding: all but those done or waived.")
    ] = "outstanding",
    kind: Annotated[
        str | None, Query(max_length=64, description="Of one kind only, or of one of the general kinds of notices of a breach.")
    ] = None,
    organisation_id: Annotated[UUID | None, Query(description="Of one organization and those below it.")] = None,
    sort: Annotated[DutyOrder, Query(description="With a minus from the end.")] = "overdue_at",
) -> DutyPage:
    """The duties of the caller's organisation and those below it: what is overdue or due first in front, unless asked otherwise."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_duties:{caller.client_id}:{state}:{kind}:{organisation_id}:{sort}"
    if organisation_id is not None and not await _reaches(tx, caller, organisation_id):
        return DutyPage(duties=())
    query = select(DutyRow).where(DutyRow.custodian_id.in_(within(OrganisationRow, organisation_id or caller.organisation_id)))
    query = query.where(*_in_state(state, now))
    kinds = None if kind is None else {rule.kind for rule in DUTY_RULES.values() if kind in (rule.kind, rule.family)}
    if kinds is not None:
        query = query.where(DutyRow.kind.in_({DUTY_RULES[one].kept_as for one in kinds}))
    by_kind = sort.endswith("kind")
    columns: tuple[Any, ...] = (*([DutyRow.kind] * by_kind), _INSTANTS[_by(sort)], DutyRow.id)
    read = cursors.read(cursor, bound_to=bound_to)
    position = None if read is None else (*([read["kind"]] * by_kind), datetime.fromisoformat(read["at"]), UUID(read["id"]))
    sealer: Sealer = request.app.state.sealer
    found: list[Duty] = []
    while len(found) <= limit:  # of those that are kept under one word, a page is found one by one
        page = behind(query, columns, position, sort=sort)
        rows = (await tx.execute(page.limit(limit + 1))).scalars().all()
        found += [duty for duty in (duty_of(sealer, row, now=now) for row in rows) if kinds is None or duty.kind in kinds]
        if len(rows) <= limit:
            break
        position = (*([rows[-1].kind] * by_kind), _instant(rows[-1], sort), rows[-1].id)
    duties = tuple(found[:limit])
    if len(found) <= limit:
        return DutyPage(duties=duties)
    end = duties[-1]
    place = {"kind": DUTY_RULES[end.kind].kept_as, "at": _instant(end, sort).isoformat(), "id": str(end.id)}
    following = cursors.sign(place, bound_to=bound_to)
    asked: dict[str, Any] = {"limit": limit, "state": state, "kind": kind, "organisation_id": organisation_id, "sort": sort}
    asked["cursor"] = following
    response.headers["link"] = next_link(request.url.path, {name: str(value) for name, value in asked.items() if value is not None})
    return DutyPage(duties=duties, next=following)


_INSTANTS: Final = {"overdue_at": DutyRow.ranked_at, "begins_at": DutyRow.begins_at}


def _by(sort: DutyOrder) -> str:
    """The instant by which it is sorted: of one kind that from which on it is too late."""
    return "begins_at" if sort.endswith("begins_at") else "overdue_at"


def _instant(one: Duty | DutyRow, sort: DutyOrder) -> datetime:
    """INVARIANT: of one without a date when it began, as `ranked_at` has it."""
    return one.begins_at if _by(sort) == "begins_at" or one.overdue_at is None else one.overdue_at


@router.post("", status_code=201, responses=responses(InvalidRequest, NoSuchStudent, OrganisationNotYours))
async def open_duty(new: NewDuty, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]) -> Duty:
    """Start a clock that the node cannot see start by itself: a child was enrolled, a notice given, a district has asked."""
    sealer: Sealer = request.app.state.sealer
    secret: SigningKey = request.app.state.judge.naming
    earlier = await once.earlier(tx, caller, "open_duty")
    if earlier is not None:
        return duty_of(sealer, await callers_duty(tx, caller, earlier), now=now)
    rule = DUTY_RULES.get(new.kind)
    if rule is None or rule.opened_by == "node":
        raise InvalidRequest("not a kind of duty that is opened by hand", field="kind")
    if new.counted is not None and new.kind not in CLOCK_OF_DUTY:
        raise InvalidRequest("people are counted for a notice of a breach alone", field="counted")
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
        counted=new.counted,
    )
    rows = rows_of(sealer, [clock], now=now, secret=secret, opened_by=caller.client_id, evidence_ref=new.evidence_ref)
    exchange_id, key = exchange_about(clock.about), clock.key(secret)
    links = [] if exchange_id is None else serving(secret, exchange_id, [key])

    def store(connection: Connection) -> None:
        start(connection, rows)
        serve(connection, links)

    await tx.run_sync(lambda session: store(session.connection()))
    row = (await tx.execute(select(DutyRow).where(DutyRow.key == key))).scalar_one()
    await once.keep(tx, caller, "open_duty", row.id, now)
    tell(request, tx, caller, row, "opened")
    return duty_of(sealer, row, now=now)


@router.get("/{duty_id}", responses=responses(NoSuchDuty))
async def read_duty(duty_id: UUID, request: Request, caller: Reader, tx: ReadOnly, now: Now) -> Duty:
    """One duty and its clock."""
    return duty_of(request.app.state.sealer, await callers_duty(tx, caller, duty_id), now=now)


@router.post("/{duty_id}/completion", responses=responses(NoSuchDuty, DutyDone, DutyWaived, DutyEndsByItself, NotPermitted))
async def complete_duty(
    duty_id: UUID,
    completion: DutyCompletion,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Duty:
    """Say, with the reference of what shows it, that a duty was done. What begins when it is done begins: of a yearly one the next."""
    earlier = await once.earlier(tx, caller, "complete_duty")
    sealer: Sealer = request.app.state.sealer
    row = await callers_duty(tx, caller, earlier or duty_id, for_update=True)
    if earlier is not None:
        return duty_of(sealer, row, now=now)
    if row.kind in ENDS_BY_ITSELF:
        raise DutyEndsByItself
    require_standing(row)
    if row.kind == REVIEW:
        await require_another(tx, sealer, caller, details_of(sealer, row).about)
    end_duty(row, sealer, by=caller.client_id, evidence_ref=completion.evidence_ref, at=now)
    await start_duties(tx, sealer, await _followed_by(tx, sealer, row, now), now=now)
    await once.keep(tx, caller, "complete_duty", row.id, now)
    tell(request, tx, caller, row, "done")
    return duty_of(sealer, row, now=now)


def require_standing(row: DutyRow) -> None:
    """Neither done nor waived. Pure. Raises DutyDone, DutyWaived."""
    if row.done_at is not None:
        raise DutyDone
    if row.waived_at is not None:
        raise DutyWaived


async def _followed_by(tx: AsyncSession, sealer: Sealer, row: DutyRow, now: datetime) -> list[Clock]:
    """The clocks that start with its being done, for the same people."""
    if row.kind == "annual-notice":
        return [Clock("annual-notice", row.custodian_id, await zone_name_of(tx, row.custodian_id), now, about=f"duty:{row.id}")]
    follows = DUTY_RULES[row.kind].follows if row.kind in DUTY_RULES else ()
    if not follows:
        return []
    zone_name, counted = await zone_name_of(tx, row.custodian_id), details_of(sealer, row).counted
    return [Clock(kind, row.custodian_id, zone_name, now, about=row.about, counted=counted) for kind in follows]


def _in_state(state: str, now: datetime) -> list[Any]:
    conditions: dict[str, list[Any]] = {
        "all": [],
        "done": [DutyRow.done_at.is_not(None)],
        "waived": [DutyRow.waived_at.is_not(None)],
        "outstanding": [*UNDONE],
        "undelayed": [*UNDONE, DutyRow.overdue_at.is_(None)],
        "open": [*UNDONE, DutyRow.due_from > now, DutyRow.overdue_at > now],
        "due": [*UNDONE, DutyRow.due_from <= now, DutyRow.overdue_at > now],
        "overdue": [*UNDONE, DutyRow.overdue_at <= now],
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
    own = belongs_to(OrganisationRow.id, OrganisationRow, caller.organisation_id)
    query = select(OrganisationRow.id).where(OrganisationRow.id == organisation_id, own)
    return (await tx.execute(query)).scalar_one_or_none() is not None


async def callers_duty(tx: AsyncSession, caller: Caller, duty_id: UUID, *, for_update: bool = False) -> DutyRow:
    """INVARIANT: another organisation's duty looks absent. Raises NoSuchDuty."""
    query = select(DutyRow).where(DutyRow.id == duty_id, belongs_to(DutyRow.custodian_id, OrganisationRow, caller.organisation_id))
    row = (await tx.execute(query.with_for_update() if for_update else query)).scalar_one_or_none()
    if row is None:
        raise NoSuchDuty
    return row
