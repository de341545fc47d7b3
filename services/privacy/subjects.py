"""What privacy knows of a student: a closed list of facts that records alone writes, in order (decisions 3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, Select, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems import SuiteError
from safepassage.problems.privacy import FactsConflict
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.problems.requests import InvalidRequest
from services.privacy.sealing import Sealer
from services.privacy.tables import OrganisationRow, SubjectRow, SubjectVersionRow
from shared import prepared
from shared.caller import Caller, sibling
from shared.clock import Clock
from shared.contracts.privacy import SubjectFacts
from shared.contracts.subject_batches import RefusedSubject, SubjectBatch, SubjectsTaken
from shared.database import Database
from shared.inserts import DIALECTS, insert_of
from shared.internal_token import Principal
from shared.plain_route import plain_route
from shared.problems import responses
from shared.tenancy import belongs_to

router = APIRouter(prefix="/internal/subjects", tags=["internal"])

TABLE = "subject"
FORGOTTEN = b""
"""`sealed` of a student of whom nothing is known any more (services.privacy.forgetting): held by nobody, like one who never was."""


@router.put("/{student_id}", status_code=204, responses=responses(FactsConflict, InvalidRequest))
async def put_subject(student_id: UUID, facts: SubjectFacts, request: Request, _: Annotated[Principal, sibling("records")]) -> Response:
    """Take the facts of a student. A version older than the one held changes nothing; the same version says the same or is refused."""
    if facts.student_id != student_id:
        raise InvalidRequest("the id of the path and of the body differ", field="student_id")
    _require_time_zone(facts.time_zone)
    if await _store(request, [facts]):
        raise FactsConflict(field="facts_version")
    return Response(status_code=204)


@plain_route(router, "", SubjectBatch, by="records", answer=SubjectsTaken, responses=responses(InvalidRequest, SealBroken))
async def put_subjects(request: Request, _: Principal, batch: SubjectBatch) -> Response:
    """Take the facts of several students in one transaction. Those that are refused are named, and stop none of the others."""
    refused: dict[int, type[SuiteError]] = {}
    for place, facts in enumerate(batch.subjects):
        try:
            _require_time_zone(facts.time_zone)
        except InvalidRequest:
            refused[place] = InvalidRequest
    good = [place for place in range(len(batch.subjects)) if place not in refused]
    conflicts = await _store(request, [batch.subjects[place] for place in good])
    refused |= {good[place]: FactsConflict for place in conflicts}
    named = tuple(
        RefusedSubject(place=place, student_id=batch.subjects[place].student_id, code=refused[place].code) for place in sorted(refused)
    )
    return Response(SubjectsTaken(refused=named).model_dump_json(), media_type="application/json")


async def _store(request: Request, several: Sequence[SubjectFacts]) -> list[int]:
    database: Database = request.app.state.database
    sealer: Sealer = request.app.state.sealer
    clock: Clock = request.app.state.clock
    rows = [sealed_row(sealer, facts) for facts in several]
    return await database.write(lambda connection: store_facts(connection, sealer, several, rows, now=clock())) if several else []


def sealed_row(sealer: Sealer, facts: SubjectFacts) -> dict[str, Any]:
    """The columns of a student's facts."""
    return {
        "student_id": facts.student_id,
        "custodian_id": facts.custodian_id,
        "facts_version": facts.facts_version,
        "sealed": sealer.seal(
            facts.model_dump_json(by_alias=True).encode(),
            table=TABLE,
            row=facts.student_id,
            of=_of(facts.facts_version, facts.custodian_id),
        ),
    }


def store_facts(
    connection: Connection, sealer: Sealer, several: Sequence[SubjectFacts], rows: Sequence[dict[str, Any]], *, now: datetime
) -> list[int]:
    """Store what is newer than what is held, and that it is known from `now` on; the places of those that contradict what is held at
    their own version.

    rows  `sealed_row` of each

    # INVARIANT: facts_version only grows: two pushes at once end with the newer.
    """
    # In one order, so that two batches never wait for each other's rows.
    in_order = sorted(rows, key=lambda row: (row["student_id"], row["facts_version"]))
    changed = prepared.change_each(connection, _NEWER[connection.dialect.name], in_order)
    ids = {facts.student_id for facts in several}
    if changed == len(rows) == len(ids):  # each is of another student, and newer than what was held: nothing is to be compared
        prepared.change_each(connection, _KNOWN, [row | {"known_from": now} for row in rows])
        return []
    held = subjects_by_id(connection, list(ids))  # without those who were forgotten
    taken = [row for row in rows if row["student_id"] in held and held[row["student_id"]].sealed == row["sealed"]]
    prepared.change_each(connection, _KNOWN, [row | {"known_from": now} for row in taken])
    return [
        place
        for place, (facts, row) in enumerate(zip(several, rows, strict=True))
        if (known := held.get(facts.student_id)) is not None
        and known.facts_version == facts.facts_version
        and known.sealed != row["sealed"]
        and open_facts(sealer, known) != facts
    ]


def _newer(dialect: str) -> Any:
    statement = insert_of(dialect, SubjectRow)
    values = {name: statement.excluded[name] for name in ("custodian_id", "facts_version", "sealed")}
    newer = SubjectRow.facts_version < statement.excluded.facts_version
    return statement.on_conflict_do_update(index_elements=["student_id"], set_=values, where=newer)


_NEWER = {dialect: _newer(dialect) for dialect in DIALECTS}
_KNOWN = insert(SubjectVersionRow)


class HeldFacts(Protocol):
    """A row of `subject` or of `subject_version`, as an object or as columns."""

    @property
    def student_id(self) -> UUID: ...
    @property
    def custodian_id(self) -> UUID: ...
    @property
    def facts_version(self) -> int: ...
    @property
    def sealed(self) -> bytes: ...


class HeldSubject(HeldFacts, Protocol):
    """A row of `subject`."""

    @property
    def sealed_statements(self) -> bytes | None: ...


def open_facts(sealer: Sealer, row: HeldFacts) -> SubjectFacts:
    """The facts of a stored student. Raises SealBroken where row and seal are not of one student, version and custodian."""
    clear = sealer.open(row.sealed, table=TABLE, row=row.student_id, of=_of(row.facts_version, row.custodian_id))
    facts = SubjectFacts.model_validate_json(clear)
    if facts.student_id != row.student_id or facts.facts_version != row.facts_version:
        raise SealBroken
    return facts


_HELD = select(
    SubjectRow.student_id, SubjectRow.custodian_id, SubjectRow.facts_version, SubjectRow.sealed, SubjectRow.sealed_statements
).where(SubjectRow.sealed != FORGOTTEN)
HELD_ONE = _HELD.where(SubjectRow.student_id == bindparam("student_id"))
_HELD_SEVERAL = _HELD.where(SubjectRow.student_id.in_(bindparam("student_ids", expanding=True)))


def subjects_by_id(connection: Connection, student_ids: Sequence[UUID]) -> dict[UUID, HeldSubject]:
    """The students that are held, by id."""
    if not student_ids:
        return {}
    if len(student_ids) == 1:
        rows = prepared.rows(connection, HELD_ONE, {"student_id": student_ids[0]})
    else:
        rows = prepared.rows(connection, _HELD_SEVERAL, {"student_ids": list(student_ids)})
    return {row.student_id: row for row in rows}


def subjects_of(caller: Caller) -> Select[SubjectRow]:
    """The students whose custodian is the caller's organisation or below it; of those, a family member's own alone. By their ids."""
    own = select(SubjectRow).where(
        belongs_to(SubjectRow.custodian_id, OrganisationRow, caller.organisation_id), SubjectRow.sealed != FORGOTTEN
    )
    family = caller.claims.family
    return own if family is None else own.where(SubjectRow.student_id == family.student_id)


async def callers_subject(tx: AsyncSession, caller: Caller, student_id: UUID) -> SubjectRow:
    """A student of the caller's own organisation. Raises NoSuchStudent for any other, held or not."""
    row = (await tx.execute(subjects_of(caller).where(SubjectRow.student_id == student_id))).scalar_one_or_none()
    if row is None:
        raise NoSuchStudent
    return row


def _require_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise InvalidRequest("not the name of a time zone (IANA)", field="time_zone") from error


def _of(facts_version: int, custodian_id: UUID) -> str:
    return f"facts:{facts_version}:{custodian_id}"
