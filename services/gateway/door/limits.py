"""How often somebody may come: the generic cell rate algorithm (GCRA), one number a bucket, exact within one process.

Each answer says what is left, in RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11).

With several gateway processes a client has one rate over all of them. Each second a process learns how many requests the others have let
through (services.gateway.door.quotas), and counts them as its own. Until then it counts on the others going on in the proportion of the
last seconds: where half came here, each request weighs two. What may come at once may so come to each process at once, where nobody came
before; it is then paid back.

INVARIANT: what was counted on is taken back when what came is known, so that every request counts once at every process, two seconds late
at the most. None is forgotten but those that came elsewhere in the last second of a day.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from safepassage.problems.requests import TooManyRequests

BUCKETS_KEPT: Final = 100_000
MOST_OTHERS: Final = 3.0
"""For so many requests elsewhere one here may stand at the most: where few came lately, a quarter of the rate may come soon."""
NOBODY: Final = 0.2
"""Of requests elsewhere a second: fewer are none."""


@dataclass(slots=True)
class Share:
    """How a key's requests are spread: those of the last seconds, the newest of them for half."""

    here: float = 0.0
    elsewhere: float = 0.0
    others: float = 0.0
    """So many came elsewhere for each one here."""
    most: float = 0.0
    """So many are counted on in a second at the most: twice what lately came elsewhere."""
    counted_on: float = 0.0
    """So many were counted here for others since theirs were last known."""
    last: float = 0.0
    """With the last request here."""

    def count_on(self) -> float:
        """How many to count for others with one request here."""
        others, room = self.others, self.most - self.counted_on
        if others > room:
            others = max(room, 0.0)
        self.counted_on += others
        self.last = others
        return others

    def give_back(self) -> float:
        """How many were counted for others with the last one."""
        self.counted_on -= self.last
        return self.last

    def left(self, requests: float) -> int:
        """How many of those may come here at once, one of which is one alone if nobody else is counted on."""
        shared, alone = (requests + self.others) / (1 + self.others), requests - max(self.most - self.counted_on, 0.0)
        return int(shared if shared > alone else alone)

    def know(self, here: int, elsewhere: int) -> None:
        """What came in the last second."""
        self.here, self.elsewhere, self.counted_on = (self.here + here) / 2, (self.elsewhere + elsewhere) / 2, 0.0
        self.others = min(MOST_OTHERS, self.elsewhere / self.here) if self.here else MOST_OTHERS
        self.most = 2 * self.elsewhere


class RateLimit:
    """`per_second` on average, `burst` at once, for each key. `name`: of the policy, for who reads the fields."""

    def __init__(self, name: str, *, per_second: float, burst: int) -> None:
        self._name = name.encode()
        self._set(per_second, burst)
        self._due: OrderedDict[str, float] = OrderedDict()
        self._shares: dict[str, Share] = {}
        self._known_at: float | None = None

    def _set(self, per_second: float, burst: int) -> None:
        self._interval, self._tolerance = 1 / per_second, burst / per_second
        self.policy = b'"%b";q=%d;w=%d' % (self._name, burst, max(1, ceil(burst / per_second)))

    def change(self, *, per_second: float, burst: int, now: float) -> None:
        """Another rate from now on. INVARIANT: who has used so many requests of its burst has used as many of the new one."""
        was = self._interval
        self._set(per_second, burst)
        self._due = OrderedDict((key, now + (due - now) / was * self._interval) for key, due in self._due.items() if due > now)

    def take(self, key: str, now: float) -> bytes:
        """Count one request of `key` at `now` (seconds); gives what is `left`. Raises TooManyRequests, and then counts nothing."""
        due = max(self._due.get(key, now), now) + self._interval
        wait = due - now - self._tolerance
        if wait > 1e-9:
            raise TooManyRequests(retry_after_seconds=max(1, int(wait + 0.999)))
        share = self._shares.get(key) if self._shares else None
        if share is not None:
            due += share.count_on() * self._interval
        self._due[key] = due
        if len(self._due) > BUCKETS_KEPT:
            self._forget(now)
        left = max(0.0, (self._tolerance - due + now) / self._interval + 1e-6)
        return self.left(int(left) if share is None else share.left(left), ceil(due - now))

    def give_back(self, key: str) -> None:
        """Count the last request of `key` not at all: something else has refused it."""
        share = self._shares.get(key)
        self._due[key] -= self._interval * (1 if share is None else 1 + share.give_back())

    def know(self, came: Mapping[str, tuple[int, int]], now: float) -> None:
        """Count what other processes have let through: for each key what came here and elsewhere since this was last known, bit by bit."""
        since, self._known_at = self._known_at or now, now
        for key in {*self._shares, *(key for key, (_, elsewhere) in came.items() if elsewhere)}:
            here, elsewhere = came.get(key, (0, 0))
            share = self._shares.setdefault(key, Share())
            due = max(self._due.get(key, since), since) + (elsewhere - share.counted_on) * self._interval
            self._due[key] = due
            if due <= now:
                del self._due[key]
            share.know(here, elsewhere)
            if share.elsewhere < NOBODY:
                del self._shares[key]
        while len(self._due) > BUCKETS_KEPT:
            self._forget(now)

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
