"""From when on a policy set decides: by the release for its own set, by two officials for any other. Each is a row and a log entry."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.policy_sets import (
    ActivationHasBegun,
    ActivationInThePast,
    ActivationOvertaken,
    NoSuchActivation,
    PolicySetNotUsable,
)
from safepassage.wire_policy_sets import NewCallOff, NewPolicyActivation, PolicyActivation
from services.privacy.policy import PolicySet
from services.privacy.policy_approvals import two_approvals
from services.privacy.policy_hand import Hand, policy_event
from services.privacy.policy_schedule import HOLDS, activation_of, deciding_at, was_active
from services.privacy.tables import RELEASE, PolicyActivationRow, PolicyCallOffRow, PolicySetRow
from shared.contracts.audit import Actor
from shared.inserts import insert_into
from shared.outbox import Outbox

LEAD = timedelta(seconds=3)
"""Between the commit of an activation and its start, at the least: every replica compiles the set before it decides, and no decision that
was dated after the start can have missed it."""

START = Hand(official=RELEASE, actor=Actor(kind="system", job="start"))


async def start_release(tx: AsyncSession, outbox: Outbox, built_in: PolicySet, *, now: datetime) -> None:
    """Let the set of this version decide from `now` on where the set of an earlier version did, or none. Replicas record it once.

    What two officials approved stays in force, whatever version the node runs; and a version that comes back does not take over again.
    An activation that was called off is as if it had never been: else no later version's rules would ever decide.
    """
    standing = select(PolicyActivationRow).where(HOLDS)
    last = await tx.scalar(standing.order_by(PolicyActivationRow.valid_from.desc(), PolicyActivationRow.number.desc()).limit(1))
    if last is not None and last.approved_hash is not None:
        return
    seen = standing.where(PolicyActivationRow.policy_hash == built_in.policy_hash).limit(1)
    of_the_release = select(PolicySetRow.origin).where(PolicySetRow.policy_hash == built_in.policy_hash)
    if (await tx.scalars(seen)).first() is not None or await tx.scalar(of_the_release) != RELEASE:
        return
    number = await _next_number(tx)
    values = {
        "number": number,
        "policy_hash": built_in.policy_hash,
        "origin": RELEASE,
        "valid_from": now if last is None else max(now, last.valid_from + timedelta(milliseconds=1)),
        "recorded_at": now,
        "reason": RELEASE,
    }
    statement = insert_into(tx, PolicyActivationRow).values(**values).on_conflict_do_nothing().returning(PolicyActivationRow.number)
    if (await tx.execute(statement)).scalar_one_or_none() is None:
        return
    outcome = "reviewed" if built_in.reviewed else "unreviewed-draft"
    outbox.record(tx, policy_event("policy-set-activated", f"{number}:{built_in.policy_hash}", START, built_in, outcome=outcome))


async def activate(
    tx: AsyncSession, outbox: Outbox, row: PolicySetRow, policy_set: PolicySet, asked: NewPolicyActivation, hand: Hand, *, now: datetime
) -> PolicyActivation:
    """Let an approved set decide from an instant on; the way back to an earlier one is the same way.

    Raises ActivationInThePast, ActivationOvertaken, ApprovalsMissing.
    """
    # INVARIANT: nothing starts before now: what was decided stays as it was decided.
    if asked.valid_from is not None and asked.valid_from < now:
        raise ActivationInThePast(field="valid_from")
    start = max(asked.valid_from or now, now + LEAD)
    if await deciding_at(tx, start) != asked.replaces:
        raise ActivationOvertaken(field="replaces")
    if row.policy_hash != policy_set.policy_hash:
        raise PolicySetNotUsable
    first, second = await two_approvals(tx, row)
    number = await _next_number(tx)
    activation = PolicyActivationRow(
        number=number,
        policy_hash=row.policy_hash,
        origin=row.origin,
        valid_from=start,
        recorded_at=now,
        reason=asked.reason,
        approved_hash=row.policy_hash,
        author=row.author,
        first_approval_id=first.id,
        first_official=first.official,
        second_approval_id=second.id,
        second_official=second.official,
        activated_by=hand.official,
        client_id=hand.client_id,
    )
    again = await was_active(tx, row.policy_hash, now)
    tx.add(activation)
    try:
        await tx.flush()
    except IntegrityError as error:  # another activation took the number, the start or the approvals
        raise ActivationOvertaken from error
    operation = "policy-set-rolled-back" if again else "policy-set-scheduled"
    outcome = "reviewed" if policy_set.reviewed else "unreviewed-draft"
    outbox.record(tx, policy_event(operation, f"{number}:{row.policy_hash}", hand, policy_set, outcome=outcome, reason=asked.reason))
    return activation_of(activation)


async def call_off(tx: AsyncSession, outbox: Outbox, number: int, asked: NewCallOff, hand: Hand, *, now: datetime) -> PolicyActivation:
    """Call an activation off before its start: the set that decides then goes on. Raises NoSuchActivation, ActivationHasBegun."""
    activation = await tx.get(PolicyActivationRow, number, with_for_update=True)
    if activation is None:
        raise NoSuchActivation
    if activation.valid_from < now + LEAD or await tx.get(PolicyCallOffRow, number) is not None:
        raise ActivationHasBegun
    tx.add(PolicyCallOffRow(number=number, at=now, official=hand.official, reason=asked.reason, client_id=hand.client_id))
    try:
        await tx.flush()
    except IntegrityError as error:  # another replica called it off at the same time
        raise ActivationHasBegun from error
    key = f"{number}:called-off"
    outbox.record(tx, policy_event("policy-set-called-off", key, hand, activation.policy_hash, reason=asked.reason))
    return activation_of(activation, now)


async def read_activation(tx: AsyncSession, number: int) -> PolicyActivation:
    """An activation that is there."""
    called_off = await tx.get(PolicyCallOffRow, number)
    return activation_of(await tx.get_one(PolicyActivationRow, number), None if called_off is None else called_off.at)


async def _next_number(tx: AsyncSession) -> int:
    return ((await tx.scalar(select(func.max(PolicyActivationRow.number)))) or 0) + 1
