"""When a message to another node is tried again: the same bytes under the same id, until it expires. Pure."""

from datetime import datetime, timedelta

SCHEDULE: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""The pause after the first failure, the second, ...; afterwards the last one again and again. The first ones are short: a peer that is
being started again is back within a minute, and a family should not wait five for it."""

JITTER = 0.2
LONGEST_WISH = timedelta(days=1)


def next_attempt(*, failures: int, now: datetime, chance: float, wished: timedelta | None = None) -> datetime:
    """When to try again after the `failures`-th failure in a row.

    chance  in [0, 1): spreads the pause over ±20 %, so that nodes that failed together do not come back together
    wished  the peer's Retry-After: never earlier than that, and never put off by more than a day
    """
    pause = SCHEDULE[min(failures, len(SCHEDULE)) - 1] * (1 + JITTER * (2 * chance - 1))
    return now + max(pause, min(wished or timedelta(), LONGEST_WISH))
