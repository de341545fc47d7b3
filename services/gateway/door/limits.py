"""How often somebody may come: the generic cell rate algorithm (GCRA), one number a bucket, exact within one process.

Each answer says what is left, in RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). With several gateway processes
a client has its rate at each: the settings are per process.
"""

from collections import OrderedDict
from math import ceil
from typing import Final

from safepassage.problems.requests import TooManyRequests

BUCKETS_KEPT: Final = 100_000


class RateLimit:
    """`per_second` on average, `burst` at once, for each key. `name`: of the policy, for who reads the fields."""

    def __init__(self, name: str, *, per_second: float, burst: int) -> None:
        self._name, self._interval = name.encode(), 1 / per_second
        self.policy: Final = b'"%b";q=%d;w=%d' % (self._name, burst, max(1, ceil(burst / per_second)))
        self._tolerance = self._interval * burst
        self._due: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, now: float) -> bytes:
        """Count one request of `key` at `now` (seconds); gives what is `left`. Raises TooManyRequests, and then counts nothing."""
        due = max(self._due.get(key, now), now) + self._interval
        wait = due - now - self._tolerance
        if wait > 1e-9:
            raise TooManyRequests(retry_after_seconds=max(1, int(wait + 0.999)))
        self._due[key] = due
        if len(self._due) > BUCKETS_KEPT:
            self._forget(now)
        return self.left(int((self._tolerance - due + now) / self._interval + 1e-6), ceil(due - now))

    def give_back(self, key: str) -> None:
        """Count the last request of `key` not at all: something else has refused it."""
        self._due[key] -= self._interval

    def fields(self, left: bytes) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """Both fields."""
        return (b"ratelimit-policy", self.policy), (b"ratelimit", left)

    def left(self, requests: int, seconds: int) -> bytes:
        """The field RateLimit: so many requests may come at once, and in so many seconds it is the whole burst again."""
        return b'"%b";r=%d;t=%d' % (self._name, requests, seconds)

    def _forget(self, now: float) -> None:
        """Drop buckets that are full again; if none is, the one that was made first."""
        for key in [key for key, due in self._due.items() if due <= now] or [next(iter(self._due))]:
            del self._due[key]
