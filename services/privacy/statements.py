"""Statements of disagreement: placed when a hearing found that the record stands, and sent along whenever the contested part is (99.21).

The text is part of the record, which privacy never sees: the agency loads it there (`StudentRecord.statements`) under the id given here.
What privacy keeps is that it exists and what it is about, so that every decision names it and records releases no contested part without
it - least of all before it was loaded.
"""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import select

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.rights import IdentityCheckTooOld, NoSuchRightsRequest, RequestIncomplete, StepNotPossible
from safepassage.wire import Wire
from safepassage.wire_rights import NewStatement, Statement
from services.privacy.amendments import recorded_amendment
from services.privacy.duties import Clock
from services.privacy.rights import Held, Said, zone_name_of
from services.privacy.rights_desk import Desk, StaffDesk, StaffFiles
from services.privacy.sealing import Sealer
from services.privacy.tables import SubjectRow
from shared.contracts.privacy import PlacedStatement
from shared.problems import responses

router = APIRouter(prefix="/v1/statements", tags=["rights"])

TABLE = "subject"
MOST = 50
"""Of one student: as many as a record holds."""


class _Placed(Wire):
    """What is sealed beside the facts of the student."""

    statements: tuple[PlacedStatement, ...]


@router.post(
    "",
    status_code=201,
    responses=responses(NoSuchRightsRequest, RightsNotHeld, StepNotPossible, RequestIncomplete, IdentityCheckTooOld),
)
async def place_statement(new: NewStatement, desk: StaffDesk) -> Statement:
    """Place a statement. From now on every decision about a contested part names it; load it with the record under the id of the answer."""
    earlier = await desk.earlier("place_statement")
    if earlier is not None:
        return statement_of(await desk.held("statement", earlier))
    hearing = await desk.locked("hearing", new.hearing_id)
    hearing.require_step("statement-placed")
    custodian_id, student_id = hearing.row.custodian_id, hearing.row.student_id
    person = await desk.acting(student_id, new.acting_for, on=new.placed_on)
    zone_name = await zone_name_of(desk.tx, custodian_id)
    await _require_about_the_amendment(desk, hearing, new)
    if new.placed_on > desk.now.astimezone(ZoneInfo(zone_name)).date():
        raise RequestIncomplete("it was placed before it is recorded", field="placed_on")
    recorded = _Recorded(**new.model_dump(), placed_by="parent" if person.role == "parent" else "eligible-student")
    held = await desk.file("statement", recorded, student_id=student_id, custodian_id=custodian_id, about_id=hearing.row.id)
    await desk.let_happen(hearing, "statement-placed", Said(evidence_ref=held.about, acting_for=new.acting_for))
    await _put_beside_facts(desk, student_id, PlacedStatement(id=held.row.id, relates_to=new.relates_to))
    await desk.end(hearing, "inform-of-statement-right", evidence_ref=held.about)
    await desk.start(Clock("load-statement", custodian_id, zone_name, desk.now, about=held.about, student_id=student_id))
    await desk.close("place_statement", held, "placed", acting_for=new.acting_for)
    return statement_of(held)


@router.get("/{statement_id}", responses=responses(NoSuchRightsRequest))
async def read_statement(statement_id: UUID, files: StaffFiles) -> Statement:
    """A statement on record; its text is in the record."""
    return statement_of(await files.held("statement", statement_id))


class _Recorded(NewStatement):
    placed_by: str


def statement_of(held: Held) -> Statement:
    """The statement as it is said aloud."""
    recorded, row = _Recorded.model_validate_json(held.whole), held.row
    members = {"id": row.id, "student_id": row.student_id, "custodian_id": row.custodian_id, "recorded_at": row.recorded_at}
    return Statement.model_validate(recorded.model_dump() | members)


def placed_statements(sealer: Sealer, student_id: UUID, sealed: bytes | None) -> tuple[PlacedStatement, ...]:
    """The statements beside a student's facts. Raises SealBroken."""
    if sealed is None:
        return ()
    return _Placed.model_validate_json(sealer.open(sealed, table=TABLE, row=student_id, of="statements")).statements


async def _require_about_the_amendment(desk: Desk, hearing: Held, new: NewStatement) -> None:
    """Raises RequestIncomplete for a part that was not contested."""
    if hearing.row.about_id is None:
        raise NoSuchRightsRequest
    contested = recorded_amendment(await desk.held("amendment", hearing.row.about_id)).relates_to
    if not all(_within(part, contested) for part in new.relates_to):
        raise RequestIncomplete("it is about what the amendment was about", field="relates_to")


async def _put_beside_facts(desk: Desk, student_id: UUID, statement: PlacedStatement) -> None:
    subject = (await desk.tx.execute(select(SubjectRow).where(SubjectRow.student_id == student_id).with_for_update())).scalar_one()
    placed = (*placed_statements(desk.sealer, student_id, subject.sealed_statements), statement)
    if len(placed) > MOST:
        raise RequestIncomplete(f"a record holds {MOST} statements at most", field="relates_to")
    clear = _Placed(statements=placed).model_dump_json().encode()
    subject.sealed_statements = desk.sealer.seal(clear, table=TABLE, row=student_id, of="statements")


def _within(part: str, contested: Sequence[str]) -> bool:
    """A contested section has the elements in it."""
    return part in contested or part.partition(".")[0] in contested
