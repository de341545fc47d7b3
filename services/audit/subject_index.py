"""The index of entries by student: newest first, block by block."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.drafts import OPEN_PARTITION
from services.audit.openings import Place
from services.audit.tables import SubjectEntryRow

BLOCKS_OF_A_QUERY = 256


class Window(NamedTuple):
    """Which entries are looked for: below `before`, none older than `since`; of these kinds, or of any."""

    before: Place | None = None
    since: Place | None = None
    kinds: Sequence[int] = ()
    sealed_too: bool = True
    """Also what a court keeps from every accounting."""


async def entries_about(tx: AsyncSession, tags: Sequence[bytes], window: Window, *, limit: int) -> list[Place]:
    """The newest entries about the student with these tags, at most `limit`."""
    row = SubjectEntryRow
    last = await tx.scalar(select(func.max(row.block)))
    query = select(row.log, row.idx).where(row.tag.in_(tags))
    if window.before is not None:
        query = query.where(tuple_(row.log, row.idx) < tuple_(*window.before))
    if window.since is not None:
        query = query.where(tuple_(row.log, row.idx) >= tuple_(*window.since))
    if window.kinds:
        query = query.where(row.kind.in_(window.kinds))
    if not window.sealed_too:
        query = query.where(row.partition == OPEN_PARTITION)
    found: list[Place] = []
    # The blocks follow one another in time, so that the newest entries are in the last of them.
    for end in range(-1 if last is None else last, -1, -BLOCKS_OF_A_QUERY):
        blocks = range(max(end - BLOCKS_OF_A_QUERY + 1, 0), end + 1)
        rows = await tx.execute(query.where(row.block.in_(blocks)).order_by(row.log.desc(), row.idx.desc()).limit(limit - len(found)))
        found += [Place(log, idx) for log, idx in rows]
        if len(found) >= limit:
            break
    return found
