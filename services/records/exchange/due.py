"""Which rows are due, and when a row is due again after a failure."""

import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from safepassage.problems import SuiteError
from safepassage.problems.ed_fi import EdFiSystemUnavailable
from safepassage.problems.exchanges import PeerResting, PeerUnavailable
from services.records.exchange.retries import next_attempt
from services.records.exchange.work import Due
from shared.database import Database

SOON = timedelta(seconds=5)
"""When something inside the node is in the way: privacy is behind, the log is down."""
NO_MEMBER = timedelta(hours=1)
"""How soon to look again whether a node that is no member any more has come back."""


def due_rows(database: Database, row: type[Any], key: Sequence[InstrumentedAttribute[Any]], states: Collection[str]) -> Due:
    """Keys of rows in one of `states` whose time has come, the longest due first."""

    waiting = select(*key).where(row.next_attempt_at <= bindparam("now"), row.state.in_(states))
    query = waiting.order_by(row.next_attempt_at).limit(bindparam("most", type_=Integer))

    async def due(now: datetime, limit: int) -> Sequence[Any]:
        found = await database.find(query, {"now": now, "most": limit})
        return [tuple(one) if len(key) > 1 else one[0] for one in found]

    return due


def after_failure(error: SuiteError, *, failures: int, now: datetime, chance: Callable[[], float] | None = None) -> datetime:
    """When to try again: by the schedule for peers and districts' systems, soon for what is in the way inside the node, after its rest
    for a peer left alone.
    """
    if isinstance(error, PeerResting):
        rest = timedelta(seconds=error.retry_after_seconds or 0)
        return now + rest + SOON * (chance or any_chance)()  # not all of a thousand in the same second
    if not isinstance(error, PeerUnavailable | EdFiSystemUnavailable):
        return now + SOON
    wished = timedelta(seconds=error.retry_after_seconds) if error.retry_after_seconds else None
    return next_attempt(failures=failures, now=now, chance=(chance or any_chance)(), wished=wished)


def any_chance() -> float:
    """In [0, 1)."""
    return secrets.randbelow(2**32) / 2**32
