"""What a sample of the newest decisions shows. They are opened in memory, one by one, and counted; nothing of them is kept."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.privacy.readiness.agreement_measures import schedules_of
from services.privacy.recorded import DecisionRecord, open_outcome, open_record
from services.privacy.sealing import Sealer
from services.privacy.tables import ConsentRow, DecisionRow
from shared.clock import EPOCH
from shared.database import Database

MONTH: Final = timedelta(days=30)
SAMPLE: Final = 50
IEP: Final = "special_education.iep"

Groups = Sequence[dict[str, Any]]


async def decision_measures(database: Database, sealer: Sealer, *, now: datetime) -> dict[str, int]:
    """Raises SealBroken where a decision does not open: then there is no evidence."""
    async with database.reading() as tx:
        recent = select(func.count()).select_from(DecisionRow).where(DecisionRow.id >= _first_id(now - MONTH))
        decisions = (await tx.execute(recent)).scalar_one()
        rows = (await tx.execute(select(DecisionRow).order_by(DecisionRow.id.desc()).limit(SAMPLE))).scalars().all()
        withdrawn = await _withdrawn(tx)
        records = [open_record(sealer, row) for row in rows]
        named = zip(records, rows, strict=True)
        schedules = await schedules_of(tx, {(of, row.decided_at) for one, row in named if (of := one.request.agreement_id) is not None})
    counted: Counter[str] = Counter()
    for row, record in zip(rows, records, strict=True):
        groups = json.loads(open_outcome(sealer, row))["groups"]
        counted.update(_withheld(groups))
        counted.update(_by_consent(record, groups, row.decided_at, withdrawn))
        counted.update(_by_contract(record, groups, row.decided_at, schedules))
        counted.update(_programme(record, groups))
        await asyncio.sleep(0)  # a page of a thousand students takes a while
    names = (
        "elements_withheld", "elements_withheld_unexplained", "consent_decisions_sampled", "consent_decisions_after_withdrawal",
        "contract_decisions_sampled", "contract_decisions_beyond_schedule", "iep_asked", "iep_permitted",
    )  # fmt: skip
    return {"decisions": decisions, "decisions_sampled": len(rows)} | {name: counted[name] for name in names}


def _withheld(groups: Groups) -> dict[str, int]:
    withheld = [one for group in groups for one in group["withheld"]]
    return {"elements_withheld": len(withheld), "elements_withheld_unexplained": sum(not one.get("reason") for one in withheld)}


def _by_consent(record: DecisionRecord, groups: Groups, decided_at: datetime, withdrawn: dict[UUID, datetime]) -> dict[str, int]:
    consent_id = record.request.consent_id
    if consent_id is None:
        return {}
    taken_back = withdrawn.get(consent_id)
    after = taken_back is not None and taken_back < decided_at and any(group["permitted"] for group in groups)
    return {"consent_decisions_sampled": 1, "consent_decisions_after_withdrawal": int(after)}


def _by_contract(
    record: DecisionRecord, groups: Groups, decided_at: datetime, schedules: dict[tuple[UUID, datetime], frozenset[str]]
) -> dict[str, int]:
    agreement_id = record.request.agreement_id
    if agreement_id is None:
        return {}
    schedule = schedules.get((agreement_id, decided_at), frozenset())
    beyond = any(not schedule.issuperset(group["permitted"]) for group in groups)
    return {"contract_decisions_sampled": 1, "contract_decisions_beyond_schedule": int(beyond)}


def _programme(record: DecisionRecord, groups: Groups) -> dict[str, int]:
    """Of transfers that asked for the education programme, as far as anything may leave: nothing does for a child who is not here."""
    asked = record.request.transfer is not None and record.request.action != "request" and IEP in record.request.elements
    if not asked or not any(group["permitted"] for group in groups):
        return {}
    return {"iep_asked": 1, "iep_permitted": int(any(IEP in group["permitted"] for group in groups))}


async def _withdrawn(tx: AsyncSession) -> dict[UUID, datetime]:
    """Consents that were taken back, the latest, by id."""
    query = select(ConsentRow.id, ConsentRow.withdrawn_at).where(ConsentRow.withdrawn_at.is_not(None))
    rows = (await tx.execute(query.order_by(ConsentRow.withdrawn_at.desc()).limit(10_000))).all()
    return {row.id: row.withdrawn_at for row in rows if row.withdrawn_at is not None}


def _first_id(at: datetime) -> UUID:
    """The least UUIDv7 of an instant: rows since then are one range of the primary key."""
    return UUID(int=(at - EPOCH) // timedelta(milliseconds=1) << 80)
