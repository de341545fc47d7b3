"""A log as others may see it: as far as its latest checkpoint reaches."""

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.log import NoSuchEntry, NoSuchLog, SizesNotOrdered
from services.audit.checkpoints import latest_checkpoint
from services.audit.heads import newest_log
from services.audit.stored_tree import StoredTree
from services.audit.tables import CheckpointRow, LogRow


class PublishedLog:
    """A log as far as its latest checkpoint reaches."""

    def __init__(self, tx: AsyncSession, log: LogRow, checkpoint: CheckpointRow) -> None:
        self.log, self.note, self.size = log, checkpoint.note, checkpoint.size
        self.tree = StoredTree(tx, log.year)

    async def consistency_path(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """The path between two sizes. Raises SizesNotOrdered unless both are published, the smaller one first."""
        if not 1 <= old_size <= new_size <= self.size:
            raise SizesNotOrdered
        return await self.tree.consistency_path(old_size, new_size)


async def published_log(tx: AsyncSession, year: int | None = None) -> PublishedLog:
    """The log of `year`, or the newest. Raises NoSuchLog."""
    log = await newest_log(tx) if year is None else await tx.get(LogRow, year)
    checkpoint = None if log is None else await latest_checkpoint(tx, log.year)
    if log is None or checkpoint is None:
        raise NoSuchLog
    return PublishedLog(tx, log, checkpoint)


async def proven_entry(published: PublishedLog, index: int) -> tuple[bytes, tuple[bytes, ...]]:
    """An entry and its path to the published root. Raises NoSuchEntry."""
    if not 0 <= index < published.size:
        raise NoSuchEntry(field="index")
    (entry,) = await published.tree.entries(index, index + 1)
    return entry, await published.tree.inclusion_path(index, published.size)
