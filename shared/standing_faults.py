"""A fault that lasts, as while the store is away: told when it begins, once a minute, and when it is over; and how long to rest meanwhile.

What goes round every second would tell it every second, each kind of work for itself, and nobody finds anything else in that log.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

TOLD_EVERY: Final = timedelta(minutes=1)
LONGEST_REST_SECONDS: Final = 5.0
"""So long after the store is there again nothing may have begun."""


@dataclass
class _Fault:
    told_at: datetime
    count: int = 0
    """Failures since it was told last."""
    works: set[str] = field(default_factory=set)
    """That fail by it."""


class StandingFaults:
    """Of the works of one process that share what they may fail by."""

    def __init__(self, log: logging.Logger, *, failed: str, over: str, service: str | None = None) -> None:
        """`failed` and `over`: what the lines say."""
        self._log, self._failed, self._over, self._service = log, failed, over, service
        self._faults: dict[str, _Fault] = {}
        self._in_a_row: dict[str, int] = {}

    def failed(self, work: str, error: BaseException, now: datetime) -> float:
        """One more round of `work` that came to nothing. Gives the seconds until its next."""
        name = type(error).__name__
        fault = self._faults.get(name)
        if fault is None:
            fault = self._faults[name] = _Fault(now)
            self._log.error(self._failed, extra={"service": self._service, "job": work, "fault": name})
        fault.works.add(work)
        fault.count += 1
        if now - fault.told_at >= TOLD_EVERY:
            self._log.error(self._failed, extra={"service": self._service, "job": work, "fault": name, "count": fault.count})
            fault.told_at, fault.count = now, 0
        in_a_row = self._in_a_row[work] = self._in_a_row.get(work, 0) + 1
        return min(float(2 ** min(in_a_row - 1, 10)), LONGEST_REST_SECONDS)

    def went(self, work: str) -> None:
        """A round of `work` that went well."""
        if self._in_a_row.pop(work, None) is None:
            return
        for name, fault in [*self._faults.items()]:
            fault.works.discard(work)
            if not fault.works:
                del self._faults[name]
                self._log.warning(self._over, extra={"service": self._service, "job": work, "fault": name})
