"""Asking for a replay: of which time, by whose hand; it runs once that is committed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_policy_sets import NewPolicyReplay, PolicyReplay
from services.privacy.policy_hand import Hand, policy_event
from services.privacy.policy_replays import Replays
from services.privacy.policy_reports import replay_of
from services.privacy.tables import PolicyReplayRow, PolicySetRow
from shared.database import after_commit
from shared.outbox import Outbox


async def request_replay(
    tx: AsyncSession, outbox: Outbox, row: PolicySetRow, asked: NewPolicyReplay, hand: Hand, *, now: datetime
) -> PolicyReplay:
    """Queue a replay. Raises InvalidRequest unless the range is one, and over."""
    if not asked.from_ < asked.until <= now:
        raise InvalidRequest("a replay is of a time that is over: from < until <= now", field="until")
    replay = PolicyReplayRow(
        id=uuid7(now),
        policy_hash=row.policy_hash,
        official=hand.official,
        requested_at=now,
        from_at=asked.from_,
        until_at=asked.until,
        state="queued",
        done=0,
        total=0,
    )
    tx.add(replay)
    outbox.record(tx, policy_event("policy-set-replay-asked", f"{replay.id}:asked", hand, row.policy_hash))
    return replay_of(replay)


def wake_after_commit(tx: AsyncSession, replays: Replays) -> None:
    """Begin once what was queued is committed."""

    async def wake() -> None:
        replays.wake()

    after_commit(tx, wake)
