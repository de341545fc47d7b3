"""The loop that has each new checkpoint cosigned, and tells who waits for that."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, Select, select

from safepassage.problems.witnessing import NotWitnessedYet, NoWitnessesNamed
from safepassage.tlog_policy import Policy
from services.audit.checkpoints import latest_checkpoint
from services.audit.driver import Driver
from services.audit.tables import LogRow
from services.audit.witnessing.cosignatures import largest_witnessed, prune
from services.audit.witnessing.rounds import OwnCheckpoint, Rounds
from shared.database import Database

log = logging.getLogger(__name__)

LOGS: Final = 2
"""The newest, and the one before: its last checkpoint is to be cosigned too."""
TURNS_UNTIL_PRUNED: Final = 600


@dataclass(frozen=True)
class _Waiting:
    year: int
    size: int
    answer: "asyncio.Future[None]"


class Publisher:
    """Has the node's logs witnessed.

    policy   the witnesses and their quorum; None for a node that has none
    is_over  whether the log is frozen: then nothing more of it is shown to anybody
    """

    def __init__(
        self, database: Database, rounds: Rounds | None, policy: Policy | None, *, is_over: Callable[[], bool], seconds: float
    ) -> None:
        self._database, self._rounds, self.policy, self._is_over, self._seconds = database, rounds, policy, is_over, seconds
        self._witnessed: dict[int, int] = {}
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._turns = 0

    async def examine(self) -> None:
        """Before anything is appended: whether a witness holds more of the newest log, or another one. If so it is frozen."""
        if self._rounds is None or self.policy is None:
            return
        async with self._database.reading() as tx:
            logs = (await tx.execute(_newest_logs())).scalars().all()
            for one in logs:
                found = await largest_witnessed(tx, one.year, self.policy)
                self._witnessed[one.year] = 0 if found is None else found.size
        await self._rounds.load([one.year for one in logs])
        for one in logs[:1]:
            await self._rounds.examine(one.origin)

    async def run(self) -> None:
        """Go round until cancelled: every `seconds`, and at once when somebody waits. A lifespan task."""
        if self._rounds is None:
            await asyncio.Event().wait()
        while True:
            await self._sleep()
            try:
                await self.turn()
            except Exception as error:
                log.error("witnesses not asked", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value

    async def turn(self) -> None:
        """One round: the largest checkpoint of each log that is not closed, or not cosigned yet, to each witness."""
        if self._rounds is None or self._is_over():
            return
        for own in await self._own():
            if await self._rounds.ask(own):
                self._tell(own.year, own.size)
        self._turns += 1
        if self._turns % TURNS_UNTIL_PRUNED == 0:
            await self._prune()

    async def until_witnessed(self, year: int, size: int, *, seconds: float) -> None:
        """Wait until a quorum has cosigned a checkpoint of the log of `year` that has at least `size` entries.

        Raises NoWitnessesNamed; NotWitnessedYet after so many seconds: the entries are durable all the same.
        """
        if self._rounds is None:
            raise NoWitnessesNamed
        if self._witnessed.get(year, 0) >= size:
            return
        waiting = _Waiting(year, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        try:
            async with asyncio.timeout(seconds):
                await waiting.answer
        except TimeoutError:
            raise NotWitnessedYet from None
        finally:
            self._waiting.remove(waiting)

    async def _own(self) -> list[OwnCheckpoint]:
        own = []
        async with self._database.reading() as tx:
            for one in (await tx.execute(_newest_logs())).scalars().all():
                checkpoint = await latest_checkpoint(tx, one.year)
                # Of an empty log there is nothing to witness.
                if checkpoint is not None and checkpoint.size:
                    own.append(OwnCheckpoint(one.year, one.origin, checkpoint.size, checkpoint.note))
        return own

    def _tell(self, year: int, size: int) -> None:
        self._witnessed[year] = max(size, self._witnessed.get(year, 0))
        for waiting in self._waiting:
            if waiting.year == year and waiting.size <= size and not waiting.answer.done():
                waiting.answer.set_result(None)

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()  # who comes during the turn that follows is looked for right after it: it may have begun without their size

    async def _prune(self) -> None:
        for year in list(self._witnessed):
            await self._database.write(partial(_prune, year))


def _newest_logs() -> Select[LogRow]:
    """Newest first. Of a log that was ended, others know more than we do: it is shown to no witness any more."""
    return select(LogRow).where(LogRow.state != "ended").order_by(LogRow.year.desc()).limit(LOGS)


def _prune(year: int, connection: Connection) -> None:
    prune(Driver(connection), year)
