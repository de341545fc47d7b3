"""How the rows of an outbox go: lane by lane, many in one call or one after the other, later again, or set aside."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, update

from safepassage.problems import SuiteError
from shared import prepared
from shared.clock import Clock
from shared.database import Database
from shared.outbox_rows import Sealing
from shared.siblings import Siblings
from shared.who_may_call import ServiceName

log = logging.getLogger(__name__)

BATCH = 200
"""Rows that go in one call."""


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


LONGEST_PAUSE: Final = timedelta(minutes=5)
"""Between two attempts. What is due later than it from now was put off by a clock that went ahead (decision 114)."""


class Lanes:
    """Of one service."""

    def __init__(
        self,
        service: ServiceName,
        database: Database,
        siblings: Siblings,
        clock: Clock,
        *,
        row: type[Any],
        together: Mapping[str, Together],
    ) -> None:
        self._service, self._database, self._siblings, self._clock = service, database, siblings, clock
        self._row, self._those_together = row, together
        table = row.__table__
        self._sent = delete(table).where(table.c.id == bindparam("id_"))
        self.sent_at = -math.inf
        """When something went last, by the process's own clock."""

    async def send(self, lane: str, waiting: Sequence[Any], until: datetime, sealing: Sealing | None) -> bool:
        """Send rows of a lane, until one has to wait or it is too late to begin. True if some wait no more: they went, or were set aside.

        # INVARIANT: a row that has to wait is overtaken by none of its lane.
        """
        together = self._those_together.get(lane)
        if together is None:
            return await self._in_order(waiting[:BATCH], until, sealing) > 0
        gone = 0
        while gone < len(waiting) and (gone == 0 or self._clock() < until):
            some = waiting[gone : gone + BATCH]
            went = await self._together(together, some, sealing)
            gone += went
            if went < len(some):
                break
        return gone > 0

    async def _together(self, together: Together, rows: Sequence[Any], sealing: Sealing | None) -> int:
        """Rows go in one call; how many of them, from the first on, wait no more.

        If all of it is refused for good, they go one by one, so that the one at fault alone is set aside.
        """
        content = f'{{"{together.member}":[{",".join([_body(row, sealing) for row in rows])}]}}'.encode()
        try:
            answer = await self._siblings.send(together.sibling, "POST", together.path, by="outbox", content=content)
        except SuiteError as error:
            if error.retry == "never" and len(rows) > 1:
                for place, row in enumerate(rows):
                    if not await self._together(together, [row], sealing):
                        return place
                return len(rows)
            return len(rows) if await self._failed(rows, error) else 0
        refused = together.refused_in(answer)
        for place, code in refused.items():
            await self._set_aside(rows[place], code)
        await self._done([row.id for place, row in enumerate(rows) if place not in refused])
        return len(rows)

    async def _in_order(self, rows: Sequence[Any], until: datetime, sealing: Sealing | None) -> int:
        """Rows go one by one; how many of them, from the first on, wait no more."""
        done: list[int] = []
        for place, row in enumerate(rows):
            if place and self._clock() >= until:
                break
            try:
                content = _body(row, sealing).encode()
            except Exception:  # it is no sibling that refuses it: what went before it has gone, and it waits with those behind it
                await self._done(done)
                raise
            try:
                await self._siblings.send(row.sibling, row.method, row.path, by="outbox", content=content)
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

    async def _done(self, ids: Sequence[int]) -> None:
        if ids:
            sent = [{"id_": identifier} for identifier in ids]
            await self._database.write(lambda connection: prepared.change_each(connection, self._sent, sent))
            self.sent_at = time.monotonic()

    async def _failed(self, rows: Sequence[Any], error: SuiteError) -> bool:
        """Later again, twice as long each time up to five minutes; refused for good, it is set aside and said. Whether it was set aside."""
        if error.retry == "never":
            for row in rows:
                await self._set_aside(row, error.code)
            return True
        attempts = rows[0].attempts + 1
        due = self._clock() + min(timedelta(seconds=2**attempts), LONGEST_PAUSE)
        await self._change(rows, attempts=attempts, next_attempt_at=due)
        return False

    async def _set_aside(self, row: Any, code: str) -> None:
        log.error("outbox row refused", extra={"code": code, "service": self._service})
        await self._change([row], attempts=row.attempts + 1, refused_as=code)

    async def _change(self, rows: Sequence[Any], **values: Any) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(update(self._row).where(self._row.id.in_([row.id for row in rows])).values(**values))


def _body(row: Any, sealing: Sealing | None) -> str:
    body: str = row.body
    return body if sealing is None else sealing.open_text(body)
