"""Rates of who has no quota, over all processes: of other nodes, and of network addresses that come without a token.

As for clients (services.gateway.door.limits), but that nothing is kept of a day: each second a process adds to the store what it has let
through, learns what the others have, and counts it too. An address is told of when it comes to a process at a tenth of its rate or more:
who comes now and then leaves no row, so that a stranger with many addresses cannot fill the store, and over ten processes at the most can
somebody have twice the rate by staying below that at each.

The store knows a keyed digest of who it is, for a minute; whoever has it alone learns no address.
"""

import hmac
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final

from safepassage.canonical import to_base64url
from services.gateway.door.limits import RateLimit
from services.gateway.limit_settings import LimitSettings

TOLD_FROM: Final = 0.1
"""Of an address's rate."""


class SharedRate:
    """A rate, and what of it passed here that the others are told.

    name       of the kind of who comes; what the store has of another kind is passed over
    key        32 bytes of the gateway's own, for the digests
    told_from  requests in a second
    """

    def __init__(self, name: str, limit: RateLimit, key: bytes, *, told_from: float) -> None:
        self.limit, self.told_from = limit, told_from
        self._name, self._key = f"{name}:", hmac.digest(key, name.encode(), sha256)
        self._own: Counter[str] = Counter()
        self._added: Counter[str] = Counter()
        """In the store since its sums were known last."""
        self._sums: Mapping[str, int] | None = None
        """Those sums; None until they were known once."""
        self.holder = lru_cache(maxsize=4096)(self._holder)

    def take(self, who: str, now: float) -> bytes:
        """As RateLimit.take."""
        holder = self.holder(who)
        left = self.limit.take(holder, now)
        self._own[holder] += 1
        return left

    def hand_over(self) -> dict[str, int]:
        """What has to be added in the store: of who comes often, or was told of before."""
        known = self._sums or {}
        told = {holder: count for holder, count in self._own.items() if count >= self.told_from or holder in known}
        self._own = Counter()
        return told

    def take_back(self, told: Mapping[str, int]) -> None:
        """What could not be stored is handed over with the next."""
        self._own.update(told)

    def added(self, told: Mapping[str, int]) -> None:
        """It is in the store."""
        self._added.update(told)

    def know(self, sums: Mapping[str, int], now: float) -> None:
        """Count what the others let through. A process that starts counts none of what was before."""
        sums = {holder: total for holder, total in sums.items() if holder.startswith(self._name)}
        if self._sums is not None:
            before = self._sums
            self.limit.know({holder: (self._added[holder], self._elsewhere(holder, sums, before)) for holder in sums}, now)
        self._sums, self._added = sums, Counter()

    def _elsewhere(self, holder: str, sums: Mapping[str, int], before: Mapping[str, int]) -> int:
        """A sum that has become less was forgotten, and began anew."""
        total, earlier = sums[holder], before.get(holder, 0)
        return max(0, total - (earlier if total >= earlier else 0) - self._added[holder])

    def _holder(self, who: str) -> str:
        return self._name + to_base64url(hmac.digest(self._key, who.encode(), sha256))


class SharedRates:
    """Of one process. `key`: 32 bytes of the gateway's own."""

    def __init__(self, limits: LimitSettings, key: bytes) -> None:
        key = hmac.digest(key, b"safepassage/shared-rates/1", sha256)
        peers = RateLimit("client", per_second=limits.client_requests_per_second, burst=limits.client_burst)
        addresses = RateLimit("address", per_second=limits.anonymous_requests_per_second, burst=limits.anonymous_burst)
        self.peers = SharedRate("peer", peers, key, told_from=1)
        self.addresses = SharedRate("address", addresses, key, told_from=TOLD_FROM * limits.anonymous_requests_per_second)

    def change(self, limits: LimitSettings, now: float) -> None:
        """Other limits from now on. What was used is used."""
        self.peers.limit.change(per_second=limits.client_requests_per_second, burst=limits.client_burst, now=now)
        self.addresses.limit.change(per_second=limits.anonymous_requests_per_second, burst=limits.anonymous_burst, now=now)
        self.addresses.told_from = TOLD_FROM * limits.anonymous_requests_per_second

    @property
    def both(self) -> tuple[SharedRate, SharedRate]:
        """To be summed up."""
        return self.peers, self.addresses
