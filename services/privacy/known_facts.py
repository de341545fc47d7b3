"""What the node knew of a student at an instant: the facts by which a decision of then was made, for those who answer for it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_facts import KnownFacts
from services.privacy.behind import event_of
from services.privacy.rights import Staff
from services.privacy.sealing import Sealer
from services.privacy.subjects import open_facts
from services.privacy.tables import OrganisationRow, SubjectVersionRow
from shared.caller import Caller
from shared.contracts.audit import Context
from shared.contracts.privacy import SubjectFacts
from shared.database import Transaction
from shared.outbox import Outbox
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to

router = APIRouter(prefix="/v1/known-facts", tags=["decisions"])


@router.get("/{student_id}", responses=responses(NoSuchStudent, InvalidRequest))
async def read_known_facts(
    student_id: UUID,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    known_at: Annotated[datetime | None, Query(description="As they were known at this instant; now, if left out.")] = None,
) -> KnownFacts:
    """The facts of a student that decided at an instant, for the organisation that kept the record by them, or stands above it. Logged."""
    if known_at is not None and known_at.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="known_at")
    row, known_until = await _known(tx, caller, student_id, known_at or now)
    sealer: Sealer = request.app.state.sealer
    outbox: Outbox = request.app.state.outbox
    context = Context(operation="known-facts-read", about=f"facts:{row.facts_version}")
    key = f"known-facts:{uuid7(now)}"
    outbox.record(tx, event_of("rights", key, caller, context, students=(student_id,), custodians=(row.custodian_id,)))
    return _document(open_facts(sealer, row), known_from=row.known_from, known_until=known_until)


async def _known(tx: AsyncSession, caller: Caller, student_id: UUID, at: datetime) -> tuple[SubjectVersionRow, datetime | None]:
    """The version of that instant, and when the next one came. Raises NoSuchStudent also where the caller did not keep the record then.

    The latest version counts that had come, whatever a clock that was set back says of those before it. What the caller did not keep and
    what is not there are one question, which takes as long.
    """
    versions = select(SubjectVersionRow).where(SubjectVersionRow.student_id == student_id)
    came = select(func.max(SubjectVersionRow.facts_version)).where(
        SubjectVersionRow.student_id == student_id, SubjectVersionRow.known_from <= at
    )
    latest = versions.where(
        SubjectVersionRow.facts_version == came.scalar_subquery(),
        belongs_to(SubjectVersionRow.custodian_id, OrganisationRow, caller.organisation_id),
    )
    row = (await tx.scalars(latest)).one_or_none()
    if row is None:
        raise NoSuchStudent
    later = versions.where(SubjectVersionRow.facts_version > row.facts_version).order_by(SubjectVersionRow.facts_version).limit(1)
    following = (await tx.scalars(later)).one_or_none()
    return row, None if following is None else following.known_from


def _document(facts: SubjectFacts, *, known_from: datetime, known_until: datetime | None) -> KnownFacts:
    said = {name: getattr(facts, name) for name in KnownFacts.model_fields if name in SubjectFacts.model_fields}
    return KnownFacts(**said | {"flags": tuple(sorted(facts.flags)), "known_from": known_from, "known_until": known_until})
