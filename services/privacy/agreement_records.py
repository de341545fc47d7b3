"""Agreements as they are stored: what was recorded, each district's part in it, and what was agreed later; read in one statement."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Integer, Text, Uuid, bindparam, cast, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import NoSuchAgreement
from safepassage.wire_evidence import AnyAgreement, AnyNewAgreement
from safepassage.wire_policy import AgreementAmendment
from services.privacy.tables import AgreementAmendmentRow, AgreementDistrictRow, AgreementRow, OrganisationRow
from shared import prepared
from shared.caller import Caller
from shared.columns import Milliseconds
from shared.tenancy import belongs_to

_NEW: Final[TypeAdapter[AnyNewAgreement]] = TypeAdapter(AnyNewAgreement)
_ON_RECORD: Final[TypeAdapter[AnyAgreement]] = TypeAdapter(AnyAgreement)

_PARTS = (
    select(
        AgreementRow.id,
        AgreementRow.recorded_at,
        AgreementRow.epoch,
        AgreementRow.whole,
        AgreementDistrictRow.district_id,
        AgreementDistrictRow.terminated_at,
        cast(null(), Integer).label("number"),
        cast(null(), Milliseconds).label("amended_at"),
        cast(null(), Text).label("amendment"),
    )
    .join(AgreementDistrictRow, AgreementDistrictRow.agreement_id == AgreementRow.id)
    .where(AgreementRow.id == bindparam("agreement_id"))
)
_AMENDED = (
    select(
        AgreementRow.id,
        AgreementRow.recorded_at,
        AgreementRow.epoch,
        AgreementRow.whole,
        cast(null(), Uuid),
        cast(null(), Milliseconds),
        AgreementAmendmentRow.number,
        AgreementAmendmentRow.recorded_at,
        AgreementAmendmentRow.whole,
    )
    .join(AgreementAmendmentRow, AgreementAmendmentRow.agreement_id == AgreementRow.id)
    .where(AgreementRow.id == bindparam("agreement_id"))
)
_HELD = _PARTS.union_all(_AMENDED)
_WITH_PARTY = AgreementRow.recipient_id == bindparam("recipient_id")
_HELD_WITH_PARTY = _PARTS.where(_WITH_PARTY).union_all(_AMENDED.where(_WITH_PARTY))


def held_agreement(
    connection: Connection, agreement_id: UUID, *, known_at: datetime | None = None, recipient_id: UUID | None = None
) -> tuple[AnyAgreement, int] | None:
    """The agreement as it stands, or was known to stand at `known_at`, and its epoch; one statement.

    `district_ids` are those for whom it is in force; once it has ended for all of them, those for whom it was.

    recipient_id  with whom it has to be: with anybody else it is not found, nor read; None: with anybody
    """
    if recipient_id is None:
        found = prepared.rows(connection, _HELD, {"agreement_id": agreement_id})
    else:
        found = prepared.rows(connection, _HELD_WITH_PARTY, {"agreement_id": agreement_id, "recipient_id": recipient_id})
    if not found or (known_at is not None and known_at < found[0].recorded_at):
        return None
    row = found[0]
    new = _NEW.validate_json(row.whole)
    parts = {part.district_id: _known(part.terminated_at, known_at) for part in found if part.district_id is not None}
    amendments = sorted((part.number, part.amendment) for part in found if part.number is not None and _known(part.amended_at, known_at))
    left = tuple(district_id for district_id in new.district_ids if parts.get(district_id) is None and district_id in parts)
    ends = [at for at in parts.values() if at is not None]
    members: dict[str, Any] = new.model_dump() | {
        "id": row.id,
        "recorded_at": row.recorded_at,
        "district_ids": left or new.district_ids,
        "terminated_at": None if left else max(ends),
        "amendments": tuple(AgreementAmendment.model_validate_json(whole) for _, whole in amendments),
    }
    return _ON_RECORD.validate_python(members), row.epoch


async def agreement_by_id(
    tx: AsyncSession, agreement_id: UUID, *, known_at: datetime | None = None, recipient_id: UUID | None = None
) -> AnyAgreement:
    """The agreement as it stands, or was known to; with this recipient, if one is given. Raises NoSuchAgreement."""
    found = await tx.run_sync(
        lambda session: held_agreement(session.connection(), agreement_id, known_at=known_at, recipient_id=recipient_id)
    )
    if found is None:
        raise NoSuchAgreement
    return found[0]


async def visible_agreement(tx: AsyncSession, caller: Caller, agreement_id: UUID, *, known_at: datetime | None = None) -> AnyAgreement:
    """An agreement to which the caller's organisation, one of its districts, or the party itself is a party. Raises NoSuchAgreement."""
    query = select(AgreementRow.id).where(AgreementRow.id == agreement_id, is_visible(caller))
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NoSuchAgreement
    return await agreement_by_id(tx, agreement_id, known_at=known_at)


def is_visible(caller: Caller) -> ColumnElement[bool]:
    """On AgreementRow, of agreements that are named, or their party: asked of each one that there is."""
    mine = select(AgreementDistrictRow.agreement_id).where(
        AgreementDistrictRow.agreement_id == AgreementRow.id,
        belongs_to(AgreementDistrictRow.district_id, OrganisationRow, caller.organisation_id),
    )
    return or_(mine.exists(), AgreementRow.recipient_id == caller.organisation_id)


def _known(at: datetime | None, known_at: datetime | None) -> datetime | None:
    return at if at is None or known_at is None or at <= known_at else None
