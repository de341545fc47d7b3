"""`GET /v1/students/{student_id}/rights`: what a parent or eligible student has said and asked, in one look; the look is on the log."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.records import NoSuchStudent
from safepassage.wire_student_rights import CurrentRights, RightsRequest, StudentRights
from services.privacy.behind import event_of
from services.privacy.consent_records import standing_consent
from services.privacy.duties import duty_of
from services.privacy.opt_outs import open_preference
from services.privacy.policy import who_hold_rights
from services.privacy.rights import Held, Staff, with_events
from services.privacy.rights_file import PROTECTED
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts, subjects_of
from services.privacy.tables import ConsentRow, DutyRow, OrganisationRow, PreferenceRow, RightsRequestRow, SubjectRow
from shared.caller import Caller
from shared.contracts.audit import Context
from shared.contracts.privacy import SubjectFacts
from shared.database import Transaction
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import within

router = APIRouter(prefix="/v1/students", tags=["rights"])


@router.get("/{student_id}/rights", responses=responses(NoSuchStudent))
async def read_student_rights(student_id: UUID, request: Request, caller: Staff, tx: Transaction, now: Now) -> StudentRights:
    """Consents, opt-outs, requests and their clocks of a student whose record the caller's organisation, or one below it, keeps. Logged.

    With them who holds the rights at this instant. What was said to another district, or asked of one, is not in it.
    """
    sealer: Sealer = request.app.state.sealer
    subject = await callers_subject(tx, caller, student_id)
    consents = (await tx.execute(select(ConsentRow).where(ConsentRow.student_id == student_id).order_by(ConsentRow.id.desc()))).scalars()
    standing = [await standing_consent(tx, sealer, row) for row in consents.all()]
    requests = await _requests(tx, sealer, caller, student_id)
    duties = await _duties(tx, caller, [f"consent:{one.id}" for one in standing] + [one.about for one in requests])
    context = Context(operation="student-rights-read")
    event = event_of("rights", f"student-rights:{uuid7(now)}", caller, context, students=(student_id,), custodians=(subject.custodian_id,))
    request.app.state.outbox.record(tx, event)
    facts = open_facts(sealer, subject)
    return StudentRights(
        student_id=student_id,
        held_by=_held_by(facts, now=now),
        in_person_only=PROTECTED in facts.flags,
        same_child=await _seen(tx, caller, facts.same_child),
        consents=tuple(standing),
        preferences=tuple(open_preference(sealer, row) for row in await _preferences(tx, caller, student_id)),
        requests=tuple(map(_told, requests)),
        duties=tuple(duty_of(sealer, row, now=now) for row in duties),
    )


async def _seen(tx: AsyncSession, caller: Caller, records: Sequence[UUID]) -> tuple[UUID, ...]:
    """INVARIANT: a record that the caller's organisation does not keep is not named, nor that there is one."""
    if not records:
        return ()
    query = subjects_of(caller).with_only_columns(SubjectRow.student_id).where(SubjectRow.student_id.in_(records))
    return tuple(sorted((await tx.scalars(query)).all()))


async def _requests(tx: AsyncSession, sealer: Sealer, caller: Caller, student_id: UUID) -> list[Held]:
    own = within(OrganisationRow, caller.organisation_id)
    mine = or_(RightsRequestRow.custodian_id.in_(own), RightsRequestRow.taken_by_id.in_(own))
    query = select(RightsRequestRow).where(RightsRequestRow.student_id == student_id, mine).order_by(RightsRequestRow.id.desc())
    return await with_events(tx, sealer, (await tx.execute(query)).scalars().all())


async def _preferences(tx: AsyncSession, caller: Caller, student_id: UUID) -> Sequence[PreferenceRow]:
    own = within(OrganisationRow, caller.organisation_id)
    query = select(PreferenceRow).where(PreferenceRow.student_id == student_id, PreferenceRow.district_id.in_(own))
    return (await tx.execute(query.order_by(PreferenceRow.id.desc()))).scalars().all()


async def _duties(tx: AsyncSession, caller: Caller, about: Sequence[str]) -> Sequence[DutyRow]:
    own = within(OrganisationRow, caller.organisation_id)
    query = select(DutyRow).where(DutyRow.about.in_(about), DutyRow.custodian_id.in_(own)).order_by(DutyRow.ranked_at, DutyRow.id)
    return (await tx.execute(query)).scalars().all()


def _held_by(facts: SubjectFacts, *, now: Now) -> tuple[CurrentRights, ...]:
    relations = {holder.person_id: holder.relation for holder in facts.rights_holders}
    held = who_hold_rights(facts, now=now)
    return tuple(
        CurrentRights(person_id=one, role=role, relation=relations[one] if role == "parent" else None) for one, role in held.items()
    )


def _told(held: Held) -> RightsRequest:
    row = held.row
    return RightsRequest.model_validate(
        {
            "id": row.id,
            "kind": row.kind,
            "organisation_id": row.custodian_id,
            "state": held.state,
            "recorded_at": row.recorded_at,
            "overdue_at": row.overdue_at,
        }
    )
