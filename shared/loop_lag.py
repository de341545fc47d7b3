"""How late a process's event loop is: whatever holds it up holds up every request of the process.

A loop that stands still answers no probe at all. One that turns and is always late answers, and serves nobody in time: that is told here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

EVERY_SECONDS: Final = 0.5
MEASURED: Final = 20
"""The last ten seconds."""
LATE_SECONDS: Final = 0.25


@dataclass
class LoopLag:
    """What one process knows of its loop; `passed` gives seconds since some instant, and never goes back."""

    passed: Callable[[], float] = time.monotonic
    _due: float | None = None
    _lags: deque[float] = field(default_factory=lambda: deque(maxlen=MEASURED))

    async def run(self) -> None:
        """Measure until cancelled: a lifespan task."""
        while True:
            self.expect()
            await asyncio.sleep(EVERY_SECONDS)
            self.turned()

    def expect(self) -> None:
        """The loop is to be here again in EVERY_SECONDS."""
        self._due = self.passed() + EVERY_SECONDS

    def turned(self) -> None:
        """It is."""
        self._lags.append(self._overdue())

    @property
    def worst_seconds(self) -> float:
        """Of the last ten seconds, with what is overdue now."""
        return max([*self._lags, self._overdue()])

    @property
    def is_late(self) -> bool:
        """Whether it was so all the time."""
        return always_late(self._lags)

    def _overdue(self) -> float:
        return 0.0 if self._due is None else max(0.0, self.passed() - self._due)


def always_late(lags: Sequence[float]) -> bool:
    """A single long turn is none, nor a start: only a loop that was late at each of the last measurements, as many as are kept."""
    return len(lags) == MEASURED and min(lags) > LATE_SECONDS
