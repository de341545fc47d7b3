"""That a later tree begins with an earlier one, RFC 9162 section 2.1.4: from memory where it can be, else from the store."""

from collections.abc import Iterable

from sqlalchemy import select

from safepassage.canonical import to_base64url
from safepassage.problems.log import NoSuchLog
from services.audit.published import published_log
from services.audit.stored_tree import widths_under
from services.audit.tables import LogRow
from services.audit.tile_memory import TileMemory
from services.audit.tiles import node_hash_from
from services.audit.tree import consistency_ranges, path_of
from shared.contracts.audit import Continued, KnownSize
from shared.database import Database


class Consistency:
    """Finds paths between sizes that are published."""

    def __init__(self, database: Database, memory: TileMemory) -> None:
        self._database, self._memory = database, memory

    async def path(self, origin: str | None, old_size: int, new_size: int) -> tuple[str, ...]:
        """The path in the log `origin`, by default the newest. Raises NoSuchLog; SizesNotOrdered also for a size not published yet."""
        path = self._remembered(origin, old_size, new_size)
        if path is None:
            path = await self._stored(origin, old_size, new_size)
        return tuple(map(to_base64url, path))

    async def continued(self, known: Iterable[KnownSize], *, log: int, size: int) -> list[Continued]:
        """From each known size of the newest log that is below `size`, a published size of it, the path to there.

        log  the year that `size` is of: nothing is given where it is not the newest log's
        """
        head = self._memory.published
        return [
            Continued(origin=one.origin, size=one.size, to=size, path=await self.path(one.origin, one.size, size))
            for one in known
            if head is not None and log == head.year and one.origin == head.origin and one.size < size
        ]

    def _remembered(self, origin: str | None, old_size: int, new_size: int) -> tuple[bytes, ...] | None:
        head = self._memory.published
        if head is None or origin != head.origin or not 1 <= old_size <= new_size <= head.size:
            return None
        ranges = consistency_ranges(old_size, new_size)
        tiles: dict[tuple[int, int], bytes] = {}
        for (level, n), width in widths_under(ranges).items():
            tile = self._memory.tile(head.year, level, n, width)
            if tile is None:
                return None
            tiles[level, n] = tile
        return path_of(ranges, node_hash_from(lambda level, n: tiles[level, n]))

    async def _stored(self, origin: str | None, old_size: int, new_size: int) -> tuple[bytes, ...]:
        async with self._database.reading() as tx:
            year = None
            if origin is not None:
                year = await tx.scalar(select(LogRow.year).where(LogRow.origin == origin))
                if year is None:
                    raise NoSuchLog(field="origin")
            published = await published_log(tx, year)
            path = await published.consistency_path(old_size, new_size)
        for (level, n), hashes in published.tree.full_tiles().items():
            self._memory.keep(published.log.year, level, n, hashes)
        return path
