"""What every change of a consent has in common: who may make it, what it ends and begins, and that it is told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import (
    RightsNotHeld,
)
from safepassage.wire_policy import ActingFor, Consent
from services.privacy.behind import event_of
from services.privacy.consent_records import callers_consent, standing_consent
from services.privacy.duties import Clock, end_duties
from services.privacy.identified import require_identified
from services.privacy.policy import rights_role
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts
from services.privacy.tables import ConsentRow, SubjectRow
from shared.caller import Caller
from shared.contracts.audit import Context
from shared.contracts.privacy import SubjectFacts
from shared.idempotency import Once


@dataclass(frozen=True)
class ConsentToChange:
    """A consent of the caller's, locked, and the student that it is about."""

    row: ConsentRow
    consent: Consent
    """As it stands."""
    subject: SubjectRow
    changed_earlier: bool
    """The same request has changed it before: nothing is to be done again."""


async def consent_to_change(  # what it takes to find it, and to change it once
    tx: AsyncSession,
    sealer: Sealer,
    caller: Caller,
    once: Once,
    operation: str,
    consent_id: UUID,
    acting_for: ActingFor,
    *,
    now: datetime,
    days: int,
) -> ConsentToChange:
    """The consent that a person changes, if the person may; `days` as `require_identified` has them.

    Raises NoSuchConsent, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld.
    """
    earlier = await once.earlier(tx, caller, operation)
    row = await callers_consent(tx, caller, earlier or consent_id, for_update=True)
    consent = await standing_consent(tx, sealer, row)
    subject = await callers_subject(tx, caller, consent.student_id)
    if earlier is None:
        if not caller.speaks_for(acting_for.person_id):
            raise RightsNotHeld(field="acting_for.person_id")
        require_identified(acting_for, caller, at=now, now=now, days=days)
        require_may_change(acting_for, consent, open_facts(sealer, subject), now=now)
    return ConsentToChange(row, consent, subject, changed_earlier=earlier is not None)


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
