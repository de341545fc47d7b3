"""Points of Curve25519 that stand for texts, and blinding them: X25519 with a secret commutes, so that two sides can compare unseen.

A text becomes a point by RFC 9380, suite curve25519_XMD:SHA-512_ELL2_NU_ (sections 5.2, 5.3.1, 6.7.1), without the last step: every secret
of X25519 is a multiple of the cofactor (RFC 7748 section 5), so that blinding clears it. Vectors in tests/vectors/curve25519_ell2_nu.json.
"""

from collections.abc import Iterable
from hashlib import sha512
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from safepassage.problems.signatures import MalformedToken

P: Final = 2**255 - 19
J: Final = 486662
Z: Final = 2
FIELD_BYTES: Final = 48
BLOCK_BYTES: Final = 128
DOMAIN: Final = b"safepassage/finding/1 curve25519_XMD:SHA-512_ELL2_NU_"


def blinded(secret: bytes, points: Iterable[bytes]) -> list[bytes]:
    """Each point times the secret, 32 bytes each (a u-coordinate, little-endian).

    secret  32 random bytes, used for one comparison and never again

    Raises MalformedToken for a point of low order, which would give the same whatever the secret: nobody who is honest sends one.
    """
    key = X25519PrivateKey.from_private_bytes(secret)
    try:
        return [key.exchange(X25519PublicKey.from_public_bytes(point)) for point in points]
    except ValueError as error:
        raise MalformedToken("a point of low order", field="points") from error


def point_of(text: bytes, *, domain: bytes = DOMAIN) -> bytes:
    """The point that stands for a text: the u-coordinate, 32 bytes little-endian. Nobody knows its logarithm."""
    uniform = _expanded(text, domain, FIELD_BYTES)
    return _mapped(int.from_bytes(uniform, "big") % P).to_bytes(32, "little")


def _mapped(u: int) -> int:
    """Elligator 2 for Curve25519: of u the u-coordinate of a point. RFC 9380 section 6.7.1."""
    x = -J * pow(1 + Z * u * u, -1, P) % P
    square = (x * x * x + J * x * x + x) % P
    return x if pow(square, (P - 1) // 2, P) <= 1 else (-x - J) % P


def _expanded(text: bytes, domain: bytes, length: int) -> bytes:
    """expand_message_xmd with SHA-512, of at most one block. RFC 9380 section 5.3.1."""
    suffix = domain + bytes([len(domain)])
    first = sha512(bytes(BLOCK_BYTES) + text + length.to_bytes(2, "big") + b"\0" + suffix).digest()
    return sha512(first + b"\x01" + suffix).digest()[:length]
