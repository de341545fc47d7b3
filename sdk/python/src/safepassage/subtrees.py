"""Proofs that a piece of a log is part of its tree (draft-ietf-plants-merkle-tree-certs, section 4.4): consistency proofs from any place.

A subtree [start, end) is one that the log's own tree, or an earlier one, has: start is a multiple of the smallest power of two that is not
below end - start.
"""

from collections.abc import Sequence

from safepassage.problems.proofs import ConsistencyNotProven
from safepassage.proofs import HASH_BYTES, node_hash


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) can be a subtree of a log."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree(*, start: int, end: int, size: int, subtree_root: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree with `size` entries and tree head `root` has the subtree [start, end) with the hash `subtree_root`.

    root  32 bytes, from a checkpoint whose signature was already verified

    Returns nothing. Raises ConsistencyNotProven.
    """
    if not is_subtree(start, end) or end > size or {HASH_BYTES} != {len(one) for one in (subtree_root, root, *path)}:
        raise ConsistencyNotProven
    first, last, edge = start, end - 1, size - 1
    # Up from the last leaf of the piece: to the piece itself where it is complete or ends the tree, else to its largest complete part.
    while first != last and (last == edge or last & 1):
        first, last, edge = first >> 1, last >> 1, edge >> 1
    steps = list(path)
    if first == last:
        steps.insert(0, subtree_root)
    if not steps:
        raise ConsistencyNotProven
    piece = whole = steps[0]
    for step in steps[1:]:
        if edge == 0:
            raise ConsistencyNotProven
        if last & 1 or last == edge:
            if first < last:
                piece = node_hash(step, piece)
            whole = node_hash(step, whole)
            while not last & 1 and last:
                first, last, edge = first >> 1, last >> 1, edge >> 1
        else:
            whole = node_hash(whole, step)
        first, last, edge = first >> 1, last >> 1, edge >> 1
    if edge or piece != subtree_root or whole != root:
        raise ConsistencyNotProven
