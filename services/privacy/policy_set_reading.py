"""A policy set as officials read it: how far it has come, what it changes, and what an approver has to know."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from safepassage.problems.policy_sets import NoSuchPolicySet
from safepassage.wire import Digest
from safepassage.wire_policy_sets import PolicyDifference, PolicySetDocument, PolicySetOrder, PolicySetOrigin, PolicySetSummary, Stage
from services.privacy.policy_approvals import open_approvals
from services.privacy.policy_drafts import policies_of
from services.privacy.policy_reports import Findings, findings_of
from services.privacy.policy_schedule import HASHES, deciding_at, to_come, was_active
from services.privacy.tables import PolicySetRow
from shared.clock import EPOCH
from shared.keyset import behind


async def set_row(tx: AsyncSession, policy_hash: Digest) -> PolicySetRow:
    """Raises NoSuchPolicySet."""
    row = await tx.get(PolicySetRow, policy_hash)
    if row is None:
        raise NoSuchPolicySet
    return row


async def policy_set_document(tx: AsyncSession, row: PolicySetRow, now: datetime) -> PolicySetDocument:
    """Everything about a set. Of one that decided here before nothing is needed to approve it again."""
    findings, approvals = await findings_of(tx, row.policy_hash), await open_approvals(tx, row.policy_hash)
    known = await was_active(tx, row.policy_hash, now)
    return PolicySetDocument(
        **await _summary(tx, row, now, findings, len(approvals)),
        parsed_by=row.parsed_by,
        packs=json.loads(row.texts),
        difference=await _difference(tx, row, now),
        needs=() if known else findings.needs,
        must_acknowledge=() if known else findings.must_acknowledge,
        validation=findings.validation,
        tests=findings.tests,
        replays=findings.replays,
        approvals=approvals,
    )


async def page_of_sets(
    tx: AsyncSession,
    position: Mapping[str, Any] | None,
    *,
    origin: PolicySetOrigin | None = None,
    activated: bool | None = None,
    sort: PolicySetOrder = "-recorded_at",
    limit: int,
    now: datetime,
) -> tuple[tuple[PolicySetSummary, ...], dict[str, Any] | None]:
    """A page of sets, and the position of the next one. `activated`: by an activation that holds, begun or to come."""
    column: Any = PolicySetRow.title if sort.endswith("title") else PolicySetRow.recorded_at
    last = None if position is None else (position.get("title") or EPOCH + timedelta(milliseconds=position["at"]), position["hash"])
    query = select(PolicySetRow).options(load_only(*_IN_SHORT))
    if origin is not None:
        query = query.where(PolicySetRow.origin == origin)
    if activated is not None:
        query = query.where(PolicySetRow.policy_hash.in_(HASHES) if activated else PolicySetRow.policy_hash.not_in(HASHES))
    query = behind(query, (column, PolicySetRow.policy_hash), last, sort=sort)
    rows: Sequence[PolicySetRow] = (await tx.scalars(query.limit(limit + 1))).all()
    page = []
    for row in rows[:limit]:
        findings, approvals = await findings_of(tx, row.policy_hash), await open_approvals(tx, row.policy_hash)
        page.append(PolicySetSummary(**await _summary(tx, row, now, findings, len(approvals))))
    if len(rows) <= limit:
        return tuple(page), None
    end = rows[limit - 1]
    by = {"title": end.title} if sort.endswith("title") else {"at": (end.recorded_at - EPOCH) // timedelta(milliseconds=1)}
    return tuple(page), {**by, "hash": end.policy_hash}


_IN_SHORT = (
    PolicySetRow.policy_hash,
    PolicySetRow.origin,
    PolicySetRow.author,
    PolicySetRow.title,
    PolicySetRow.based_on,
    PolicySetRow.recorded_at,
)
"""What a list says: its texts stay packed in the store."""


async def _summary(tx: AsyncSession, row: PolicySetRow, now: datetime, findings: Findings, approvals: int) -> dict[str, Any]:
    return {
        "policy_hash": row.policy_hash,
        "origin": row.origin,
        "author": row.author,
        "title": row.title,
        "based_on": row.based_on,
        "recorded_at": row.recorded_at,
        "stage": await _stage(tx, row.policy_hash, now, findings, approvals),
    }


async def _stage(tx: AsyncSession, policy_hash: Digest, now: datetime, findings: Findings, approvals: int) -> Stage:
    if await deciding_at(tx, now) == policy_hash:
        return "active"
    if policy_hash in await to_come(tx, now):
        return "scheduled"
    if approvals >= 2:
        return "approved"
    if await was_active(tx, policy_hash, now):
        return "retired"
    steps: tuple[tuple[str, Stage], ...] = (("validation", "draft"), ("tests", "validated"), ("replay", "tested"))
    return next((stage for step, stage in steps if step in findings.needs), "replayed")


async def _difference(tx: AsyncSession, row: PolicySetRow, now: datetime) -> PolicyDifference:
    active = await deciding_at(tx, now)
    deciding = await tx.get(PolicySetRow, active)
    theirs = {} if deciding is None else policies_of(deciding)
    ours = policies_of(row)
    return PolicyDifference(
        active=active,
        added=tuple(sorted(ours.keys() - theirs.keys())),
        removed=tuple(sorted(theirs.keys() - ours.keys())),
        changed=tuple(sorted(identifier for identifier in ours.keys() & theirs.keys() if ours[identifier] != theirs[identifier])),
    )
