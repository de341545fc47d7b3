"""What a parent or eligible student asked of an agency, and what happened to it: rows that never change, and events that follow them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.rights import RequestIncomplete
from safepassage.wire import Code, Wire
from safepassage.wire_policy import ActingFor
from safepassage.wire_rights import EvidenceRef, RightsEvent
from services.privacy.clocks import begins, events_that_end, state_after
from services.privacy.identified import require_identified
from services.privacy.policy import rights_role
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts
from services.privacy.tables import OrganisationRow, RightsEventRow, RightsRequestRow, SubjectRow
from shared.caller import Caller, caller_with, family_or
from shared.contracts.privacy import SubjectFacts
from shared.tenancy import belongs_to, within

TABLE, EVENT_TABLE = "rights_request", "rights_event"

Kind = Literal["inspection", "amendment", "hearing", "statement"]

Staff = Annotated[Caller, caller_with("rights:act")]
"""Staff or portal of the agency that keeps the student's record."""

StaffOrFamily = Annotated[Caller, family_or("rights:act")]
"""They, or a family member at the page behind a one-time link, for themselves and their own student (decisions 56)."""


class Said(Wire):
    """What an event rests on."""

    evidence_ref: EvidenceRef | None = None
    reason: Code | None = None
    acting_for: ActingFor | None = None
    official: str | None = None
    """Pairwise id of the official whose act it was."""
    form: dict[str, Any] | None = None
    """The whole of what was sent, where it is more."""


@dataclass(frozen=True)
class Happened:
    """An event, opened."""

    kind: str
    at: datetime
    organisation_id: UUID
    said: Said

    @property
    def event(self) -> RightsEvent:
        """As it is said aloud: no person."""
        said = self.said
        return RightsEvent(
            kind=self.kind, at=self.at, organisation_id=self.organisation_id, evidence_ref=said.evidence_ref, reason=said.reason
        )


@dataclass(frozen=True)
class Held:
    """A request and everything that happened to it, in order."""

    row: RightsRequestRow
    whole: bytes
    """What was asked for, as it was recorded: JSON."""
    happened: tuple[Happened, ...] = ()

    @property
    def about(self) -> str:
        """What its duties are about."""
        return f"{self.row.kind}:{self.row.id}"

    @property
    def state(self) -> str:
        """Where it stands."""
        return state_after(self.row.kind, [one.kind for one in self.happened])

    @property
    def events(self) -> tuple[RightsEvent, ...]:
        """As they are said aloud."""
        return tuple(one.event for one in self.happened)

    def last(self, *kinds: str) -> Happened | None:
        """The last event of one of the kinds."""
        return next((one for one in reversed(self.happened) if one.kind in kinds), None)

    def require_step(self, event: str) -> str:
        """The state after `event`. Raises StepNotPossible."""
        return state_after(self.row.kind, [one.kind for one in self.happened], event)


@dataclass(frozen=True)
class Person:
    """Who holds the student's rights and acts now, and about whom."""

    subject: SubjectRow
    facts: SubjectFacts
    role: Literal["parent", "student"]


async def acting_person(
    tx: AsyncSession, sealer: Sealer, caller: Caller, student_id: UUID, acting_for: ActingFor, *, at: datetime, now: datetime, days: int
) -> Person:
    """The student of the caller's, and the person who holds the rights; `at` and `days` as `require_identified` has them.

    Raises NoSuchStudent, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld.
    """
    subject = await callers_subject(tx, caller, student_id)
    facts = open_facts(sealer, subject)
    require_identified(acting_for, caller, at=at, now=now, days=days)
    role = rights_role(facts, acting_for.person_id, now=now)
    if role is None or not caller.speaks_for(acting_for.person_id):
        raise RightsNotHeld(field="acting_for.person_id")
    return Person(subject, facts, role)


async def lock_subject(tx: AsyncSession, student_id: UUID) -> None:
    """Let nobody else ask about or clear the destruction of the student's records until this has committed (99.10(e))."""
    await tx.execute(select(SubjectRow.student_id).where(SubjectRow.student_id == student_id).with_for_update())


async def zone_name_of(tx: AsyncSession, organisation_id: UUID) -> str:
    """The time zone of an organisation: its days are the days of its duties."""
    row = (await tx.execute(select(OrganisationRow).where(OrganisationRow.id == organisation_id))).scalar_one()
    return row.organisation.time_zone


async def agency_of(tx: AsyncSession, reference: str) -> OrganisationRow | None:
    """The organisation of this node, or of a school the district it belongs to."""
    try:
        identifier = UUID(reference)
    except ValueError:
        return None
    row = (await tx.execute(select(OrganisationRow).where(OrganisationRow.id == identifier))).scalar_one_or_none()
    if row is None or row.kind != "school" or row.parent_id is None:
        return row
    return (await tx.execute(select(OrganisationRow).where(OrganisationRow.id == row.parent_id))).scalar_one_or_none()


def latest_day(now: datetime, *zone_names: str) -> date:
    """The day that it is in that of the zones where it is latest: who signs or receives something there has a day that has come."""
    return max(now.astimezone(ZoneInfo(name)).date() for name in zone_names)


def received_at(on: date, zone_name: str, *, now: datetime, taken_in: str) -> datetime:
    """The instant at which a clock that starts on a day starts. Raises RequestIncomplete for a day that has not come.

    taken_in  the zone of who took it in: a state agency may have tomorrow already
    """
    if on > latest_day(now, zone_name, taken_in):
        raise RequestIncomplete("it was received before it is recorded", field="received_on")
    return begins(on, ZoneInfo(zone_name))


async def with_events(tx: AsyncSession, sealer: Sealer, rows: Sequence[RightsRequestRow]) -> list[Held]:
    """The requests with what happened to each. Raises SealBroken."""
    query = select(RightsEventRow).where(RightsEventRow.request_id.in_([row.id for row in rows])).order_by(RightsEventRow.number)
    happened: dict[UUID, list[Happened]] = {}
    for event in (await tx.execute(query)).scalars():
        clear = sealer.open(event.sealed, table=EVENT_TABLE, row=event.id, of=event_place(event.kind, event.request_id))
        opened = Happened(event.kind, event.at, event.organisation_id, Said.model_validate_json(clear))
        happened.setdefault(event.request_id, []).append(opened)
    return [Held(row, _open(sealer, row), tuple(happened.get(row.id, ()))) for row in rows]


def _open(sealer: Sealer, row: RightsRequestRow) -> bytes:
    return sealer.open(row.sealed, table=TABLE, row=row.id, of=request_place(row.kind, row.student_id, row.custodian_id))


def request_place(kind: str, student_id: UUID, custodian_id: UUID) -> str:
    """Which request's value is sealed."""
    return f"{kind}:{student_id}:{custodian_id}"


def event_place(kind: str, request_id: UUID) -> str:
    """Which event's value is sealed."""
    return f"{kind}:{request_id}"


def visible_requests(caller: Caller, kind: Kind) -> Select[RightsRequestRow]:
    """SELECT of the requests of a kind that the caller's organisation, or one below it, owes an answer to or took in.

    INVARIANT: another organisation's looks absent, to the byte; and to a family member what is about another student.
    """
    own = within(OrganisationRow, caller.organisation_id)
    return _of_kind(caller, kind, or_(RightsRequestRow.custodian_id.in_(own), RightsRequestRow.taken_by_id.in_(own)))


def visible_request(caller: Caller, kind: Kind, request_id: UUID) -> Select[RightsRequestRow]:
    """SELECT of one of them, by its id."""
    own = caller.organisation_id
    owes = belongs_to(RightsRequestRow.custodian_id, OrganisationRow, own)
    took = belongs_to(RightsRequestRow.taken_by_id, OrganisationRow, own)
    return _of_kind(caller, kind, or_(owes, took)).where(RightsRequestRow.id == request_id)


def _of_kind(caller: Caller, kind: Kind, mine: ColumnElement[bool]) -> Select[RightsRequestRow]:
    visible = select(RightsRequestRow).where(RightsRequestRow.kind == kind, mine)
    family = caller.claims.family
    return visible if family is None else visible.where(RightsRequestRow.student_id == family.student_id)


def is_outstanding(kind: Kind) -> Any:
    """Condition: nothing has ended the request."""
    ended = exists().where(RightsEventRow.request_id == RightsRequestRow.id, RightsEventRow.kind.in_(sorted(events_that_end(kind))))
    return ~ended


async def outstanding_inspections(tx: AsyncSession, student_ids: Collection[UUID]) -> bool:
    """Whether anybody waits to inspect the records of one of the students, here or at the state agency (99.10(e))."""
    query = select(RightsRequestRow.id).where(
        RightsRequestRow.kind == "inspection", RightsRequestRow.student_id.in_(student_ids), is_outstanding("inspection")
    )
    return (await tx.execute(query.limit(1))).scalar_one_or_none() is not None
