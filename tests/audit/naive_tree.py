"""RFC 9162 section 2.1, written down as the text has it: slow, and independent of the service's and the SDK's code."""

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def tree_head(hashes: Sequence[bytes]) -> bytes:
    """MTH(D_n), section 2.1.1, over leaf hashes."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(tree_head(hashes[:k]), tree_head(hashes[k:]))


def path(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D_n), section 2.1.3.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), tree_head(hashes[k:])]
    return [*path(m - k, hashes[k:]), tree_head(hashes[:k])]


def proof(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D_n), section 2.1.4.1."""
    return _subproof(m, hashes, True)


def _subproof(m: int, hashes: Sequence[bytes], whole: bool) -> list[bytes]:
    n = len(hashes)
    if m == n:
        return [] if whole else [tree_head(hashes)]
    k = split(n)
    if m <= k:
        return [*_subproof(m, hashes[:k], whole), tree_head(hashes[k:])]
    return [*_subproof(m - k, hashes[k:], False), tree_head(hashes[:k])]
