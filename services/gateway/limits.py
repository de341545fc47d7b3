"""How often somebody may come: the generic cell rate algorithm (GCRA), one number a bucket, exact within one process.

With several gateway processes a client has its rate at each: the settings are per process.
"""

from collections import OrderedDict
from typing import Final

from safepassage.problems.requests import TooManyRequests

BUCKETS_KEPT: Final = 100_000


class RateLimit:
    """`per_second` on average, `burst` at once, for each key."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._tolerance = self._interval * burst
        self._due: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, now: float) -> None:
        """Count one request of `key` at `now` (seconds). Raises TooManyRequests, and then counts nothing."""
        due = max(self._due.get(key, now), now) + self._interval
        wait = due - now - self._tolerance
        if wait > 1e-9:
            raise TooManyRequests(retry_after_seconds=max(1, int(wait + 0.999)))
        self._due[key] = due
        if len(self._due) > BUCKETS_KEPT:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop buckets that are full again; if none is, the one that was made first."""
        for key in [key for key, due in self._due.items() if due <= now] or [next(iter(self._due))]:
            del self._due[key]
