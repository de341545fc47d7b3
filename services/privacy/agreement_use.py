"""Actual against agreed: what of an agreement's schedule was permitted, refused or never asked for, counted from recorded decisions."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import NoSuchAgreement
from safepassage.wire_agreement_use import AgreementUse, ElementUse, MonthOfUse
from services.privacy.agreement_records import visible_agreement
from services.privacy.agreements import Reader
from services.privacy.policy.agreement_facts import amendment_in_force
from services.privacy.policy.calendar_days import Place
from services.privacy.recorded import open_outcome
from services.privacy.recorded_decisions import read_within
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionRow, OrganisationRow
from shared.database import ReadOnly
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

AT_MOST: Final = 20_000
"""Decisions that one answer counts, the newest: about two seconds of unsealing."""
AT_ONCE: Final = 200

_COLUMNS = (
    DecisionRow.id,
    DecisionRow.decided_at,
    DecisionRow.valid_until,
    DecisionRow.action,
    DecisionRow.exchange_id,
    DecisionRow.policy_hash,
    DecisionRow.sealed_outcome,
)


@dataclass
class Tally:
    """Counts by month and element."""

    decisions: Counter[str] = field(default_factory=Counter)
    permitted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    oldest: datetime | None = None

    def add(self, decided_at: datetime, outcome: bytes) -> None:
        """Count one decision, from its canonical outcome (services.privacy.policy.outcome)."""
        month, groups = decided_at.astimezone(UTC).strftime("%Y-%m"), json.loads(outcome)["groups"]
        permitted = {element for group in groups for element in group["permitted"]}
        refused = {one["element"] for group in groups for one in group["withheld"]} - permitted
        self.decisions[month] += 1
        self.permitted[month].update(permitted)
        self.refused[month].update(refused)
        self.oldest = decided_at if self.oldest is None else min(self.oldest, decided_at)

    def use(self, agreement_id: UUID, scheduled: tuple[str, ...], *, complete: bool) -> AgreementUse:
        """The answer."""
        permitted = {element for counts in self.permitted.values() for element in counts}
        refused = {element for counts in self.refused.values() for element in counts}
        return AgreementUse(
            agreement_id=agreement_id,
            scheduled=scheduled,
            permitted=tuple(sorted(permitted)),
            never_asked_for=tuple(sorted(set(scheduled) - permitted - refused)),
            asked_for_and_refused=tuple(sorted(refused - permitted)),
            months=tuple(self._month(month) for month in sorted(self.decisions, reverse=True)),
            decisions=self.decisions.total(),
            counted_from=self.oldest,
            complete=complete,
        )

    def _month(self, month: str) -> MonthOfUse:
        permitted, refused = self.permitted[month], self.refused[month]
        elements = tuple(
            ElementUse(element=element, permitted=permitted[element], refused=refused[element])
            for element in sorted(permitted.keys() | refused.keys())
        )
        return MonthOfUse(month=month, decisions=self.decisions[month], elements=elements)


@router.get("/{agreement_id}/use", responses=responses(NoSuchAgreement))
async def read_agreement_use(
    agreement_id: UUID,
    request: Request,
    caller: Reader,
    tx: ReadOnly,
    now: Now,
    newest: Annotated[int, Query(ge=AT_ONCE, le=AT_MOST, description="Decisions to count at the most, the newest.")] = AT_MOST,
) -> AgreementUse:
    """What of the schedule is used. A district counts the decisions about its own students, the party itself all of them."""
    agreement = await visible_agreement(tx, caller, agreement_id)
    node = await tx.get_one(OrganisationRow, request.app.state.settings.node_organisation_id)
    amended = amendment_in_force(agreement, Place.at(node.organisation.time_zone, now))
    conditions: list[ColumnElement[bool]] = [DecisionRow.agreement_id == agreement_id]
    if caller.organisation_id != agreement.recipient_id:
        # Of each decision under the agreement whose it is: all of the organisation's grow with the node, whatever they are under.
        conditions.append(read_within(caller.organisation_id))
    tally = Tally()
    complete = await _count(tx, request.app.state.sealer, conditions, tally, newest)
    scheduled = agreement.elements if amended is None else amended.elements
    return tally.use(agreement_id, tuple(sorted(set(scheduled))), complete=complete)


async def _count(tx: AsyncSession, sealer: Sealer, conditions: list[ColumnElement[bool]], tally: Tally, most: int) -> bool:
    """Count page by page, so that the others who are served wait for one page at the most; True if all of them were counted."""
    last: Any = None
    for _ in range(most // AT_ONCE):
        before = [] if last is None else [DecisionRow.id < last]
        page = select(*_COLUMNS).where(*conditions, *before).order_by(DecisionRow.id.desc()).limit(AT_ONCE)
        rows = (await tx.execute(page)).all()
        for row in rows:
            tally.add(row.decided_at, open_outcome(sealer, row))
        if len(rows) < AT_ONCE:
            return True
        last = rows[-1].id
    return False
