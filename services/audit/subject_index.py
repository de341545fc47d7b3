"""The index of entries by student: newest or oldest first, block by block. Blocks are written small, and merged behind the log."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.drafts import OPEN_PARTITION
from services.audit.driver import Driver
from services.audit.group_commit import ROWS_OF_A_BLOCK
from services.audit.openings import Place

MERGED: Final = 64
"""Blocks that become one."""
SPANS: Final = (MERGED, MERGED**2)
"""In blocks as they are written: half a million rows, 34 million."""
NEWEST_BLOCKS: Final = 4
"""Those that stay as they were written."""
MOST_BLOCKS: Final = 512
"""Of one statement, where those of no span that is full are more."""
_BLOCKS: Final = """
WITH RECURSIVE held (block) AS (
    SELECT max(block) FROM subject_entry
    UNION ALL SELECT (SELECT max(block) FROM subject_entry WHERE block < held.block) FROM held WHERE held.block IS NOT NULL
) SELECT block FROM held WHERE block IS NOT NULL
"""


class Window(NamedTuple):
    """Which entries are looked for: below `before`, none older than `since`; of these kinds, or of any."""

    before: Place | None = None
    since: Place | None = None
    kinds: Sequence[int] = ()
    sealed_too: bool = True
    """Also what a court keeps from every accounting."""
    oldest_first: bool = False

    def after(self, place: Place) -> "Window":
        """What of it comes after a place, in its order."""
        return self._replace(since=Place(place.log, place.at + 1)) if self.oldest_first else self._replace(before=place)


class IndexRow(NamedTuple):
    """The key of a row of `subject_entry`, but for its tag."""

    block: int
    log: int
    idx: int


def blocks_held(driver: Driver) -> list[int]:
    """The blocks that have rows, newest first: one step into the tree for each. Nothing else says where rows may be."""
    return [block for (block,) in driver.rows(_BLOCKS)]


def block_written(driver: Driver) -> int:
    """The block that appending writes to: its number goes on from year to year."""
    ((rows,),) = driver.rows("SELECT max(index_rows) FROM tree_state")
    return int(rows or 0) // ROWS_OF_A_BLOCK


def is_full(block: int, span: int, *, written: int) -> bool:
    """Whether the blocks of a span around this one may be merged, or be merging now."""
    return (block // span + 1) * span + NEWEST_BLOCKS <= written


async def entries_about(tx: AsyncSession, tags: Sequence[bytes], window: Window, *, limit: int) -> list[Place]:
    """The newest entries about the student with these tags (the oldest, where the window says so), at most `limit`."""
    return await tx.run_sync(lambda session: _first(Driver(session.connection()), tags, window, limit))


async def entries_of_anybody(tx: AsyncSession, *, limit: int) -> list[Place]:
    """Some entries of the newest block, whoever they are about."""

    def read(driver: Driver) -> list[Place]:
        query = "SELECT log, idx FROM subject_entry WHERE block = (SELECT max(block) FROM subject_entry) LIMIT ?"
        return [Place(log, idx) for log, idx in driver.rows(query, limit)]

    return await tx.run_sync(lambda session: read(Driver(session.connection())))


async def rows_about(tx: AsyncSession, tag: bytes) -> list[IndexRow]:
    """Every row with a tag, in the order of the entries."""

    def read(driver: Driver) -> list[IndexRow]:
        found: list[IndexRow] = []
        for blocks in _in_steps(driver):
            query = f"SELECT block, log, idx FROM subject_entry WHERE tag = ? AND block IN ({_marks(blocks)})"  # noqa: S608 marks alone
            found += [IndexRow(*row) for row in driver.rows(query, tag, *blocks)]
        return sorted(found, key=lambda row: (row.log, row.idx))

    return await tx.run_sync(lambda session: read(Driver(session.connection())))


def _first(driver: Driver, tags: Sequence[bytes], window: Window, limit: int) -> list[Place]:
    conditions, values = _conditions(tags, window)
    found: list[Place] = []
    if not tags:
        return found
    way = "ASC" if window.oldest_first else "DESC"
    for blocks in _in_steps(driver, oldest_first=window.oldest_first):
        query = (
            f"SELECT log, idx FROM subject_entry WHERE block IN ({_marks(blocks)}) AND {conditions} "  # noqa: S608 marks and names of ours
            f"ORDER BY log {way}, idx {way} LIMIT ?"
        )
        found += [Place(log, idx) for log, idx in driver.rows(query, *blocks, *values, limit - len(found))]
        if len(found) >= limit:
            break
    return found


def _conditions(tags: Sequence[bytes], window: Window) -> tuple[str, list[Any]]:
    """What a row has to be beside its block, and the values of the marks."""
    conditions, values = [f"tag IN ({_marks(tags)})"], list[Any](tags)
    for place, side in ((window.before, "<"), (window.since, ">=")):
        if place is not None:
            conditions.append(f"(log, idx) {side} (?, ?)")
            values += place
    if window.kinds:
        conditions.append(f"kind IN ({_marks(window.kinds)})")
        values += window.kinds
    if not window.sealed_too:
        conditions.append("partition = ?")
        values.append(OPEN_PARTITION)
    return " AND ".join(conditions), values


def _in_steps(driver: Driver, *, oldest_first: bool = False) -> Iterator[Sequence[int]]:
    """The blocks that have rows, the newest entries first: few blocks at first, where there is often enough; then ever more.

    # INVARIANT: the entries of a step are newer than those of every later one (older, where the oldest come first). Blocks follow one
    another in time but while they merge, when the newest entries of a span may be in its first block already, and older ones not yet: such
    a span is in one step.
    """
    written = block_written(driver)

    def span_of(block: int) -> tuple[int, int]:
        span = next((span for span in reversed(SPANS) if is_full(block, span, written=written)), 1)
        return span, block // span

    step: list[int] = []
    size = 1
    spans = [list(blocks) for _, blocks in groupby(blocks_held(driver), key=span_of)]
    for blocks in reversed(spans) if oldest_first else spans:
        step += blocks
        if len(step) >= size:
            yield step
            step, size = [], min(2 * size, MOST_BLOCKS)
    if step:
        yield step


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
