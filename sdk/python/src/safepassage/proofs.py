"""Proofs of a Merkle tree log, as in RFC 9162 section 2.1: SHA-256, leaves and nodes hashed under different prefixes.

Nothing here trusts the log: the root has to come from a checkpoint whose signature was verified (safepassage.checkpoints).
"""

import hashlib
from collections.abc import Iterable, Sequence

from safepassage.problems.proofs import ConsistencyNotProven, InclusionNotProven, IndexBeyondLog, WrongPathLength

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The `leaf_hash` of each, at two thirds of the cost: a hash that has begun is copied in less time than one is made."""
    begun, hashes = hashlib.sha256(b"\x00").copy, list[bytes]()
    for entry in entries:
        one = begun()
        one.update(entry)
        hashes.append(one.digest())
    return hashes


def level_above(hashes: Sequence[bytes]) -> list[bytes]:
    """The `node_hash` of each pair of neighbours; of an even number of hashes."""
    begun, above = hashlib.sha256(b"\x01").copy, list[bytes]()
    each = iter(hashes)
    for left, right in zip(each, each, strict=True):
        one = begun()
        one.update(left + right)
        above.append(one.digest())
    return above


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over `leaf_hashes`, in order. Linear in their number; whole logs are folded by `safepassage.tree`."""
    if not leaf_hashes:
        return EMPTY_ROOT
    stack: list[tuple[int, bytes]] = []
    for leaf in leaf_hashes:
        height, digest = 0, leaf
        while stack and stack[-1][0] == height:
            digest = node_hash(stack.pop()[1], digest)
            height += 1
        stack.append((height, digest))
    root = stack.pop()[1]
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def path_length(index: int, size: int) -> int:
    """How many hashes the inclusion path of entry `index` has in a tree of `size` entries."""
    # Below the point where the ways to this leaf and to the last one part, every level has a sibling;
    # above it, only those levels where the way goes right.
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def verify_inclusion(*, leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf is entry `index` of the log with `size` entries and tree head `root`.

    leaf_hash  `leaf_hash(entry)` of the entry as logged
    index      0-based, index < size
    path       sibling hashes from leaf to root, 32 bytes each
    root       32 bytes, from a checkpoint whose signature was already verified

    Returns nothing: a proof result that can be ignored is a bug. Raises InclusionNotProven, by its subclass IndexBeyondLog or
    WrongPathLength where that is what is wrong. RFC 9162 section 2.1.3.2; vectors in tests/vectors/inclusion.json.
    """
    digest = root_along(leaf_hash=leaf_hash, index=index, size=size, path=path)
    if digest != root:
        raise InclusionNotProven


def root_along(*, leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which `path` leads from the leaf: what `verify_inclusion` compares; alone it shows nothing.

    Raises IndexBeyondLog, WrongPathLength, InclusionNotProven where a hash has not 32 bytes.
    """
    if not 0 <= index < size:
        raise IndexBeyondLog
    _require_hashes(leaf_hash, *path, problem=InclusionNotProven)
    if len(path) != path_length(index, size):
        raise WrongPathLength
    # Up to where the ways to this leaf and to the last one part, the index says on which side a sibling is; above it, all are on the left.
    # The length was checked, so that the loop over `sn` of section 2.1.3.2 comes to the same.
    parting, digest, sha256 = (index ^ (size - 1)).bit_length(), leaf_hash, hashlib.sha256
    for sibling in path[:parting]:
        digest = sha256(b"\x01" + sibling + digest if index & 1 else b"\x01" + digest + sibling).digest()
        index >>= 1
    for sibling in path[parting:]:
        digest = sha256(b"\x01" + sibling + digest).digest()
    return digest


def verify_consistency(*, old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the log with `new_size` entries begins with the log that had `old_size` entries.

    Both roots, 32 bytes, come from verified checkpoints. Equal sizes need equal roots and an empty path. From size 0 nothing can be
    shown, since every log begins with the empty one: refused, so that a verifier that lost its pinned checkpoint notices.

    Returns nothing. Raises ConsistencyNotProven. RFC 9162 section 2.1.4.2; vectors in tests/vectors/consistency.json.
    """
    _require_hashes(old_root, new_root, *path, problem=ConsistencyNotProven)
    if not 0 < old_size <= new_size:
        raise ConsistencyNotProven
    if old_size == new_size:
        if path or old_root != new_root:
            raise ConsistencyNotProven
        return
    steps = list(path)
    if not old_size & (old_size - 1):
        steps.insert(0, old_root)  # the old tree is complete, so its root is the first node of the new one's path
    if not steps:
        raise ConsistencyNotProven
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = steps[0]
    for step in steps[1:]:
        if sn == 0:
            raise ConsistencyNotProven
        if fn & 1 or fn == sn:
            old, new = node_hash(step, old), node_hash(step, new)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            new = node_hash(new, step)
        fn >>= 1
        sn >>= 1
    if sn or old != old_root or new != new_root:
        raise ConsistencyNotProven


def _require_hashes(*hashes: bytes, problem: type[InclusionNotProven | ConsistencyNotProven]) -> None:
    if {HASH_BYTES}.union(map(len, hashes)) != {HASH_BYTES}:
        raise problem("a hash has not 32 bytes")
