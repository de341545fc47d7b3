"""`POST /v1/residence-counts`: the students of a counted blast radius by where they live, a thousand a call; no student is told.

# INVARIANT: the caller chooses no student: whom to count is what audit kept for the very same caller. The first call is an entry of the log
# before it is answered; without a cursor that this service signed for the caller there is no later one.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, select

from safepassage.ids import uuid7
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.log import NoSuchCount
from safepassage.problems.records import PurposeMissing, SealBroken
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.record.contacts import Address, Guardian
from safepassage.wire_residence import ResidenceCount, ResidenceCountRequest, Residents, ResidentState
from services.records.logged import log_ahead
from services.records.reading import opened
from services.records.record_sources import merged
from services.records.residence import ELSEWHERE, UNKNOWN, Residence, residence_of
from services.records.tables import SectionRow, StudentRow
from services.records.vault import Vault
from services.records.visibility import visible
from shared.actors import client_actor
from shared.breach_clocks import clocks_of
from shared.breach_notices import notice_of
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context, Event
from shared.contracts.radius_students import CountedStudents, radius_count
from shared.cursors import Cursors
from shared.database import Database
from shared.problems import responses
from shared.siblings import Siblings

router = APIRouter(tags=["students"])

SCOPE: Final = "records:residence"
COUNTED_FOR: Final = frozenset({"sea", "lea"})
AT_ONCE: Final = 100
"""Students whose addresses are opened before others of the process go on."""
WANTED: Final = {"contacts": ("addresses", "guardians")}

Counting = Annotated[Caller, caller_with(SCOPE)]
GoesOn = Annotated[str | None, Query(max_length=2000, description="Opaque, `goes_on` of the call before.")]

_ADDRESSES: Final = TypeAdapter(tuple[Address, ...])
_GUARDIANS: Final = TypeAdapter(tuple[Guardian, ...])


class Totals(NamedTuple):
    """How far it is: what a cursor says. It names no student."""

    day: date
    part: int
    """The next one."""
    parts: int
    of: int
    looked_at: int
    by: Counter[Residence]

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
    asked: ResidenceCountRequest, caller: Counting, request: Request, now: Now, cursor: GoesOn = None
) -> ResidenceCount:
    """Count the students of a blast radius by the state where they live, a thousand a call: send `goes_on` until `found` is there.

    The blast radius is one that the same client had counted. The first call of a counting is an entry of the log.
    """
    state = request.app.state
    cursors: Cursors = state.cursors
    if caller.kind not in COUNTED_FOR:
        raise NotPermitted("districts and the state agency count their students")
    seen = visible(caller, now, state_scope=SCOPE)
    bound_to = f"residence:{caller.organisation_id}:{caller.client_id}:{caller.claims.person}:{asked.count_id}"
    position = cursors.read(cursor, bound_to=bound_to)
    if position is None:
        totals = None
    elif (totals := Totals.at(position)).part == totals.parts:
        return _answer(totals, asked, cursors, bound_to)
    counted = await _students(state.siblings, caller, asked.count_id, 0 if totals is None else totals.part, request)
    if totals is None:
        await _log(request, caller, asked.count_id, counted.of, now)
        totals = Totals(now.date(), 0, counted.parts, counted.of, 0, Counter())
    elif totals.of != counted.of:
        raise InvalidRequest("the blast radius was counted anew: begin again", field="cursor")
    found = await _residences(state.database, state.vault, counted.students, seen, totals.day)
    found[UNKNOWN] += len(counted.students) - found.total()  # not here, or not the caller's to see
    looked_at = totals.looked_at + len(counted.students)
    totals = totals._replace(part=min(totals.part + 1, totals.parts), looked_at=looked_at, by=totals.by + found)
    return _answer(totals, asked, cursors, bound_to)


def _answer(totals: Totals, asked: ResidenceCountRequest, cursors: Cursors, bound_to: str) -> ResidenceCount:
    return ResidenceCount(
        as_of=totals.day,
        looked_at=totals.looked_at,
        of=totals.of,
        goes_on=cursors.sign(totals.position, bound_to=bound_to),
        found=None if totals.part < totals.parts else residents(totals, asked.discovered_at),
    )


def residents(totals: Totals, discovered_at: datetime | None) -> Residents:
    """What was found. Pure."""
    unknown = totals.by[UNKNOWN]
    counted = sorted(((state, count) for state, count in totals.by.items() if state not in (UNKNOWN, ELSEWHERE)), key=_most_first)
    return Residents(
        students=totals.of,
        states=tuple(
            ResidentState(
                state=state,
                students=count,
                # INVARIANT: who may live there counts for whether a notice is owed: one too many is told, none too few.
                notices=tuple(notice_of(clock, discovered_at, students=count + unknown) for clock in clocks_of(state)),
            )
            for state, count in counted
        ),
        elsewhere=totals.by[ELSEWHERE],
        unknown=unknown,
    )


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    state, count = counted
    return -count, state


async def _students(siblings: Siblings, caller: Caller, count_id: UUID, part: int, request: Request) -> CountedStudents:
    """Whom audit kept for this caller. Raises NoSuchCount, NotPermitted, PurposeMissing, LogUnavailable."""
    path, query = f"/internal/radius-counts/{count_id}/students", {"part": part}
    return await siblings.call("audit", "GET", path, answer=CountedStudents, by=caller.principal, query=query, scope=request.scope)


async def _residences(
    database: Database, vault: Vault, students: Sequence[UUID], seen: ColumnElement[bool], today: date
) -> Counter[Residence]:
    """Of those who are here and seen. Raises SealBroken, KeysUnavailable: then nothing is told."""
    found = Counter[Residence]()
    for start in range(0, len(students), AT_ONCE):
        found.update(await database.read(partial(_page, vault, students[start : start + AT_ONCE], seen, today)))
        await asyncio.sleep(0)
    return found


def _page(vault: Vault, students: Sequence[UUID], seen: ColumnElement[bool], today: date, connection: Connection) -> list[Residence]:
    sections = SectionRow.__table__.c
    held = connection.execute(select(StudentRow.id, StudentRow.wrapped_key).where(StudentRow.id.in_(students), seen)).all()
    contacts: dict[UUID, list[Any]] = {row.id: [] for row in held}
    query = select(SectionRow.__table__).where(sections.student_id.in_(list(contacts)), sections.section.in_(list(WANTED)))
    for row in connection.execute(query):
        contacts[row.student_id].append(row)
    found = []
    for student in held:
        section = merged(opened(vault.data_key(student.id, student.wrapped_key), contacts[student.id], only=WANTED)).get("contacts", {})
        addresses, guardians = section.get("addresses", b"[]"), section.get("guardians", b"[]")
        found.append(residence_of(_ADDRESSES.validate_json(addresses), _GUARDIANS.validate_json(guardians), today))
    return found


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
