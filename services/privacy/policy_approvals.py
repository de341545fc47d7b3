"""Approvals: two officials, neither the author, for each activation. The rule is here, and once more in the store's own constraints."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.policy_sets import ApprovalsMissing, ApprovedAlready, ApproverIsAuthor, NotAcknowledged, PolicySetNotReady
from safepassage.wire_policy_sets import NewPolicyApproval, PolicyApproval
from services.privacy.policy_hand import Hand, policy_event
from services.privacy.policy_reports import findings_of
from services.privacy.policy_schedule import was_active
from services.privacy.tables import PolicyActivationRow, PolicyApprovalRow, PolicySetRow
from shared.outbox import Outbox


async def approve(
    tx: AsyncSession, outbox: Outbox, row: PolicySetRow, asked: NewPolicyApproval, hand: Hand, *, now: datetime
) -> PolicyApproval:
    """Approve a set for its next activation. A set that decided here before needs no new reports: it is known what it does.

    Raises ApproverIsAuthor, ApprovedAlready, PolicySetNotReady, NotAcknowledged.
    """
    if hand.official == row.author:
        raise ApproverIsAuthor
    approval = PolicyApproval(
        id=uuid7(now),
        policy_hash=row.policy_hash,
        official=hand.official,
        role=asked.acting_official.role,
        at=now,
        acknowledges=tuple(sorted(set(asked.acknowledges))),
    )
    if not await was_active(tx, row.policy_hash, now):
        findings = await findings_of(tx, row.policy_hash)
        validation, tests, replay = findings.validation, findings.tests, findings.replay
        if findings.needs or validation is None or tests is None or replay is None:
            raise PolicySetNotReady(", ".join(findings.needs))
        unnamed = set(findings.must_acknowledge) - set(asked.acknowledges)
        if unnamed:
            raise NotAcknowledged(", ".join(sorted(unnamed)), field="acknowledges")
        approval = approval.model_copy(update={"validation_id": validation.id, "tests_id": tests.id, "replay_id": replay.id})
    tx.add(
        PolicyApprovalRow(
            id=approval.id,
            policy_hash=row.policy_hash,
            author=row.author,
            round=await _round(tx, row.policy_hash),
            official=hand.official,
            role=approval.role,
            authenticated_at=asked.acting_official.authenticated_at,
            at=now,
            client_id=hand.client_id,
            whole=approval.model_dump_json(),
        )
    )
    try:
        await tx.flush()
    except IntegrityError as error:  # INVARIANT: once for each official and activation
        raise ApprovedAlready from error
    outbox.record(tx, policy_event("policy-set-approved", str(approval.id), hand, row.policy_hash, count=len(approval.acknowledges)))
    return approval


async def open_approvals(tx: AsyncSession, policy_hash: str) -> tuple[PolicyApproval, ...]:
    """The approvals that the next activation may use, the first one first."""
    return tuple(PolicyApproval.model_validate_json(row.whole) for row in await _open(tx, policy_hash))


async def two_approvals(tx: AsyncSession, row: PolicySetRow) -> tuple[PolicyApprovalRow, PolicyApprovalRow]:
    """The two that an activation rests on. Raises ApprovalsMissing."""
    approvals = [one for one in await _open(tx, row.policy_hash) if one.official != row.author]
    if len({one.official for one in approvals}) < 2:
        raise ApprovalsMissing
    return approvals[0], approvals[1]


async def _open(tx: AsyncSession, policy_hash: str) -> Sequence[PolicyApprovalRow]:
    query = (
        select(PolicyApprovalRow)
        .where(PolicyApprovalRow.policy_hash == policy_hash, PolicyApprovalRow.round == await _round(tx, policy_hash))
        .order_by(PolicyApprovalRow.id)
    )
    return (await tx.scalars(query)).all()


async def _round(tx: AsyncSession, policy_hash: str) -> int:
    query = select(func.count()).select_from(PolicyActivationRow).where(PolicyActivationRow.approved_hash == policy_hash)
    return await tx.scalar(query) or 0
