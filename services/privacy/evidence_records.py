"""Evidence as it is stored: sealed whole, with clear columns as far as it has to be found; events follow and change nothing."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.evidence import NoSuchEvidence
from safepassage.wire_evidence import Evidence, Kind
from safepassage.wire_evidence_pages import EvidenceState, EvidenceSummary
from safepassage.wire_legal_process import Emergency
from safepassage.wire_programmes import OperatorOnboarding
from services.privacy.evidence_rules import is_secret
from services.privacy.sealing import Sealer
from services.privacy.tables import EvidenceEventRow, EvidenceRow, OrganisationRow
from shared import prepared
from shared.caller import Caller
from shared.clock import EPOCH
from shared.tenancy import belongs_to, within

TABLE, EVENT_TABLE = "evidence", "evidence_event"

SEALED_SCOPE: Final = "evidence:sealed"
UNREAD: Final = "(sealed)"
"""In the place of a threat's text, for who has not the scope."""

_KIND: Final[TypeAdapter[Kind]] = TypeAdapter(Kind)

COLUMNS: Final = (
    EvidenceRow.id,
    EvidenceRow.kind,
    EvidenceRow.agency_id,
    EvidenceRow.operator_id,
    EvidenceRow.secret,
    EvidenceRow.valid_from,
    EvidenceRow.valid_until,
    EvidenceRow.recorded_at,
    EvidenceRow.revoked_at,
    EvidenceRow.epoch,
    EvidenceRow.sealed,
)
"""What `open_evidence` and its epoch need of a row."""

_HELD = select(*COLUMNS).where(EvidenceRow.id.in_(bindparam("evidence_ids", expanding=True))).order_by(EvidenceRow.id)


def held_evidence(connection: Connection, sealer: Sealer, evidence_ids: Collection[UUID]) -> tuple[tuple[Evidence, int], ...]:
    """The evidence as it stands, revoked or not, each with its epoch, for a decision: the policies compare. One statement.

    Raises SealBroken.
    """
    if not evidence_ids:
        return ()
    return tuple(
        (open_evidence(sealer, row), row.epoch) for row in prepared.rows(connection, _HELD, {"evidence_ids": sorted(evidence_ids)})
    )


def open_evidence(sealer: Sealer, row: EvidenceRow | Row[*tuple[Any, ...]]) -> Evidence:
    """The evidence of a row. Raises SealBroken."""
    of = _KIND.validate_json(sealer.open(row.sealed, table=TABLE, row=row.id, of=_of(row)))
    return Evidence(id=row.id, of=of, recorded_at=row.recorded_at, revoked_at=row.revoked_at)


def row_of(sealer: Sealer, of: Kind, now: datetime) -> EvidenceRow:
    """The row of new evidence."""
    row = EvidenceRow(
        id=uuid7(now),
        kind=of.kind,
        agency_id=of.agency_id,
        operator_id=of.recipient_id if isinstance(of, OperatorOnboarding) else None,
        secret=is_secret(of),
        valid_from=of.valid_from,
        valid_until=of.valid_until,
        recorded_at=now,
        revoked_at=None,
        epoch=1,
    )
    row.sealed = sealer.seal(of.model_dump_json().encode(), table=TABLE, row=row.id, of=_of(row))
    return row


def event_row(sealer: Sealer, evidence_id: UUID, kind: str, caller: Caller, reason: str | None, now: datetime) -> EvidenceEventRow:
    """One thing that happened to evidence."""
    event_id = uuid7(now)
    return EvidenceEventRow(
        id=event_id,
        evidence_id=evidence_id,
        kind=kind,
        at=now,
        client_id=caller.client_id,
        organisation_id=caller.organisation_id,
        sealed=sealer.seal((reason or "").encode(), table=EVENT_TABLE, row=event_id, of=f"{kind}:{evidence_id}"),
    )


async def callers_evidence(tx: AsyncSession, caller: Caller, evidence_id: UUID, *, for_update: bool = False) -> EvidenceRow:
    """INVARIANT: another organisation's evidence, and secret evidence to who may not know of it, looks absent, to the byte.

    Raises NoSuchEvidence.
    """
    own = belongs_to(EvidenceRow.agency_id, OrganisationRow, caller.organisation_id)
    query = select(EvidenceRow).where(EvidenceRow.id == evidence_id, own, *_told_to(caller))
    row = (await tx.execute(query.with_for_update() if for_update else query)).scalar_one_or_none()
    if row is None:
        raise NoSuchEvidence
    return row


def visible_to(caller: Caller) -> list[Any]:
    """Conditions: of the caller's agency or one below it; what is secret, for the scope alone."""
    return [EvidenceRow.agency_id.in_(within(OrganisationRow, caller.organisation_id)), *_told_to(caller)]


def _told_to(caller: Caller) -> list[Any]:
    return [] if may_read_sealed(caller) else [EvidenceRow.secret.is_(False)]


def may_read_sealed(caller: Caller) -> bool:
    """The caller may know of secret orders, and read the text of a threat."""
    return SEALED_SCOPE in caller.claims.scopes


def shown_to(caller: Caller, evidence: Evidence) -> Evidence:
    """As the caller may read it: without the text of a threat, unless it has the scope."""
    if not isinstance(evidence.of, Emergency) or may_read_sealed(caller):
        return evidence
    return evidence.model_copy(update={"of": evidence.of.model_copy(update={"threat": UNREAD})})


def in_state(state: str, now: datetime) -> list[Any]:
    """Conditions of a state of the list, or of all."""
    stands = EvidenceRow.revoked_at.is_(None)
    conditions: dict[str, list[Any]] = {
        "all": [],
        "revoked": [EvidenceRow.revoked_at.is_not(None)],
        "ended": [stands, EvidenceRow.valid_until <= now],
        "pending": [stands, EvidenceRow.valid_from > now],
        "in-force": [stands, EvidenceRow.valid_from <= now, EvidenceRow.valid_until > now],
    }
    return conditions[state]


def summaries(rows: Sequence[EvidenceRow], *, now: datetime) -> tuple[EvidenceSummary, ...]:
    """Rows in a list: nothing is unsealed."""
    return tuple(
        EvidenceSummary(
            id=row.id,
            kind=row.kind,
            agency_id=row.agency_id,
            state=_state(row, now),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            recorded_at=row.recorded_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    )


def _state(row: EvidenceRow, now: datetime) -> EvidenceState:
    if row.revoked_at is not None:
        return "revoked"
    if row.valid_until <= now:
        return "ended"
    return "pending" if row.valid_from > now else "in-force"


def _of(row: EvidenceRow | Row[*tuple[Any, ...]]) -> str:
    """INVARIANT: the clear columns that mean something are bound to the seal, but for a revocation."""
    begins, ends = ((at - EPOCH) // timedelta(milliseconds=1) for at in (row.valid_from, row.valid_until))
    return f"evidence:{row.kind}:{row.agency_id}:{row.operator_id}:{row.secret}:{begins}:{ends}"
