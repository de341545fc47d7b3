"""Narrowing a consent: what a person leaves of it. An event that cuts, never an alteration; what was in force before stays known."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from safepassage.problems.privacy import ConsentWithdrawn, NoSuchConsent, RightsNotHeld
from safepassage.problems.rights import ConsentExpired, ConsentNotNarrowed, IdentityCheckTooOld, RequestIncomplete
from safepassage.wire_policy import Consent
from safepassage.wire_rights import ConsentNarrowing
from services.privacy.consent_changes import consent_to_change, end_expiry, expiry_clock, tell
from services.privacy.consent_events import Narrowing, Said, in_force, remember
from services.privacy.duties import start_duties
from services.privacy.rights import StaffOrFamily
from services.privacy.sealing import Sealer
from shared.database import Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/consents", tags=["consents"])


@router.post(
    "/{consent_id}/narrowing",
    responses=responses(
        NoSuchConsent, ConsentWithdrawn, ConsentExpired, ConsentNotNarrowed, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld
    ),
)
async def narrow_consent(
    consent_id: UUID,
    narrowing: ConsentNarrowing,
    request: Request,
    caller: StaffOrFamily,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Consent:
    """Leave a part of a consent in force. Every decision that starts from now on finds only that; what waits to be sent is asked again."""
    sealer: Sealer = request.app.state.sealer
    days: int = request.app.state.settings.identity_check_days
    held = await consent_to_change(tx, sealer, caller, once, "narrow_consent", consent_id, narrowing.acting_for, now=now, days=days)
    row, consent = held.row, held.consent
    if held.changed_earlier:
        return consent
    require_narrower(narrowing, consent, now=now)
    said = Said(
        acting_for=narrowing.acting_for,
        reason=narrowing.reason,
        elements=narrowing.elements,
        purposes=narrowing.purposes,
        expires_at=narrowing.expires_at,
    )
    row.epoch += 1
    remember(tx, sealer, row.id, "narrowed", said, caller, now)
    left = in_force(consent, [Narrowing(now, said)], withdrawn_at=None)
    if left.expires_at != consent.expires_at:
        await end_expiry(tx, sealer, caller, row, f"consent:{row.id}:narrowed", now)
        await start_duties(tx, sealer, [await expiry_clock(tx, left, held.subject, epoch=row.epoch)], now=now)
    await once.keep(tx, caller, "narrow_consent", row.id, now)
    tell(request, tx, caller, left, f"narrowed:{row.epoch}", held.subject, narrowing.acting_for, narrowing.reason)
    return left


def require_narrower(narrowing: ConsentNarrowing, consent: Consent, *, now: datetime) -> None:
    """What is to remain is a smaller part of what is in force. Raises ConsentWithdrawn, ConsentExpired, ConsentNotNarrowed."""
    if consent.withdrawn_at is not None:
        raise ConsentWithdrawn
    if consent.expires_at is not None and consent.expires_at <= now:
        raise ConsentExpired
    for field in ("elements", "purposes"):
        left, held = set(getattr(narrowing, field)), set(getattr(consent, field))
        if not left <= held:
            raise ConsentNotNarrowed("names what the consent does not cover", field=field)
    earlier = narrowing.expires_at
    if earlier is not None and (earlier <= now or (consent.expires_at is not None and earlier > consent.expires_at)):
        raise ConsentNotNarrowed("expires after now, and not later than before", field="expires_at")
    shrinks = set(narrowing.elements) != set(consent.elements) or set(narrowing.purposes) != set(consent.purposes)
    if not shrinks and earlier in (None, consent.expires_at):
        raise ConsentNotNarrowed("leaves everything as it was", field="elements")
