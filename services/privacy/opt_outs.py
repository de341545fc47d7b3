"""Opt-outs and refusals: recorded for a student at a district, kept in force whether or not the student still attends (34 CFR 99.37)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.privacy import NoSuchRecipient, RightsNotHeld, UnknownElement, UnknownPurpose
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.rights import IdentityCheckTooOld, NoSuchPreference, PreferenceRescinded, RequestIncomplete
from safepassage.wire_directory import DirectoryOptOut, DisclosureRefusal, NewPreference, Preference
from safepassage.wire_policy import ActingFor
from safepassage.wire_rights import Rescission
from services.privacy.behind import event_of
from services.privacy.consents import RECIPIENTS
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.identified import require_identified
from services.privacy.policy import rights_role
from services.privacy.rights import Said, Staff, StaffOrFamily, acting_person, agency_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import FORGOTTEN, open_facts
from services.privacy.tables import OrganisationRow, PreferenceEventRow, PreferenceRow, SubjectRow
from shared.caller import Caller
from shared.contracts.audit import Context
from shared.contracts.privacy import SubjectFacts
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/preferences", tags=["rights"])

TABLE, EVENT_TABLE = "preference", "preference_event"


@router.post(
    "",
    status_code=201,
    responses=responses(
        NoSuchStudent, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld, UnknownElement, UnknownPurpose, NoSuchRecipient
    ),
)
async def record_preference(
    new: NewPreference, request: Request, caller: StaffOrFamily, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Preference:
    """Put a written opt-out of directory information or recruiters' lists, or a refusal, on record. It binds the student's district."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "record_preference")
    if earlier is not None:
        return open_preference(sealer, await _callers_preference(tx, caller, earlier))
    days: int = request.app.state.settings.identity_check_days
    person = await acting_person(tx, sealer, caller, new.student_id, new.acting_for, at=new.received_at, now=now, days=days)
    if new.received_at > now:
        raise RequestIncomplete("it was received before it is recorded", field="received_at")
    await _require_known(tx, new)
    district = await agency_of(tx, str(person.subject.custodian_id))
    district_id = person.subject.custodian_id if district is None else district.id
    preference = Preference(id=uuid7(now), district_id=district_id, of=new, recorded_at=now)
    row = PreferenceRow(
        id=preference.id,
        kind=new.kind,
        student_id=new.student_id,
        district_id=district_id,
        recorded_at=now,
        rescinded_at=None,
        epoch=1,
        sealed=sealer.seal(preference.model_dump_json().encode(), table=TABLE, row=preference.id, of=_of(new.student_id, district_id)),
    )
    tx.add(row)
    await tx.flush()
    _remember(tx, sealer, caller, row, "recorded", new.acting_for, None, now)
    await once.keep(tx, caller, "record_preference", preference.id, now)
    _tell(request, tx, caller, row, "recorded", new, new.acting_for, None)
    return preference


@router.get("/{preference_id}", responses=responses(NoSuchPreference, InvalidRequest))
async def read_preference(
    preference_id: UUID,
    request: Request,
    caller: Staff,
    tx: ReadOnly,
    known_at: Annotated[datetime | None, Query(description="As it was known to stand at this instant; now, if left out.")] = None,
) -> Preference:
    """An opt-out or refusal at the caller's district or one below it, as it stands or was known to."""
    preference = open_preference(request.app.state.sealer, await _callers_preference(tx, caller, preference_id))
    if known_at is None:
        return preference
    if known_at.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="known_at")
    if known_at < preference.recorded_at:
        raise NoSuchPreference
    known = preference.rescinded_at is not None and preference.rescinded_at <= known_at
    return preference if known else preference.model_copy(update={"rescinded_at": None})


@router.post(
    "/{preference_id}/rescission",
    responses=responses(NoSuchPreference, PreferenceRescinded, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld),
)
async def rescind_preference(
    preference_id: UUID,
    rescission: Rescission,
    request: Request,
    caller: StaffOrFamily,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Preference:
    """Take an opt-out or refusal back: by who said it, or by the student once rights have passed; a former student's by nobody else."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "rescind_preference")
    row = await _callers_preference(tx, caller, earlier or preference_id, for_update=True)
    preference = open_preference(sealer, row)
    if earlier is not None:
        return preference
    subject = await tx.get_one(SubjectRow, row.student_id)
    # of whoever was forgotten it is not known any more who holds the rights: what was asked for stays
    if subject.sealed == FORGOTTEN or not caller.speaks_for(rescission.acting_for.person_id):
        raise RightsNotHeld(field="acting_for.person_id")
    require_identified(rescission.acting_for, caller, at=now, now=now, days=request.app.state.settings.identity_check_days)
    facts = open_facts(sealer, subject)
    await _require_may_rescind(tx, preference, rescission.acting_for, facts, now)
    if row.rescinded_at is not None:
        raise PreferenceRescinded
    row.rescinded_at, row.epoch = now, row.epoch + 1
    _remember(tx, sealer, caller, row, "rescinded", rescission.acting_for, rescission.reason, now)
    await once.keep(tx, caller, "rescind_preference", row.id, now)
    _tell(request, tx, caller, row, "rescinded", preference.of, rescission.acting_for, rescission.reason)
    return preference.model_copy(update={"rescinded_at": now})


_HELD = select(
    PreferenceRow.id, PreferenceRow.student_id, PreferenceRow.district_id, PreferenceRow.rescinded_at, PreferenceRow.sealed
).where(PreferenceRow.student_id.in_(bindparam("student_ids", expanding=True)))


def held_preferences(connection: Connection, sealer: Sealer, student_ids: Sequence[UUID]) -> tuple[Preference, ...]:
    """The preferences of the students, rescinded ones too, for a decision: the policies compare district and instant. One statement."""
    if not student_ids:
        return ()
    return tuple(open_preference(sealer, row) for row in connection.execute(_HELD.order_by(PreferenceRow.id), {"student_ids": student_ids}))


def open_preference(sealer: Sealer, row: PreferenceRow | Row[*tuple[Any, ...]]) -> Preference:
    """The preference of a row, as it stands. Raises SealBroken."""
    recorded = Preference.model_validate_json(sealer.open(row.sealed, table=TABLE, row=row.id, of=_of(row.student_id, row.district_id)))
    return recorded.model_copy(update={"rescinded_at": row.rescinded_at})


async def _require_known(tx: AsyncSession, new: NewPreference) -> None:
    if isinstance(new, DirectoryOptOut | DisclosureRefusal) and new.elements is not None:
        require_elements(new.elements)
    if isinstance(new, DisclosureRefusal):
        if new.purposes is not None:
            require_purposes(new.purposes)
        if new.recipient_id is not None:
            await require_party(tx, new.recipient_id, kinds=RECIPIENTS)


async def _require_may_rescind(tx: AsyncSession, preference: Preference, by: ActingFor, facts: SubjectFacts, now: datetime) -> None:
    """Who said it, or another holder of the rights once that person holds none. Raises RightsNotHeld.

    INVARIANT: one parent does not take back what the other has said; and of a student who left, only the student does: 99.37(b).
    """
    role = rights_role(facts, by.person_id, now=now)
    said_by = preference.of.acting_for.person_id
    if role is None or (by.person_id != said_by and rights_role(facts, said_by, now=now) is not None):
        raise RightsNotHeld(field="acting_for.person_id")
    if role != "student" and isinstance(preference.of, DirectoryOptOut) and not await _attends(tx, facts, preference.district_id, now):
        raise RightsNotHeld("a former student's opt-out is rescinded by the student: 99.37(b)", field="acting_for.person_id")


async def _attends(tx: AsyncSession, facts: SubjectFacts, district_id: UUID, now: datetime) -> bool:
    """The student is in attendance at the district today."""
    today = now.astimezone(ZoneInfo(facts.time_zone)).date()
    at = [one.organisation_id for one in facts.attendances if one.from_ <= today and (one.until is None or today <= one.until)]
    own = within(OrganisationRow, district_id)
    query = select(OrganisationRow.id).where(OrganisationRow.id.in_(at), OrganisationRow.id.in_(own)).limit(1)
    return bool(at) and (await tx.execute(query)).scalar_one_or_none() is not None


def preferences_of(caller: Caller) -> Select[PreferenceRow]:
    """Those of the caller's organisation and of the ones below it."""
    return select(PreferenceRow).where(PreferenceRow.district_id.in_(within(OrganisationRow, caller.organisation_id)))


async def _callers_preference(tx: AsyncSession, caller: Caller, preference_id: UUID, *, for_update: bool = False) -> PreferenceRow:
    """INVARIANT: another district's looks absent. A former student's stays with the district at which it was made."""
    mine = belongs_to(PreferenceRow.district_id, OrganisationRow, caller.organisation_id)
    query = select(PreferenceRow).where(PreferenceRow.id == preference_id, mine)
    row = (await tx.execute(query.with_for_update() if for_update else query)).scalar_one_or_none()
    if row is None or not caller.is_about(row.student_id):
        raise NoSuchPreference
    return row


def _of(student_id: UUID, district_id: UUID) -> str:
    return f"preference:{student_id}:{district_id}"


def _remember(
    tx: AsyncSession,
    sealer: Sealer,
    caller: Caller,
    row: PreferenceRow,
    kind: str,
    acting_for: ActingFor,
    reason: str | None,
    now: datetime,
) -> None:
    event_id = uuid7(now)
    clear = Said(acting_for=acting_for, reason=reason).model_dump_json(exclude_none=True).encode()
    tx.add(
        PreferenceEventRow(
            id=event_id,
            preference_id=row.id,
            kind=kind,
            at=now,
            client_id=caller.client_id,
            organisation_id=caller.organisation_id,
            sealed=sealer.seal(clear, table=EVENT_TABLE, row=event_id, of=f"{kind}:{row.id}"),
        )
    )


def _tell(  # every argument is told
    request: Request,
    tx: AsyncSession,
    caller: Caller,
    row: PreferenceRow,
    happened: str,
    of: NewPreference,
    acting_for: ActingFor,
    reason: str | None,
) -> None:
    elements = () if not isinstance(of, DirectoryOptOut | DisclosureRefusal) or of.elements is None else of.elements
    context = Context(operation=f"{row.kind}-{happened}", reason=reason, about=f"preference:{row.id}", elements=elements)
    event = event_of(
        "opt-out",
        f"preference:{row.id}:{happened}",
        caller,
        context,
        students=(row.student_id,),
        custodians=(row.district_id,),
        acting_for=acting_for.person_id,
    )
    request.app.state.outbox.record(tx, event)
