"""The right edge of a growing tree: enough to know its root at every size (a compact range, RFC 9162 section 2.1.1)."""

from typing import Final

from safepassage.proofs import EMPTY_ROOT, level_above, node_hash

TILE: Final = 256
"""Leaves of a full tile."""


class Frontier:
    """Roots of the complete subtrees from left to right, one for each bit of the size."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf_hashes: list[bytes]) -> list[bytes]:
        """Add the next leaves, which lie in one tile; gives the roots of the subtrees of 256, 65,536, ... leaves that the last one
        completes, the smallest first.

        Raises ValueError for leaves of more than one tile.
        """
        if len(leaf_hashes) > TILE - self.size % TILE:
            raise ValueError("leaves of one tile")
        completed, at = list[bytes](), 0
        while at < len(leaf_hashes):
            # the largest complete subtree that begins here
            width = min(self.size & -self.size or TILE, 1 << (len(leaf_hashes) - at).bit_length() - 1)
            completed = self._append_subtree(leaf_hashes[at : at + width])
            at += width
        return completed

    def _append_subtree(self, hashes: list[bytes]) -> list[bytes]:
        width, subtrees, completed = len(hashes), self._subtrees, list[bytes]()
        while len(hashes) > 1:
            hashes = level_above(hashes)
        digest = hashes[0]
        if width == TILE:
            completed.append(digest)
        height = width.bit_length() - 1
        while self.size >> height & 1:
            digest = node_hash(subtrees.pop(), digest)
            height += 1
            if not height & 7:
                completed.append(digest)
        subtrees.append(digest)
        self.size += width
        return completed

    def root(self) -> bytes:
        """The root at the present size."""
        if not self._subtrees:
            return EMPTY_ROOT
        digest = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            digest = node_hash(left, digest)
        return digest
