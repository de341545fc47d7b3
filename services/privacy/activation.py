"""From when on a policy set decided: one row and one log entry whenever a service starts with another set than the last."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.privacy.inserts import insert_into
from services.privacy.policy import PolicySet
from services.privacy.tables import PolicyActivationRow
from shared.contracts.audit import Actor, Context, Event
from shared.outbox import Outbox


async def activate(tx: AsyncSession, outbox: Outbox, policy_set: PolicySet, *, now: datetime) -> None:
    """Put on record that `policy_set` decides from `now` on, unless it did already. Replicas that start together record it once."""
    query = select(PolicyActivationRow).order_by(PolicyActivationRow.number.desc()).limit(1)
    last = (await tx.execute(query)).scalar_one_or_none()
    if last is not None and last.policy_hash == policy_set.policy_hash:
        return
    number = 1 if last is None else last.number + 1
    values = {"number": number, "policy_hash": policy_set.policy_hash, "activated_at": now}
    statement = insert_into(tx, PolicyActivationRow).values(**values).on_conflict_do_nothing().returning(PolicyActivationRow.number)
    if (await tx.execute(statement)).scalar_one_or_none() is None:
        return
    event = {
        "class": "policy",
        "key": f"policy:{number}:{policy_set.policy_hash}",
        "actor": Actor(kind="system", job="start"),
        "context": Context(
            operation="policy-set-activated",
            outcome="reviewed" if policy_set.reviewed else "unreviewed-draft",
            policies=tuple(sorted(policy_set.policies))[:64],
            count=len(policy_set.policies),
        ),
        "policy_hash": policy_set.policy_hash,
    }
    outbox.record(tx, Event.model_validate(event))
