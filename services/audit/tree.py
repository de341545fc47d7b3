"""The Merkle tree of a log, RFC 9162 section 2.1: how it grows, and which of its nodes prove what. Pure.

A tree of `size` leaves is a row of complete subtrees, one for each bit of `size`: its *peaks*. Growing needs only those. A proof is a
list of ranges of leaves, from the leaf towards the root; a range is again a row of complete subtrees, so every proof is folded from
complete nodes alone, and those never change once they exist.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final, NamedTuple

from safepassage.proofs import level_above
from safepassage.subtrees import is_subtree

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""


class Node(NamedTuple):
    """A complete subtree: the `n`th of its level; it covers the leaves [n << level, (n + 1) << level)."""

    level: int
    n: int


class Range(NamedTuple):
    """The leaves [start, end), start < end."""

    start: int
    end: int


def complete_nodes(start: int, end: int) -> list[Node]:
    """The fewest complete subtrees that cover [start, end), from left to right. `start` is a multiple of the largest of them."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over a row of complete subtrees, from left to right; the root of the empty tree for none."""
    if not hashes:
        return EMPTY_ROOT
    digest = hashes[-1]
    for left in reversed(hashes[:-1]):
        digest = sha256(b"\x01" + left + digest).digest()
    return digest


def parents_of(hashes: Sequence[bytes]) -> list[bytes]:
    """The next level over `hashes`, whose first has an even index; a last one without sibling has no parent yet."""
    return level_above(hashes[: len(hashes) & ~1])


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = parents_of(hashes)
    return hashes[0]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """What the inclusion path of leaf `index` in the tree of `size` leaves is made of, from leaf to root (section 2.1.3.1).

    0 <= index < size, else ValueError.
    """
    if not 0 <= index < size:
        raise ValueError("index is outside the tree")
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append(Range(middle, end))
            end = middle
        else:
            ranges.append(Range(start, middle))
            start = middle
    ranges.reverse()
    return ranges


def consistency_ranges(old_size: int, new_size: int) -> list[Range]:
    """What the consistency proof between two sizes is made of, in the proof's order (section 2.1.4.1).

    0 < old_size <= new_size, else ValueError; none for equal sizes.
    """
    if not 0 < old_size <= new_size:
        raise ValueError("a consistency proof starts from a tree with leaves and goes to one that is not smaller")
    ranges, start, end = [], 0, new_size
    while old_size < end:
        middle = start + _split(end - start)
        if old_size <= middle:
            ranges.append(Range(middle, end))
            end = middle
        else:
            ranges.append(Range(start, middle))
            start = middle
    if start > 0:
        ranges.append(Range(start, end))
    ranges.reverse()
    return ranges


def subtree_ranges(start: int, end: int, size: int) -> list[Range]:
    """What the proof that [start, end) is a subtree of the tree of `size` leaves is made of (safepassage.subtrees).

    Such a subtree, and end <= size, else ValueError.
    """
    if not is_subtree(start, end) or end > size:
        raise ValueError("not a subtree of this tree")
    ranges, low, high, is_whole = [], 0, size, True
    while (start, end) != (low, high):
        middle = low + _split(high - low)
        if end <= middle:
            ranges.append(Range(middle, high))
            high = middle
        else:
            if start < middle:  # it begins here, and ends in what is on the right
                start, is_whole = middle, False
            ranges.append(Range(low, middle))
            low = middle
    if not is_whole:
        ranges.append(Range(low, high))
    ranges.reverse()
    return ranges


def path_of(ranges: Sequence[Range], node_hash: Callable[[Node], bytes]) -> tuple[bytes, ...]:
    """The proof that `ranges` describe, with the hashes of complete nodes from `node_hash`."""
    return tuple(fold([node_hash(node) for node in complete_nodes(*leaves)]) for leaves in ranges)


def _split(count: int) -> int:
    """The largest power of two below `count` (which is at least 2)."""
    return 1 << (count - 1).bit_length() - 1


@dataclass(frozen=True)
class Frontier:
    """As much of a tree as it takes to grow it: its size and its peaks, from left to right."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @cached_property
    def root(self) -> bytes:
        """The root, 32 bytes."""
        return fold(self.peaks)

    def grow(self, leaf_hashes: list[bytes]) -> "Growth":
        """The tree with `leaf_hashes` appended. This frontier stays as it is."""
        return Growth(self, leaf_hashes)

    def peaks_by_level(self) -> dict[int, bytes]:
        """The peaks by their level."""
        return {node.level: digest for node, digest in zip(complete_nodes(0, self.size), self.peaks, strict=True)}


class Growth:
    """The step from one frontier to a larger one, with every node that it completed, so that proofs of the new leaves need no store."""

    def __init__(self, before: Frontier, leaf_hashes: list[bytes]) -> None:
        self.before = before
        self._levels: list[tuple[int, list[bytes]]] = []
        """By level: index of the first node held, and the nodes. One left sibling of the old tree is among them where a parent needs it."""
        peaks = before.peaks_by_level()
        first, nodes, level = before.size, leaf_hashes, 0
        while nodes:
            if first & 1:
                first, nodes = first - 1, [peaks[level], *nodes]
            self._levels.append((first, nodes))
            first, nodes, level = first >> 1, parents_of(nodes), level + 1
        size = before.size + len(leaf_hashes)
        self._old_peaks = peaks
        self.after = Frontier(size, tuple(self.hash_of(*node) for node in complete_nodes(0, size)))
        self._paths: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def hash_of(self, level: int, n: int) -> bytes:
        """The hash of a node that this step completed, or of a peak of the tree before. Raises KeyError for any other."""
        if level < len(self._levels):
            first, nodes = self._levels[level]
            if 0 <= n - first < len(nodes):
                return nodes[n - first]
        if n == (self.before.size >> level) - 1:
            return self._old_peaks[level]
        raise KeyError(level, n)

    def completed(self, level: int) -> Iterator[tuple[int, bytes]]:
        """Index and hash of each node of `level` that this step completed, in order."""
        if level < len(self._levels):
            first, nodes = self._levels[level]
            known = self.before.size >> level
            for offset in range(max(known - first, 0), len(nodes)):
                yield first + offset, nodes[offset]

    def inclusion_path(self, index: int) -> tuple[bytes, ...]:
        """The inclusion path of a leaf of this step in the tree after it; as `inclusion_ranges` says, without a search."""
        return self._path_above(0, index)

    def _path_above(self, level: int, index: int) -> tuple[bytes, ...]:
        """The path from a node to the root. Neighbours share all of it but the first hash, so each node's is made once."""
        if 1 << level >= self.after.size:
            return ()
        above = self._paths.get((level + 1, index >> 1))
        if above is None:
            above = self._paths[level + 1, index >> 1] = self._path_above(level + 1, index >> 1)
        sibling = index ^ 1
        start = sibling << level
        if start + (1 << level) <= self.after.size:
            return (self.hash_of(level, sibling), *above)
        if start < self.after.size:
            return (fold([self.hash_of(*node) for node in complete_nodes(start, self.after.size)]), *above)
        return above
