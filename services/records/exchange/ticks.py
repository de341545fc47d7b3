"""Answers leave together at the ticks of a schedule, so that the time of an answer does not tell how much work it was. Pure."""

from datetime import datetime, timedelta

from shared.clock import EPOCH


def next_tick(after: datetime, *, every_seconds: float) -> datetime:
    """The first multiple of `every_seconds` since the epoch that is later than `after`; `after` itself where there is no schedule (0)."""
    if every_seconds == 0:
        return after
    period = timedelta(seconds=every_seconds)
    return EPOCH + ((after - EPOCH) // period + 1) * period
