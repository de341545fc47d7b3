"""Who was refused at the door is counted per minute and reason into one entry each: a stranger cannot grow the log (decisions 2)."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.outbox import Outbox

_MINUTE: Final = timedelta(minutes=1)
MOST_REASONS: Final = 64
"""Reasons are words of this service; more than these would be a fault of ours."""


class Refusals:
    """Counts in memory; `flush` makes the entries of the minutes that are over."""

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._counts: dict[datetime, Counter[str]] = {}
        self._latest: tuple[datetime, datetime] | None = None
        """The minute of the last refusal, and its end."""

    def count(self, reason: str, now: datetime) -> None:
        """One refusal more, for a reason of a closed list."""
        if self._latest is None or not self._latest[0] <= now < self._latest[1]:
            minute = now.replace(second=0, microsecond=0)
            self._latest = minute, minute + _MINUTE
        minute = self._latest[0]
        counter = self._counts.get(minute)
        if counter is None:
            counter = self._counts[minute] = Counter()
        counter[reason if reason in counter or len(counter) < MOST_REASONS else "other"] += 1

    def take(self, now: datetime, *, all_of_them: bool = False) -> list[Event]:
        """The entries of the minutes that are over (or of all), which are then counted no more."""
        over = [minute for minute in sorted(self._counts) if all_of_them or minute + _MINUTE <= now]
        events = []
        for minute in over:
            for reason, count in sorted(self._counts.pop(minute).items()):
                tag = digest_of(f"{self._holder}\0{reason}".encode())[:16]
                context = Context(operation="authenticate", outcome="refused", reason=reason, count=count)
                key = f"refusal:{uuid7(minute)}:{tag}"
                events.append(Event(class_="refusal", key=key, actor=Actor(kind="system", job="gateway-door"), context=context))
        return events

    def put_back(self, events: list[Event], now: datetime) -> None:
        """Count again what could not be stored."""
        minute = now.replace(second=0, microsecond=0)
        for event in events:
            self._counts.setdefault(minute, Counter())[event.context.reason or "other"] += event.context.count or 0

    async def flush(self, database: Database, outbox: Outbox, now: datetime, *, all_of_them: bool = False) -> None:
        """Store the entries of the minutes that are over, for the log."""
        events = self.take(now, all_of_them=all_of_them)
        if not events:
            return
        try:
            async with database.transaction() as tx:
                outbox.record(tx, *events)
        except Exception:
            self.put_back(events, now)
            raise
