"""The tree at rest: hashes, entries and proofs of any size that a log has had, read from segments and tiles."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from safepassage.bundles import bundle_of, entries_of
from services.audit.driver import Driver
from services.audit.leaves import leaves_at
from services.audit.tables import EdgeTileRow, SegmentRow, TileRow
from services.audit.tiles import HASH_BYTES, WIDTH, Tile, hashes_of, hashes_under, node_hash_from
from services.audit.tree import Range, complete_nodes, consistency_ranges, fold, inclusion_ranges, path_of


class HashesMissing(Exception):
    """The store lacks a hash that a log of this size has: it was damaged."""


class StoredTree:
    """Reads one log in the transaction `tx`. What it reads below a committed size never changes."""

    def __init__(self, tx: AsyncSession, log: int) -> None:
        self._tx, self._log = tx, log
        self._tiles: dict[tuple[int, int], bytes] = {}

    def full_tiles(self) -> dict[tuple[int, int], bytes]:
        """The full tiles that were read so far, by level and number."""
        return {place: hashes for place, hashes in self._tiles.items() if len(hashes) == WIDTH * HASH_BYTES}

    async def root(self, size: int) -> bytes:
        """The root of the tree of the first `size` leaves."""
        nodes = complete_nodes(0, size)
        node_hash = node_hash_from(await self._tiles_of(widths_under([Range(0, size)])))
        return fold([node_hash(node) for node in nodes])

    async def inclusion_path(self, index: int, size: int) -> tuple[bytes, ...]:
        """The path of a leaf in the tree of `size` leaves; index < size."""
        return await self._path(inclusion_ranges(index, size))

    async def consistency_path(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """The path between two sizes; 0 < old_size <= new_size."""
        return await self._path(consistency_ranges(old_size, new_size))

    async def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile of hashes or of a bundle of entries, `tile.width` of them. Raises HashesMissing beyond what is stored."""
        start = tile.n * WIDTH
        if tile.level is None:
            return bundle_of(await self.entries(start, start + tile.width))
        tile_of = await self._tiles_of({(tile.level, tile.n): tile.width})
        return tile_of(tile.level, tile.n)[: tile.width * HASH_BYTES]

    async def entries(self, start: int, end: int) -> list[bytes]:
        """The entries [start, end)."""
        found: list[bytes] = []
        for first, data in await self._segments(SegmentRow.data, start, end):
            found += [leaf for index, leaf in enumerate(entries_of(data), first) if start <= index < end]
        if len(found) != max(end - start, 0):
            raise HashesMissing
        return found

    async def entries_at(self, indices: Iterable[int]) -> dict[int, bytes]:
        """The entries with these indices, by index. Raises HashesMissing for one that is not there."""
        wanted = sorted(set(indices))
        found = await self._tx.run_sync(lambda session: leaves_at(Driver(session.connection()), self._log, wanted))
        if len(found) != len(wanted):
            raise HashesMissing
        return found

    async def leaf_hashes(self, start: int, end: int) -> list[bytes]:
        """The leaf hashes [start, end)."""
        found: list[bytes] = []
        for first, data in await self._segments(SegmentRow.hashes, start, end):
            found += hashes_of(data)[max(start - first, 0) : end - first]
        if len(found) != max(end - start, 0):
            raise HashesMissing
        return found

    async def _segments(self, column: InstrumentedAttribute[bytes], start: int, end: int) -> list[tuple[int, bytes]]:
        """Start and one column of the segments that hold some of [start, end), in order."""
        if start >= end:
            return []
        before = select(SegmentRow.start).where(SegmentRow.log == self._log, SegmentRow.start <= start)
        first = await self._tx.scalar(before.order_by(SegmentRow.start.desc()).limit(1))
        query = select(SegmentRow.start, column).where(
            SegmentRow.log == self._log, SegmentRow.start >= (first or 0), SegmentRow.start < end
        )
        return [(row[0], row[1]) for row in await self._tx.execute(query.order_by(SegmentRow.start))]

    async def _path(self, ranges: Sequence[Range]) -> tuple[bytes, ...]:
        return path_of(ranges, node_hash_from(await self._tiles_of(widths_under(ranges))))

    async def _tiles_of(self, widths: Mapping[tuple[int, int], int]) -> Callable[[int, int], bytes]:
        """Of the tiles with these levels and numbers at least so many hashes."""
        missing = [place for place, width in widths.items() if len(self._tiles.get(place, b"")) < width * HASH_BYTES]
        if missing:
            row = TileRow
            full = select(row.level, row.n, row.hashes).where(row.log == self._log, tuple_(row.level, row.n).in_(missing))
            self._tiles |= {(level, n): hashes for level, n, hashes in await self._tx.execute(full)}
        for level, n in missing:
            if len(self._tiles.get((level, n), b"")) < widths[level, n] * HASH_BYTES:
                self._tiles[level, n] = await self._edge(level, n, widths[level, n])
        return lambda level, n: self._tiles[level, n]

    async def _edge(self, level: int, n: int, width: int) -> bytes:
        """At least the first `width` hashes of a tile that is not full."""
        if level == 0:
            return b"".join(await self.leaf_hashes(n * WIDTH, n * WIDTH + width))
        edge = await self._tx.get(EdgeTileRow, (self._log, level))
        before = await self._tx.get(TileRow, (self._log, level, n - 1)) if n else None
        if edge is None or (n and before is None) or len(edge.hashes) < width * HASH_BYTES:
            raise HashesMissing
        return edge.hashes


def widths_under(ranges: Iterable[Range]) -> dict[tuple[int, int], int]:
    """The tiles under `ranges` by level and number, and how many of their first hashes it takes."""
    widths: dict[tuple[int, int], int] = {}
    for leaves in ranges:
        for node in complete_nodes(*leaves):
            place = hashes_under(node)
            widths[place.level, place.n] = max(widths.get((place.level, place.n), 0), place.end)
    return widths
