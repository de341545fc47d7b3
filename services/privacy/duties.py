"""Duties: clocks that the law starts for an organisation. Open, due, overdue or done, and never gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection, Row, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.rights import DutyDone, DutyEndsByItself, NoSuchDuty, OrganisationNotYours
from safepassage.wire import Code, Wire
from safepassage.wire_duties import Duty, DutyCompletion, DutyPage, DutyState, NewDuty
from services.privacy.behind import event_of
from services.privacy.clocks import DUTY_RULES, DutyRule, Until, overdue_from, state_of, warned_from
from services.privacy.duty_exchanges import exchange_about, serve, serving
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject
from services.privacy.tables import DutyRow, OrganisationRow
from shared import prepared
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.inserts import DIALECTS, insert_of
from shared.keys import SigningKey
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/v1/duties", tags=["duties"])

TABLE = "duty"

Reader = Annotated[Caller, caller_with("duties:read", "duties:complete")]
Writer = Annotated[Caller, caller_with("duties:complete")]

ENDS_BY_ITSELF = frozenset({"inspect-records", "decide-amendment", "hold-hearing", "decide-hearing"})
"""As kept: done by the step of the request that they are about, and by nothing else."""

_OPEN = {dialect: insert_of(dialect, DutyRow).on_conflict_do_nothing(index_elements=["key"]) for dialect in DIALECTS}


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

    def key(self, secret: SigningKey | None) -> str:
        """Which duty it is. Where its words would tell of a child only the holder of the node's key makes it: Ed25519 is deterministic."""
        of_what = digest_of(f"{self.about or '-'}:{self.student_id or '-'}".encode())
        words = f"{self.rule.kept_as}:{self.custodian_id}:{of_what}"
        if not self.rule.tells_of_a_child:
            return words
        if secret is None:
            raise ValueError("this duty is named by a key")
        return f"{self.rule.kept_as}:{digest_of(secret.sign(b'safepassage/duty-key' + bytes(1) + f'{self.kind}:{words}'.encode()))}"


class Details(Wire):
    """What a duty is, in full."""

    kind: Code
    student_id: UUID | None = None
    about: str | None = None


def rows_of(
    sealer: Sealer,
    clocks: Sequence[Clock],
    *,
    now: datetime,
    secret: SigningKey | None = None,
    opened_by: str | None = None,
    evidence_ref: str | None = None,
) -> list[dict[str, Any]]:
    """The rows of duties that start, for `start`: sealed before a transaction holds a lock.

    # INVARIANT: what the store has in clear of a duty does not tell that a child is homeless, in foster care, migratory, of a military
    # family or has a disability.

    secret  names those that would tell of a child
    """
    rows = []
    for clock in clocks:
        duty_id, overdue_at, key = uuid7(now), clock.overdue_at, clock.key(secret)
        details = Details(kind=clock.kind, student_id=clock.student_id, about=clock.about).model_dump_json(exclude_none=True).encode()
        start_sealed = None
        if evidence_ref is not None:
            start_sealed = sealer.seal(evidence_ref.encode(), table=TABLE, row=duty_id, of=f"start:{key}")
        values = {
            "id": duty_id,
            "key": key,
            "kind": clock.rule.kept_as,
            "custodian_id": clock.custodian_id,
            "about": None if clock.rule.tells_of_a_child else clock.about,
            "sealed_details": sealer.seal(details, table=TABLE, row=duty_id, of=f"details:{key}"),
            "begins_at": clock.begins_at,
            "due_from": warned_from(overdue_at, days=clock.rule.warn_days, zone_name=clock.zone_name),
            "overdue_at": overdue_at,
            "opened_by": opened_by,
            "sealed_start": start_sealed,
        }
        rows.append(values)
    return rows


def start(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Open duties; one that is there already is not opened again."""
    prepared.change_each(connection, _OPEN[connection.dialect.name], rows)


async def start_duties(tx: AsyncSession, sealer: Sealer, clocks: Sequence[Clock], *, now: datetime) -> None:
    """`start`, in a session, of duties that tell nothing of a child."""
    rows = rows_of(sealer, clocks, now=now)
    await tx.run_sync(lambda session: start(session.connection(), rows))


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
    kept_as = {DUTY_RULES[kind].kept_as for kind in kinds}
    query = select(DutyRow).where(DutyRow.about == about, DutyRow.kind.in_(kept_as), DutyRow.done_at.is_(None))
    if custodian_id is not None:
        query = query.where(DutyRow.custodian_id == custodian_id)
    for row in (await tx.execute(query.with_for_update())).scalars():
        end_duty(row, sealer, by=caller.client_id, evidence_ref=evidence_ref, at=now)


def details_of(sealer: Sealer, row: DutyRow | Row[*tuple[Any, ...]]) -> Details:
    """What the duty is. Raises SealBroken."""
    return Details.model_validate_json(sealer.open(row.sealed_details, table=TABLE, row=row.id, of=f"details:{row.key}"))


def duty_of(sealer: Sealer, row: DutyRow, *, now: datetime) -> Duty:
    """The row as it is said aloud."""
    details = details_of(sealer, row)
    rule = DUTY_RULES[details.kind]
    return Duty(
        id=row.id,
        kind=details.kind,
        organisation_id=row.custodian_id,
        student_id=details.student_id,
        about=details.about,
        citation=rule.citation,
        figure=rule.figure,
        checked=rule.checked,
        begins_at=row.begins_at,
        due_from=row.due_from,
        overdue_at=row.overdue_at,
        state=state_of(due_from=row.due_from, overdue_at=row.overdue_at, done_at=row.done_at, now=now),
        done_at=row.done_at,
        evidence_ref=evidence_of(sealer, row),
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
        query = query.where(DutyRow.kind == (DUTY_RULES[kind].kept_as if kind in DUTY_RULES else kind))
    read = cursors.read(cursor, bound_to=bound_to)
    position = None if read is None else (datetime.fromisoformat(read["at"]), UUID(read["id"]))
    sealer: Sealer = request.app.state.sealer
    found: list[Duty] = []
    while len(found) <= limit:  # of those that are kept under one word, a page is found one by one
        rows = (await tx.execute(_after(query, position).limit(limit + 1))).scalars().all()
        found += [duty for duty in (duty_of(sealer, row, now=now) for row in rows) if kind in (None, duty.kind)]
        if len(rows) <= limit:
            break
        position = (rows[-1].overdue_at, rows[-1].id)
    page = tuple(found[:limit])
    if len(found) <= limit:
        return DutyPage(duties=page)
    following = cursors.sign({"at": page[-1].overdue_at.isoformat(), "id": str(page[-1].id)}, bound_to=bound_to)
    asked: dict[str, Any] = {"limit": limit, "state": state, "kind": kind, "organisation_id": organisation_id, "cursor": following}
    response.headers["link"] = next_link(request.url.path, {name: str(value) for name, value in asked.items() if value is not None})
    return DutyPage(duties=page, next=following)


def _after(query: Select[DutyRow], position: tuple[datetime, UUID] | None) -> Select[DutyRow]:
    """The rows behind `position`, in the order of the list."""
    if position is not None:
        at, identifier = position
        query = query.where(or_(DutyRow.overdue_at > at, and_(DutyRow.overdue_at == at, DutyRow.id > identifier)))
    return query.order_by(DutyRow.overdue_at, DutyRow.id)


@router.post("", status_code=201, responses=responses(InvalidRequest, NoSuchStudent, OrganisationNotYours))
async def open_duty(new: NewDuty, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]) -> Duty:
    """Start a clock that the node cannot see start by itself: a child was enrolled, a notice given, a district has asked."""
    sealer: Sealer = request.app.state.sealer
    secret: SigningKey = request.app.state.judge.key
    earlier = await once.earlier(tx, caller, "open_duty")
    if earlier is not None:
        return duty_of(sealer, await _callers_duty(tx, caller, earlier), now=now)
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
    rows = rows_of(sealer, [clock], now=now, secret=secret, opened_by=caller.client_id, evidence_ref=new.evidence_ref)
    exchange_id, key = exchange_about(clock.about), clock.key(secret)
    links = [] if exchange_id is None else serving(secret, exchange_id, [key])

    def store(connection: Connection) -> None:
        start(connection, rows)
        serve(connection, links)

    await tx.run_sync(lambda session: store(session.connection()))
    row = (await tx.execute(select(DutyRow).where(DutyRow.key == key))).scalar_one()
    await once.keep(tx, caller, "open_duty", row.id, now)
    _tell(request, tx, caller, row, "opened")
    return duty_of(sealer, row, now=now)


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
    sealer: Sealer = request.app.state.sealer
    row = await _callers_duty(tx, caller, earlier or duty_id, for_update=True)
    if earlier is not None:
        return duty_of(sealer, row, now=now)
    if row.kind in ENDS_BY_ITSELF:
        raise DutyEndsByItself
    if row.done_at is not None:
        raise DutyDone
    end_duty(row, sealer, by=caller.client_id, evidence_ref=completion.evidence_ref, at=now)
    if row.kind == "annual-notice":
        zone_name = await zone_name_of(tx, row.custodian_id)
        await start_duties(tx, sealer, [Clock("annual-notice", row.custodian_id, zone_name, now, about=f"duty:{row.id}")], now=now)
    await once.keep(tx, caller, "complete_duty", row.id, now)
    _tell(request, tx, caller, row, "done")
    return duty_of(sealer, row, now=now)


def end_duty(row: DutyRow, sealer: Sealer, *, by: str, evidence_ref: str, at: datetime) -> None:
    """It was done, on the word of `by`, with what shows it."""
    row.done_at, row.done_by = at, by
    row.sealed_evidence = sealer.seal(evidence_ref.encode(), table=TABLE, row=row.id, of=f"evidence:{row.key}")


def evidence_of(sealer: Sealer, row: DutyRow) -> str | None:
    """What shows that it was done. Raises SealBroken."""
    if row.sealed_evidence is None:
        return None
    return sealer.open(row.sealed_evidence, table=TABLE, row=row.id, of=f"evidence:{row.key}").decode()


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
    details = details_of(request.app.state.sealer, row)
    context = Context(operation=f"duty-{happened}", reason=details.kind, about=f"duty:{row.id}")
    students = () if details.student_id is None else (details.student_id,)
    event = event_of("duty", f"duty:{row.id}:{happened}", caller, context, students=students, custodians=(row.custodian_id,))
    request.app.state.outbox.record(tx, event)
