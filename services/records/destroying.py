"""Destroying at an operator's word, once privacy has been asked whether somebody waits to inspect what would go (34 CFR 99.10(e)).

# INVARIANT: nothing of a student is destroyed unless privacy has answered, just before, that nobody waits to inspect the student's records.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from safepassage.problems.exchanges import NoSuchExchange
from safepassage.problems.records import SealBroken, StudentInExchange
from safepassage.problems.rights import InspectionOutstanding, OptOutSaidHereAlone
from services.records.same_child import of_one_child
from services.records.shredding import Shredded, Shredder
from services.records.tables import ExchangeRequestRow
from shared.contracts.destructions import AwaitedStudents, ToDestroy
from shared.contracts.subject_batches import MOST
from shared.database import Database
from shared.siblings import Siblings

log = logging.getLogger(__name__)

Asking = Callable[[ToDestroy], Awaitable[AwaitedStudents]]
"""Privacy's answer. Raises NoSuchClearance; TemporarilyUnavailable, and whatever else leaves it unanswered."""


@dataclass(frozen=True)
class Leavers:
    """What became of those who left before a day."""

    destroyed: int
    awaited: int
    """Left as they are: somebody waits to inspect."""
    said: int = 0
    """Left as they are: an opt-out stands about them that another record of the child has not."""


@dataclass(frozen=True)
class Collected:
    """What became of what exchanges had brought."""

    destroyed: Shredded
    left: int
    """Exchanges of which it stays as it is: somebody waits to inspect the student's records, one is on its way, or one does not open."""


class Destroying:
    """Each call asks privacy, and then destroys in a transaction of its own."""

    def __init__(self, database: Database, shredder: Shredder, asking: Asking) -> None:
        self._database, self._shredder, self._asking = database, shredder, asking

    async def student(self, student_id: UUID, *, clearance: UUID) -> Shredded:
        """The whole record, or all but the permanent one where the clearance keeps that (34 CFR 300.624(b)).

        Raises NoSuchStudent, NoSuchClearance, InspectionOutstanding, OptOutSaidHereAlone, StudentInExchange, TemporarilyUnavailable.
        """
        cleared = await self._asking(ToDestroy(students=(student_id,), clearance=clearance, whole=True))
        await self._require_nobody_waits([student_id])
        if cleared.said_here_alone and not cleared.keeps_permanent_record:
            raise OptOutSaidHereAlone
        destroy = self._shredder.but_permanent_record if cleared.keeps_permanent_record else self._shredder.student
        async with self._database.transaction() as tx:
            return await destroy(tx, student_id)

    async def copy(self, exchange_id: UUID) -> Shredded:
        """What one exchange brought; nothing, where it was destroyed or has not come.

        Raises NoSuchExchange, InspectionOutstanding, StudentInExchange, TemporarilyUnavailable.
        """
        async with self._database.reading() as tx:
            students = await self._shredder.students_of_copy(tx, exchange_id)
            if not students and await tx.get(ExchangeRequestRow, exchange_id) is None:
                raise NoSuchExchange
        await self._require_nobody_waits(students)
        async with self._database.transaction() as tx:
            return await self._shredder.copy(tx, exchange_id)

    async def collected_before(self, instant: datetime) -> Collected:
        """What exchanges brought that the receiving organisations' systems collected before an instant. Begun again, it goes on.

        Raises TemporarilyUnavailable.
        """
        destroyed, left = Shredded(0, 0), 0
        after: UUID | None = None
        while True:
            async with self._database.reading() as tx:
                exchanges = await self._shredder.collected(tx, instant, after=after)
            if not exchanges:
                return Collected(destroyed, left)
            for exchange_id in exchanges:
                try:
                    gone = await self.copy(exchange_id)
                except (InspectionOutstanding, StudentInExchange):
                    left += 1
                except SealBroken as error:  # of one student something that stays was altered: that is no reason to keep the others
                    log.error("what was collected is not destroyed", extra={"code": error.code})  # noqa: TRY400 the code says it
                    left += 1
                else:
                    destroyed = Shredded(destroyed.students + gone.students, destroyed.parts + gone.parts)
            after = exchanges[-1]

    async def left_before(self, custodian_id: UUID, day: date) -> Leavers:
        """The students of a custodian whose every enrolment ended before `day`. Begun again, it goes on. Raises TemporarilyUnavailable."""
        destroyed = awaited = said = 0
        after: UUID | None = None
        while True:
            async with self._database.reading() as tx:
                leavers = await self._shredder.leavers(tx, custodian_id, day, after=after)
            if not leavers:
                return Leavers(destroyed, awaited, said)
            waited_for = await self._waited_for(leavers)
            alone = set((await self._asking(ToDestroy(students=tuple(leavers), whole=True))).said_here_alone) - waited_for
            going = [one for one in leavers if one not in waited_for | alone]
            async with self._database.transaction() as tx:
                destroyed += await self._shredder.those_who_left(tx, going, custodian_id, day)
            awaited, said, after = awaited + len(waited_for), said + len(alone), leavers[-1]

    async def _require_nobody_waits(self, students: Sequence[UUID]) -> None:
        if await self._waited_for(students):
            raise InspectionOutstanding

    async def _waited_for(self, students: Sequence[UUID]) -> set[UUID]:
        return await waited_for(self._database, self._asking, students)


async def waited_for(database: Database, asking: Asking, students: Sequence[UUID]) -> set[UUID]:
    """Those of whom somebody waits to inspect a record: this one, or one of the same child that it is united with."""
    records = await database.read(partial(of_one_child, ids=students))
    every = sorted(frozenset().union(*records.values()))
    found: set[UUID] = set()
    for start in range(0, len(every), MOST):
        found |= set((await asking(ToDestroy(students=tuple(every[start : start + MOST])))).students)
    return {one for one in students if records[one] & found}


def over(siblings: Siblings) -> Asking:
    """Ask the privacy service."""

    async def ask(asked: ToDestroy) -> AwaitedStudents:
        path = "/internal/destructions/awaited"
        return await siblings.call("privacy", "POST", path, answer=AwaitedStudents, by="destroying", body=asked)

    return ask
