"""A service that fails is left alone for a while: whoever asks is told at once, instead of waiting with everybody else.

Closed, every request goes on. Where half of twenty or more in ten seconds failed it opens: for five seconds none goes on, then one, which
decides. Pure but for what it remembers; times are seconds of a clock that never goes back.
"""

from collections import deque
from typing import Final, Literal

from safepassage.problems.requests import TemporarilyUnavailable

WINDOW_SECONDS: Final = 10
LEAST: Final = 20
"""Fewer requests in the window say nothing."""
SHARE: Final = 0.5
PAUSE_SECONDS: Final = 5.0

Outcome = Literal["answered", "failed", "left"]
"""`left`: the caller went away, which says nothing of the service."""


class CircuitBreaker:
    """Of one upstream."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int, int]] = deque()
        """Of each second of the window: which, how many ended, how many of them failed."""
        self._ended = self._failed = 0
        """Of the whole window."""
        self._next_probe: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether the service is left alone."""
        return self._next_probe is not None

    def enter(self, now: float) -> bool:
        """A request is to go on; gives whether it is the one that decides. Raises TemporarilyUnavailable where none may."""
        if self._next_probe is None:
            return False
        wait = self._next_probe - now
        if wait > 0 or self._probing:
            raise TemporarilyUnavailable(
                "the service is not asked for some seconds: it failed too often", retry_after_seconds=_seconds(wait)
            )
        self._probing = True
        return True

    def leave(self, outcome: Outcome, now: float, *, probe: bool) -> None:
        """A request has ended. `probe`: as `enter` said."""
        if probe:
            self._probing = False
            if outcome == "answered":
                self._next_probe = None
                self._seconds.clear()
                self._ended = self._failed = 0
            elif outcome == "failed":
                self._next_probe = now + PAUSE_SECONDS
        elif outcome != "left" and self._next_probe is None:
            self._count(outcome, now)

    def _count(self, outcome: Outcome, now: float) -> None:
        second, failed = int(now), int(outcome == "failed")
        if self._seconds and self._seconds[-1][0] == second:
            _, ended, before = self._seconds.pop()
            self._seconds.append((second, ended + 1, before + failed))
        else:
            self._seconds.append((second, 1, failed))
        self._ended, self._failed = self._ended + 1, self._failed + failed
        while self._seconds[0][0] <= second - WINDOW_SECONDS:
            _, ended, before = self._seconds.popleft()
            self._ended, self._failed = self._ended - ended, self._failed - before
        if self._ended >= LEAST and self._failed >= SHARE * self._ended:
            self._next_probe = now + PAUSE_SECONDS


class RetryBudget:
    """How often a request may be sent a second time: once for ten that went on, and never more than ten in a row."""

    SHARE: Final = 0.1
    MOST: Final = 10.0

    def __init__(self) -> None:
        self._left = self.MOST

    def earn(self) -> None:
        """A request went on."""
        self._left = min(self.MOST, self._left + self.SHARE)

    def spend(self) -> bool:
        """Whether one may be sent again, which then counts."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _seconds(wait: float) -> int:
    return max(1, int(wait + 0.999))
