"""Hashes of published trees in memory: what is published never changes, so it is read once. A few MiB."""

from collections import OrderedDict

from services.audit.heads import Head

KEPT_TILES = 512


class TileMemory:
    """The right end of the newest log as it was last published, and the full tiles that were asked for last."""

    def __init__(self) -> None:
        self.published: Head | None = None
        """Set after its checkpoint is stored."""
        self._full: OrderedDict[tuple[int, int, int], bytes] = OrderedDict()

    def tile(self, year: int, level: int, n: int, width: int) -> bytes | None:
        """At least the first `width` hashes of a tile, if they are here."""
        head = self.published
        if head is not None and year == head.year and level < len(head.edges) and n == head.size >> 8 * (level + 1):
            edge = head.edges[level]
            return b"".join(edge) if len(edge) >= width else None
        hashes = self._full.get((year, level, n))
        if hashes is not None:
            self._full.move_to_end((year, level, n))
        return hashes

    def keep(self, year: int, level: int, n: int, hashes: bytes) -> None:
        """Remember a full tile that was read from the store."""
        self._full[year, level, n] = hashes
        while len(self._full) > KEPT_TILES:
            self._full.popitem(last=False)
