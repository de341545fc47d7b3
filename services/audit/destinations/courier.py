"""Sends the log to its destinations: each by itself, in order, at least once; of several replicas one sends to each.

# INVARIANT: a cursor moves on when the receiver has answered, by whoever holds the destination then, and from where it was when the entries
# were read. So nothing is left out, whoever is killed and whenever; what was on its way then goes again, under the same id.
"""

import asyncio
import logging
import secrets
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, update

from safepassage.problems.destinations import NoSuchLogDestination
from services.audit.destinations.alarm import Append, raise_alarm
from services.audit.destinations.answers import Attempt, disabled_because, next_attempt_at
from services.audit.destinations.configuration import Configuration, DestinationSeals
from services.audit.destinations.doors import Door, OneDoor, open_door
from services.audit.destinations.reading import Lane, Step, lanes_of, next_step
from services.audit.giving_way import give_way
from services.audit.settings import AuditSettings
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import LogDestinationRow
from shared.certificates import client_context
from shared.clock import Clock
from shared.database import Database
from shared.leases import CLOCKS_DIFFER

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=60)
"""Three times as long as an attempt may take."""
BATCHES_OF_A_TURN: Final = 200
AFTER_A_FAULT: Final = timedelta(minutes=1)
NEEDS_A_PERSON_AFTER: Final = timedelta(minutes=15)
"""A destination that fails for so long makes the node degraded."""


class _Next(NamedTuple):
    """What a destination gets next, and how it was when that was read."""

    row: LogDestinationRow
    configuration: Configuration
    step: Step


class Courier:
    """Sends what is new, and what is sent again.

    holder   of this process
    is_over  whether the log is frozen: then nothing of it goes out
    is_busy  whether somebody waits for an append
    """

    def __init__(
        self,
        database: Database,
        keys: SubjectKeys,
        clock: Clock,
        settings: AuditSettings,
        *,
        holder: str,
        append: Append,
        is_over: Callable[[], bool],
        is_busy: Callable[[], bool],
    ) -> None:
        self._database, self._keys, self._clock, self._settings = database, keys, clock, settings
        self._holder, self._append, self._is_over, self._is_busy = holder, append, is_over, is_busy
        self._under_way: dict[UUID, asyncio.Task[None]] = {}
        self._faulty: dict[UUID, datetime] = {}
        """Destinations that could not be served here over a fault of our own, and when they are tried again."""
        self.is_degraded = False
        """As of the last look: a destination is disabled, or has failed for a while."""

    async def run(self) -> None:
        """Look and send until cancelled. A lifespan task; it does not end over a fault, which is said and tried again."""
        try:
            while True:
                await asyncio.sleep(self._settings.destination_seconds)
                try:
                    await self._set_out()
                except Exception as error:
                    log.error("destinations not looked at", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._let_go()

    async def turn(self) -> None:
        """Send what is due now, and wait until that is done."""
        await self._set_out()
        await asyncio.gather(*self._under_way.values())

    async def ping(self, destination_id: UUID) -> Attempt:
        """Send what tells of no entry, in whatever state the destination is. Raises NoSuchLogDestination, DestinationNotAllowed."""
        async with self._database.reading() as tx:
            row = await tx.get(LogDestinationRow, destination_id)
            if row is None:
                raise NoSuchLogDestination
            configuration = (await DestinationSeals.of(tx, self._keys)).open(row.id, row.sealed)
        door = self._door(destination_id, configuration)
        try:
            return await door.ping()
        finally:
            await door.close()

    async def _set_out(self) -> None:
        """Begin with each destination that is due; one that is slow keeps no other waiting."""
        row, now = LogDestinationRow, self._clock()
        columns = (row.id, row.state, row.due_at, row.holder, row.leased_until, row.disabled_because, row.failing_since)
        async with self._database.reading() as tx:
            found = (await tx.execute(select(*columns))).all()
        self._faulty = {one.id: self._faulty[one.id] for one in found if one.id in self._faulty}
        self.is_degraded = bool(self._faulty) or any(_needs_a_person(one, now=now) for one in found)
        for one in found:
            is_mine = one.holder == self._holder or _is_over(one.leased_until, now)
            if (
                one.state == "active"
                and one.due_at <= now
                and is_mine
                and one.id not in self._under_way
                and self._faulty.get(one.id, now) <= now
            ):
                task = asyncio.create_task(self._serve(one.id))
                self._under_way[one.id] = task
                task.add_done_callback(partial(self._back, one.id))

    def _back(self, destination_id: UUID, _: "asyncio.Task[None]") -> None:
        self._under_way.pop(destination_id, None)

    async def _let_go(self) -> None:
        """Stopped, it leaves to other replicas at once what it sent to; killed, they wait for the lease to end."""
        row, now = LogDestinationRow, self._clock()
        async with self._database.transaction() as tx:
            await tx.execute(update(row).where(row.holder == self._holder, row.leased_until > now).values(leased_until=now))

    async def _serve(self, destination_id: UUID) -> None:
        """Send to one destination. A fault of our own is said, and the destination left for a while."""
        try:
            await self._send_on(destination_id)
            self._faulty.pop(destination_id, None)
        except Exception as error:
            log.error("destination not served", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
            self._faulty[destination_id] = self._clock() + AFTER_A_FAULT

    async def _send_on(self, destination_id: UUID) -> None:
        """Send until there is nothing more, or it does not take it."""
        loop, prefers = asyncio.get_running_loop(), "live"
        door = OneDoor(partial(self._door, destination_id))
        try:
            for _ in range(BATCHES_OF_A_TURN):
                began = loop.time()
                following = await self._next(destination_id, prefers)
                await give_way(began, is_busy=self._is_busy())
                if following is None or self._is_over() or not await self._claim(following):
                    return
                attempt, step = None, following.step
                if step.batch is not None:
                    attempt = await (await door.by(following.configuration)).deliver(step.batch)
                if not await self._settle(following, attempt):
                    return
                # what is sent again goes between what is new, and neither keeps the other waiting
                prefers = "replay" if step.lane.name == "live" else "live"
        finally:
            await door.close()

    async def _next(self, destination_id: UUID, prefers: str) -> _Next | None:
        async with self._database.reading() as tx:
            row = await tx.get(LogDestinationRow, destination_id)
            if row is None or row.state != "active":
                return None
            configuration = (await DestinationSeals.of(tx, self._keys)).open(row.id, row.sealed)
            for lane in sorted(lanes_of(row), key=lambda one: one.name != prefers):
                step = await next_step(tx, self._keys, lane, configuration, entity_id=self._settings.entity_id)
                if step is not None:
                    return _Next(row, configuration, step)
        return None

    async def _claim(self, following: _Next) -> bool:
        """Take the destination for as long as an attempt may last, and put down what is on its way. False if another process has it."""
        row, now, step = LogDestinationRow, self._clock(), following.step
        mine = or_(row.holder == self._holder, _is_over(row.leased_until, now))
        on_its_way = _placed(step.lane, step.start.log, step.start.at, None if step.batch is None else step.end.at)
        taken = update(row).where(row.id == following.row.id, row.state == "active", mine, *_stands(step.lane, step.lane.at))
        async with self._database.transaction() as tx:
            done: Any = await tx.execute(taken.values(holder=self._holder, leased_until=now + LEASE, **on_its_way))
            return bool(done.rowcount == 1)

    async def _settle(self, following: _Next, attempt: Attempt | None) -> bool:
        """Move the cursor, or say when to try again. True if there may be more to send now.

        attempt  None where the destination gets none of the entries that were looked at
        """
        if attempt is not None and not attempt.delivered:
            await self._failed(following, attempt)
            return False
        row, now, step = LogDestinationRow, self._clock(), following.step
        moved: dict[str, Any] = _ended() if step.is_last else _placed(step.lane, step.end.log, step.end.at, None)
        if attempt is not None:
            moved |= {"failures": 0, "failing_since": None, "attempted_at": now, "delivered_at": now}
            moved |= {"last_status": attempt.status, "last_fault": None}
        whose = update(row).where(row.id == following.row.id, row.holder == self._holder, *_stands(step.lane, step.start))
        async with self._database.transaction() as tx:
            done: Any = await tx.execute(whose.values(**moved))
            return bool(done.rowcount == 1)

    async def _failed(self, following: _Next, attempt: Attempt) -> None:
        now, before = self._clock(), following.row
        failures, since = before.failures + 1, before.failing_since or now
        because = disabled_because(attempt, failing_since=since, now=now)
        log.warning("destination does not take what is sent", extra={"fault": attempt.fault, "status": attempt.status, "attempt": failures})
        if because is not None and not await raise_alarm(self._append, before.id, because, since=since):
            because = None  # the log takes nothing: the alarm is raised with the next attempt
        values: dict[str, Any] = {"failures": failures, "failing_since": since, "attempted_at": now}
        values |= {"last_status": attempt.status, "last_fault": attempt.fault}
        values["due_at"] = next_attempt_at(attempt, failures=failures, now=now, chance=secrets.randbelow(1000) / 1000)
        if because is not None:
            values |= {"state": "disabled", "disabled_because": because}
        row = LogDestinationRow
        whose = update(row).where(row.id == before.id, row.holder == self._holder, row.state == "active")
        async with self._database.transaction() as tx:
            await tx.execute(whose.values(**values, leased_until=now))

    def _door(self, destination_id: UUID, configuration: Configuration) -> Door:
        return open_door(destination_id, configuration, settings=self._settings, certificates=self._certificates, clock=self._clock)

    @cached_property
    def _certificates(self) -> ssl.SSLContext:
        return client_context(self._settings.destination_authorities_file)


def _needs_a_person(one: Any, *, now: Any) -> bool:
    return one.disabled_because is not None or (one.failing_since is not None and now - one.failing_since >= NEEDS_A_PERSON_AFTER)


def _is_over(leased_until: Any, now: datetime) -> Any:
    """Whether a lease has ended, or was put down by a clock that went ahead (decision 114): of an instant, or of a column."""
    return (leased_until <= now) | (leased_until > now + LEASE + CLOCKS_DIFFER)


def _stands(lane: Lane, place: Any) -> tuple[Any, Any]:
    """That the lane's cursor is at a place."""
    row = LogDestinationRow
    columns = (row.log, row.at) if lane.name == "live" else (row.replay_log, row.replay_at)
    return columns[0] == place.log, columns[1] == place.at


def _placed(lane: Lane, year: int, at: int, until: int | None) -> dict[str, Any]:
    if lane.name == "live":
        return {"log": year, "at": at, "until": until}
    return {"replay_log": year, "replay_at": at, "replay_until": until}


def _ended() -> dict[str, Any]:
    """Nothing is sent again any more."""
    names = ("replay_id", "replay_asked_at", "replay_log", "replay_at", "replay_until", "replay_end_log", "replay_end_at")
    return dict.fromkeys(names)
