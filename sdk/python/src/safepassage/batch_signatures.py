"""One Ed25519 signature for up to 1,024 compact JWS, of which each is verified alone: a Merkle tree over what would have been signed.

The `alg` is `ALGORITHM`. The leaves are the signing inputs (RFC 7515 section 5.1), header and `typ` included, hashed as in RFC 9162 section
2.1. The key signs "safepassage/batch/1" ‖ 0x00 ‖ u32 number of leaves ‖ root. The JWS's signature is u8 1 ‖ u32 index ‖ u32 number of
leaves ‖ the path from the leaf, 32 bytes each ‖ the 64 bytes of Ed25519; integers are big-endian. Vectors in tests/vectors/batches.json.

Of the others a path shows hashes alone; what is signed holds digests of sealed bytes and random ids, which nobody can guess.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.problems.proofs import InclusionNotProven
from safepassage.problems.signatures import BadSignature
from safepassage.proofs import HASH_BYTES, leaf_hash, node_hash, path_length, root_along

ALGORITHM: Final = "urn:safepassage:alg:ed25519-merkle-batch-1"
LARGEST: Final = 1024
LABEL: Final = b"safepassage/batch/1\x00"
VERSION: Final = b"\x01"
_HEAD_BYTES: Final = 9
_SIGNATURE_BYTES: Final = 64


def signatures_of(inputs: Sequence[bytes], sign: Callable[[bytes], bytes]) -> list[bytes]:
    """The JWS signature of each of `inputs`, for which `sign`, Ed25519 with the signer's key, is called once.

    Raises ValueError for none, and for more than 1,024.
    """
    size = len(inputs)
    if not 0 < size <= LARGEST:
        raise ValueError("a batch has 1 to 1024 members")
    levels = [[leaf_hash(one) for one in inputs]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        # A node without a sibling goes up as it is: that is the tree of RFC 9162, whose left parts are full.
        levels.append(pairs + below[len(pairs) * 2 :])
    signature = sign(_signed(size, levels[-1][0]))
    return [VERSION + _u32(index) + _u32(size) + _path(levels, index) + signature for index in range(size)]


def verify_batched(signature: bytes, signed: bytes, key: Ed25519PublicKey) -> None:
    """Check the `signature` of one JWS over its signing input `signed`. Returns nothing. Raises BadSignature.

    That a root is signed is remembered, so that the members of a batch cost one verification together; a failure is not.
    """
    index, size = (int.from_bytes(signature[at : at + 4], "big") for at in (1, 5))
    if signature[:1] != VERSION or not index < size <= LARGEST:
        raise BadSignature
    end = _HEAD_BYTES + HASH_BYTES * path_length(index, size)
    if len(signature) != end + _SIGNATURE_BYTES:
        raise BadSignature
    path = [signature[at : at + HASH_BYTES] for at in range(_HEAD_BYTES, end, HASH_BYTES)]
    try:
        root = root_along(leaf_hash=leaf_hash(signed), index=index, size=size, path=path)
        _verify(key.public_bytes_raw(), signature[end:], _signed(size, root))
    except (InvalidSignature, InclusionNotProven) as error:
        raise BadSignature from error


@lru_cache(maxsize=1024)
def _verify(public_key: bytes, signature: bytes, signed: bytes) -> None:
    """Raises InvalidSignature."""
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)


def _signed(size: int, root: bytes) -> bytes:
    return LABEL + _u32(size) + root


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _path(levels: Sequence[Sequence[bytes]], index: int) -> bytes:
    path = b""
    for level in levels[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            path += level[sibling]
        index >>= 1
    return path
