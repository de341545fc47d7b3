"""The right edge of a growing tree: enough to know its root at every size (a compact range, RFC 9162 section 2.1.1)."""

from safepassage.proofs import EMPTY_ROOT, node_hash


class Frontier:
    """Roots of the complete subtrees from left to right, one for each bit of the size."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add the next leaf."""
        digest, size = leaf_hash, self.size
        while size & 1:
            digest = node_hash(self._subtrees.pop(), digest)
            size >>= 1
        self._subtrees.append(digest)
        self.size += 1

    def root(self) -> bytes:
        """The root at the present size."""
        if not self._subtrees:
            return EMPTY_ROOT
        digest = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            digest = node_hash(left, digest)
        return digest
