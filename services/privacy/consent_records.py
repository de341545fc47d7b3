"""Consents as they are stored: sealed whole, narrowed by events, found for a decision or for their keeper's staff."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import (
    NoSuchConsent,
)
from safepassage.wire_policy import Consent
from services.privacy.consent_events import Narrowing, in_force, open_said
from services.privacy.sealing import Sealer
from services.privacy.subjects import subjects_of
from services.privacy.tables import ConsentEventRow, ConsentRow, SubjectRow
from shared import prepared
from shared.caller import Caller

TABLE = "consent"

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


def row_of(sealer: Sealer, consent: Consent) -> ConsentRow:
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
    """INVARIANT: another district's consent looks absent, to the byte. Raises NoSuchConsent."""
    own = subjects_of(caller).where(SubjectRow.student_id == ConsentRow.student_id)
    query = select(ConsentRow).where(ConsentRow.id == consent_id, own.exists())
    if for_update:
        query = query.with_for_update(of=ConsentRow)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchConsent
    return row
