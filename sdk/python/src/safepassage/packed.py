"""An envelope as it travels between nodes that both know this form: the signed part without base64url, a quarter of it less.

application/vnd.safepassage.envelope.packed.v1 is u32 length, big-endian ‖ bytes for each of the token's three segments (header, payload,
signature), decoded, ‖ ciphertext as it is. base64url has one form (safepassage.canonical), so that the token which was signed, and every
digest of it, comes out as it went in. Nothing is believed of what is unpacked that is not of the body that it is made into: that one is
read as if it had travelled (safepassage.envelope). application/vnd.safepassage.batch.packed.v1 is a batch (safepassage.message_batches)
of such envelopes.
"""

from typing import Final

from safepassage.canonical import from_base64url, to_base64url
from safepassage.envelope import MAX_BODY_BYTES, MAX_JWS_BYTES, envelope_body, split_body
from safepassage.problems.envelopes import EnvelopeMalformed

PACKED: Final = "application/vnd.safepassage.envelope.packed.v1"
PACKED_BATCH: Final = "application/vnd.safepassage.batch.packed.v1"
_SEGMENTS: Final = 3
_LENGTH_BYTES: Final = 4


def packed(body: bytes) -> bytes:
    """An envelope's body (`safepassage.envelope.envelope_body`), packed. Raises EnvelopeMalformed where it is none."""
    token, ciphertext = split_body(body)
    try:
        segments = [from_base64url(segment) for segment in token.split(".")]
    except ValueError as error:
        raise EnvelopeMalformed from error
    if len(segments) != _SEGMENTS or not all(segments):
        raise EnvelopeMalformed
    return b"".join(len(segment).to_bytes(_LENGTH_BYTES, "big") + segment for segment in segments) + ciphertext


def unpacked(message: bytes) -> bytes:
    """The body that was packed, byte for byte. Raises EnvelopeMalformed."""
    segments: list[str] = []
    at = 0
    for _ in range(_SEGMENTS):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(message[at:start], "big")
        if not start < at <= min(len(message), MAX_JWS_BYTES):
            raise EnvelopeMalformed
        segments.append(to_base64url(message[start:at]))
    token = ".".join(segments)
    if len(token) > MAX_JWS_BYTES or at == len(message):
        raise EnvelopeMalformed
    body = envelope_body(token, memoryview(message)[at:])  # which is large: no copy of it but in the body
    if len(body) > MAX_BODY_BYTES:
        raise EnvelopeMalformed
    return body
