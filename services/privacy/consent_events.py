"""What happened to a consent, and what is in force of it at an instant: the grant, cut by every narrowing (34 CFR 99.30)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.wire import Code, Instant, Wire
from safepassage.wire_policy import ActingFor, Consent, ElementId
from safepassage.wire_rights import ConsentEvent
from services.privacy.sealing import Sealer
from services.privacy.tables import ConsentEventRow
from shared.caller import Caller

TABLE = "consent_event"


class Said(Wire):
    """Who acted and why; of a narrowing, what remains."""

    acting_for: ActingFor
    reason: Code
    elements: tuple[ElementId, ...] | None = None
    purposes: tuple[Code, ...] | None = None
    expires_at: Instant | None = None


class Narrowing(NamedTuple):
    """What remains of a consent, from an instant on."""

    at: datetime
    said: Said


def in_force(granted: Consent, narrowings: Iterable[Narrowing], *, withdrawn_at: datetime | None) -> Consent:
    """The consent as it stands after its events. Pure.

    INVARIANT: no event, in whatever order, adds an element, a purpose or a day: each is a cut, and cuts commute.
    """
    elements, purposes, expires_at, narrowed_at = granted.elements, granted.purposes, granted.expires_at, granted.narrowed_at
    for at, said in narrowings:
        elements = tuple(one for one in elements if one in (said.elements or ()))
        purposes = tuple(one for one in purposes if one in (said.purposes or ()))
        if said.expires_at is not None:
            expires_at = said.expires_at if expires_at is None else min(expires_at, said.expires_at)
        narrowed_at = at if narrowed_at is None else max(narrowed_at, at)
    values = {"elements": elements, "purposes": purposes, "expires_at": expires_at, "narrowed_at": narrowed_at}
    return granted.model_copy(update=values | {"withdrawn_at": withdrawn_at})


def remember(tx: AsyncSession, sealer: Sealer, consent_id: UUID, kind: str, said: Said, caller: Caller, now: datetime) -> None:
    """Add an event. The row of the consent is locked or new."""
    event_id = uuid7(now)
    clear = said.model_dump_json(exclude_none=True).encode()
    tx.add(
        ConsentEventRow(
            id=event_id,
            consent_id=consent_id,
            kind=kind,
            at=now,
            client_id=caller.client_id,
            organisation_id=caller.organisation_id,
            sealed=sealer.seal(clear, table=TABLE, row=event_id, of=f"{kind}:{consent_id}"),
        )
    )


def open_said(sealer: Sealer, event_id: UUID, kind: str, consent_id: UUID, sealed: bytes) -> Said:
    """What an event rests on. Raises SealBroken."""
    return Said.model_validate_json(sealer.open(sealed, table=TABLE, row=event_id, of=f"{kind}:{consent_id}"))


_ORDER = {"granted": 0, "narrowed": 1, "withdrawn": 2}


async def history_of(tx: AsyncSession, sealer: Sealer, consent_id: UUID) -> tuple[ConsentEvent, ...]:
    """Everything that happened, in order."""
    rows = (await tx.execute(select(ConsentEventRow).where(ConsentEventRow.consent_id == consent_id))).scalars().all()
    opened = [(row, open_said(sealer, row.id, row.kind, row.consent_id, row.sealed)) for row in rows]
    # what happened within one millisecond: a narrowing leaves less than the one before it, and nothing follows a withdrawal
    opened.sort(key=lambda one: (one[0].at, _ORDER[one[0].kind], -len(one[1].elements or ()), -len(one[1].purposes or ())))
    return tuple(
        ConsentEvent(
            kind=row.kind,
            at=row.at,
            client_id=row.client_id,
            organisation_id=row.organisation_id,
            acting_for=said.acting_for,
            reason=said.reason,
            elements=said.elements,
            purposes=said.purposes,
            expires_at=said.expires_at,
        )
        for row, said in opened
    )


def as_known_at(granted: Consent, events: Sequence[ConsentEvent], at: datetime) -> Consent:
    """The consent as it was known to stand at `at`, from its events alone. Pure."""
    known = [event for event in events if event.at <= at]
    withdrawn_at = next((event.at for event in known if event.kind == "withdrawn"), None)
    return in_force(granted, [_narrowing(event) for event in known if event.kind == "narrowed"], withdrawn_at=withdrawn_at)


def _narrowing(event: ConsentEvent) -> Narrowing:
    values: dict[str, Any] = {"elements": event.elements, "purposes": event.purposes, "expires_at": event.expires_at}
    return Narrowing(event.at, Said(acting_for=event.acting_for, reason=event.reason, **values))
