"""Consents: what a parent or eligible student allowed in writing (34 CFR 99.30), what they left of it, and when they took it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection, Row, Select, and_, bindparam, or_, select
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
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_policy import ActingFor, Consent, ConsentWithdrawal, NewConsent
from safepassage.wire_rights import ConsentHistory
from services.privacy.behind import event_of
from services.privacy.consent_events import Narrowing, Said, as_known_at, history_of, in_force, open_said, remember
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.policy import rights_role
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts, subjects_of
from services.privacy.tables import ConsentEventRow, ConsentRow, SubjectRow
from shared import prepared
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context
from shared.contracts.privacy import SubjectFacts
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses

router = APIRouter(prefix="/v1/consents", tags=["consents"])

TABLE = "consent"
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
        return await standing_consent(tx, sealer, await callers_consent(tx, caller, earlier))
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
    remember(tx, sealer, consent.id, "granted", Said(acting_for=new.acting_for, reason="granted"), caller, now)
    if consent.expires_at is not None:
        await start_duties(tx, sealer, [await expiry_clock(tx, consent, subject)], now=now)
    await once.keep(tx, caller, "record_consent", consent.id, now)
    tell(request, tx, caller, consent, "granted", subject, new.acting_for, None)
    return consent


@router.get("/{consent_id}", responses=responses(NoSuchConsent))
async def read_consent(
    consent_id: UUID,
    request: Request,
    caller: Staff,
    tx: ReadOnly,
    known_at: Annotated[datetime | None, Query(description="As it was known to stand at this instant; now, if left out.")] = None,
) -> Consent:
    """A consent for a student whose record the caller's organisation keeps: what is in force of it, or was known to be."""
    sealer: Sealer = request.app.state.sealer
    row = await callers_consent(tx, caller, consent_id)
    if known_at is None:
        return await standing_consent(tx, sealer, row)
    if known_at.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="known_at")
    if known_at < row.granted_at:
        raise NoSuchConsent
    return as_known_at(open_grant(sealer, row), await history_of(tx, sealer, row.id), known_at)


@router.get("/{consent_id}/history", responses=responses(NoSuchConsent))
async def read_consent_history(consent_id: UUID, request: Request, caller: Staff, tx: ReadOnly) -> ConsentHistory:
    """Everything that happened to a consent, and on whose word."""
    row = await callers_consent(tx, caller, consent_id)
    return ConsentHistory(consent_id=row.id, events=await history_of(tx, request.app.state.sealer, row.id))


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
    row = await callers_consent(tx, caller, earlier or consent_id, for_update=True)
    consent = await standing_consent(tx, sealer, row)
    if earlier is not None:
        return consent
    subject = await callers_subject(tx, caller, consent.student_id)
    require_may_change(withdrawal.acting_for, consent, open_facts(sealer, subject), now=now)
    if row.withdrawn_at is not None:
        raise ConsentWithdrawn
    row.withdrawn_at, row.epoch = now, row.epoch + 1
    remember(tx, sealer, row.id, "withdrawn", Said(acting_for=withdrawal.acting_for, reason=withdrawal.reason), caller, now)
    await end_expiry(tx, sealer, caller, row, f"consent:{row.id}:withdrawn", now)
    await once.keep(tx, caller, "withdraw_consent", row.id, now)
    tell(request, tx, caller, consent, "withdrawn", subject, withdrawal.acting_for, withdrawal.reason)
    return consent.model_copy(update={"withdrawn_at": row.withdrawn_at})


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


_NARROWED = and_(ConsentEventRow.consent_id == ConsentRow.id, ConsentEventRow.kind == "narrowed")
_COLUMNS_HELD = select(
    ConsentRow.id,
    ConsentRow.student_id,
    ConsentRow.recipient_id,
    ConsentRow.withdrawn_at,
    ConsentRow.epoch,
    ConsentRow.sealed,
    ConsentEventRow.id.label("event_id"),
    ConsentEventRow.at.label("event_at"),
    ConsentEventRow.sealed.label("event_sealed"),
).outerjoin(ConsentEventRow, _NARROWED)
_HELD = _COLUMNS_HELD.where(ConsentRow.id.in_(bindparam("consent_ids", expanding=True)))


def held_consents(connection: Connection, sealer: Sealer, consent_ids: Sequence[UUID]) -> list[tuple[Consent, int]]:
    """Consents as they stand, each with its epoch, for a decision: of any student, since the policies compare. One statement.

    # INVARIANT: every narrowing that was committed counts, whatever a replica's clock said when it was made.
    """
    rows: dict[UUID, list[Row[*tuple[Any, ...]]]] = {}
    for row in prepared.rows(connection, _HELD, {"consent_ids": list(consent_ids)}):
        rows.setdefault(row.id, []).append(row)
    return [_held(sealer, rows[consent_id]) for consent_id in dict.fromkeys(consent_ids) if consent_id in rows]


_WITH_THOSE_TAKEN_BACK = _COLUMNS_HELD.where(
    or_(
        ConsentRow.id == bindparam("consent_id"),
        and_(
            ConsentRow.student_id.in_(bindparam("student_ids", expanding=True)),
            ConsentRow.recipient_id == bindparam("recipient_id"),
            ConsentRow.withdrawn_at.is_not(None),
        ),
    )
).order_by(ConsentRow.id)

HeldConsent = tuple[Consent, int]
"""A consent as it stands, and its epoch."""


def consent_and_those_taken_back(
    connection: Connection, sealer: Sealer, consent_id: UUID, student_ids: Sequence[UUID], *, recipient_id: str
) -> tuple[HeldConsent | None, list[HeldConsent]]:
    """The consent that is named, and the other consents about the students for the recipient that were withdrawn. One statement."""
    rows: dict[UUID, list[Row[*tuple[Any, ...]]]] = {}
    asked = {"consent_id": consent_id, "student_ids": list(student_ids), "recipient_id": recipient_id}
    for row in prepared.rows(connection, _WITH_THOSE_TAKEN_BACK, asked):
        rows.setdefault(row.id, []).append(row)
    named = rows.pop(consent_id, None)
    return None if named is None else _held(sealer, named), [_held(sealer, of_one) for of_one in rows.values()]


def _held(sealer: Sealer, rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Consent, int]:
    """A consent of its rows, one to a narrowing."""
    row = rows[0]
    narrowings = [
        Narrowing(one.event_at, open_said(sealer, one.event_id, "narrowed", row.id, one.event_sealed))
        for one in rows
        if one.event_id is not None
    ]
    return in_force(open_grant(sealer, row), narrowings, withdrawn_at=row.withdrawn_at), row.epoch


async def standing_consent(tx: AsyncSession, sealer: Sealer, row: ConsentRow) -> Consent:
    """A consent as it stands, in a session that holds the row."""
    events = (await tx.execute(select(ConsentEventRow).join(ConsentRow, _NARROWED).where(ConsentRow.id == row.id))).scalars()
    narrowings = [Narrowing(one.at, open_said(sealer, one.id, one.kind, row.id, one.sealed)) for one in events]
    return in_force(open_grant(sealer, row), narrowings, withdrawn_at=row.withdrawn_at)


def open_grant(sealer: Sealer, row: ConsentRow | Row[*tuple[Any, ...]]) -> Consent:
    """The consent of a row as it was granted. Raises SealBroken."""
    return Consent.model_validate_json(sealer.open(row.sealed, table=TABLE, row=row.id, of=_of(row.student_id, row.recipient_id)))


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


async def callers_consent(tx: AsyncSession, caller: Caller, consent_id: UUID, *, for_update: bool = False) -> ConsentRow:
    """INVARIANT: another district's consent looks absent, to the byte."""
    own: Select[UUID] = subjects_of(caller).with_only_columns(SubjectRow.student_id)
    query = select(ConsentRow).where(ConsentRow.id == consent_id, ConsentRow.student_id.in_(own))
    if for_update:
        query = query.with_for_update(of=ConsentRow)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchConsent
    return row


def require_may_change(acting_for: ActingFor, consent: Consent, facts: SubjectFacts, *, now: datetime) -> None:
    """Who gave it may always take it back, or a part of it; so may whoever holds the student's rights now. Raises RightsNotHeld."""
    if acting_for.person_id != consent.acting_for.person_id and rights_role(facts, acting_for.person_id, now=now) is None:
        raise RightsNotHeld(field="acting_for.person_id")


async def expiry_clock(tx: AsyncSession, consent: Consent, subject: SubjectRow, *, epoch: int = 1) -> Clock:
    """The clock that warns before it expires; another one where a narrowing brought the end forward."""
    return Clock(
        "consent-expiry",
        subject.custodian_id,
        await zone_name_of(tx, subject.custodian_id),
        consent.granted_at,
        about=f"consent:{consent.id}" if epoch == 1 else f"consent:{consent.id}:{epoch}",
        student_id=consent.student_id,
        ends_at=consent.expires_at,
    )


async def end_expiry(tx: AsyncSession, sealer: Sealer, caller: Caller, row: ConsentRow, evidence_ref: str, now: datetime) -> None:
    """Nobody needs the warnings of its expiry any more: it was withdrawn, or ends earlier."""
    abouts = [f"consent:{row.id}", *(f"consent:{row.id}:{epoch}" for epoch in range(2, row.epoch))]
    for about in abouts:
        await end_duties(tx, sealer, caller, about=about, kinds=("consent-expiry",), evidence_ref=evidence_ref, now=now)


def tell(  # every argument is told
    request: Request,
    tx: AsyncSession,
    caller: Caller,
    consent: Consent,
    kind: str,
    subject: SubjectRow,
    acting_for: ActingFor,
    reason: str | None,
) -> None:
    """The behind-entry of what happened to a consent; `kind` granted, withdrawn, or narrowed with the consent's new epoch."""
    context = Context(
        operation=f"consent-{kind.partition(':')[0]}",
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
