"""The body of a large package: sealed chunks that travel beside their envelope, under the root of a Merkle tree that the envelope signs.

The log's leaf pins the digest of the sealed package and of the body together (`Body.bound_to`), so that all of it is logged before the
first chunk leaves. Each chunk comes with its path to the root (RFC 9162 section 2.1.3): it is known to be the right one in the right
place before it is stored, whatever came before it.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from safepassage.canonical import canonical_json, digest_of, from_base64url, to_base64url
from safepassage.chunks import MAX_SEALED_BYTES, SEALED_BYTES
from safepassage.problems.bodies import ChunkRefused
from safepassage.problems.proofs import InclusionNotProven
from safepassage.proofs import HASH_BYTES, leaf_hash, path_length, root_of, verify_inclusion
from safepassage.wire import Digest, Wire

LABEL: Final = b"safepassage/body/1"
CONTENT_TYPE: Final = "application/vnd.safepassage.chunk.v1"
MAX_CHUNKS: Final = 2048
"""1 GiB of content, and room for last chunks that are not whole."""
MAX_MESSAGE_BYTES: Final = HASH_BYTES * (MAX_CHUNKS - 1).bit_length() + MAX_SEALED_BYTES


class Body(Wire):
    """What an envelope says of its body."""

    chunks: Annotated[int, Field(ge=1, le=MAX_CHUNKS)]
    root: Digest
    """Of the tree whose leaves are the sealed chunks, in order."""
    sealed: Digest
    """SHA-256 of the envelope's own ciphertext, the sealed package."""

    def bound_to(self) -> Digest:
        """The envelope's `ct_digest`: SHA-256("safepassage/body/1" ‖ 0x00 ‖ JCS of the claim). Vectors in tests/vectors/chunks.json."""
        return digest_of(LABEL + b"\x00" + canonical_json(self.model_dump(mode="json")))


class ChunksWanted(Wire):
    """What the receiver has not stored yet of an announced body: runs of chunks, [first, behind the last)."""

    missing: Annotated[tuple[tuple[int, int], ...], Field(max_length=MAX_CHUNKS)]

    def numbers(self) -> tuple[int, ...]:
        """The numbers of the chunks."""
        return tuple(number for first, end in self.missing for number in range(max(first, 0), min(end, MAX_CHUNKS)))

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "ChunksWanted":
        """Runs of ascending numbers."""
        runs: list[tuple[int, int]] = []
        for number in numbers:
            if runs and runs[-1][1] == number:
                runs[-1] = (runs[-1][0], number + 1)
            else:
                runs.append((number, number + 1))
        return cls(missing=tuple(runs))


def body_of(leaf_hashes: Sequence[bytes], *, sealed: Digest) -> Body:
    """The claim for chunks with these leaf hashes (`safepassage.proofs.leaf_hash` of each sealed chunk)."""
    return Body(chunks=len(leaf_hashes), root=to_base64url(root_of(leaf_hashes)), sealed=sealed)


def paths_of(leaf_hashes: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """The inclusion path of every leaf, from the leaf up (RFC 9162 section 2.1.3.1)."""
    if len(leaf_hashes) < 2:
        return [()] * len(leaf_hashes)
    middle = 1 << (len(leaf_hashes) - 1).bit_length() - 1
    left, right = leaf_hashes[:middle], leaf_hashes[middle:]
    roots = root_of(left), root_of(right)
    return [(*path, roots[1]) for path in paths_of(left)] + [(*path, roots[0]) for path in paths_of(right)]


def chunk_message(sealed: bytes, *, path: Sequence[bytes]) -> bytes:
    """The bytes that travel: the path's hashes, 32 bytes each, then the sealed chunk."""
    return b"".join(path) + sealed


def read_chunk(message: bytes, *, body: Body, number: int) -> tuple[bytes, bytes]:
    """The sealed chunk `number` of `body`, proven to be it, and its leaf hash. Raises ChunkRefused, which names it."""
    if not 0 <= number < body.chunks:
        raise ChunkRefused("the body has no such chunk", number=number)
    end = HASH_BYTES * path_length(number, body.chunks)
    path, sealed = [message[start : start + HASH_BYTES] for start in range(0, end, HASH_BYTES)], message[end:]
    if len(sealed) not in SEALED_BYTES:
        raise ChunkRefused("a sealed chunk has not this length", number=number)
    leaf = leaf_hash(sealed)
    try:
        verify_inclusion(leaf_hash=leaf, index=number, size=body.chunks, path=path, root=from_base64url(body.root))
    except InclusionNotProven as error:
        raise ChunkRefused(number=number) from error
    return sealed, leaf


__all__ = ["CONTENT_TYPE", "MAX_CHUNKS", "Body", "ChunksWanted", "body_of", "chunk_message", "paths_of", "read_chunk"]
