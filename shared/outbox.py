"""What a change obliges the service to tell a sibling, stored in the transaction that made the change, sent afterwards until it is taken.

Rows of one `lane` are sent in the order in which they were stored, each at least once: the receiver is idempotent.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems import SuiteError
from shared import prepared
from shared.clock import Clock
from shared.contracts.audit import Event
from shared.database import Database, after_commit
from shared.leases import LeaseColumns, take_lease
from shared.outbox_rows import AUDIT_LANE, Sealing, row_of_event, row_that_tells
from shared.siblings import Siblings
from shared.standing_faults import StandingFaults
from shared.who_may_call import ServiceName

log = logging.getLogger(__name__)

BATCH = 200
"""Rows that go in one call."""
READ = 5 * BATCH
"""Rows that are read at once: those of a lane that are many go in several calls, and are not read again for each."""
IDLE_SECONDS = 5.0
LINGER_SECONDS = 0.05
BUSY_LINGER_SECONDS = 0.25
"""What comes within it goes together: under load a commit and a call for many rows, not for each. The second where something went
within the last second: what is told behind may wait, and each sending costs as much as a decision."""
LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Together:
    """How the rows of a lane go in one call: many may be waiting after a load."""

    sibling: ServiceName
    path: str
    """Of a POST."""
    member: str
    """Of the call's body: the list of the waiting bodies, in their order, each as it was stored."""
    refused_in: Callable[[bytes], Mapping[int, str]] = lambda _: {}
    """Places in the call, and problem codes, of rows that its answer says were refused while the others were taken."""


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
        self._service, self._database, self._siblings, self._clock = service, database, siblings, clock
        self._row, self._lease, self._holder = row, lease, holder
        self._insert, table = insert(row), row.__table__
        self._waiting = select(table).where(table.c.refused_as.is_(None)).order_by(table.c.id).limit(READ)
        self._waiting_beside = self._waiting.where(table.c.lane.not_in(bindparam("held_up", expanding=True)))
        self._sent = delete(table).where(table.c.id == bindparam("id_"))
        self.together: dict[str, Together] = {AUDIT_LANE: Together("audit", "/internal/entries", "events")}
        self._wake, self._draining = asyncio.Event(), asyncio.Lock()
        self._leased_until: datetime | None = None
        self._sent_at = -math.inf
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
                        busy = time.monotonic() - self._sent_at < 1
                        await asyncio.sleep(BUSY_LINGER_SECONDS if busy else LINGER_SECONDS)
                except TimeoutError:
                    pass

    async def _holds_lease(self) -> bool:
        """Take the lease, or prolong it once half of it is over."""
        now = self._clock()
        if self._leased_until is not None and now < self._leased_until - LEASE / 2:
            return True
        fence = await take_lease(self._database, self._lease, name="outbox", holder=self._holder, now=now, lasts=LEASE)
        self._leased_until = None if fence is None else now + LEASE
        return fence is not None

    async def send_due(self) -> bool:
        """Send what is due now, lane by lane. True if some of it went, or was set aside, and more may be waiting.

        # INVARIANT: a lane that is late, or fails, holds up no other, however many of its rows lie in front of theirs.
        # INVARIANT: whoever's lease has ended begins no call: somebody else may be sending these rows by then.
        """
        until = self._clock() + LEASE / 4  # half of the lease is left at the least when rows are read: `_holds_lease`
        rows, held_up = await self._database.find(self._waiting, {}), set[str]()
        while True:
            self._more = len(rows) > BATCH
            lanes: dict[str, list[Any]] = {}
            for one in rows:
                lanes.setdefault(one.lane, []).append(one)
            sent = False
            for lane, waiting in lanes.items():
                if waiting[0].next_attempt_at <= self._clock() < until and await self._send_lane(lane, waiting, until):
                    sent = True
                else:
                    held_up.add(lane)
            if sent or len(rows) < READ or self._clock() >= until:
                return sent
            rows = await self._database.find(self._waiting_beside, {"held_up": sorted(held_up)})

    async def _send_lane(self, lane: str, waiting: Sequence[Any], until: datetime) -> bool:
        """Send rows of a lane, until one has to wait or it is too late to begin. True if some wait no more: they went, or were set aside.

        # INVARIANT: a row that has to wait is overtaken by none of its lane.
        """
        together = self.together.get(lane)
        if together is None:
            return await self._send_in_order(waiting[:BATCH], until) > 0
        gone = 0
        while gone < len(waiting) and (gone == 0 or self._clock() < until):
            some = waiting[gone : gone + BATCH]
            went = await self._send_together(together, some)
            gone += went
            if went < len(some):
                break
        return gone > 0

    async def _send_together(self, together: Together, rows: Sequence[Any]) -> int:
        """Rows go in one call; how many of them, from the first on, wait no more.

        If all of it is refused for good, they go one by one, so that the one at fault alone is set aside.
        """
        content = f'{{"{together.member}":[{",".join([self._body(row) for row in rows])}]}}'.encode()
        try:
            answer = await self._siblings.send(together.sibling, "POST", together.path, by="outbox", content=content)
        except SuiteError as error:
            if error.retry == "never" and len(rows) > 1:
                for place, row in enumerate(rows):
                    if not await self._send_together(together, [row]):
                        return place
                return len(rows)
            return len(rows) if await self._failed(rows, error) else 0
        refused = together.refused_in(answer)
        for place, code in refused.items():
            await self._set_aside(rows[place], code)
        await self._done([row.id for place, row in enumerate(rows) if place not in refused])
        return len(rows)

    async def _send_in_order(self, rows: Sequence[Any], until: datetime) -> int:
        """Rows go one by one; how many of them, from the first on, wait no more."""
        done: list[int] = []
        for place, row in enumerate(rows):
            if place and self._clock() >= until:
                break
            try:
                await self._siblings.send(row.sibling, row.method, row.path, by="outbox", content=self._body(row).encode())
            except SuiteError as error:
                await self._done(done)
                done = []
                if not await self._failed([row], error):
                    return place
            else:
                done.append(row.id)
        else:
            place = len(rows)
        await self._done(done)
        return place

    def _body(self, row: Any) -> str:
        body: str = row.body
        return body if self.sealing is None else self.sealing.open_text(body)

    async def _done(self, ids: Sequence[int]) -> None:
        if ids:
            sent = [{"id_": identifier} for identifier in ids]
            await self._database.write(lambda connection: prepared.change_each(connection, self._sent, sent))
            self._sent_at = time.monotonic()

    async def _failed(self, rows: Sequence[Any], error: SuiteError) -> bool:
        """Later again, twice as long each time up to five minutes; refused for good, it is set aside and said. Whether it was set aside."""
        if error.retry == "never":
            for row in rows:
                await self._set_aside(row, error.code)
            return True
        attempts = rows[0].attempts + 1
        due = self._clock() + timedelta(seconds=min(2**attempts, 300))
        await self._change(rows, attempts=attempts, next_attempt_at=due)
        return False

    async def _set_aside(self, row: Any, code: str) -> None:
        log.error("outbox row refused", extra={"code": code, "service": self._service})
        await self._change([row], attempts=row.attempts + 1, refused_as=code)

    async def _change(self, rows: Sequence[Any], **values: Any) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(update(self._row).where(self._row.id.in_([row.id for row in rows])).values(**values))

    async def drain(self) -> None:
        """Send until nothing is due: for who needs now what was told, for tests, and for a stop that leaves nothing behind.

        Several who drain take turns: those that waited find little left.
        """
        async with self._draining:
            while await self.send_due():
                pass
