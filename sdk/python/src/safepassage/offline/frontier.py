"""The right edge of a growing tree: enough to know its root at every size (a compact range, RFC 9162 section 2.1.1)."""

import hashlib
from typing import Final

from safepassage.proofs import EMPTY_ROOT, node_hash

TILE: Final = 256
"""Leaves of a full tile."""


class Frontier:
    """Roots of the complete subtrees from left to right, one for each bit of the size."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf_hash: bytes) -> list[bytes]:
        """Add the next leaf; gives the roots of the subtrees of 256, 65,536, ... leaves that it completes, the smallest first."""
        digest, size, height, completed = leaf_hash, self.size, 0, _NONE
        subtrees, sha256 = self._subtrees, hashlib.sha256
        while size & 1:
            digest = sha256(b"\x01" + subtrees.pop() + digest).digest()
            size >>= 1
            height += 1
            if not height & 7:
                completed = [*completed, digest]
        subtrees.append(digest)
        self.size += 1
        return completed

    def append_tile(self, hashes: list[bytes]) -> list[bytes]:
        """Add 256 leaves at once, at a size that is a multiple of 256; gives what `append` gives for the last of them."""
        if self.size % TILE or len(hashes) != TILE:
            raise ValueError("a whole tile, where a tile begins")
        sha256 = hashlib.sha256
        while len(hashes) > 1:
            hashes = [sha256(b"\x01" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes), 2)]
        digest, size, height, subtrees = hashes[0], self.size // TILE, 8, self._subtrees
        completed = [digest]
        while size & 1:
            digest = sha256(b"\x01" + subtrees.pop() + digest).digest()
            size >>= 1
            height += 1
            if not height & 7:
                completed.append(digest)
        subtrees.append(digest)
        self.size += TILE
        return completed

    def root(self) -> bytes:
        """The root at the present size."""
        if not self._subtrees:
            return EMPTY_ROOT
        digest = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            digest = node_hash(left, digest)
        return digest


_NONE: Final[list[bytes]] = []
