"""Merging the blocks of the index by student, behind the log: written in small ones, looked for in few large ones.

Appending puts its rows in one place, a block of 8,192. Of 64 blocks that are full the rows go to the first of them; of 64 of those again to
the first of them. A look-up asks some 60 blocks of either size at the most, and one for each 34 million rows; a row is moved twice in all.

# INVARIANT: a row is in one block at every instant: a piece of it moves in one statement. Nothing but the rows themselves says how far that
is, so that whoever is killed loses nothing, and a look-up finds every row wherever it is.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.audit.driver import Driver
from services.audit.giving_way import give_way
from services.audit.group_commit import ROWS_OF_A_BLOCK
from services.audit.subject_index import SPANS, block_written, blocks_held, is_full
from shared.database import Database

log = logging.getLogger(__name__)

ROWS_OF_A_PIECE: Final = 2_048
LOOK_AGAIN_SECONDS: Final = 5.0
TAG_BITS: Final = 128


class Merge(NamedTuple):
    """Blocks whose rows go to another one."""

    target: int
    sources: tuple[int, ...]
    span: int


def next_merge(blocks: Sequence[int], *, written: int) -> Merge | None:
    """The smallest blocks first, of these the oldest: a group that is full, and not one block yet.

    blocks   those that have rows, in any order
    written  the one that appending writes to: a group that ends with it, or just before it, waits
    """
    for span in SPANS:
        groups: dict[int, list[int]] = {}
        for block in sorted(blocks):
            groups.setdefault(block // span, []).append(block)
        for target, *sources in groups.values():
            if sources and is_full(target, span, written=written):
                return Merge(target, tuple(sources), span)
    return None


class SubjectBlocks:
    """Merges what is full."""

    def __init__(self, database: Database, *, is_busy: Callable[[], bool] = lambda: False) -> None:
        self._database, self._is_busy = database, is_busy
        self._seen = -1

    async def run(self) -> None:
        """Merge until cancelled. A lifespan task; it does not end over a fault, which is said and tried again. Replicas do no harm."""
        while True:
            try:
                await self.merge()
            except Exception as error:
                log.error("blocks not merged", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def merge(self) -> int:
        """Merge everything that is full. Gives how many rows were moved."""
        moved, written = 0, await self._database.read(lambda connection: block_written(Driver(connection)))
        while written != self._seen:
            merge = await self._database.read(lambda connection: _next_merge(Driver(connection)))
            if merge is None:
                self._seen = written
                break
            count = await self._carry_out(merge)
            if not count:
                break  # somebody else holds these rows: later
            moved += count
        return moved

    async def _carry_out(self, merge: Merge) -> int:
        """Piece by piece, by slices of the tags: they are spread evenly, so that a slice has as many rows as another."""
        loop, moved = asyncio.get_running_loop(), 0
        slices = max(merge.span * ROWS_OF_A_BLOCK // ROWS_OF_A_PIECE, 1)
        for slice_ in range(slices):
            bounds = tuple(((slice_ + n << TAG_BITS) // slices).to_bytes(TAG_BITS // 8 + 1, "big")[1:] for n in (0, 1))
            more = True
            while more:
                began = loop.time()
                count = await self._database.write(partial(_move, merge, bounds[0], bounds[1] if slice_ + 1 < slices else None))
                moved, more = moved + count, count == ROWS_OF_A_PIECE
                await give_way(began, is_busy=self._is_busy())
        return moved


def _next_merge(driver: Driver) -> Merge | None:
    return next_merge(blocks_held(driver), written=block_written(driver))


def _move(merge: Merge, first: bytes, end: bytes | None, connection: Connection) -> int:
    """Move rows of tags from `first` up to, not including, `end`, as many as a piece has. Gives how many.

    PostgreSQL: those that somebody else holds are left for another time; nobody waits for us while we wait for them.
    """
    driver = Driver(connection)
    until = "" if end is None else "AND tag < ?"
    marks = ",".join("?" * len(merge.sources))
    chosen = f"SELECT block, tag, log, idx FROM subject_entry WHERE block IN ({marks}) AND tag >= ? {until} LIMIT ?"  # noqa: S608 marks alone
    statement = (
        f"UPDATE subject_entry SET block = ? FROM ({driver.unless_held(chosen)}) AS chosen WHERE subject_entry.block = chosen.block "  # noqa: S608 names of ours
        "AND subject_entry.tag = chosen.tag AND subject_entry.log = chosen.log AND subject_entry.idx = chosen.idx"
    )
    tags = (first,) if end is None else (first, end)
    return driver.change(statement, merge.target, *merge.sources, *tags, ROWS_OF_A_PIECE)
