"""Consents: what a parent or eligible student allowed in writing (34 CFR 99.30), what they left of it, and when they took it back."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request

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
from safepassage.problems.rights import IdentityCheckTooOld, RequestIncomplete
from safepassage.wire_policy import Consent, ConsentWithdrawal, NewConsent
from safepassage.wire_rights import ConsentHistory
from services.privacy.clocks import begins
from services.privacy.consent_changes import consent_to_change, end_expiry, expiry_clock, tell
from services.privacy.consent_events import Said, as_known_at, history_of, remember
from services.privacy.consent_records import callers_consent, open_grant, row_of, standing_consent
from services.privacy.duties import start_duties
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.policy import rights_role
from services.privacy.rights import Staff, StaffOrFamily, latest_day, zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.identity_checks import require_checked_lately
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/consents", tags=["consents"])

RECIPIENTS = ("vendor", "agency", "school", "lea", "sea")


@router.post(
    "",
    status_code=201,
    responses=responses(
        NoSuchStudent, RightsNotHeld, ConsentIncomplete, IdentityCheckTooOld, NoSuchRecipient, UnknownElement, UnknownPurpose
    ),
)
async def record_consent(
    new: NewConsent, request: Request, caller: StaffOrFamily, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Consent:
    """Put a signed and dated written consent on record."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "record_consent")
    if earlier is not None:
        return await standing_consent(tx, sealer, await callers_consent(tx, caller, earlier))
    subject = await callers_subject(tx, caller, new.student_id)
    facts = open_facts(sealer, subject)
    role = rights_role(facts, new.acting_for.person_id, now=now)
    if role is None or not caller.speaks_for(new.acting_for.person_id):
        raise RightsNotHeld(field="acting_for.person_id")
    require_written_consent(new, today=latest_day(now, facts.time_zone, await zone_name_of(tx, caller.organisation_id)), now=now)
    if caller.claims.family is None:  # whose check their link carries
        signed_at = min(begins(new.signed_on, ZoneInfo(facts.time_zone)), now)
        days: int = request.app.state.settings.identity_check_days
        require_checked_lately(new.acting_for.authenticated_at, at=signed_at, days=days)
    require_elements(new.elements)
    require_purposes(new.purposes)
    await require_party(tx, new.recipient_id, kinds=RECIPIENTS)
    consent = Consent(**new.model_dump(), id=uuid7(now), grantor_role=role, granted_at=now)
    tx.add(row_of(sealer, consent))
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


@router.post(
    "/{consent_id}/withdrawal",
    responses=responses(NoSuchConsent, ConsentWithdrawn, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld),
)
async def withdraw_consent(
    consent_id: UUID,
    withdrawal: ConsentWithdrawal,
    request: Request,
    caller: StaffOrFamily,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Consent:
    """Take a consent back. Every decision that starts from now on finds it withdrawn, and what waits to be sent is recalled."""
    sealer: Sealer = request.app.state.sealer
    days: int = request.app.state.settings.identity_check_days
    held = await consent_to_change(tx, sealer, caller, once, "withdraw_consent", consent_id, withdrawal.acting_for, now=now, days=days)
    row, consent = held.row, held.consent
    if held.changed_earlier:
        return consent
    if row.withdrawn_at is not None:
        raise ConsentWithdrawn
    row.withdrawn_at, row.epoch = now, row.epoch + 1
    remember(tx, sealer, row.id, "withdrawn", Said(acting_for=withdrawal.acting_for, reason=withdrawal.reason), caller, now)
    await end_expiry(tx, sealer, caller, row, f"consent:{row.id}:withdrawn", now)
    await once.keep(tx, caller, "withdraw_consent", row.id, now)
    tell(request, tx, caller, consent, "withdrawn", held.subject, withdrawal.acting_for, withdrawal.reason)
    return consent.model_copy(update={"withdrawn_at": row.withdrawn_at})


def require_written_consent(new: NewConsent, *, today: date, now: datetime) -> None:
    """The conditions of 34 CFR 99.30 that the form of a consent shows by itself. Raises ConsentIncomplete with the field at fault.

    today  the day on which it can have been signed at the latest
    """
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
