"""What is to be done next of one kind: rows that are due, taken up by the process that holds the lease, many at a time.

A row's state says what there is to do, so that a process that dies leaves nothing behind that the next one does not find.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from services.records.tables import LeaseRow
from shared.clock import Clock
from shared.database import Database
from shared.leases import is_fresh, take_lease
from shared.standing_faults import StandingFaults

log = logging.getLogger(__name__)

LASTS = timedelta(seconds=6)
IDLE_SECONDS = 1.0
AT_ONCE = 256
"""Two batches of a hundred, and what else there is: what has no room is looked for in the store again."""
PAUSE_AFTER_FAULT = timedelta(seconds=5)
GIVEN_UP_AFTER_SECONDS = 3_600.0
"""A step that has not ended by then waits for what does not come, or sends a large body over a slow line: it is broken off, as a process
that dies breaks it off, and taken up again; a body from the chunk that it had come to."""

Due = Callable[[datetime, int], Awaitable[Sequence[Any]]]
"""Ids of at most so many rows that are due at an instant, the longest due first."""
Do = Callable[[Any, Any], Awaitable[None]]
"""Takes the row with a key as far as it goes now; stores when it is due again, if it is. The second argument is what the step before has
handed on of it, so that it is not read again; None where the row was found in the store."""


class Lease:
    """That this process does the work of all kinds. An embedded node is the only process of its store, and needs none."""

    def __init__(self, database: Database, clock: Clock, *, holder: str) -> None:
        self._database, self._clock, self._holder = database, clock, holder
        self._until: datetime | None = None
        self.since: datetime | None = None
        """Since when without a gap: what has happened before, another process may have done."""
        self._lock = asyncio.Lock()

    def is_mine(self, now: datetime) -> bool:
        """Whether it is known, without asking the store, that this process may work now."""
        return self.since is not None and (self._database.is_sqlite or (self._until is not None and now < self._until))

    async def is_held(self) -> bool:
        """Whether this process may work now; takes or prolongs the lease where that is due."""
        now = self._clock()
        if self._database.is_sqlite:
            self.since = self.since or as_stored(now)
            return True
        async with self._lock:
            if is_fresh(self._until, now=now, lasts=LASTS):
                return True
            fence = await take_lease(self._database, LeaseRow, name="exchange", holder=self._holder, now=now, lasts=LASTS)
            if fence is None:
                self._until = self.since = None
                return False
            if self._until is None or now >= self._until:
                self.since = as_stored(now)
            self._until = now + LASTS
            return True


def as_stored(instant: datetime) -> datetime:
    """In whole milliseconds, as the store has instants: two of them compare as they should."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def standing_faults() -> StandingFaults:
    """Of the works of one process: what one of them may fail by, mostly the store, all do."""
    return StandingFaults(log, failed="exchange work failed", over="exchange work goes on")


class Work:
    """One kind of work."""

    def __init__(self, name: str, lease: Lease, clock: Clock, *, due: Due, do: Do, faults: StandingFaults | None = None) -> None:
        """`faults`: those of all kinds of work of the process."""
        self.name, self._lease, self._clock, self._due, self._do = name, lease, clock, due, do
        self._faults = faults or standing_faults()
        self._wake = asyncio.Event()
        self._busy: dict[Any, asyncio.Task[None]] = {}
        self._begun: dict[Any, float] = {}
        self._elsewhere = set[Any]()
        self._paused: dict[Any, datetime] = {}
        self._running = self._more = False

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    @contextmanager
    def done_elsewhere(self, key: Any) -> Iterator[None]:
        """Another step of this process takes the row with this key further itself: meanwhile it is not taken up here, due or not.

        In a burst a row comes to be due before its step has had its turn, and each would be signed, stored and asked about twice.
        """
        self._elsewhere.add(key)
        try:
            yield
        finally:
            self._elsewhere.discard(key)
            if self._more:
                self._wake.set()

    def offer(self, key: Any, held: Any = None) -> None:
        """This row is due now: take it up without looking for it, where this process may work and has room."""
        free = self._running and len(self._busy) < AT_ONCE and self._is_free(key) and key not in self._paused
        if free and self._lease.is_mine(self._clock()):
            self._begin(key, held)
        else:
            self.wake()

    async def run(self) -> None:
        """Work until cancelled: a lifespan task."""
        self._running = True
        try:
            while True:
                self._wake.clear()
                self._give_up_what_does_not_end()
                try:
                    if await self._lease.is_held():
                        await self._start_due()
                except Exception as error:
                    await asyncio.sleep(self._faults.failed(self.name, error, self._clock()))
                else:
                    self._faults.went(self.name)
                    await self._sleep()
        finally:
            self._running = False
            for task in self._busy.values():
                task.cancel()

    async def _start_due(self) -> None:
        """Start what is due and not yet under way, as much as there is room for."""
        now = self._clock()
        self._paused = {key: until for key, until in self._paused.items() if until > now}
        limit = AT_ONCE + len(self._paused) + len(self._elsewhere)
        found = await self._due(now, limit)
        keys = [key for key in found if self._is_free(key) and key not in self._paused]
        free = AT_ONCE - len(self._busy)
        self._more = len(keys) > free or len(found) == limit
        for key in keys[: max(free, 0)]:
            self._begin(key)

    def _is_free(self, key: Any) -> bool:
        return key not in self._busy and key not in self._elsewhere

    def _begin(self, key: Any, held: Any = None) -> None:
        self._begun[key] = asyncio.get_running_loop().time()
        self._busy[key] = asyncio.create_task(self._one(key, held))

    def _give_up_what_does_not_end(self) -> None:
        """INVARIANT: no row waits for good: one whose step hangs is due like any other, once that is broken off."""
        now = asyncio.get_running_loop().time()
        for key, begun in self._begun.items():
            if now - begun >= GIVEN_UP_AFTER_SECONDS:
                log.warning("exchange step broken off", extra={"job": self.name})
                self._busy[key].cancel()

    async def _one(self, key: Any, held: Any = None) -> None:
        try:
            await self._do(key, held)
        except Exception as error:
            place = _place(error)
            log.error("exchange step failed", extra={"job": self.name, "fault": type(error).__name__, "place": place})  # noqa: TRY400 as above
            self._paused[key] = self._clock() + PAUSE_AFTER_FAULT
        finally:
            del self._busy[key], self._begun[key]
            if self._more:
                self._wake.set()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def finish_due(self) -> None:
        """Do everything that is due now, and what becomes due by it: for tests and for a stop that leaves nothing behind."""
        while keys := [key for key in await self._due(self._clock(), AT_ONCE) if self._is_free(key)]:
            for key in keys:
                await self._do(key, None)


def _place(error: BaseException) -> str:
    place, traceback = "?", error.__traceback__
    while traceback is not None:
        place = f"{traceback.tb_frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
