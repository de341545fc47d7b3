"""`POST /v1/residence-counts`: the students of a counted blast radius by where they live, a thousand records a call; no student is told.

# INVARIANT: the caller chooses no student: whom to count is what audit kept for the very same caller. The first call is an entry of the log
# before it is answered; without a cursor that this service signed for the caller there is no later one.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from sqlalchemy import ColumnElement

from safepassage.ids import uuid7
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.log import NoSuchCount
from safepassage.problems.records import PurposeMissing, SealBroken
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.wire_residence import ResidenceCount, ResidenceCountRequest, Residents, ResidentState
from services.records.agency_days import Today
from services.records.counted_children import Seen, where_they_live
from services.records.logged import log_ahead
from services.records.residence import ELSEWHERE, UNKNOWN, Residence
from services.records.tables import EducatorCredentialRow, OrganisationRow
from services.records.visibility import visible
from shared.actors import client_actor
from shared.breach_clocks import clocks_of
from shared.breach_notices import notice_of
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.contracts.radius_students import CountedStudents, radius_count
from shared.cursors import Cursors
from shared.problems import responses
from shared.request_clock import Now
from shared.siblings import Siblings
from shared.tenancy import within, within_any

router = APIRouter(tags=["students"])

SCOPE: Final = "records:residence"
COUNTED_FOR: Final = frozenset({"sea", "lea"})

Counting = Annotated[Caller, caller_with(SCOPE)]
GoesOn = Annotated[str | None, Query(max_length=2000, description="Opaque, `goes_on` of the call before.")]


class Totals(NamedTuple):
    """How far it is: what a cursor says. It names no student."""

    day: date
    part: int
    """The next one."""
    parts: int
    of: int
    looked_at: int
    by: Counter[Residence]
    united: int = 0
    """Records, of those looked at, whose student was counted already."""
    staff: int = 0
    """Educators among those of whom it is not known."""

    @property
    def position(self) -> dict[str, Any]:
        """For a cursor."""
        return {**self._asdict(), "day": self.day.isoformat(), "by": dict(self.by)}

    @classmethod
    def at(cls, position: Mapping[str, Any]) -> "Totals":
        """Of a cursor that this service signed."""
        return cls(**{**position, "day": date.fromisoformat(position["day"]), "by": Counter(position["by"])})


@router.post(
    "/v1/residence-counts",
    dependencies=[caller_with("audit:search")],
    responses=responses(NotPermitted, PurposeMissing, NoSuchCount, InvalidRequest, SealBroken, KeysUnavailable, LogUnavailable),
)
async def count_residents(
    asked: ResidenceCountRequest, caller: Counting, request: Request, now: Now, today: Today, cursor: GoesOn = None
) -> ResidenceCount:
    """Count the students of a blast radius by the state where they live, a thousand records a call: send `goes_on` until `found` is there.

    A student of whom several records were touched counts once, where these records were united.

    The blast radius is one that the same client had counted. The first call of a counting is an entry of the log.
    """
    state = request.app.state
    cursors: Cursors = state.cursors
    if caller.kind not in COUNTED_FOR:
        raise NotPermitted("districts and the state agency count their students")
    seen = Seen(visible(caller, today, state_scope=SCOPE), _staff_of(caller))
    bound_to = f"residence:{caller.organisation_id}:{caller.client_id}:{caller.claims.person}:{asked.count_id}"
    position = cursors.read(cursor, bound_to=bound_to)
    if position is None:
        totals = None
    elif (totals := Totals.at(position)).part == totals.parts:
        return _answer(totals, asked, cursors, bound_to, state.days.zone)
    counted = await _students(state.siblings, caller, asked.count_id, 0 if totals is None else totals.part, request)
    if totals is None:
        await _log(request, caller, asked.count_id, counted.of, now)
        totals = Totals(today, 0, counted.parts, counted.of, 0, Counter())
    else:
        _the_same(counted, totals.of)

    async def part_at(part: int) -> tuple[UUID, ...]:
        return _the_same(await _students(state.siblings, caller, asked.count_id, part, request), counted.of).students

    lived = await where_they_live(state.database, state.vault, counted.students, seen, totals.day, before=totals.part, part_at=part_at)
    totals = totals._replace(
        part=min(totals.part + 1, totals.parts),
        looked_at=totals.looked_at + len(counted.students),
        by=totals.by + lived.by,
        united=totals.united + lived.united,
        staff=totals.staff + lived.staff,
    )
    return _answer(totals, asked, cursors, bound_to, state.days.zone)


def _staff_of(caller: Caller) -> ColumnElement[bool]:
    """Educators of the caller's organisation and those below it, within the districts that the token is for."""
    kept_by = EducatorCredentialRow.organisation_id
    own = kept_by.in_(within(OrganisationRow, caller.organisation_id))
    return own if caller.districts is None else own & kept_by.in_(within_any(OrganisationRow, caller.districts))


def _the_same(counted: CountedStudents, of: int) -> CountedStudents:
    """INVARIANT: a counting is of one count: what was counted anew has other students. Raises InvalidRequest."""
    if counted.of != of:
        raise InvalidRequest("the blast radius was counted anew: begin again", field="cursor")
    return counted


def _answer(totals: Totals, asked: ResidenceCountRequest, cursors: Cursors, bound_to: str, zone: ZoneInfo) -> ResidenceCount:
    return ResidenceCount(
        as_of=totals.day,
        looked_at=totals.looked_at,
        of=totals.of,
        goes_on=cursors.sign(totals.position, bound_to=bound_to),
        found=None if totals.part < totals.parts else residents(totals, asked.discovered_at, zone),
    )


def residents(totals: Totals, discovered_at: datetime | None, zone: ZoneInfo) -> Residents:
    """What was found. Pure."""
    unknown = totals.by[UNKNOWN]
    counted = sorted(((state, count) for state, count in totals.by.items() if state not in (UNKNOWN, ELSEWHERE)), key=_most_first)
    return Residents(
        students=totals.by.total(),
        united=totals.united,
        states=tuple(
            ResidentState(
                state=state,
                students=count,
                # INVARIANT: who may live there counts for whether a notice is owed: one too many is told, none too few.
                notices=tuple(notice_of(clock, discovered_at, zone=zone, students=count + unknown) for clock in clocks_of(state)),
            )
            for state, count in counted
        ),
        elsewhere=totals.by[ELSEWHERE],
        unknown=unknown,
        staff=totals.staff,
    )


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    state, count = counted
    return -count, state


async def _students(siblings: Siblings, caller: Caller, count_id: UUID, part: int, request: Request) -> CountedStudents:
    """Whom audit kept for this caller. Raises NoSuchCount, NotPermitted, PurposeMissing, LogUnavailable."""
    path, query = f"/internal/radius-counts/{count_id}/students", {"part": part}
    return await siblings.call("audit", "GET", path, answer=CountedStudents, by=caller.principal, query=query, scope=request.scope)


async def _log(request: Request, caller: Caller, count_id: UUID, students: int, now: datetime) -> None:
    """Once for a counting, before anything of it is told: how many are counted, by whom and for what."""
    event = Event(
        class_="read",
        key=f"residence-count:{uuid7(now)}",
        custodians=(caller.organisation_id,),
        actor=client_actor(caller.claims),
        context=Context(
            operation="residence-count",
            purpose=caller.purpose,
            elements=("contacts.addresses",),
            count=students,
            about=radius_count(count_id),
        ),
    )
    await log_ahead(request.app, caller, event, request.scope)
