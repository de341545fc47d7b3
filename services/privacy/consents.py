"""Consents: what a parent or eligible student allowed in writing (34 CFR 99.30), and when they took it back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.privacy import (
    ConsentIncomplete,
    ConsentWithdrawn,
    NoSuchConsent,
    NoSuchRecipient,
    RightsNotHeld,
    UnknownElement,
    UnknownPurpose,
)
from safepassage.problems.records import NoSuchStudent
from safepassage.wire_policy import ActingFor, Consent, ConsentWithdrawal, NewConsent
from services.privacy.behind import event_of
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.policy import rights_role
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts, subjects_of
from services.privacy.tables import ConsentEventRow, ConsentRow, SubjectRow
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context
from shared.contracts.privacy import SubjectFacts
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses

router = APIRouter(prefix="/v1/consents", tags=["consents"])

TABLE, EVENT_TABLE = "consent", "consent_event"
RECIPIENTS = ("vendor", "agency", "school", "lea", "sea")

Staff = Annotated[Caller, caller_with("rights:act")]
"""Staff or portal of the agency that keeps the student's record; a parent never calls (decisions 4)."""


@router.post(
    "",
    status_code=201,
    responses=responses(NoSuchStudent, RightsNotHeld, ConsentIncomplete, NoSuchRecipient, UnknownElement, UnknownPurpose),
)
async def record_consent(
    new: NewConsent, request: Request, caller: Staff, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Consent:
    """Put a signed and dated written consent on record."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "record_consent")
    if earlier is not None:
        return open_consent(sealer, await _callers_consent(tx, caller, earlier))
    subject = await callers_subject(tx, caller, new.student_id)
    facts = open_facts(sealer, subject)
    role = rights_role(facts, new.acting_for.person_id, now=now)
    if role is None:
        raise RightsNotHeld(field="acting_for.person_id")
    require_written_consent(new, facts, now=now)
    require_elements(new.elements)
    require_purposes(new.purposes)
    await require_party(tx, new.recipient_id, kinds=RECIPIENTS)
    consent = Consent(**new.model_dump(), id=uuid7(now), grantor_role=role, granted_at=now)
    tx.add(_row_of(sealer, consent))
    await tx.flush()
    _remember(tx, sealer, consent.id, "granted", new.acting_for, None, caller, now)
    await once.keep(tx, caller, "record_consent", consent.id, now)
    _tell(request, tx, caller, consent, "granted", subject, new.acting_for, None)
    return consent


@router.get("/{consent_id}", responses=responses(NoSuchConsent))
async def read_consent(consent_id: UUID, request: Request, caller: Staff, tx: ReadOnly) -> Consent:
    """A consent for a student whose record the caller's organisation keeps."""
    return open_consent(request.app.state.sealer, await _callers_consent(tx, caller, consent_id))


@router.post("/{consent_id}/withdrawal", responses=responses(NoSuchConsent, ConsentWithdrawn, RightsNotHeld))
async def withdraw_consent(
    consent_id: UUID,
    withdrawal: ConsentWithdrawal,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Consent:
    """Take a consent back. Every decision that starts from now on finds it withdrawn, and what waits to be sent is recalled."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "withdraw_consent")
    row = await _callers_consent(tx, caller, earlier or consent_id, for_update=True)
    if earlier is not None:
        return open_consent(sealer, row)
    consent = open_consent(sealer, row)
    subject = await callers_subject(tx, caller, consent.student_id)
    _require_may_withdraw(withdrawal, consent, open_facts(sealer, subject), now=now)
    if row.withdrawn_at is not None:
        raise ConsentWithdrawn
    row.withdrawn_at, row.epoch = now, row.epoch + 1
    _remember(tx, sealer, row.id, "withdrawn", withdrawal.acting_for, withdrawal.reason, caller, now)
    await once.keep(tx, caller, "withdraw_consent", row.id, now)
    _tell(request, tx, caller, consent, "withdrawn", subject, withdrawal.acting_for, withdrawal.reason)
    return open_consent(sealer, row)


def require_written_consent(new: NewConsent, facts: SubjectFacts, *, now: datetime) -> None:
    """The conditions of 34 CFR 99.30 that the form of a consent shows by itself. Raises ConsentIncomplete with the field at fault."""
    today = now.astimezone(ZoneInfo(facts.time_zone)).date()
    if new.signed_on > today:
        raise ConsentIncomplete("signed before it is recorded: 99.30(a)", field="signed_on")
    if new.acting_for.authenticated_at > now:
        raise ConsentIncomplete("the person was authenticated before: 99.31(c)", field="acting_for.authenticated_at")
    if new.expires_at is not None and new.expires_at <= now:
        raise ConsentIncomplete("it has not expired when it is recorded", field="expires_at")
    if new.signature != "electronic":
        return
    if new.acting_for.assurance_level == "ial1":
        raise ConsentIncomplete(
            "an electronic signature identifies and authenticates its source: 99.30(d)(1)", field="acting_for.assurance_level"
        )
    if new.electronic_approval is None:
        raise ConsentIncomplete("an electronic signature indicates the person's approval: 99.30(d)(2)", field="electronic_approval")


_HELD = select(
    ConsentRow.id, ConsentRow.student_id, ConsentRow.recipient_id, ConsentRow.withdrawn_at, ConsentRow.epoch, ConsentRow.sealed
).where(ConsentRow.id == bindparam("consent_id"))


def held_consent(connection: Connection, sealer: Sealer, consent_id: UUID) -> tuple[Consent, int] | None:
    """A consent as it stands, and its epoch, for a decision: any student's, since the policies compare."""
    row = connection.execute(_HELD, {"consent_id": consent_id}).one_or_none()
    return None if row is None else (open_consent(sealer, row), row.epoch)


def open_consent(sealer: Sealer, row: ConsentRow | Row[UUID, UUID, str, datetime | None, int, bytes]) -> Consent:
    """The consent of a row. Raises SealBroken."""
    granted = Consent.model_validate_json(sealer.open(row.sealed, table=TABLE, row=row.id, of=_of(row.student_id, row.recipient_id)))
    return granted.model_copy(update={"withdrawn_at": row.withdrawn_at})


def _row_of(sealer: Sealer, consent: Consent) -> ConsentRow:
    clear = consent.model_dump_json().encode()
    return ConsentRow(
        id=consent.id,
        student_id=consent.student_id,
        recipient_id=consent.recipient_id,
        granted_at=consent.granted_at,
        withdrawn_at=None,
        epoch=1,
        sealed=sealer.seal(clear, table=TABLE, row=consent.id, of=_of(consent.student_id, consent.recipient_id)),
    )


def _of(student_id: UUID, recipient_id: str) -> str:
    return f"consent:{student_id}:{recipient_id}"


async def _callers_consent(tx: AsyncSession, caller: Caller, consent_id: UUID, *, for_update: bool = False) -> ConsentRow:
    """INVARIANT: another district's consent looks absent, to the byte."""
    own: Select[UUID] = subjects_of(caller).with_only_columns(SubjectRow.student_id)
    query = select(ConsentRow).where(ConsentRow.id == consent_id, ConsentRow.student_id.in_(own))
    if for_update:
        query = query.with_for_update(of=ConsentRow)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchConsent
    return row


def _require_may_withdraw(withdrawal: ConsentWithdrawal, consent: Consent, facts: SubjectFacts, *, now: datetime) -> None:
    """Who gave it may always take it back; so may whoever holds the student's rights now."""
    person_id = withdrawal.acting_for.person_id
    if person_id != consent.acting_for.person_id and rights_role(facts, person_id, now=now) is None:
        raise RightsNotHeld(field="acting_for.person_id")


def _remember(
    tx: AsyncSession,
    sealer: Sealer,
    consent_id: UUID,
    kind: str,
    acting_for: ActingFor,
    reason: str | None,
    caller: Caller,
    now: datetime,
) -> None:
    event_id = uuid7(now)
    clear = ConsentWithdrawal(acting_for=acting_for, reason=reason or kind).model_dump_json().encode()
    tx.add(
        ConsentEventRow(
            id=event_id,
            consent_id=consent_id,
            kind=kind,
            at=now,
            client_id=caller.client_id,
            organisation_id=caller.organisation_id,
            sealed=sealer.seal(clear, table=EVENT_TABLE, row=event_id, of=f"{kind}:{consent_id}"),
        )
    )


def _tell(
    request: Request,
    tx: AsyncSession,
    caller: Caller,
    consent: Consent,
    kind: str,
    subject: SubjectRow,
    acting_for: ActingFor,
    reason: str | None,
) -> None:
    context = Context(
        operation=f"consent-{kind}",
        reason=reason,
        consent_id=consent.id,
        recipient_organisation=consent.recipient_id,
        elements=consent.elements,
    )
    event = event_of(
        "consent",
        f"consent:{consent.id}:{kind}",
        caller,
        context,
        students=(consent.student_id,),
        custodians=(subject.custodian_id,),
        acting_for=acting_for.person_id,
    )
    request.app.state.outbox.record(tx, event)
