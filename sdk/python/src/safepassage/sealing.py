"""What surrounds the encryption between nodes: the context it is bound to, the padding, and the commitment to the plaintext.

Sealing and opening themselves need a private key and are the node's (services/records).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from safepassage.canonical import canonical_json, digest_of, from_base64url, sha256
from safepassage.problems.envelopes import PlaintextNotCommitted
from safepassage.problems.messages import PaddingMalformed
from safepassage.wire import Digest

Kind = Literal["request", "package", "perhaps", "credentials", "not-provided", "notice"]

LABEL: Final = b"safepassage/exchange/1"
KIB: Final = 1024
MIB: Final = 1024 * KIB
SIZE_CLASSES: Final = (16 * KIB, 64 * KIB, 256 * KIB, MIB)
"""Then whole MiB."""
MAX_PADDED_BYTES: Final = 16 * MIB
_LENGTH_BYTES: Final = 4


def hpke_info(
    *,
    kind: Kind,
    suite: str,
    iss: str,
    aud: str,
    recipient_organisation: str | None,
    exchange_id: UUID,
    envelope_id: UUID,
    request_digest: Digest | None,
    enc_kid: Digest,
) -> bytes:
    """HPKE's `info`: SHA-256("safepassage/exchange/1" ‖ 0x00 ‖ JCS of the arguments with v 1), 32 bytes.

    A request's sealed selector has kind `request`, envelope_id = exchange_id, and null for recipient_organisation and request_digest:
    the one is inside, the other does not exist yet. A notice's content has kind `notice`, envelope_id = the notice's id, and null for both
    too. Vectors in tests/vectors/sealing.json.
    """
    context = {
        "v": 1,
        "kind": kind,
        "suite": suite,
        "iss": iss,
        "aud": aud,
        "recipient_organisation": recipient_organisation,
        "exchange_id": str(exchange_id),
        "envelope_id": str(envelope_id),
        "request_digest": request_digest,
        "enc_kid": enc_kid,
    }
    return sha256(LABEL + b"\x00" + canonical_json(context))


def encryption_kid(public_key: bytes) -> Digest:
    """The name of an HPKE public key: the SHA-256 of its bytes."""
    return digest_of(public_key)


def padded(content: Mapping[str, Any]) -> bytes:
    """The plaintext to seal: u32 length, big-endian ‖ the JCS form of `content` ‖ zeros up to its size class.

    Raises PaddingMalformed where it would be over 16 MiB.
    """
    data = canonical_json(content)
    needed = _LENGTH_BYTES + len(data)
    size = next((size for size in SIZE_CLASSES if size >= needed), -(-needed // MIB) * MIB)
    if size > MAX_PADDED_BYTES:
        raise PaddingMalformed("a package has at most 16 MiB")
    return (len(data).to_bytes(_LENGTH_BYTES, "big") + data).ljust(size, b"\x00")


def unpadded(plaintext: bytes) -> bytes:
    """The JSON inside a padded plaintext. Raises PaddingMalformed for any other size than a class, and for padding that is not zero."""
    end = _LENGTH_BYTES + int.from_bytes(plaintext[:_LENGTH_BYTES], "big")
    if not is_size_class(len(plaintext)) or end > len(plaintext) or plaintext.count(0, end) != len(plaintext) - end:
        raise PaddingMalformed
    return plaintext[_LENGTH_BYTES:end]


def is_size_class(size: int) -> bool:
    """Whether a plaintext may have this many bytes."""
    return size in SIZE_CLASSES or (MIB < size <= MAX_PADDED_BYTES and size % MIB == 0)


def pt_commit(*, salt: bytes, plaintext: bytes) -> Digest:
    """SHA-256(salt ‖ padded plaintext). The salt is also inside, so that who opens it can check.

    salt  32 random bytes: ValueError for any other length
    """
    if len(salt) != 32:
        raise ValueError("a salt has 32 bytes")
    return digest_of(salt + plaintext)


def verify_pt_commit(*, committed: Digest, salt: str, plaintext: bytes) -> None:
    """Check what was opened against the commitment that was signed and logged. Raises PlaintextNotCommitted."""
    if committed != pt_commit(salt=from_base64url(salt), plaintext=plaintext):
        raise PlaintextNotCommitted
