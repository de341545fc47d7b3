"""A client of a node whose clock leaps: it comes again in a moment, not when Retry-After says, and until the node can answer."""

import time
from typing import Final, TypeVar

from safepassage.client import BlockingClient, ClientFile
from safepassage.client.call import Call
from safepassage.clock import Clock
from safepassage.problems.calls import NodeUnreachable
from safepassage.problems.requests import TemporarilyUnavailable

Answer = TypeVar("Answer")

MOMENT_SECONDS: Final = 1.0
"""Each second a gateway loads who still counts, and believes it for fifteen: where those pass at once, it lets nobody in meanwhile."""


def for_a_moment(seconds: float) -> None:
    """Where a node says how long (five seconds, mostly), so long is not waited."""
    time.sleep(min(seconds, MOMENT_SECONDS))


class PatientClient(BlockingClient):
    """One whose calls are refused for good alone."""

    def __init__(self, file: ClientFile, *, clock: Clock, seconds: float) -> None:
        super().__init__(file, clock=clock, pause=for_a_moment)
        self._seconds = seconds

    def run(self, call: Call[Answer]) -> Answer:
        """Make a call, so often as it takes within `seconds`."""
        until = time.monotonic() + self._seconds
        while True:
            try:
                return super().run(call)
            except (TemporarilyUnavailable, NodeUnreachable):
                if not call.may_repeat or time.monotonic() > until:
                    raise
                time.sleep(MOMENT_SECONDS)
