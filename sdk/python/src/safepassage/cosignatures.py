"""Cosignatures, C2SP tlog-cosignature: what a witness says of a checkpoint, and when it said so.

With Ed25519 (0x04) and with ML-DSA-44 (0x06). Each says: at that time, this was the largest tree of the log that I have seen, and it
continues every one that I saw before. A cosignature by a known key that does not verify refuses the whole note, as any signature does.
"""

import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from safepassage.checkpoints import MAX_SIZE, Checkpoint, parse_checkpoint
from safepassage.notes import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, Note, SignatureLine, VerifierKey, signature_line
from safepassage.problems.proofs import NoteMalformed
from safepassage.problems.witnessing import CosignatureInvalid

COSIGNATURES: Final = frozenset({ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE})
MAX_TIMESTAMP: Final = MAX_SIZE
SIGNATURE_BYTES: Final = {ED25519_COSIGNATURE: 64, ML_DSA_44_COSIGNATURE: 2420}
"""Length of the signature after the 8 bytes of its time, by type."""
_LABEL: Final = b"subtree/v1\n\0"
_MAX_NAME_BYTES: Final = 255


@dataclass(frozen=True)
class Cosignature:
    """A cosignature that was verified."""

    key: VerifierKey
    timestamp: int
    """Seconds since the epoch, as the cosigner's clock had it; 0 where the cosigner says nothing of the time."""
    line: SignatureLine


def cosigned_message(key: VerifierKey, *, text: bytes, timestamp: int) -> bytes:
    """The exact bytes that a cosigner signs of the note's `text`, which is a checkpoint's.

    Raises NoteMalformed if it is none; for ML-DSA-44 also if it has extension lines, which that type would leave unsigned, or if a name
    does not fit; CosignatureInvalid for another type of key, or a time that is none.
    """
    if not 0 <= timestamp <= MAX_TIMESTAMP:
        raise CosignatureInvalid("its time is out of range")
    checkpoint = parse_checkpoint(text)
    if key.type == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {timestamp}\n".encode() + text
    if key.type == ML_DSA_44_COSIGNATURE:
        return _subtree(key.name, timestamp, checkpoint)
    raise CosignatureInvalid("the key is not of a type that cosigns")


def cosignature_line(key: VerifierKey, *, text: bytes, timestamp: int, sign: Callable[[bytes], bytes]) -> SignatureLine:
    """The line for a cosignature that `sign`, the private half of `key`, makes at `timestamp`. Raises as `cosigned_message`."""
    signature = sign(cosigned_message(key, text=text, timestamp=timestamp))
    return signature_line(key, struct.pack(">Q", timestamp) + signature)


def verify_cosignature(line: SignatureLine, *, key: VerifierKey, text: bytes) -> Cosignature:
    """Check one line under a checkpoint's `text` against the key that it names. Raises CosignatureInvalid, NoteMalformed."""
    if (line.name, line.key_id) != (key.name, key.key_id):
        raise CosignatureInvalid("it names another key")
    if key.type not in COSIGNATURES or len(line.signature) != 8 + SIGNATURE_BYTES[key.type]:
        raise CosignatureInvalid("it has not the form of its type")
    (timestamp,) = struct.unpack(">Q", line.signature[:8])
    message = cosigned_message(key, text=text, timestamp=timestamp)
    try:
        _verify(key.type, key.public_key, line.signature[8:], message)
    except (InvalidSignature, ValueError):
        raise CosignatureInvalid from None
    return Cosignature(key, timestamp, line)


def verified_cosignatures(note: Note, *, keys: Collection[VerifierKey]) -> tuple[Cosignature, ...]:
    """The cosignatures under the note by those of `keys` that cosign, in the note's order; empty where there are none.

    Raises CosignatureInvalid when a line that names one of `keys` does not verify, NoteMalformed when the note is no checkpoint.
    """
    found = []
    for line in note.signatures:
        # Of two known keys of one name and key id (a collision of 4 bytes) one fails, and with it the note.
        named = {key for key in keys if key.type in COSIGNATURES and (key.name, key.key_id) == (line.name, line.key_id)}
        found += [verify_cosignature(line, key=key, text=note.text) for key in named]
    return tuple(found)


def _subtree(cosigner: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    """`cosigned_message` of tlog-cosignature, for a whole tree: it starts at 0."""
    if checkpoint.extensions:
        raise NoteMalformed("it has lines that its ML-DSA-44 signature does not cover")
    names = (cosigner.encode(), checkpoint.origin.encode())
    if not all(0 < len(name) <= _MAX_NAME_BYTES for name in names):
        raise NoteMalformed("a name is longer than an ML-DSA-44 signature covers")
    return b"".join(
        (
            _LABEL,
            bytes([len(names[0])]),
            names[0],
            struct.pack(">Q", timestamp),
            bytes([len(names[1])]),
            names[1],
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


@lru_cache(maxsize=256)
def _verify(kind: int, public_key: bytes, signature: bytes, message: bytes) -> None:
    """Raises InvalidSignature, ValueError. That these bytes are signed by this key stays true: it is remembered; a failure is not."""
    if kind == ED25519_COSIGNATURE:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    else:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
