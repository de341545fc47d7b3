"""What privacy knows of a student: a closed list of facts that records alone writes, in order (decisions 3)."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Protocol, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import FactsConflict
from safepassage.problems.records import NoSuchStudent, SealBroken
from safepassage.problems.requests import InvalidRequest
from services.privacy.inserts import insert_into
from services.privacy.sealing import Sealer
from services.privacy.tables import OrganisationRow, SubjectRow
from shared.caller import Caller, sibling
from shared.contracts.privacy import SubjectFacts
from shared.database import Transaction
from shared.internal_token import Principal
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/internal/subjects", tags=["internal"])

TABLE = "subject"


@router.put("/{student_id}", status_code=204, responses=responses(FactsConflict, InvalidRequest))
async def put_subject(
    student_id: UUID, facts: SubjectFacts, request: Request, _: Annotated[Principal, sibling("records")], tx: Transaction
) -> Response:
    """Take the facts of a student. A version older than the one held changes nothing; the same version says the same or is refused."""
    if facts.student_id != student_id:
        raise InvalidRequest("the id of the path and of the body differ", field="student_id")
    _require_time_zone(facts.time_zone)
    await store_facts(tx, request.app.state.sealer, facts)
    return Response(status_code=204)


async def store_facts(tx: AsyncSession, sealer: Sealer, facts: SubjectFacts) -> None:
    """Store facts that are newer than those held, in one statement: two pushes at once end with the newer. Raises FactsConflict."""
    values = {
        "custodian_id": facts.custodian_id,
        "facts_version": facts.facts_version,
        "sealed": sealer.seal(
            facts.model_dump_json(by_alias=True).encode(),
            table=TABLE,
            row=facts.student_id,
            of=_of(facts.facts_version, facts.custodian_id),
        ),
    }
    # INVARIANT: facts_version only grows.
    statement = insert_into(tx, SubjectRow).values(student_id=facts.student_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["student_id"], set_=values, where=SubjectRow.facts_version < facts.facts_version
    ).returning(SubjectRow.facts_version)
    if (await tx.execute(statement)).scalar_one_or_none() is not None:
        return
    held = (await tx.execute(select(SubjectRow).where(SubjectRow.student_id == facts.student_id))).scalar_one()
    if held.facts_version == facts.facts_version and open_facts(sealer, held) != facts:
        raise FactsConflict(field="facts_version")


class HeldSubject(Protocol):
    """A row of `subject`, as an object or as columns."""

    @property
    def student_id(self) -> UUID: ...
    @property
    def custodian_id(self) -> UUID: ...
    @property
    def facts_version(self) -> int: ...
    @property
    def sealed(self) -> bytes: ...


def open_facts(sealer: Sealer, row: HeldSubject) -> SubjectFacts:
    """The facts of a stored student. Raises SealBroken where row and seal are not of one student, version and custodian."""
    clear = sealer.open(row.sealed, table=TABLE, row=row.student_id, of=_of(row.facts_version, row.custodian_id))
    facts = SubjectFacts.model_validate_json(clear)
    if facts.student_id != row.student_id or facts.facts_version != row.facts_version:
        raise SealBroken
    return facts


_HELD = select(SubjectRow.student_id, SubjectRow.custodian_id, SubjectRow.facts_version, SubjectRow.sealed)
_HELD_ONE = _HELD.where(SubjectRow.student_id == bindparam("student_id"))
_HELD_SEVERAL = _HELD.where(SubjectRow.student_id.in_(bindparam("student_ids", expanding=True)))


def subjects_by_id(connection: Connection, student_ids: Sequence[UUID]) -> dict[UUID, HeldSubject]:
    """The students that are held, by id."""
    if not student_ids:
        return {}
    if len(student_ids) == 1:
        rows = connection.execute(_HELD_ONE, {"student_id": student_ids[0]})
    else:
        rows = connection.execute(_HELD_SEVERAL, {"student_ids": student_ids})
    return {row.student_id: row for row in cast("Iterable[HeldSubject]", rows)}


def subjects_of(caller: Caller) -> Select[SubjectRow]:
    """The students whose custodian is the caller's organisation or below it."""
    return select(SubjectRow).where(SubjectRow.custodian_id.in_(within(OrganisationRow, caller.organisation_id)))


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
