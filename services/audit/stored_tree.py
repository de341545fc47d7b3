"""The tree at rest: hashes, entries and proofs of any size that a log has had, read from segments and tiles."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.bundles import bundle_of
from services.audit.driver import Driver
from services.audit.leaves import leaves_at, leaves_of
from services.audit.tiles import HASH_BYTES, WIDTH, Tile, hashes_of, hashes_under, node_hash_from
from services.audit.tree import Node, Range, complete_nodes, consistency_ranges, fold, inclusion_ranges, path_of, subtree_ranges

Found = TypeVar("Found")


class HashesMissing(Exception):
    """The store lacks a hash that a log of this size has: it was damaged."""


class StoredTree:
    """Reads one log in the transaction `tx`. What it reads below a committed size never changes."""

    def __init__(self, tx: AsyncSession, log: int) -> None:
        self._tx, self._log = tx, log
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._known: dict[Node, bytes] = {}

    def full_tiles(self) -> dict[tuple[int, int], bytes]:
        """The full tiles that were read so far, by level and number."""
        return {place: hashes for place, hashes in self._tiles.items() if len(hashes) == WIDTH * HASH_BYTES}

    async def root(self, size: int) -> bytes:
        """The root of the tree of the first `size` leaves."""
        nodes = complete_nodes(0, size)
        node_hash = node_hash_from(await self._tiles_of(widths_under([Range(0, size)])), self._known)
        return fold([node_hash(node) for node in nodes])

    async def inclusion_path(self, index: int, size: int) -> tuple[bytes, ...]:
        """The path of a leaf in the tree of `size` leaves; index < size."""
        return await self._path(inclusion_ranges(index, size))

    async def consistency_path(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """The path between two sizes; 0 < old_size <= new_size."""
        return await self._path(consistency_ranges(old_size, new_size))

    async def subtree_path(self, start: int, end: int, size: int) -> tuple[bytes, ...]:
        """The path of the subtree [start, end) in the tree of `size` leaves."""
        return await self._path(subtree_ranges(start, end, size))

    async def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile of hashes or of a bundle of entries, `tile.width` of them. Raises HashesMissing beyond what is stored."""
        start = tile.n * WIDTH
        if tile.level is None:
            return bundle_of(await self.entries(start, start + tile.width))
        tile_of = await self._tiles_of({(tile.level, tile.n): tile.width})
        return tile_of(tile.level, tile.n)[: tile.width * HASH_BYTES]

    async def entries(self, start: int, end: int) -> list[bytes]:
        """The entries [start, end). Raises HashesMissing."""
        found = [] if start >= end else await self._driven(lambda driver: leaves_of(driver, self._log, start, end))
        if len(found) != max(end - start, 0):
            raise HashesMissing
        return found

    async def entries_at(self, indices: Iterable[int]) -> dict[int, bytes]:
        """The entries with these indices, by index. Raises HashesMissing for one that is not there."""
        wanted = sorted(set(indices))
        found = await self._driven(lambda driver: leaves_at(driver, self._log, wanted))
        if len(found) != len(wanted):
            raise HashesMissing
        return found

    async def leaf_hashes(self, start: int, end: int) -> list[bytes]:
        """The leaf hashes [start, end)."""
        return [] if start >= end else hashes_of(await self._driven(lambda driver: _leaf_hashes(driver, self._log, start, end)))

    async def _path(self, ranges: Sequence[Range]) -> tuple[bytes, ...]:
        return path_of(ranges, node_hash_from(await self._tiles_of(widths_under(ranges)), self._known))

    async def _tiles_of(self, widths: Mapping[tuple[int, int], int]) -> Callable[[int, int], bytes]:
        """Of the tiles with these levels and numbers at least so many hashes."""
        missing = {place: width for place, width in widths.items() if len(self._tiles.get(place, b"")) < width * HASH_BYTES}
        if missing:
            self._tiles |= await self._driven(lambda driver: _tiles(driver, self._log, missing))
        return lambda level, n: self._tiles[level, n]

    async def _driven(self, read: Callable[[Driver], Found]) -> Found:
        return await self._tx.run_sync(lambda session: read(Driver(session.connection())))


def _tiles(driver: Driver, year: int, widths: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], bytes]:
    """Of each tile at least so many hashes. Raises HashesMissing."""
    marks = ",".join(["(?,?)"] * len(widths))
    query = f"SELECT level, n, hashes FROM tile WHERE log = ? AND (level, n) IN ({marks})"  # noqa: S608 marks alone
    found = {(level, n): bytes(hashes) for level, n, hashes in driver.rows(query, year, *chain.from_iterable(widths))}
    for (level, n), width in widths.items():
        if len(found.get((level, n), b"")) < width * HASH_BYTES:
            found[level, n] = _edge(driver, year, level, n, width)
    return found


def _edge(driver: Driver, year: int, level: int, n: int, width: int) -> bytes:
    """At least the first `width` hashes of a tile that is not full."""
    if level == 0:
        return _leaf_hashes(driver, year, n * WIDTH, n * WIDTH + width)
    edge = driver.rows("SELECT hashes FROM edge_tile WHERE log = ? AND level = ?", year, level)
    before = driver.rows("SELECT 1 FROM tile WHERE log = ? AND level = ? AND n = ?", year, level, n - 1) if n else [(1,)]
    if not edge or not before or len(edge[0][0]) < width * HASH_BYTES:
        raise HashesMissing
    return bytes(edge[0][0])


def _leaf_hashes(driver: Driver, year: int, start: int, end: int) -> bytes:
    """The leaf hashes [start, end), start < end, as they lie beside the entries."""
    ((first,),) = driver.rows("SELECT coalesce(max(start), 0) FROM segment WHERE log = ? AND start <= ?", year, start)
    found, at = b"", start
    query = "SELECT start, hashes FROM segment WHERE log = ? AND start >= ? AND start < ? ORDER BY start"
    for begin, hashes in driver.rows(query, year, first, end):
        if begin <= at:
            found += hashes[(at - begin) * HASH_BYTES : (end - begin) * HASH_BYTES]
            at = start + len(found) // HASH_BYTES
    if len(found) != (end - start) * HASH_BYTES:
        raise HashesMissing
    return found


def widths_under(ranges: Iterable[Range]) -> dict[tuple[int, int], int]:
    """The tiles under `ranges` by level and number, and how many of their first hashes it takes."""
    widths: dict[tuple[int, int], int] = {}
    for leaves in ranges:
        for node in complete_nodes(*leaves):
            place = hashes_under(node)
            widths[place.level, place.n] = max(widths.get((place.level, place.n), 0), place.end)
    return widths
