"""The list of decisions, a page at a time: what was asked and how it ended, of each; nothing of a student."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import load_only

from safepassage.ids import first_uuid7
from safepassage.wire import Instant
from safepassage.wire_decisions import Outcome
from safepassage.wire_lists import DecisionOrder, DecisionPage, DecisionSummary
from services.privacy.evidence_records import may_read_sealed
from services.privacy.recorded import RecordedOutcome, open_outcome, open_record
from services.privacy.recorded_decisions import Reader, read_within
from services.privacy.sealing import Sealer
from services.privacy.tables import DecisionCustodianRow, DecisionRow, OrganisationRow
from shared.caller import Caller
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly
from shared.keyset import behind
from shared.tenancy import within

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

LOOKED_THROUGH: Final = 1_000
"""Decisions that one request opens at the most. How each ended is sealed, so a filter for it looks at one after the other; a page that has
fewer than asked for and a next one is what it found until then."""

Action = Literal["request", "disclose", "redisclose", "seek-credentials", "send-credentials"]

_OPENED = (
    DecisionRow.action,
    DecisionRow.exchange_id,
    DecisionRow.agreement_id,
    DecisionRow.secret,
    DecisionRow.decided_at,
    DecisionRow.valid_until,
    DecisionRow.policy_hash,
    DecisionRow.sealed_record,
    DecisionRow.sealed_outcome,
)


@router.get("")
async def list_decisions(
    request: Request,
    response: Response,
    caller: Reader,
    tx: ReadOnly,
    limit: Limit = 100,
    cursor: Cursor = None,
    action: Annotated[Action | None, Query(description="Of one action only.")] = None,
    outcome: Annotated[Outcome | None, Query(description="Those that ended so.")] = None,
    purpose: Annotated[str | None, Query(max_length=64, description="Of one purpose only.")] = None,
    from_: Annotated[Instant | None, Query(alias="from", description="Decided then or later.")] = None,
    until: Annotated[Instant | None, Query(description="Decided before.")] = None,
    sort: Annotated[DecisionOrder, Query(description="With a minus the newest first. What else there is of a decision is sealed.")] = (
        "-decided_at"
    ),
) -> DecisionPage:
    """Decisions about students whose records the caller's organisation keeps, the newest first unless asked otherwise."""
    cursors: Cursors = request.app.state.cursors
    sealer: Sealer = request.app.state.sealer
    bound_to = f"list_decisions:{caller.client_id}:{sort}"
    position = cursors.read(cursor, bound_to=bound_to)
    query = _asked(caller, action, from_, until)
    filtered = outcome is not None or purpose is not None
    found: list[DecisionSummary] = []
    last, looked, more = None if position is None else UUID(position["id"]), 0, True
    while more and len(found) < limit and looked < LOOKED_THROUGH:
        many = limit if not filtered else min(LOOKED_THROUGH - looked, max(limit, 100))
        page = behind(query, (DecisionRow.id,), None if last is None else (last,), sort=sort)
        rows = (await tx.scalars(page.limit(many + 1))).all()
        more = len(rows) > many
        for summary in await asyncio.to_thread(_summaries, sealer, rows[:many]):
            if len(found) == limit:
                more = True
                break
            last, looked = summary.id, looked + 1
            if outcome in (None, summary.outcome) and purpose in (None, summary.purpose):
                found.append(summary)
    if not more:
        return DecisionPage(decisions=tuple(found))
    following = cursors.sign({"id": str(last)}, bound_to=bound_to)
    asked = {"limit": limit, "action": action, "outcome": outcome, "purpose": purpose, "sort": sort, "cursor": following}
    instants = {name: at.isoformat() for name, at in (("from", from_), ("until", until)) if at is not None}
    response.headers["link"] = next_link(request.url.path, instants | {name: value for name, value in asked.items() if value is not None})
    return DecisionPage(decisions=tuple(found), next=following)


def _asked(caller: Caller, action: Action | None, from_: datetime | None, until: datetime | None) -> Select[DecisionRow]:
    """Decisions that the caller's organisation, or one below it, is a reader of."""
    own = within(OrganisationRow, caller.organisation_id)
    kept = select(DecisionCustodianRow.decision_id).where(DecisionCustodianRow.custodian_id.in_(own))
    # Nearly all are the state's: a list of them would be the whole table. Few of all may be a district's, or a school's.
    where: list[ColumnElement[bool]] = [read_within(caller.organisation_id) if caller.kind == "sea" else DecisionRow.id.in_(kept)]
    if not may_read_sealed(caller):  # a decision on a secret order looks absent to who may not know of it
        where.append(DecisionRow.secret.is_(False))
    if action is not None:
        where.append(DecisionRow.action == action)
    if from_ is not None:
        where.append(DecisionRow.id >= first_uuid7(from_))
    if until is not None:
        where.append(DecisionRow.id < first_uuid7(until))
    return select(DecisionRow).options(load_only(*_OPENED)).where(*where)


def _summaries(sealer: Sealer, rows: Sequence[DecisionRow]) -> list[DecisionSummary]:
    return [_summary(sealer, row) for row in rows]


def _summary(sealer: Sealer, row: DecisionRow) -> DecisionSummary:
    asked = open_record(sealer, row).request
    return DecisionSummary(
        id=row.id,
        action=asked.action,
        basis=asked.basis,
        purpose=asked.purpose,
        recipient_kind=asked.recipient.kind,
        outcome=RecordedOutcome.of(open_outcome(sealer, row)).outcome,
        exchange_id=row.exchange_id,
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        policy_hash=row.policy_hash,
    )
