"""Which policy set decides at an instant: the one whose activation started last and was not called off."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.policy_sets import PoliciesUnavailable
from safepassage.wire import Digest
from safepassage.wire_policy_sets import PolicyActivation
from services.privacy.tables import PolicyActivationRow, PolicyCallOffRow, PolicySetRow
from shared import prepared
from shared.asked_once import rows_once

HOLDS = PolicyActivationRow.number.not_in(select(PolicyCallOffRow.number))
"""Of an activation: nobody called it off."""
HASHES = select(PolicyActivationRow.policy_hash).where(HOLDS)
"""Of the sets that decide, decided or will: by activations that were not called off."""
DECIDING = HASHES.where(PolicyActivationRow.valid_from <= bindparam("at")).order_by(PolicyActivationRow.valid_from.desc()).limit(1)
_FIRST = HASHES.order_by(PolicyActivationRow.valid_from).limit(1)


def deciding_hash(connection: Connection, at: datetime) -> Digest:
    """The hash of the set that decides at `at`, read in the decision's own snapshot, so that a switch is seen by every worker at once.

    # INVARIANT: `at` was read from the clock before the snapshot was taken, and an activation is committed before its start: whatever
    # starts until `at` is in the snapshot.

    A clock that stands before the first activation of all is behind: then the first set decides. Raises PoliciesUnavailable where there
    was never one.
    """
    found = rows_once(connection, DECIDING, {"at": at}) or prepared.rows(connection, _FIRST)
    if not found:
        raise PoliciesUnavailable
    deciding: Digest = found[0].policy_hash
    return deciding


async def deciding_at(tx: AsyncSession, at: datetime) -> Digest:
    """As `deciding_hash`."""
    return await tx.run_sync(lambda session: deciding_hash(session.connection(), at))


async def to_come(tx: AsyncSession, now: datetime) -> Sequence[Digest]:
    """Hashes of the sets that will decide, the next one first."""
    query = HASHES.where(PolicyActivationRow.valid_from > now).order_by(PolicyActivationRow.valid_from)
    return (await tx.scalars(query)).all()


async def was_active(tx: AsyncSession, policy_hash: Digest, now: datetime) -> bool:
    """Whether the set decides, or decided before."""
    query = select(PolicyActivationRow.number).where(
        HOLDS, PolicyActivationRow.policy_hash == policy_hash, PolicyActivationRow.valid_from <= now
    )
    return (await tx.scalars(query.limit(1))).first() is not None


async def activations(tx: AsyncSession, *, limit: int = 200) -> tuple[PolicyActivation, ...]:
    """The latest, the last one first."""
    query: Select[PolicyActivationRow, datetime | None, str | None] = (
        select(PolicyActivationRow, PolicyCallOffRow.at, PolicySetRow.title)
        .outerjoin(PolicySetRow, PolicySetRow.policy_hash == PolicyActivationRow.policy_hash)
        .outerjoin(PolicyCallOffRow, PolicyCallOffRow.number == PolicyActivationRow.number)
        .order_by(PolicyActivationRow.number.desc())
        .limit(limit)
    )
    return tuple(activation_of(row, called_off_at, title) for row, called_off_at, title in (await tx.execute(query)).all())


def activation_of(row: PolicyActivationRow, called_off_at: datetime | None = None, title: str | None = None) -> PolicyActivation:
    """An activation as it is read."""
    return PolicyActivation(
        number=row.number,
        policy_hash=row.policy_hash,
        title=title,
        valid_from=row.valid_from,
        recorded_at=row.recorded_at,
        reason=row.reason,
        author=row.author,
        first_official=row.first_official,
        second_official=row.second_official,
        activated_by=row.activated_by,
        called_off_at=called_off_at,
    )
