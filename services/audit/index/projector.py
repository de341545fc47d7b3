"""Writes the index behind the log: block by block, from where it ended. Replicas do not disturb one another.

# INVARIANT: the index is what the entries before its cursor make it. Rows and cursor are written in one transaction that compares and sets
# the cursor, so that nothing is put twice or left out, whoever writes and whenever it ends.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from services.audit.driver import Driver
from services.audit.giving_way import give_way
from services.audit.group_commit import Submission
from services.audit.index.ahead import Ahead, Stretch, joined
from services.audit.index.bitmaps import BLOCK
from services.audit.index.pace import FIRST_RATE, held_seconds, needed_seconds, rate_after, rests_of
from services.audit.index.postings import Postings, add, postings_of
from services.audit.index.reading import Indexed, read_piece
from services.audit.index.rebuilding import EMPTYING, begin, empty, end, stage_of
from services.audit.index.terms import TermKeys, term_keys
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import IndexCursorRow
from shared.clock import Clock
from shared.database import Database

log = logging.getLogger(__name__)

Made = TypeVar("Made")

LINGER_SECONDS: Final = 0.25
"""After a commit others follow: they come into the index together."""
LOOK_AGAIN_SECONDS: Final = 1.0
"""Another process may have appended."""
AFTER_A_FAULT_SECONDS: Final = 5.0
HELD_STEP_SECONDS: Final = 0.02
"""So often a request that waits for the index looks again."""
ENTRIES_OF_A_STEP: Final = 4_096
"""At the most: their terms are made in one go, while nobody else has a turn."""


class CursorMoved(Exception):
    """Another process put these entries into the index: nothing was written here."""


class Behind(NamedTuple):
    """How far the index is behind the log."""

    entries: int
    seconds: int
    """Since the first entry that is not in it was logged; 0 if all are."""


class Step(NamedTuple):
    """Entries of one log that come next: of one block, but for what a stretch that was made ahead has of the next one."""

    year: int
    start: int
    end: int
    corrections: int


def step_end(at: int, size: int) -> int:
    """Where the step from `at` on ends, in a log of `size` entries: it is of one block."""
    return min(size, at + ENTRIES_OF_A_STEP, (at // BLOCK + 1) * BLOCK)


class Filling(NamedTuple):
    """The block that was put last, as far as it is full: what it has, so that it need not be looked up again.

    # INVARIANT: it is what the store has as long as the cursor is where this process left it, with the same `corrections`.
    """

    year: int
    end: int
    corrections: int
    bits: dict[bytes, int]


NOTHING_KNOWN: Final = Filling(0, -1, 0, {})


class Projector:
    """Keeps the index."""

    def __init__(self, database: Database, keys: SubjectKeys, clock: Clock, *, is_busy: Callable[[], bool] = lambda: False) -> None:
        self._database, self._keys, self._clock, self._is_busy = database, keys, clock, is_busy
        self._work = asyncio.Event()
        self._turns = asyncio.Lock()
        self._stage: int | None = None
        self._ahead = Ahead()
        self._corrections: dict[int, int] = {}
        self._missing = 0
        """Entries that the index has not, as far as this process knows: `behind` is of the last look alone."""
        self._rate, self._worked = FIRST_RATE, 0.0
        self._filling = NOTHING_KNOWN
        self.behind = Behind(0, 0)
        """As of the last look."""

    async def open(self) -> None:
        """Make the key of the index, if there is none."""
        await self._database.write(lambda connection: self._keys.make_index_key(Driver(connection)))

    def tell(self, submissions: Sequence[Submission] = ()) -> None:
        """There may be new entries: those of `submissions`, which were committed."""
        for one in submissions:
            self._missing += len(one.fresh)
            if one.posted is not None and one.places and len(one.fresh) == len(one.places):
                year, start, _ = one.places[0]
                self._ahead.keep(Stretch(year, start, start + len(one.places), *one.posted))
        self._work.set()

    def corrections_of(self, year: int) -> int:
        """How often something was taken out of a log's index, as of the last look; -1 before the first one."""
        return self._corrections.get(year, -1)

    async def term_keys(self) -> TermKeys:
        """The keys of terms, as the store has them."""
        return await self._database.read(lambda connection: term_keys(Driver(connection), self._keys))

    async def admit(self) -> None:
        """Wait for a turn with a request of many entries: at once, unless the index would be too far behind."""
        async with self._turns:
            waited = 0.0
            while (seconds := held_seconds(self._needed, waited=waited)) > 0:
                await asyncio.sleep(min(seconds, HELD_STEP_SECONDS))
                waited += HELD_STEP_SECONDS

    @property
    def _needed(self) -> float:
        return needed_seconds(self._missing, self._rate)

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
            with suppress(CursorMoved):
                put = await self._step(step)
                count += put
                self._missing -= put
                self._rate, self._worked = rate_after(self._rate, entries=put, seconds=self._worked), 0.0
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
            self._corrections[year] = corrections
            if at < size:
                missing += size - at
                first = first or Step(year, at, step_end(at, size), corrections)
        since = 0
        if first is not None:
            query = "SELECT t FROM segment WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1"
            ((t,),) = driver.rows(query, first.year, first.start)
            since = max(int(self._clock().timestamp()) - t, 0)
        self.behind, self._missing = Behind(missing, since), missing
        return None if self._stage == EMPTYING else first

    async def _step(self, step: Step) -> int:
        """Put entries from the step's start on. Gives how many. Raises CursorMoved."""
        ahead = self._ahead.next_of(step.year, step.start, step.corrections, most=ENTRIES_OF_A_STEP)
        if ahead:
            began = asyncio.get_running_loop().time()
            made = self._timed(lambda: joined(ahead))
            await self._give_way(began)
            step = step._replace(end=ahead[-1].end)
            await self._put_made(step, made, (await self.term_keys()).words)
        else:
            first = self._ahead.first(step.year, step.start, step.corrections)
            entries = await self._read(step if first is None else step._replace(end=min(step.end, first)))
            step = step._replace(end=entries[-1].at + 1)
            await self._put(step, entries)
        return step.end - step.start

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
        await give_way(began, is_busy=self._is_busy(), rests=rests_of(self._needed))

    def _timed(self, work: Callable[[], Made]) -> Made:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self._worked += time.perf_counter() - began

    def _piece(self, step: Step, at: int, connection: Connection) -> list[Indexed]:
        return self._timed(lambda: read_piece(Driver(connection), self._keys, year=step.year, start=at, end=step.end))

    async def _put(self, step: Step, entries: list[Indexed]) -> None:
        keys = await self.term_keys()
        began = asyncio.get_running_loop().time()
        made = self._timed(lambda: postings_of(entries, keys))
        await self._give_way(began)
        await self._put_made(step, {step.start // BLOCK: made}, keys.words)

    async def _put_made(self, step: Step, made: Mapping[int, Postings], index_key: bytes) -> None:
        """`made` by block."""
        held, put = await self._database.write(
            lambda connection: self._timed(lambda: self._write(Driver(connection), step, made, index_key))
        )
        if held is None:
            self._filling = NOTHING_KNOWN
        else:
            held.update(put)
            self._filling = Filling(step.year, step.end, step.corrections, held)

    def _write(
        self, driver: Driver, step: Step, made: Mapping[int, Postings], index_key: bytes
    ) -> tuple[dict[bytes, int] | None, dict[bytes, int]]:
        """Gives what the last of the blocks had before, if that is known, and what it has of the terms that were put."""
        driver.merge(IndexCursorRow, [(step.year, 0, 0)], on_conflict="DO NOTHING")
        statement = "UPDATE index_cursor SET at = ? WHERE log = ? AND at = ? AND corrections = ?"
        if driver.change(statement, step.end, step.year, step.start, step.corrections) != 1 or stage_of(driver) == EMPTYING:
            raise CursorMoved
        held, put = self._held(step), dict[bytes, int]()
        for block, of_block in made.items():
            if block != step.start // BLOCK:
                held = {}
            put = add(driver, step.year, block, of_block, index_key, held=held)
        return held, put

    def _held(self, step: Step) -> dict[bytes, int] | None:
        """What the block has before the step; None if that is not known."""
        if step.start % BLOCK == 0:
            return {}
        return self._filling.bits if (step.year, step.start, step.corrections) == self._filling[:3] else None
