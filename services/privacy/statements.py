"""Statements of disagreement: placed when a hearing found that the record stands, and sent along whenever the contested part is (99.21).

The text is part of the record, which privacy never sees: the agency loads it there (`StudentRecord.statements`) under the id given here.
What privacy keeps is that it exists and what it is about, so that every decision names it and records releases no contested part without
it - least of all before it was loaded.
"""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.rights import NoSuchRightsRequest, RequestIncomplete, StepNotPossible
from safepassage.wire import Wire
from safepassage.wire_rights import NewStatement, Statement
from services.privacy.amendments import recorded_amendment
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.rights import (
    Held,
    Said,
    Staff,
    acting_person,
    add_event,
    add_request,
    held_request,
    open_request,
    tell,
    zone_name_of,
)
from services.privacy.sealing import Sealer
from services.privacy.tables import SubjectRow
from shared.clock import Now
from shared.contracts.privacy import PlacedStatement
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses

router = APIRouter(prefix="/v1/statements", tags=["rights"])

TABLE = "subject"
MOST = 50
"""Of one student: as many as a record holds."""


class _Placed(Wire):
    """What is sealed beside the facts of the student."""

    statements: tuple[PlacedStatement, ...]


@router.post("", status_code=201, responses=responses(NoSuchRightsRequest, RightsNotHeld, StepNotPossible, RequestIncomplete))
async def place_statement(
    new: NewStatement, request: Request, caller: Staff, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Statement:
    """Place a statement. From now on every decision about a contested part names it; load it with the record under the id of the answer."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "place_statement")
    if earlier is not None:
        return statement_of(sealer, await held_request(tx, sealer, caller, "statement", earlier))
    hearing = await held_request(tx, sealer, caller, "hearing", new.hearing_id, for_update=True)
    hearing.require_step("statement-placed")
    person = await acting_person(tx, sealer, caller, hearing.row.student_id, new.acting_for, now)
    custodian_id, student_id = hearing.row.custodian_id, hearing.row.student_id
    zone_name = await zone_name_of(tx, custodian_id)
    if hearing.row.about_id is None:
        raise NoSuchRightsRequest
    contested = recorded_amendment(sealer, await held_request(tx, sealer, caller, "amendment", hearing.row.about_id)).relates_to
    if not all(_within(part, contested) for part in new.relates_to):
        raise RequestIncomplete("it is about what the amendment was about", field="relates_to")
    if new.placed_on > now.astimezone(ZoneInfo(zone_name)).date():
        raise RequestIncomplete("it was placed before it is recorded", field="placed_on")
    row = await add_request(
        tx,
        sealer,
        caller,
        kind="statement",
        student_id=student_id,
        custodian_id=custodian_id,
        about_id=hearing.row.id,
        overdue_at=None,
        whole=_Recorded(**new.model_dump(), placed_by="parent" if person.role == "parent" else "eligible-student"),
        now=now,
    )
    said = Said(evidence_ref=f"statement:{row.id}", acting_for=new.acting_for)
    await add_event(tx, sealer, caller, hearing, "statement-placed", said, now)
    await _put_beside_facts(tx, sealer, student_id, PlacedStatement(id=row.id, relates_to=new.relates_to))
    about = f"hearing:{hearing.row.id}"
    kinds = ("inform-of-statement-right",)
    await end_duties(tx, sealer, caller, about=about, kinds=kinds, evidence_ref=f"statement:{row.id}", now=now)
    loading = Clock("load-statement", custodian_id, zone_name, now, about=f"statement:{row.id}", student_id=student_id)
    await start_duties(tx, sealer, [loading], now=now)
    await once.keep(tx, caller, "place_statement", row.id, now)
    tell(request, tx, caller, row, "placed", reason=None, acting_for=new.acting_for.person_id)
    return statement_of(sealer, Held(row, ()))


@router.get("/{statement_id}", responses=responses(NoSuchRightsRequest))
async def read_statement(statement_id: UUID, request: Request, caller: Staff, tx: ReadOnly) -> Statement:
    """A statement on record; its text is in the record."""
    sealer: Sealer = request.app.state.sealer
    return statement_of(sealer, await held_request(tx, sealer, caller, "statement", statement_id))


class _Recorded(NewStatement):
    placed_by: str


def statement_of(sealer: Sealer, held: Held) -> Statement:
    """The statement as it is said aloud."""
    recorded, row = _Recorded.model_validate_json(open_request(sealer, held.row)), held.row
    members = {"id": row.id, "student_id": row.student_id, "custodian_id": row.custodian_id, "recorded_at": row.recorded_at}
    return Statement.model_validate(recorded.model_dump() | members)


def placed_statements(sealer: Sealer, student_id: UUID, sealed: bytes | None) -> tuple[PlacedStatement, ...]:
    """The statements beside a student's facts. Raises SealBroken."""
    if sealed is None:
        return ()
    return _Placed.model_validate_json(sealer.open(sealed, table=TABLE, row=student_id, of="statements")).statements


async def _put_beside_facts(tx: Transaction, sealer: Sealer, student_id: UUID, statement: PlacedStatement) -> None:
    subject = (await tx.execute(select(SubjectRow).where(SubjectRow.student_id == student_id).with_for_update())).scalar_one()
    placed = (*placed_statements(sealer, student_id, subject.sealed_statements), statement)
    if len(placed) > MOST:
        raise RequestIncomplete(f"a record holds {MOST} statements at most", field="relates_to")
    clear = _Placed(statements=placed).model_dump_json().encode()
    subject.sealed_statements = sealer.seal(clear, table=TABLE, row=student_id, of="statements")


def _within(part: str, contested: Sequence[str]) -> bool:
    """A contested section has the elements in it."""
    return part in contested or part.partition(".")[0] in contested
