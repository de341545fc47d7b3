"""What a change obliges the service to tell a sibling, stored in the transaction that made the change, sent afterwards until it is taken.

Rows of one `lane` are sent in the order in which they were stored, each at least once: the receiver is idempotent.
"""

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import prepared
from shared.clock import Clock
from shared.contracts.audit import Event
from shared.database import Database, after_commit
from shared.leases import CLOCKS_DIFFER, LeaseColumns, is_fresh, take_lease
from shared.outbox_lanes import BATCH, LONGEST_PAUSE, Lanes, Together
from shared.outbox_rows import AUDIT_LANE, Sealing, row_of_event, row_that_tells
from shared.siblings import Siblings
from shared.standing_faults import StandingFaults
from shared.who_may_call import ServiceName

log = logging.getLogger(__name__)

READ = 5 * BATCH
"""Rows that are read at once: those of a lane that are many go in several calls, and are not read again for each."""
IDLE_SECONDS = 5.0
LINGER_SECONDS = 0.05
BUSY_LINGER_SECONDS = 0.25
"""What comes within it goes together: under load a commit and a call for many rows, not for each. The second where something went
within the last second: what is told behind may wait, and each sending costs as much as a decision."""
LEASE = timedelta(seconds=30)


class Outbox:
    """One service's outbox: rows in, a lifespan task out."""

    sealing: Sealing | None = None
    """Set in the service's `opening`, before anything is told."""

    def __init__(
        self,
        service: ServiceName,
        database: Database,
        siblings: Siblings,
        clock: Clock,
        *,
        row: type[Any],
        lease: type[LeaseColumns],
        holder: str,
    ) -> None:
        self._database, self._clock = database, clock
        self._row, self._lease, self._holder = row, lease, holder
        self._insert, table = insert(row), row.__table__
        self._waiting = select(table).where(table.c.refused_as.is_(None)).order_by(table.c.id).limit(READ)
        self._waiting_beside = self._waiting.where(table.c.lane.not_in(bindparam("held_up", expanding=True)))
        self.together: dict[str, Together] = {AUDIT_LANE: Together("audit", "/internal/entries", "events")}
        self._lanes = Lanes(service, database, siblings, clock, row=row, together=self.together)
        self._wake, self._draining = asyncio.Event(), asyncio.Lock()
        self._leased_until: datetime | None = None
        self._faults = StandingFaults(log, failed="outbox failed", over="outbox goes on", service=service)
        self._more = False
        """Whether more was waiting than was sent."""

    def tell(self, tx: AsyncSession, sibling: ServiceName, method: str, path: str, body: BaseModel, *, lane: str | None = None) -> None:
        """Tell `sibling`, once `tx` has committed. `lane` defaults to the sibling's name."""
        self._add(tx, self.row_to_tell(sibling, method, path, body, lane=lane))

    def record(self, tx: AsyncSession, *events: Event) -> None:
        """Append behind-entries to the audit log, once `tx` has committed."""
        for event in events:
            self._add(tx, self.row_of(event))

    def row_of(self, event: Event) -> dict[str, Any]:
        """The row of a behind-entry, for `add_to`."""
        return row_of_event(event, sealing=self.sealing, now=self._clock())

    def row_to_tell(self, sibling: ServiceName, method: str, path: str, body: BaseModel, *, lane: str | None = None) -> dict[str, Any]:
        """The row that tells `sibling`, for `add_to`."""
        return row_that_tells(sibling, method, path, body, lane=lane or sibling, sealing=self.sealing, now=self._clock())

    def add_to(self, connection: Connection, *rows: dict[str, Any]) -> None:
        """As `record`, in a transaction of `Database.write`, for a hot path. Call `wake` once it has committed."""
        prepared.add_each(connection, self._insert, rows)

    def adding(self, row: dict[str, Any]) -> prepared.Change:
        """The same as a change, for who writes one row."""
        return self._insert, row

    def wake(self) -> None:
        """Something was stored and has committed."""
        self._wake.set()

    def _add(self, tx: AsyncSession, row: dict[str, Any]) -> None:
        tx.add(self._row(**row))
        self.wake_after(tx)

    def wake_after(self, tx: AsyncSession) -> None:
        """As `wake`, once `tx` has committed."""
        if "outbox-wake" not in tx.info:
            tx.info["outbox-wake"] = True
            after_commit(tx, self._wake_up)

    async def _wake_up(self) -> None:
        self.wake()

    async def run(self) -> None:
        """Send until cancelled: a lifespan task. With several replicas the holder of the lease sends."""
        while True:
            self._wake.clear()
            try:
                more = await self._holds_lease() and await self.send_due() and self._more
            except Exception as error:
                self._faults.failed("outbox", error, self._clock())
                more = False
            else:
                self._faults.went("outbox")
            if not more:
                try:
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._wake.wait()
                        busy = time.monotonic() - self._lanes.sent_at < 1
                        await asyncio.sleep(BUSY_LINGER_SECONDS if busy else LINGER_SECONDS)
                except TimeoutError:
                    pass

    async def _holds_lease(self) -> bool:
        """Take the lease, or prolong it once half of it is over."""
        now = self._clock()
        if is_fresh(self._leased_until, now=now, lasts=LEASE):
            return True
        fence = await take_lease(self._database, self._lease, name="outbox", holder=self._holder, now=now, lasts=LEASE)
        self._leased_until = None if fence is None else now + LEASE
        return fence is not None

    async def send_due(self) -> bool:
        """Send what is due now, lane by lane. True if some of it went, or was set aside, and more may be waiting.

        # INVARIANT: a lane that is late or fails, whatever by, holds up no other, however many of its rows lie in front of theirs.
        # INVARIANT: whoever's lease has ended begins no call: somebody else may be sending these rows by then.
        """
        until = self._clock() + LEASE / 4  # half of the lease is left at the least when rows are read: `_holds_lease`
        rows, held_up, fault = await self._database.find(self._waiting, {}), set[str](), None
        while True:
            self._more = len(rows) > BATCH
            lanes: dict[str, list[Any]] = {}
            for one in rows:
                lanes.setdefault(one.lane, []).append(one)
            sent = False
            for lane, waiting in lanes.items():
                is_due = _is_due(waiting[0].next_attempt_at, self._clock()) and self._clock() < until
                try:
                    went = is_due and await self._lanes.send(lane, waiting, until, self.sealing)
                except Exception as error:  # told by who sends, once the others have had their turn
                    fault, went = fault or error, False
                sent |= went
                if not went:
                    held_up.add(lane)
            if sent or len(rows) < READ or self._clock() >= until:
                if fault is not None:
                    raise fault
                return sent
            rows = await self._database.find(self._waiting_beside, {"held_up": sorted(held_up)})

    async def drain(self) -> None:
        """Send until nothing is due: for who needs now what was told, for tests, and for a stop that leaves nothing behind.

        Several who drain take turns: those that waited find little left.
        """
        async with self._draining:
            while await self.send_due():
                pass


def _is_due(at: datetime, now: datetime) -> bool:
    return at <= now or at > now + LONGEST_PAUSE + CLOCKS_DIFFER
