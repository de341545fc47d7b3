"""Writes the index behind the log: block by block, from where it ended. Replicas do not disturb one another.

# INVARIANT: the index is what the entries before its cursor make it. Rows and cursor are written in one transaction that compares and sets
# the cursor, so that nothing is put twice or left out, whoever writes and whenever it ends.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.audit.driver import Driver
from services.audit.giving_way import RESTS, give_way
from services.audit.index.bitmaps import BLOCK
from services.audit.index.postings import Postings, add, postings_of
from services.audit.index.reading import Indexed, read_piece
from services.audit.index.rebuilding import EMPTYING, begin, empty, end, stage_of
from services.audit.index.terms import TermKeys, term_keys
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import IndexCursorRow
from shared.clock import Clock
from shared.database import Database

log = logging.getLogger(__name__)

LINGER_SECONDS: Final = 0.25
"""After a commit others follow: they come into the index together."""
LOOK_AGAIN_SECONDS: Final = 1.0
"""Another process may have appended."""
AFTER_A_FAULT_SECONDS: Final = 5.0
ENTRIES_OF_A_STEP: Final = 4_096
"""At the most: their terms are made in one go, while nobody else has a turn."""
NEAR_SECONDS: Final = 2
"""So far behind is the aim: as long as it is met, a burst of appends goes first."""
RESTS_WHILE_NEAR: Final = 8.0
FAR_SECONDS: Final = 60
"""Further behind it rests no more, whoever waits: a search should know what happened."""


class CursorMoved(Exception):
    """Another process put these entries into the index: nothing was written here."""


class Behind(NamedTuple):
    """How far the index is behind the log."""

    entries: int
    seconds: int
    """Since the first entry that is not in it was logged; 0 if all are."""


class Step(NamedTuple):
    """Entries of one block of one log that come next."""

    year: int
    start: int
    end: int
    corrections: int


def rests_of(behind: Behind) -> float:
    """How long the index rests while appends wait, in times of what it worked."""
    if behind.seconds <= NEAR_SECONDS:
        return RESTS_WHILE_NEAR
    return RESTS if behind.seconds <= FAR_SECONDS else 0


def step_end(at: int, size: int) -> int:
    """Where the step from `at` on ends, in a log of `size` entries: it is of one block."""
    return min(size, at + ENTRIES_OF_A_STEP, (at // BLOCK + 1) * BLOCK)


class Projector:
    """Keeps the index."""

    def __init__(self, database: Database, keys: SubjectKeys, clock: Clock, *, is_busy: Callable[[], bool] = lambda: False) -> None:
        self._database, self._keys, self._clock, self._is_busy = database, keys, clock, is_busy
        self._work = asyncio.Event()
        self._stage: int | None = None
        self.behind = Behind(0, 0)
        """As of the last look."""

    async def open(self) -> None:
        """Make the key of the index, if there is none."""
        await self._database.write(lambda connection: self._keys.make_index_key(Driver(connection)))

    def tell(self) -> None:
        """There may be new entries."""
        self._work.set()

    async def run(self) -> None:
        """Follow the log until cancelled. A lifespan task; it does not end over a fault, which is said and tried again."""
        while True:
            pause = LINGER_SECONDS
            try:
                await self.catch_up()
            except Exception as error:
                log.error("index not written", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
                pause = AFTER_A_FAULT_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await self._work.wait()
            self._work.clear()
            await asyncio.sleep(pause)

    async def catch_up(self) -> int:
        """Put everything that is committed into the index. Gives how many entries this process put.

        Where somebody has begun to make the index again and did not come to its end, it is done here.
        """
        count = 0
        while (step := await self._database.read(self._next)) is not None or self._stage is not None:
            if step is None:
                await (empty(self._database) if self._stage == EMPTYING else self._database.write(end))
                continue
            entries = await self._read(step)
            with suppress(CursorMoved):
                await self._put(step._replace(end=entries[-1].at + 1), entries)
                count += len(entries)
        return count

    async def rebuild(self) -> None:
        """Throw the index away and make it again from the log; where that was begun before, bring it to its end."""
        await self._database.write(begin)
        await self.catch_up()

    def _next(self, connection: Connection) -> Step | None:
        driver = Driver(connection)
        self._stage = stage_of(driver)
        cursors = {year: (at, corrections) for year, at, corrections in driver.rows("SELECT log, at, corrections FROM index_cursor")}
        missing, first = 0, None
        for year, size in driver.rows("SELECT log, size FROM tree_state ORDER BY log"):
            at, corrections = cursors.get(year, (0, 0))
            if at < size:
                missing += size - at
                first = first or Step(year, at, step_end(at, size), corrections)
        since = 0
        if first is not None:
            query = "SELECT t FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1"
            ((t,),) = driver.rows(query, first.year, first.start)
            since = max(int(self._clock().timestamp()) - t, 0)
        self.behind = Behind(missing, since)
        return None if self._stage == EMPTYING else first

    async def _read(self, step: Step) -> list[Indexed]:
        """The entries of a step, or as many as were appended a while ago; each piece by itself, so that nobody waits for all of them."""
        loop, entries = asyncio.get_running_loop(), list[Indexed]()
        at = step.start
        while at < step.end:
            began = loop.time()
            entries += await self._database.read(partial(self._piece, step, at))
            at = entries[-1].at + 1
            await self._give_way(began)
        return entries

    async def _give_way(self, began: float) -> None:
        await give_way(began, is_busy=self._is_busy(), rests=rests_of(self.behind))

    def _piece(self, step: Step, at: int, connection: Connection) -> list[Indexed]:
        return read_piece(Driver(connection), self._keys, year=step.year, start=at, end=step.end)

    async def _put(self, step: Step, entries: list[Indexed]) -> None:
        keys = await self._database.read(lambda connection: term_keys(Driver(connection), self._keys))
        began = asyncio.get_running_loop().time()
        made = postings_of(entries, keys)
        await self._give_way(began)
        await self._database.write(lambda connection: self._write(Driver(connection), step, made, keys))

    def _write(self, driver: Driver, step: Step, made: Postings, keys: TermKeys) -> None:
        driver.merge(IndexCursorRow, [(step.year, 0, 0)], on_conflict="DO NOTHING")
        statement = "UPDATE index_cursor SET at = ? WHERE log = ? AND at = ? AND corrections = ?"
        if driver.change(statement, step.end, step.year, step.start, step.corrections) != 1 or stage_of(driver) == EMPTYING:
            raise CursorMoved
        add(driver, step.year, step.start // BLOCK, made, keys.words)
