"""Who failed to prove a secret waits: five times a client from one address, twenty times an address, in a quarter of an hour.

Counted in each process for itself. A secret cannot be guessed; this bounds the work that a stranger can cause.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from services.gateway.oauth.oauth_errors import TooManyAttempts

WINDOW: Final = timedelta(minutes=15)
OF_A_CLIENT: Final = 5
OF_AN_ADDRESS: Final = 20
MOST_KEPT: Final = 10_000
AT_ONCE: Final = 2
WAITING: Final = 32


class SecretAttempts:
    """Failures in memory; the oldest are forgotten where there are too many."""

    def __init__(self) -> None:
        self._failed: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()
        self._slots, self._waiting = asyncio.Semaphore(AT_ONCE), 0

    def require(self, client_id: str, address: str, now: datetime) -> None:
        """Raises TooManyAttempts for who failed too often lately."""
        for key, most in _limits(client_id, address):
            failed = self._failed.get(key)
            while failed and failed[0] <= now - WINDOW:
                failed.popleft()
            if failed and len(failed) >= most:
                raise TooManyAttempts(int((failed[0] + WINDOW - now).total_seconds()) + 1)

    def failed(self, client_id: str, address: str, now: datetime) -> None:
        """One failure more."""
        for key, most in _limits(client_id, address):
            self._failed.setdefault(key, deque(maxlen=most)).append(now)
            self._failed.move_to_end(key)
        while len(self._failed) > MOST_KEPT:
            self._failed.popitem(last=False)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the few comparisons that are made at once. Raises TooManyAttempts where too many wait already."""
        if self._waiting >= WAITING:
            raise TooManyAttempts(1)
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1


def _limits(client_id: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return ((client_id[:200], address), OF_A_CLIENT), (("", address), OF_AN_ADDRESS)
