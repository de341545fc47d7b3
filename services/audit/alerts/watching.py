"""The worker that looks at what is new in the index, and at the node itself. One process at a time does, by a lease."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from prometheus_client import Counter, Gauge
from sqlalchemy import Connection, func, select

from safepassage.problems import SuiteError
from services.audit.agency_days import agency_zone
from services.audit.alerts.activity import WorkingHours
from services.audit.alerts.found import (
    Found,
    SpanTaken,
    entered,
    found_event,
    keep_of_node,
    keep_span,
    link_witness_findings,
    not_entered,
    reopened,
    reopened_event,
)
from services.audit.alerts.glance import glance_of
from services.audit.alerts.habits import Habits, Span, actors_of, next_span
from services.audit.alerts.node_rules import node_findings
from services.audit.alerts.rules import findings
from services.audit.drafts import draft_of
from services.audit.driver import Driver
from services.audit.index.terms import term_keys
from services.audit.sequencer import Sequencer
from services.audit.slices import Rest, Slices
from services.audit.tables import AlertRow, LeaseRow
from shared.contracts.audit import Event
from shared.database import Database
from shared.leases import take_lease
from shared.telemetry import Metrics

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 15.0
LEASE_NAME: Final = "alerts"
LEASE: Final = timedelta(seconds=60)
SPELL_SECONDS: Final = 20.0
"""So long is looked before what was found is entered and the lease is taken anew."""


class AlertMetrics:
    """What Prometheus is told."""

    def __init__(self, metrics: Metrics) -> None:
        self.found = Counter("safe_passage_alerts", "Alerts entered into the log", ["rule"], registry=metrics.registry)
        self.open = Gauge("safe_passage_alerts_open", "Alerts that nobody has acknowledged", registry=metrics.registry)


class Watcher:
    """Finds alerts and enters them."""

    def __init__(
        self,
        state: Any,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        rest: Rest = asyncio.sleep,
        spell_seconds: float = SPELL_SECONDS,
    ) -> None:
        self._state, self._monotonic, self._spell_seconds = state, monotonic, spell_seconds
        self._slices, self._was_interrupted = Slices(rest), False
        self._thresholds = state.settings.alert_thresholds
        self._habits = Habits(self._thresholds)
        self._serving_since: datetime = state.clock()
        self._clock_was: tuple[datetime, float] = (self._serving_since, monotonic())
        self._hours = WorkingHours.of(self._thresholds, ZoneInfo("UTC"))
        self._copies_looked_for_on: date | None = None
        self._counted: AlertMetrics = state.alert_metrics

    async def run(self) -> None:
        """Look until cancelled. A lifespan task; it does not end over a fault, which is said and tried again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.turn()
            except SuiteError as error:
                log.warning("alerts not entered", extra={"code": error.code})
            except Exception as error:
                log.error("alerts not looked for", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value

    async def turn(self) -> None:
        """Look once at everything that is new, while this process holds the lease. Raises LogFrozen, LogUnavailable."""
        while await self._looked_at_node():
            await self.look_at_actors(spell_seconds=self._spell_seconds)
            await self.enter()
            if not self._was_interrupted:
                return

    async def _looked_at_node(self) -> bool:
        """False if another process holds the lease. Before every spell: on a busy node there is no end of what is new."""
        at = (self._state.clock(), self._monotonic())
        if holds := await self._holds_lease():
            await self.look_at_node(self._jump(*at))
        self._clock_was = at  # not before: a clock that was set while the store was away is told of once it is back
        return holds

    async def _holds_lease(self) -> bool:
        state = self._state
        fence = await take_lease(state.database, LeaseRow, name=LEASE_NAME, holder=state.holder, now=state.clock(), lasts=LEASE)
        return fence is not None

    async def look_at_actors(self, *, spell_seconds: float = math.inf) -> int:
        """Apply the rules to everyone who did something new, a day after the other, until that is done or the time is over.

        Gives how many actors' days were looked at.
        """
        database: Database = self._state.database
        self._hours = WorkingHours.of(self._thresholds, await agency_zone(database))
        looked, loop = 0, asyncio.get_running_loop()
        until, self._was_interrupted = loop.time() + spell_seconds, False
        while (span := await database.read(lambda connection: next_span(Driver(connection)))) is not None:
            with suppress(SpanTaken):
                looked += await self._look_at(span)
            if loop.time() >= until:
                self._was_interrupted = True
                break
        return looked

    async def _look_at(self, span: Span) -> int:
        """A day at the most. # INVARIANT: no transaction is open between two slices, and none is longer than a slice."""
        state = self._state
        span, actors = await state.database.read(lambda connection: actors_of(Driver(connection), span))
        found = await self._slices.over(actors, lambda some: state.database.read(self._applying(span, some)))
        async with state.database.transaction() as tx:
            await keep_span(tx, span, found, state.clock())
        return len(actors)

    def _applying(self, span: Span, actors: Sequence[bytes]) -> Callable[[Connection], list[Found]]:
        def apply(connection: Connection) -> list[Found]:
            driver = Driver(connection)
            habits = self._habits.of(driver, term_keys(driver, self._state.keys), span, actors, self._hours)
            return [Found(actor, one) for actor in actors for one in findings(habits[actor], self._thresholds)]

        return apply

    async def look_at_node(self, clock_jump_seconds: float) -> None:
        """Apply the rules to the log and the node, and make alerts of what was said by witnesses."""
        state, now = self._state, self._state.clock()
        zone = await agency_zone(state.database)
        today = now.astimezone(zone).date()
        seen = await glance_of(
            state,
            now=now,
            serving_since=self._serving_since,
            clock_jump_seconds=clock_jump_seconds,
            zone=zone,
            copies_of=None if today == self._copies_looked_for_on else today,
        )
        found = node_findings(seen, self._thresholds)
        async with state.database.transaction() as tx:
            await keep_of_node(tx, found, now)
            linked = await link_witness_findings(tx, now)
        self._copies_looked_for_on = today  # not before: what was not kept is looked for again
        for row in linked:
            self._tell(row.rule)

    async def enter(self) -> None:
        """Enter into the log what it has not yet. Raises LogFrozen, LogUnavailable: then it is done the next time."""
        database: Database = self._state.database
        while True:
            async with database.reading() as tx:
                rows = await not_entered(tx)
            if not rows:
                break
            began = asyncio.get_running_loop().time()
            receipt = await self._append([found_event(row) for row in rows])
            async with database.transaction() as tx:
                fresh = [row for row, place in zip(rows, receipt.places, strict=True) if await entered(tx, row, place)]
            for row in fresh:
                self._tell(row.rule)
            await self._slices.rest(began)
        async with database.reading() as tx:
            again = await reopened(tx)
        if again:
            await self._append([reopened_event(row) for row in again])
            async with database.transaction() as tx:
                for row in again:
                    held = await tx.get(AlertRow, (row.rule, row.subject, row.day), with_for_update=True)
                    if held is not None:
                        held.reopened_entered = max(held.reopened_entered, row.reopened)
            for row in again:
                self._tell(row.rule)
        async with database.reading() as tx:
            self._counted.open.set(await tx.scalar(select(func.count()).where(AlertRow.acknowledged_count.is_(None))) or 0)

    async def _append(self, events: list[Event]) -> Any:
        sequencer: Sequencer = self._state.sequencer
        return await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key) for event in events])

    def _tell(self, rule: str) -> None:
        self._counted.found.labels(rule).inc()
        log.warning("alert", extra={"code": rule})

    def _jump(self, now: datetime, passed: float) -> float:
        """By how much the clock has moved more than time has passed, since the last turn that came so far."""
        then, was = self._clock_was
        return (now - then).total_seconds() - (passed - was)


async def keep_watch(app: FastAPI) -> None:
    """A lifespan task."""
    await app.state.watcher.run()
