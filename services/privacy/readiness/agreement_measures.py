"""What agreements, their ends and the destructions that they oblige to show, in counts."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from services.privacy.agreement_records import held_agreement
from services.privacy.destruction_holds import DESTROY, suspended
from services.privacy.policy.agreement_facts import CLAUSES, CONTRACTOR, amendment_in_force
from services.privacy.policy.calendar_days import Place
from services.privacy.sealing import Sealer
from services.privacy.tables import AgreementDistrictRow, AgreementRow, ObligationRow, OrganisationRow

NOTICED_BEFORE: Final = timedelta(days=90)
COPY: Final = "copy-to-district"

ALSO: Final = {"contractor": (*CONTRACTOR, "destruction", "security", "breach_notice")}
"""What every contract should have, beside the clauses that the law asks of a kind and without which none is recorded."""


@dataclass(frozen=True)
class Held:
    """An agreement as far as it is counted."""

    id: UUID
    recipient_id: UUID
    kind: str
    complete: bool
    starts_on: date
    ends_on: date
    terminated: bool
    """For every district."""

    def in_force(self, today: date) -> bool:
        """It has begun, and has not ended."""
        return not self.terminated and self.starts_on <= today < self.ends_on


async def agreement_measures(tx: AsyncSession, *, now: datetime) -> dict[str, Any]:
    """Days are those of UTC: a day more or less is not what is measured here."""
    today = now.date()
    held = await _agreements(tx)
    in_force = [one for one in held if one.in_force(today)]
    ended = [one for one in held if one.terminated or one.ends_on <= today]
    unsettled = set((await tx.execute(_open_destructions())).scalars())
    return {
        "agreements": len(in_force),
        "agreements_complete": sum(one.complete for one in in_force),
        "audit_agreements": sum(one.kind == "audit-evaluation" for one in in_force),
        "audit_agreements_complete": sum(one.kind == "audit-evaluation" and one.complete for one in in_force),
        "study_agreements": sum(one.kind == "study" for one in in_force),
        "study_agreements_complete": sum(one.kind == "study" and one.complete for one in in_force),
        "agreements_ending": sum(_ends_soon(one, held, today) for one in in_force),
        "parties_with_agreement": frozenset(one.recipient_id for one in in_force),
        "agreements_ended": len(ended),
        "agreements_ended_settled": sum(one.id not in unsettled for one in ended),
    }


async def obligation_measures(tx: AsyncSession, sealer: Sealer, *, now: datetime) -> dict[str, int]:
    """Destructions that are due, and copies of the record of redisclosures; what two officials have waived is not owed.

    What must wait because somebody inspects is not due. Raises SealBroken.
    """
    row = ObligationRow
    due = select(row.id).where(row.kind == DESTROY, row.due_at <= now, row.waived_at.is_(None))
    undone = select(row).where(row.kind == DESTROY, row.due_at <= now, row.waived_at.is_(None), row.discharged_at.is_(None))
    held = len(await suspended(tx, sealer, (await tx.execute(undone)).scalars().all()))
    copies = select(row.id).where(row.kind == COPY, (row.due_at <= now) | row.discharged_at.is_not(None), row.waived_at.is_(None))
    return {
        "destructions_due": await _count(tx, due) - held,
        "destructions_held": held,
        "destructions_shown": await _count(tx, due.where(row.discharged_at.is_not(None))),
        "copies_owed": await _count(tx, copies),
        "copies_in_time": await _count(tx, copies.where(row.discharged_at <= row.due_at)),
    }


async def schedules_of(tx: AsyncSession, decided: Collection[tuple[UUID, datetime]]) -> dict[tuple[UUID, datetime], frozenset[str]]:
    """The schedule of data of each agreement at the instant beside it, as it was known then: its amendments counted."""
    agency = await tx.scalar(select(OrganisationRow.whole).where(OrganisationRow.kind == "sea"))
    zone_name = "UTC" if agency is None else str(json.loads(agency)["time_zone"])

    def look(session: Session) -> dict[tuple[UUID, datetime], frozenset[str]]:
        found = {}
        for agreement_id, at in decided:
            held = held_agreement(session.connection(), agreement_id, known_at=at)
            if held is not None:
                amended = amendment_in_force(held[0], Place.at(zone_name, at))
                found[agreement_id, at] = frozenset((held[0] if amended is None else amended).elements)
        return found

    return await tx.run_sync(look)


async def _agreements(tx: AsyncSession) -> list[Held]:
    living = select(AgreementDistrictRow.agreement_id).where(AgreementDistrictRow.terminated_at.is_(None)).distinct()
    alive = set((await tx.execute(living)).scalars())
    query = select(AgreementRow.id, AgreementRow.recipient_id, AgreementRow.starts_on, AgreementRow.ends_on, AgreementRow.whole)
    return [_held(row, terminated=row.id not in alive) for row in (await tx.execute(query)).all()]


def _held(row: Any, *, terminated: bool) -> Held:
    whole = json.loads(row.whole)
    kind = whole.get("kind", "")
    clauses = (*CLAUSES.get(kind, ()), *ALSO.get(kind, ()))
    complete = bool(clauses) and all(whole.get(clause) for clause in clauses)
    return Held(row.id, row.recipient_id, kind, complete, row.starts_on, row.ends_on, terminated)


def _ends_soon(one: Held, held: list[Held], today: date) -> bool:
    if one.ends_on > today + NOTICED_BEFORE:
        return False
    return not any(
        other.recipient_id == one.recipient_id and not other.terminated and other.starts_on <= one.ends_on < other.ends_on for other in held
    )


def _open_destructions() -> Select[UUID | None]:
    row = ObligationRow
    open_ = (row.discharged_at.is_(None), row.waived_at.is_(None))
    return select(row.agreement_id).where(row.kind == DESTROY, *open_, row.agreement_id.is_not(None)).distinct()


async def _count(tx: AsyncSession, query: Select[Any]) -> int:
    return (await tx.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
